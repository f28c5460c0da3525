// SPDX-License-Identifier: GPL-2.0
/*
 * This driver and the base kernel's side by side: what it costs to allocate and
 * to free a page.
 *
 *	unpopulated-bench [TEXT]	only what has TEXT in its title
 *
 * The two take turns, and it is the ratio of each such pair that counts, as
 * whatever else the machine does disturbs both.  No figure is judged here.
 */
#define _GNU_SOURCE
#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#ifdef __clang__
#define COMPILER	__VERSION__
#else
#define COMPILER	"gcc " __VERSION__
#endif

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define MAX_THREADS	2
#define MAX_BATCH	4096U
#define CACHE_LINE	64
#define OTHER_SIZE	(16 << 20)
#define SMALL_PAGE	4096
#define HUGE_PAGE	(2UL << 20)

/* Each driver has as many from the start: growth is not measured. */
#define NR_PAGES	(256 * 1024)

/* One call can be too short for a clock: with warm caches, many are timed. */
#define WARM_PAGES	512U
#define WARM_PASSES	4

/*
 * For each line of the table: all of it is to take less than a minute, also on a
 * machine that is so busy that a line takes longest.
 */
#define LINE_NS		500000000L
#define LONGEST_NS	1500000000L
#define MIN_PAIRS	101
#define MAX_PAIRS	1000

/* Mappings as those of gntdev, with which a history is made. */
#define MAPPING_PAGES	32
#define MAX_MAPPINGS	16384

enum { OURS, BASE, NR_DRIVERS };

static const struct driver {
	int	(*alloc)(unsigned int nr_pages, struct page **pages);
	void	(*free)(unsigned int nr_pages, struct page **pages);
} drivers[NR_DRIVERS] = {
	[OURS] = { xen_alloc_unpopulated_pages, xen_free_unpopulated_pages },
	[BASE] = { base_alloc_pages, base_free_pages },
};

enum caches {
	WARM,
	SHARED,
	MEMORY,
};

enum history {
	IN_ORDER,
	SCATTERED,
	MAPPINGS,
};

static const struct block {
	const char	*title;
	unsigned int	nr_threads;
	enum caches	caches;
	enum history	history;
	/* With MAPPINGS, about as many pages are out. */
	unsigned int	out;
	bool		shuffle;
} blocks[] = {
	{ "1 thread, warm", 1, WARM, IN_ORDER },
	{ "1 thread, shared cache, scattered", 1, SHARED, SCATTERED },
	{ "1 thread, memory, scattered", 1, MEMORY, SCATTERED },
	{ "1 thread, memory, in order", 1, MEMORY, IN_ORDER },
	{ "2 threads, warm", 2, WARM, IN_ORDER },
	{ "2 threads, shared cache, scattered", 2, SHARED, SCATTERED },
	{ "2 threads, memory, scattered", 2, MEMORY, SCATTERED },
	{ "1 thread, warm, each batch freed in random order",
	  1, WARM, IN_ORDER, 0, true },
	{ "1 thread, memory, each batch freed in random order",
	  1, MEMORY, SCATTERED, 0, true },
	{ "1 thread, warm, 1000 pages out", 1, WARM, MAPPINGS, 1000 },
	{ "1 thread, memory, 1000 pages out", 1, MEMORY, MAPPINGS, 1000 },
	{ "1 thread, warm, 100000 pages out", 1, WARM, MAPPINGS, 100000 },
	{ "1 thread, memory, 100000 pages out", 1, MEMORY, MAPPINGS, 100000 },
};

static const unsigned int batches[] = { 1, 8, 64, 512, MAX_BATCH };

/* ns for each page. */
struct sample {
	double	alloc;
	double	free;
};

/* What came and went before, of one driver: what of it is left. */
struct mappings {
	unsigned int	nr;
	struct mapping {
		unsigned int	nr_pages;
		struct page	*pages[MAPPING_PAGES];
	} mapping[MAX_MAPPINGS];
};

/* What one thread has, and has measured. */
struct thread {
	unsigned int		nr;
	const struct block	*block;
	unsigned int		batch;
	struct page		**pages;
	char			*other_data;
	uint64_t		random;
	long			alloc_ns;
	long			free_ns;
	bool			disturbed;
};

static struct thread threads[MAX_THREADS];
static struct page **all_pages;
static struct mappings *mappings[NR_DRIVERS];
static struct sample *samples[NR_DRIVERS];
static unsigned int nr_pairs;
static bool done;

static size_t other_size;
#ifdef __x86_64__
static bool clflushopt;
#endif
static bool huge = true;
static char *heap_start;
static long clock_ns;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "unpopulated-bench: %s\n", what);
	exit(1);
}

static void *map_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("no memory");
	madvise(p, size, MADV_HUGEPAGE);
	memset(p, 1, size);

	return p;
}

static inline long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static uint64_t random_below(uint64_t *state, uint64_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;

	return *state % limit;
}

static void shuffle(struct page **pages, unsigned int nr_pages, uint64_t *random)
{
	struct page *page;
	unsigned int i, k;

	for (i = nr_pages - 1; i; i--) {
		k = random_below(random, i + 1);
		page = pages[i];
		pages[i] = pages[k];
		pages[k] = page;
	}
}

/* What malloc() gives, to any thread, is to be in one place: see flush_all(). */
static void __attribute__((constructor(101))) start_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	heap_start = sbrk(0);
}

/* As kmalloc() does it: in as few cache lines as possible. */
void *__wrap_host_malloc(size_t size, int zero);
void *__wrap_host_malloc(size_t size, int zero)
{
	size_t align = sizeof(void *);
	void *p;

	while (align < size && align < SMALL_PAGE)
		align *= 2;
	if (posix_memalign(&p, align, size))
		return NULL;

	return zero ? memset(p, 0, size) : p;
}

#ifdef __x86_64__
/* The newer instruction, if there is one, is by far the faster. */
static bool has_clflushopt(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
	       ebx & bit_CLFLUSHOPT;
}
#endif

static void flush(const void *start, const void *end)
{
	const char *line = (const char *)((uintptr_t)start & -CACHE_LINE);

	for (; line < (const char *)end; line += CACHE_LINE) {
#if defined(__x86_64__)
		if (clflushopt)
			asm volatile("clflushopt %0" :: "m" (*line) : "memory");
		else
			asm volatile("clflush %0" :: "m" (*line) : "memory");
#elif defined(__aarch64__)
		asm volatile("dc civac, %0" :: "r" (line) : "memory");
#else
#error How are caches flushed?
#endif
	}
}

extern char __executable_start[], etext[], __data_start[], _end[];

/* All that a driver uses, from all caches of all processors. */
static void flush_all(unsigned int nr_threads, unsigned int nr_pages)
{
	unsigned int i, k;

	for (i = 0; i < nr_threads; i++) {
		struct page **pages = threads[i].pages;

		for (k = 0; k < nr_pages; k++)
			flush(pages[k], (char *)pages[k] + bench_sizeof_page());
		flush(pages, pages + nr_pages);
	}
	flush(heap_start, sbrk(0));
	flush(__data_start, _end);
	flush(__executable_start, etext);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * Fill what belongs to this processor alone with something else.  After that, its
 * prefetchers work as usual, which they do not if all they bring is flushed.
 */
static void read_other_data(struct thread *thread)
{
	volatile char *p = thread->other_data;
	size_t i;

	for (i = 0; i < other_size; i += CACHE_LINE)
		(void)p[i];
}

/* Go on when all threads are here. */
static void meet(struct thread *thread)
{
	static unsigned int nr_here, nr_meetings;
	unsigned int meeting = __atomic_load_n(&nr_meetings, __ATOMIC_ACQUIRE);
	unsigned int nr_threads = thread->block->nr_threads, spins = 0;

	if (nr_threads == 1)
		return;

	if (__atomic_add_fetch(&nr_here, 1, __ATOMIC_ACQ_REL) == nr_threads) {
		__atomic_store_n(&nr_here, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&nr_meetings, meeting + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&nr_meetings, __ATOMIC_ACQUIRE) == meeting) {
		if (++spins % 4096 == 0)
			sched_yield();
	}
}

static void prepare_caches(struct thread *thread, unsigned int nr_pages)
{
	const struct block *block = thread->block;

	meet(thread);
	if (block->caches == WARM)
		return;
	if (block->caches == MEMORY && thread->nr == 0)
		flush_all(block->nr_threads, nr_pages);
	meet(thread);
	read_other_data(thread);
}

/* How many pages are timed at once. */
static unsigned int timed_pages(const struct block *block, unsigned int batch)
{
	return block->caches == WARM && batch < WARM_PAGES ? WARM_PAGES : batch;
}

/* How often; threads that wait for each other take long enough. */
static unsigned int timed_passes(const struct block *block)
{
	return block->caches == WARM && block->nr_threads == 1 ? WARM_PASSES : 1;
}

/* How often the processor was given to somebody else. */
static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static long time_alloc(struct thread *thread, const struct driver *driver,
		       unsigned int nr_pages)
{
	unsigned int batch = thread->batch, i;
	long before = switches(), start, end;
	int ret = 0;

	meet(thread);
	start = now();
	for (i = 0; i < nr_pages; i += batch)
		ret |= driver->alloc(batch, thread->pages + i);
	end = now();

	if (ret)
		die("no pages");
	thread->disturbed |= switches() != before;

	return end - start - clock_ns;
}

static long time_free(struct thread *thread, const struct driver *driver,
		      unsigned int nr_pages)
{
	unsigned int batch = thread->batch, i;
	long before = switches(), start, end;

	meet(thread);
	start = now();
	for (i = 0; i < nr_pages; i += batch)
		driver->free(batch, thread->pages + i);
	end = now();

	thread->disturbed |= switches() != before;

	return end - start - clock_ns;
}

/* All threads do this at the same time. */
static void measure(struct thread *thread, const struct driver *driver)
{
	unsigned int nr_pages = timed_pages(thread->block, thread->batch);
	unsigned int passes = timed_passes(thread->block);

	/* Not to be counted: it warms the caches, or says what to flush. */
	time_alloc(thread, driver, nr_pages);
	if (thread->block->shuffle)
		shuffle(thread->pages, nr_pages, &thread->random);
	meet(thread);
	time_free(thread, driver, nr_pages);

	thread->alloc_ns = 0;
	thread->free_ns = 0;
	while (passes--) {
		prepare_caches(thread, nr_pages);
		thread->alloc_ns += time_alloc(thread, driver, nr_pages);
		if (thread->block->shuffle)
			shuffle(thread->pages, nr_pages, &thread->random);
		prepare_caches(thread, nr_pages);
		thread->free_ns += time_free(thread, driver, nr_pages);
	}
	meet(thread);
}

static struct sample sample_of(const struct block *block, unsigned int batch)
{
	double nr_pages = timed_pages(block, batch) * block->nr_threads;
	struct sample sample = {};
	unsigned int i;

	nr_pages *= timed_passes(block);
	for (i = 0; i < block->nr_threads; i++) {
		sample.alloc += threads[i].alloc_ns / nr_pages;
		sample.free += threads[i].free_ns / nr_pages;
	}

	return sample;
}

static unsigned int nr_processors(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		die("which processors?");

	return CPU_COUNT(&cpus);
}

/* A processor of its own for each thread. */
static void pin(unsigned int nr)
{
	cpu_set_t cpus;
	int cpu;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		die("which processors?");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus) && !nr--)
			break;
	}
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("not this processor");
}

static void *measure_pairs(void *data)
{
	struct thread *thread = data;
	unsigned int pair, turn, which, i;
	bool disturbed;
	long start, ns;

	pin(thread->nr);
	start = now();

	for (pair = 0; !__atomic_load_n(&done, __ATOMIC_RELAXED); pair++) {
		thread->disturbed = false;
		for (turn = 0; turn < NR_DRIVERS; turn++) {
			/* Neither is always the first. */
			which = (pair + turn) % NR_DRIVERS;
			measure(thread, &drivers[which]);
			if (thread->nr == 0)
				samples[which][nr_pairs] =
					sample_of(thread->block, thread->batch);
			meet(thread);
		}
		if (thread->nr == 0) {
			disturbed = false;
			for (i = 0; i < thread->block->nr_threads; i++)
				disturbed |= threads[i].disturbed;
			nr_pairs += !disturbed;
			ns = now() - start;
			__atomic_store_n(&done, nr_pairs == MAX_PAIRS ||
					 ns > LONGEST_NS ||
					 (ns > LINE_NS && nr_pairs >= MIN_PAIRS),
					 __ATOMIC_RELAXED);
		}
		meet(thread);
	}

	return NULL;
}

static int compare_pages(const void *a, const void *b)
{
	struct page *x = *(struct page *const *)a;
	struct page *y = *(struct page *const *)b;

	return x < y ? -1 : x > y;
}

/* As if the driver had worked for a while. */
static void make_history(const struct block *block, const struct driver *driver,
			 struct mappings *mappings)
{
	struct mapping *mapping;
	unsigned int out = 0, round;
	uint64_t random = 20201207;

	mappings->nr = 0;
	if (driver->alloc(NR_PAGES, all_pages))
		die("no pages");
	qsort(all_pages, NR_PAGES, sizeof(all_pages[0]), compare_pages);
	if (block->history == SCATTERED)
		shuffle(all_pages, NR_PAGES, &random);
	driver->free(NR_PAGES, all_pages);
	if (block->history != MAPPINGS)
		return;

	for (round = 0; round < 5; round++) {
		while (out < block->out + block->out / 5) {
			mapping = &mappings->mapping[mappings->nr++];
			mapping->nr_pages = 1 + random_below(&random,
							     MAPPING_PAGES);
			if (driver->alloc(mapping->nr_pages, mapping->pages))
				die("no pages");
			out += mapping->nr_pages;
		}
		while (out > block->out) {
			mapping = mappings->mapping +
				  random_below(&random, mappings->nr);
			driver->free(mapping->nr_pages, mapping->pages);
			out -= mapping->nr_pages;
			*mapping = mappings->mapping[--mappings->nr];
		}
	}
}

static void end_history(const struct driver *driver, struct mappings *mappings)
{
	unsigned int i;

	for (i = 0; i < mappings->nr; i++)
		driver->free(mappings->mapping[i].nr_pages,
			     mappings->mapping[i].pages);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print_columns(double *ours, double *base)
{
	static double ratio[MAX_PAIRS];
	unsigned int i, last = nr_pairs - 1;

	for (i = 0; i < nr_pairs; i++)
		ratio[i] = ours[i] / base[i];
	qsort(ours, nr_pairs, sizeof(*ours), compare_doubles);
	qsort(base, nr_pairs, sizeof(*base), compare_doubles);
	qsort(ratio, nr_pairs, sizeof(*ratio), compare_doubles);
	printf("%8.2f%8.2f%7.2f (%.2f..%.2f)", ours[last / 2], base[last / 2],
	       ratio[last / 2], ratio[last / 4], ratio[last * 3 / 4]);
}

static void print_line(unsigned int batch)
{
	static double ours[MAX_PAIRS], base[MAX_PAIRS];
	unsigned int i;

	printf("%5u", batch);
	for (i = 0; i < nr_pairs; i++) {
		ours[i] = samples[OURS][i].alloc;
		base[i] = samples[BASE][i].alloc;
	}
	print_columns(ours, base);
	printf(" ");
	for (i = 0; i < nr_pairs; i++) {
		ours[i] = samples[OURS][i].free;
		base[i] = samples[BASE][i].free;
	}
	print_columns(ours, base);
	printf(" %5u\n", nr_pairs);
	fflush(stdout);
}

static void measure_line(const struct block *block, unsigned int batch)
{
	pthread_t pthreads[MAX_THREADS];
	unsigned int i;

	for (i = 0; i < NR_DRIVERS; i++)
		make_history(block, &drivers[i], mappings[i]);

	/* There was some to sort in. */
	malloc_trim(0);

	nr_pairs = 0;
	done = false;
	for (i = 0; i < block->nr_threads; i++) {
		threads[i].block = block;
		threads[i].batch = batch;
		if (pthread_create(&pthreads[i], NULL, measure_pairs,
				   &threads[i]))
			die("no thread");
	}
	for (i = 0; i < block->nr_threads; i++)
		pthread_join(pthreads[i], NULL);

	for (i = 0; i < NR_DRIVERS; i++)
		end_history(&drivers[i], mappings[i]);
	if (nr_pairs)
		print_line(batch);
	else
		printf("%5u  disturbed all the time\n", batch);
}

/*
 * Struct pages are in huge pages in the kernel, where it adds a section at a
 * time; base could not be blamed for TLB misses otherwise.
 */
static bool use_huge_pages(void)
{
	uintptr_t start = (uintptr_t)all_pages[0] & -HUGE_PAGE;
	uintptr_t end = (uintptr_t)(all_pages[NR_PAGES - 1]);
	bool ret = true;

	for (; start < end; start += HUGE_PAGE) {
		if (madvise((void *)start, HUGE_PAGE, MADV_COLLAPSE))
			ret = false;
	}

	return ret;
}

static void measure_clock(void)
{
	unsigned int i;
	long start, ns;

	clock_ns = LONG_MAX;
	for (i = 0; i < 1000; i++) {
		start = now();
		ns = now() - start;
		if (ns < clock_ns)
			clock_ns = ns;
	}
}

/* The first line of a file, without its end; what follows @key if there is one. */
static void read_line(const char *name, const char *key, char *buf, int size)
{
	FILE *file = fopen(name, "r");
	char *line = NULL, *value;
	size_t len = 0;

	snprintf(buf, size, "?");
	while (file && getline(&line, &len, file) > 0) {
		if (key && strncmp(line, key, strlen(key)))
			continue;
		value = key ? strchr(line, ':') : NULL;
		value = value ? value + 2 : line;
		snprintf(buf, size, "%.*s", (int)strcspn(value, "\n"), value);
		break;
	}
	free(line);
	if (file)
		fclose(file);
}

static void print_machine(void)
{
	char name[96], level[8], type[16], size[16], text[128];
	unsigned int i;

	read_line("/proc/cpuinfo", "model name", text, sizeof(text));
	printf("%s, %ld processors; caches:", text,
	       sysconf(_SC_NPROCESSORS_ONLN));
	for (i = 0; ; i++) {
#define CACHE(file) (snprintf(name, sizeof(name),			\
	"/sys/devices/system/cpu/cpu0/cache/index%u/" file, i), name)
		read_line(CACHE("level"), NULL, level, sizeof(level));
		read_line(CACHE("type"), NULL, type, sizeof(type));
		read_line(CACHE("size"), NULL, size, sizeof(size));
		if (level[0] == '?')
			break;
		printf("%s L%s%s %s", i ? "," : "", level,
		       !strcmp(type, "Data") ? "d" :
		       !strcmp(type, "Instruction") ? "i" : "", size);
	}
	read_line("/proc/loadavg", NULL, text, sizeof(text));
	printf("\nLoad: %.*s; compiler: " COMPILER "\n",
	       (int)strcspn(text, " "), text);
}

static void print_head(void)
{
	printf("\n"
	       "Median ns per page; with two threads, as each of them sees it.  The ratio is that\n"
	       "of ours to base in two measurements one right after the other: the median, and\n"
	       "what half of them are between.  Pairs: how many there were, without those in which\n"
	       "another program took the processor from a thread.\n"
	       "\n"
	       "warm          the same was done just before; all batches of %u pages, or one\n"
	       "shared cache  before each call, the thread has read %zu KiB of something else\n"
	       "memory        before that, code, data, struct pages and the caller's array are\n"
	       "              flushed from all caches\n"
	       "in order      all pages were freed in ascending order before\n"
	       "scattered     all %u pages were freed in random order before, so that no struct\n"
	       "              page that base looks at is near the last one\n"
	       "pages out     so many are allocated, and mappings of 1 to %u pages came and went\n"
	       "\n"
	       "The struct pages of each driver take %lu MiB, in %s pages.  Neither kind of lock\n"
	       "sleeps: one atomic operation takes it, or the thread spins.\n",
	       WARM_PAGES, other_size >> 10, NR_PAGES, MAPPING_PAGES,
	       NR_PAGES * bench_sizeof_page() >> 20, huge ? "huge" : "small");
}

int main(int argc, char **argv)
{
	static const struct block in_order = { .history = IN_ORDER };
	unsigned int i, k;

	print_machine();
#ifdef __x86_64__
	clflushopt = has_clflushopt();
#endif
	measure_clock();
	all_pages = map_memory(NR_PAGES * sizeof(*all_pages));
	other_size = 4 * sysconf(_SC_LEVEL2_CACHE_SIZE);
	if (!other_size)
		other_size = OTHER_SIZE;
	for (i = 0; i < MAX_THREADS; i++) {
		threads[i].nr = i;
		threads[i].random = 88172645463325252 + i;
		threads[i].pages = map_memory(MAX_BATCH * sizeof(void *));
		threads[i].other_data = map_memory(other_size);
	}

	bench_start();
	for (i = 0; i < NR_DRIVERS; i++) {
		mappings[i] = map_memory(sizeof(*mappings[i]));
		samples[i] = map_memory(MAX_PAIRS * sizeof(*samples[i]));
		make_history(&in_order, &drivers[i], mappings[i]);
		huge &= use_huge_pages();
	}
	print_head();

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		if (argc > 1 && !strstr(blocks[i].title, argv[1]))
			continue;
		printf("\n%s\n"
		       "         alloc                               free\n"
		       "batch   ours    base  ratio (half of them)   ours    base  ratio (half of them) pairs\n",
		       blocks[i].title);
		if (nr_processors() < blocks[i].nr_threads) {
			printf("      not on one processor\n");
			continue;
		}
		for (k = 0; k < ARRAY_SIZE(batches); k++)
			measure_line(&blocks[i], batches[k]);
	}

	if (native_warnings)
		die("a driver has warned");

	return 0;
}
