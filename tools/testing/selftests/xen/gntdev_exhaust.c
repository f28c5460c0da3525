// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for mappings until there are no more: first unpopulated ones at all
 * addresses, then ballooned ones, then a clean ENOMEM. After that all are
 * freed, and have to work as before.
 *
 * Ballooning all of a dom0's RAM out takes minutes under an emulator. So once
 * the addresses are used up, the test allocates most of the RAM itself, the
 * quick way. It stops some way before the last page, because the kernel's memory
 * allocator calls the OOM killer before that.
 */
#include "xen_harness.h"

#define MIB_PAGES(mib)		(((unsigned long)(mib) << 20) / page_size())

/*
 * Pages in one request while there are addresses. Far less than the request that is
 * to be refused in the end, as the first one is given back before.
 */
#define PAGES_PER_REQUEST	MIB_PAGES(16)

/* Addresses for more pages than this are not used up. */
#define MAX_PAGES		(4U << 20)

/*
 * RAM that is left, a request that has to be refused then, and one that has to be
 * served, in MiB. Far apart, because the available RAM is never known exactly.
 */
#define RAM_LEFT_MIB		64
#define TOO_MUCH_MIB		192
#define STILL_THERE_MIB		16

/* By how many MiB RAM may differ when all was given back: slabs and the like. */
#define RAM_SLACK_MIB		8

/* How much RAM the test allocates before it looks again, in MiB. */
#define HOG_STEP_MIB		4

/* RAM that the test has allocated. */
struct hog {
	char *addr;
	size_t size;
};

FIXTURE(gntdev_exhaust)
{
	struct snapshot before;
	unsigned long chunks_before;	/* in pages, as this is */
	unsigned long ram_before;
	int gntdev;
	int gntalloc;
	struct hog hog;
};

/*
 * Idle chunks hold RAM, for their struct pages and in page tables. They go, so that
 * the RAM before the test and after it can be compared.
 */
static void release_idle(struct __test_metadata *_metadata)
{
	if (access(RELEASE_PATH, F_OK))
		return;

	release_all();
	ASSERT_TRUE(wait_until_released());
}

FIXTURE_SETUP(gntdev_exhaust)
{
	unsigned long pages, largest, idle;
	FILE *file;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	read_regions(&pages, &largest);
	if (pages > MAX_PAGES)
		SKIP(return, "addresses for %lu pages are too many", pages);
	take_snapshot(&self->before);
	if (!self->before.have_current_kb)
		SKIP(return, "no %s to tell ballooned pages by", CURRENT_KB_PATH);

	release_idle(_metadata);
	read_chunks(&self->chunks_before, &idle);
	self->ram_before = ram_available_pages();

	/* Should memory run out in earnest, only this test is to be killed. */
	file = fopen("/proc/self/oom_score_adj", "w");
	ASSERT_NE(NULL, file);
	ASSERT_LT(0, fprintf(file, "1000\n"));
	ASSERT_EQ(0, fclose(file));
}

FIXTURE_TEARDOWN(gntdev_exhaust)
{
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

/* Has RAM been ballooned out since the test began? In pages. */
static unsigned long ballooned_out(const struct snapshot *before)
{
	unsigned long kb;

	if (!read_number(CURRENT_KB_PATH, &kb) || kb >= before->current_kb)
		return 0;

	return (before->current_kb - kb) * 1024 / page_size();
}

/*
 * Allocate RAM until no more than @left pages are available. Pages in lists of the
 * CPUs are not counted, as the balloon driver does not count them: they are taken on
 * the way, or stay and can be had besides.
 */
static void hog_ram(struct __test_metadata *_metadata, struct hog *hog,
		    unsigned long left)
{
	size_t done, step = HOG_STEP_MIB << 20;

	hog->size = ram_available_pages() * page_size();
	hog->addr = mmap(NULL, hog->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, hog->addr);

	for (done = 0; done + step <= hog->size; done += step) {
		if (mem_available_pages() <= left)
			return;
		memset(hog->addr + done, 1, step);
	}
}

/* All RAM is back that was there before, but for some that has other uses now. */
static void expect_ram_is_back(struct __test_metadata *_metadata,
			       unsigned long before,
			       unsigned long chunks_before)
{
	unsigned long available, slack, chunks, idle;
	unsigned long long start;

	release_idle(_metadata);
	read_chunks(&chunks, &idle);
	slack = MIB_PAGES(RAM_SLACK_MIB);
	if (chunks > chunks_before)
		slack += chunks_overhead(chunks - chunks_before);

	/* Page tables come back after a grace period. */
	start = now_us();
	do {
		available = ram_available_pages();
	} while (available + slack < before && look_again(start));

	TH_LOG("%lu pages of RAM available before, %lu after", before,
	       available);
	TH_LOG("chunks of %lu pages before, %lu after", chunks_before, chunks);
	EXPECT_LE(before, available + slack);
}

TEST_F_TIMEOUT(gntdev_exhaust, fails_at_the_end_and_recovers, 150)
{
	unsigned long available, region_pages, largest;
	unsigned long fallbacks = 0, failures = 0;
	unsigned int addresses = 0, pages;
	struct grant_mapping first, map;
	struct snapshot full, now;
	int err;

	if (self->before.have_stats) {
		fallbacks = read_stat("fallbacks");
		failures = read_stat("failures");
	}

	/* The addresses are used up when the first RAM is ballooned out. */
	do {
		err = reserve_mapping(self->gntdev, NULL, PAGES_PER_REQUEST,
				      addresses ? &map : &first);
		if (err)
			break;
		addresses += PAGES_PER_REQUEST;
		if (addresses >= MAX_PAGES)
			SKIP(return, "more addresses than for %u pages",
			     addresses);
	} while (!ballooned_out(&self->before));

	available = mem_available_pages();
	ASSERT_EQ(0, err)
		TH_LOG("refused after %u pages, %lu pages of RAM available: %s",
		       addresses, available, strerror(-err));
	TH_LOG("%u pages, %lu of them ballooned, %lu pages of RAM available",
	       addresses, ballooned_out(&self->before), available);

	/* None may have been left out. */
	read_regions(&region_pages, &largest);
	if (self->before.have_stats) {
		EXPECT_EQ(0UL, read_stat("unpopulated_free"));
		EXPECT_EQ(0UL, read_stat("donated_free"));
		EXPECT_LT(fallbacks, read_stat("fallbacks"));
	}
	if (region_pages)
		EXPECT_EQ(region_pages, read_stat("unpopulated_allocated"));

	hog_ram(_metadata, &self->hog, MIB_PAGES(RAM_LEFT_MIB));

	/* A refused request takes no page from others. */
	ASSERT_EQ(0, release_mapping(self->gntdev, &first));
	take_snapshot(&full);
	available = mem_available_pages();
	err = reserve_mapping(self->gntdev, NULL, MIB_PAGES(TOO_MUCH_MIB),
			      &map);
	TH_LOG("%lu more, %lu pages of RAM available, with those in lists %lu: %s",
	       MIB_PAGES(TOO_MUCH_MIB), available, ram_available_pages(),
	       strerror(-err));
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_LT(available, MIB_PAGES(TOO_MUCH_MIB));
	if (self->before.have_stats) {
		take_snapshot(&now);
		EXPECT_EQ(full.unpopulated_allocated, now.unpopulated_allocated);
		EXPECT_EQ(full.donated_allocated, now.donated_allocated);
		EXPECT_EQ(full.ballooned_allocated, now.ballooned_allocated);
		EXPECT_EQ(failures + 1, read_stat("failures"));
	}

	/* Not a page less for having asked. */
	EXPECT_EQ(0, reserve_mapping(self->gntdev, NULL, PAGES_PER_REQUEST,
				     &first));
	available = mem_available_pages();
	EXPECT_EQ(0, reserve_mapping(self->gntdev, NULL,
				     MIB_PAGES(STILL_THERE_MIB), &map))
		TH_LOG("%lu pages of RAM available, with those in lists %lu",
		       available, ram_available_pages());
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 64));

	/* Everything goes back, and nothing of it is lost. */
	ASSERT_EQ(0, munmap(self->hog.addr, self->hog.size));
	ASSERT_EQ(0, close(self->gntdev));
	EXPECT_TRUE(is_restored(&self->before));
	expect_ram_is_back(_metadata, self->ram_before, self->chunks_before);

	/* And it works again, from the addresses first. */
	self->gntdev = open_device(_metadata, "/dev/xen/gntdev");
	ASSERT_GE(self->gntdev, 0);
	for (pages = 0; pages + 2 * PAGES_PER_REQUEST < addresses;
	     pages += PAGES_PER_REQUEST) {
		ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL,
					     PAGES_PER_REQUEST, &map));
	}
	EXPECT_EQ(0UL, ballooned_out(&self->before));
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 256));
}

TEST_HARNESS_MAIN
