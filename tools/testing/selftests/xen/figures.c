// SPDX-License-Identifier: GPL-2.0
/*
 * The figures that must be the same before and after a test, the limits that it
 * may raise meanwhile, and the files that have all these.
 */
#include <stdarg.h>
#include <time.h>

#include "xen_test.h"

/*
 * Pages come back a while after the last user has gone: gntdev unmaps in the
 * background, and a kernel thread takes ballooned memory back from Xen. How long
 * to wait for that, on the clock, and how often to look.
 */
#define RESTORE_TIMEOUT_US	20000000
#define RESTORE_POLL_MS		10

/* How often to read how much RAM can be had, and pages that may move meanwhile. */
#define MAX_READINGS		100
#define FEW_MOVED		128

/*
 * End the test as failed, without its teardown: its settings stay.
 * The harness goes by the exit status.
 */
__noreturn __printf(1, 2) void fail_test(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	_exit(KSFT_FAIL);
}

unsigned long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* The words that $XEN_TEST_REQUIRE may list. */
static const struct {
	const char *word;
	const char *path;
} things[] = {
	{ "stats",	STATS_PATH },
	{ "gntdev",	"/dev/xen/gntdev" },
	{ "gntalloc",	"/dev/xen/gntalloc" },
	{ "privcmd",	"/dev/xen/privcmd" },
};

static const char *path_of_thing(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(things); i++)
		if (!strcmp(word, things[i].word))
			return things[i].path;

	fail_test("XEN_TEST_REQUIRE: \"%s\" is none of stats, gntdev, gntalloc, privcmd",
		  word);
}

/* Does $XEN_TEST_REQUIRE list @path? Fails unless all files that it lists exist. */
bool is_required(const char *path)
{
	char *words = strdup(getenv("XEN_TEST_REQUIRE") ?: "");
	const char *word, *thing;
	bool required = false;

	if (!words)
		fail_test("XEN_TEST_REQUIRE: %s", strerror(errno));
	for (word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		thing = path_of_thing(word);
		if (access(thing, F_OK))
			fail_test("%s: %s, but XEN_TEST_REQUIRE lists %s",
				  thing, strerror(errno), word);
		required |= !strcmp(thing, path);
	}
	free(words);

	return required;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = (ms % 1000) * 1000000L,
	};

	nanosleep(&ts, NULL);
}

unsigned long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/*
 * Sleep before another look at a value that takes a while to change. Returns false
 * if it has had its time since now_us() was @start.
 */
bool look_again(unsigned long long start)
{
	if (now_us() - start >= RESTORE_TIMEOUT_US)
		return false;

	sleep_ms(RESTORE_POLL_MS);
	return true;
}

/* The unsigned number that follows @name in a file of "name value" lines. */
bool read_named(const char *path, const char *name, unsigned long *value)
{
	size_t len = strlen(name);
	bool found = false;
	char line[128];
	FILE *file;

	file = fopen(path, "r");
	if (!file)
		return false;

	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, name, len) &&
			sscanf(line + len, " %lu", value) == 1;

	fclose(file);
	return found;
}

/* The unsigned number that is the whole of a file. */
bool read_number(const char *path, unsigned long *value)
{
	return read_named(path, "", value);
}

bool write_number(const char *path, unsigned long value)
{
	FILE *file = fopen(path, "w");
	bool ok;

	if (!file)
		return false;

	ok = fprintf(file, "%lu\n", value) > 0;
	return !fclose(file) && ok;
}

/*
 * Raise the limit at @path to at least @wanted. Returns the old limit, for
 * restore_limit(), or 0 when there was nothing to do.
 */
unsigned long raise_limit(const char *path, unsigned long wanted)
{
	unsigned long old;

	if (!read_number(path, &old))
		fail_test("%s cannot be read", path);
	if (old >= wanted)
		return 0;

	if (!write_number(path, wanted))
		fail_test("%s cannot be written", path);
	return old;
}

bool restore_limit(const char *path, unsigned long old)
{
	return !old || write_number(path, old);
}

/*
 * From now on, the kernel does not log each request to drop caches. There is no way
 * back: drop_caches_sysctl_handler() keeps this bit in a variable that it only ever
 * sets, and that nothing else reads or writes.
 */
bool silence_drop_caches(void)
{
	return write_number(DROP_CACHES_PATH, 4);
}

unsigned long read_stat(const char *name)
{
	unsigned long value;

	if (!read_named(STATS_PATH, name, &value))
		fail_test("no %s in %s", name, STATS_PATH);
	return value;
}

/* The RAM that can be had, as si_mem_available() tells the balloon driver. */
unsigned long mem_available_pages(void)
{
	unsigned long kb;

	if (!read_named("/proc/meminfo", "MemAvailable:", &kb))
		fail_test("no MemAvailable in /proc/meminfo");
	return kb * 1024 / page_size();
}

/* Free pages that the page allocator keeps in lists of the CPUs. */
static unsigned long listed_pages(void)
{
	unsigned long count, pages = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/zoneinfo", "r");
	if (!file)
		fail_test("/proc/zoneinfo cannot be read");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " count: %lu", &count) == 1)
			pages += count;
	}
	fclose(file);

	return pages;
}

/*
 * MemAvailable, and the pages in lists of the CPUs that it misses: tens of MiB when
 * much has just been freed. Each CPU moves some thousand of them at a time, so it
 * counts when no more than a few have been moved from the one to the other while
 * both were read.
 */
unsigned long ram_available_pages(void)
{
	unsigned long available, before, after = listed_pages();
	unsigned int i;

	for (i = 0; i < MAX_READINGS; i++) {
		before = after;
		available = mem_available_pages();
		after = listed_pages();
		if (before + FEW_MOVED >= after && after + FEW_MOVED >= before)
			break;
	}

	return available + (before < after ? before : after);
}

/*
 * Number of pages that the addresses for unpopulated pages have room for, all
 * together and the largest region: 0 if there are none, or if the kernel does not
 * tell.  On x86, the holes in /proc/iomem above 4 GiB are used as well, with more
 * room than memory has struct pages for.
 */
void read_regions(unsigned long *total, unsigned long *largest)
{
	unsigned long long start, end;
	unsigned long pages;
	char line[256];
	FILE *file;

	*total = 0;
	*largest = 0;
	if (access(STATS_PATH, R_OK))
		return;
#ifdef __x86_64__
	*total = 1UL << 32;
	*largest = *total;
#endif

	file = fopen("/proc/iomem", "r");
	if (!file)
		return;

	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, ": Xen extended region\n") ||
		    sscanf(line, " %llx-%llx", &start, &end) != 2)
			continue;
		pages = (end - start + 1) / page_size();
		*total += pages;
		if (pages > *largest)
			*largest = pages;
	}

	fclose(file);
}

void take_snapshot(struct snapshot *snap)
{
	memset(snap, 0, sizeof(*snap));

	snap->have_stats = !access(STATS_PATH, F_OK);
	if (snap->have_stats) {
		snap->unpopulated_allocated =
			read_stat("unpopulated_allocated");
		snap->donated_allocated = read_stat("donated_allocated");
		snap->ballooned_allocated = read_stat("ballooned_allocated");
	}

	snap->have_current_kb = read_number(CURRENT_KB_PATH, &snap->current_kb);
}

static bool snapshot_restored(const struct snapshot *before,
			      const struct snapshot *now)
{
	return now->unpopulated_allocated == before->unpopulated_allocated &&
	       now->donated_allocated == before->donated_allocated &&
	       now->ballooned_allocated == before->ballooned_allocated &&
	       now->current_kb == before->current_kb;
}

static bool say_figure(const char *name, unsigned long before,
		       unsigned long now)
{
	if (now != before)
		ksft_print_msg("%s is %lu, was %lu\n", name, now, before);
	return now == before;
}

/*
 * Every page that was allocated since @before has to be freed again, and memory
 * that was ballooned out for it to be back, no more and no less.
 */
bool is_restored(const struct snapshot *before)
{
	unsigned long long start = now_us();
	struct snapshot now;

	do {
		take_snapshot(&now);
		if (snapshot_restored(before, &now))
			return true;
	} while (look_again(start));

	say_figure("unpopulated_allocated", before->unpopulated_allocated,
		   now.unpopulated_allocated);
	say_figure("donated_allocated", before->donated_allocated,
		   now.donated_allocated);
	say_figure("ballooned_allocated", before->ballooned_allocated,
		   now.ballooned_allocated);
	say_figure("current_kb", before->current_kb, now.current_kb);
	return false;
}

/* @pages are allocated that were not when @before was taken. */
bool are_allocated(const struct snapshot *before, unsigned long pages)
{
	struct snapshot now;

	take_snapshot(&now);
	if (!now.have_stats)
		return true;

	return say_figure("allocated pages", pages,
			  now.unpopulated_allocated -
			  before->unpopulated_allocated +
			  now.donated_allocated - before->donated_allocated +
			  now.ballooned_allocated -
			  before->ballooned_allocated);
}
