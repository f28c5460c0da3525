// SPDX-License-Identifier: GPL-2.0
/*
 * Scratch pages until there are no more: first all the addresses, then RAM that
 * is ballooned out in their place, then a clean ENOMEM. After that everything
 * is given back, and has to work as before.
 *
 * Ballooning all of a dom0's RAM out takes minutes under an emulator. So once
 * the addresses are used up, the test takes most of the RAM itself, the quick
 * way. It stops some way before the last page: the kernel's memory allocator
 * lets nobody come that close without calling the OOM killer.
 */
#include "xen_test.h"

#define MIB_PAGES(mib)		(((unsigned long)(mib) << 20) / page_size())

/*
 * Pages in one request while there are addresses. Far less than what is to be
 * refused in the end, as the first one is given back before.
 */
#define PAGES_PER_REQUEST	MIB_PAGES(16)

/* Addresses for more pages than this are not used up. */
#define MAX_PAGES		(4U << 20)

/*
 * RAM that is left, what has to be refused then, and what is there still, in
 * MiB. Far apart, because what is available is never known exactly.
 */
#define RAM_LEFT_MIB		64
#define TOO_MUCH_MIB		192
#define STILL_THERE_MIB		16

/* What RAM may differ by, in MiB, when all was given back: slabs and the like. */
#define RAM_SLACK_MIB		8

/* RAM taken away from everybody else. */
struct hog {
	char *addr;
	size_t size;
};

FIXTURE(gntdev_exhaust)
{
	struct snapshot before;
	unsigned long available_before;
	int gntdev;
	int gntalloc;
	struct hog hog;
};

FIXTURE_SETUP(gntdev_exhaust)
{
	unsigned long pages, largest;
	FILE *file;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	read_regions(&pages, &largest);
	if (pages > MAX_PAGES)
		SKIP(return, "addresses for %lu pages are too many", pages);
	take_snapshot(_metadata, &self->before);
	if (!self->before.have_current_kb)
		SKIP(return, "no %s to tell ballooned pages by", CURRENT_KB_PATH);
	self->available_before = mem_available_pages(_metadata);

	/* Should memory run out in earnest, only this test is to be killed. */
	file = fopen("/proc/self/oom_score_adj", "w");
	ASSERT_NE(NULL, file);
	ASSERT_LT(0, fprintf(file, "1000\n"));
	ASSERT_EQ(0, fclose(file));
}

FIXTURE_TEARDOWN(gntdev_exhaust)
{
	/* A failed test leaves its pages to the end of the process. */
	if (_metadata->exit_code == KSFT_FAIL)
		return;

	EXPECT_EQ(0, close(self->gntalloc));
	expect_restored(_metadata, &self->before);
}

/* Has RAM been ballooned out since the test began? In pages. */
static unsigned long ballooned_out(const struct snapshot *before)
{
	unsigned long kb;

	if (!read_number(CURRENT_KB_PATH, &kb) || kb >= before->current_kb)
		return 0;

	return (before->current_kb - kb) * 1024 / page_size();
}

/* Take RAM until no more than @left pages are available. */
static void hog_ram(struct __test_metadata *_metadata, struct hog *hog,
		    unsigned long left)
{
	unsigned long available = mem_available_pages(_metadata);

	if (available <= left)
		return;

	hog->size = (available - left) * page_size();
	hog->addr = mmap(NULL, hog->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, hog->addr);
}

TEST_F_TIMEOUT(gntdev_exhaust, fails_at_the_end_and_recovers, 150)
{
	unsigned long scratch = 0, fallbacks = 0, failures = 0, after = 0;
	unsigned long available, slack, region_pages, largest;
	unsigned int addresses = 0, pages;
	struct snapshot full, now;
	struct grant_mapping first, map;
	int err;

	if (self->before.have_stats) {
		scratch = read_stat(_metadata, "scratch_free") +
			  self->before.scratch_used;
		fallbacks = read_stat(_metadata, "fallbacks");
		failures = read_stat(_metadata, "failures");
	}

	/* The addresses are used up when the first RAM is ballooned out. */
	do {
		err = reserve_mapping(self->gntdev, NULL, PAGES_PER_REQUEST,
				      addresses ? &map : &first);
		if (err)
			break;
		addresses += PAGES_PER_REQUEST;
		if (addresses >= MAX_PAGES) {
			/* The pages are to be back when the test ends. */
			close(self->gntdev);
			SKIP(return, "more addresses than for %u pages",
			     addresses);
		}
	} while (!ballooned_out(&self->before));

	available = mem_available_pages(_metadata);
	ASSERT_EQ(0, err)
		TH_LOG("refused after %u pages, %lu pages of RAM available: %s",
		       addresses, available, strerror(-err));
	TH_LOG("%u pages, %lu of them ballooned, %lu pages of RAM available",
	       addresses, ballooned_out(&self->before), available);

	/* None may have been left out. */
	read_regions(&region_pages, &largest);
	if (self->before.have_stats) {
		EXPECT_EQ(0UL, read_stat(_metadata, "scratch_free"));
		EXPECT_EQ(0UL, read_stat(_metadata, "donated_free"));
		EXPECT_LT(fallbacks, read_stat(_metadata, "fallbacks"));
	}
	EXPECT_TRUE(!region_pages ||
		    read_stat(_metadata, "scratch_used") == region_pages);

	hog_ram(_metadata, &self->hog, MIB_PAGES(RAM_LEFT_MIB));

	/* What is refused has got some pages first, and has to return them. */
	ASSERT_EQ(0, release_mapping(self->gntdev, &first));
	take_snapshot(_metadata, &full);
	err = reserve_mapping(self->gntdev, NULL, MIB_PAGES(TOO_MUCH_MIB),
			      &map);
	available = mem_available_pages(_metadata);
	TH_LOG("%lu more, %lu pages of RAM available: %s",
	       MIB_PAGES(TOO_MUCH_MIB), available, strerror(-err));
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_LT(available, MIB_PAGES(TOO_MUCH_MIB));
	if (self->before.have_stats) {
		take_snapshot(_metadata, &now);
		EXPECT_EQ(full.scratch_used, now.scratch_used);
		EXPECT_EQ(full.donated_used, now.donated_used);
		EXPECT_EQ(full.ballooned_used, now.ballooned_used);
		EXPECT_EQ(failures + 1, read_stat(_metadata, "failures"));
	}

	/* Not a page less for having asked. */
	EXPECT_EQ(0, reserve_mapping(self->gntdev, NULL, PAGES_PER_REQUEST,
				     &first));
	EXPECT_EQ(0, reserve_mapping(self->gntdev, NULL,
				     MIB_PAGES(STILL_THERE_MIB), &map));
	expect_grants_work(_metadata, self->gntalloc, self->gntdev, 64);

	/* Everything goes back, and nothing of it is lost. */
	ASSERT_TRUE(!self->hog.addr ||
		    !munmap(self->hog.addr, self->hog.size));
	ASSERT_EQ(0, close(self->gntdev));
	expect_restored(_metadata, &self->before);

	if (self->before.have_stats)
		after = read_stat(_metadata, "scratch_free") +
			read_stat(_metadata, "scratch_used");
	slack = MIB_PAGES(RAM_SLACK_MIB);
	if (after > scratch)
		slack += (after - scratch) * STRUCT_PAGE_SIZE / page_size();
	available = mem_available_pages(_metadata);
	TH_LOG("%lu pages of RAM available before, %lu after",
	       self->available_before, available);
	EXPECT_GE(available + slack, self->available_before);

	/* And it works again, from the addresses first. */
	self->gntdev = open_device(_metadata, "/dev/xen/gntdev");
	ASSERT_GE(self->gntdev, 0);
	for (pages = 0; pages + 2 * PAGES_PER_REQUEST < addresses;
	     pages += PAGES_PER_REQUEST) {
		ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL,
					     PAGES_PER_REQUEST, &map));
	}
	EXPECT_EQ(0UL, ballooned_out(&self->before));
	expect_grants_work(_metadata, self->gntalloc, self->gntdev, 256);
	ASSERT_EQ(0, close(self->gntdev));
}

TEST_HARNESS_MAIN
