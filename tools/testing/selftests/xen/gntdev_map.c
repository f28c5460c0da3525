// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping of grants: pages that /dev/xen/gntalloc shares are mapped by
 * /dev/xen/gntdev in the same domain, where they need unpopulated pages just as
 * another domain's pages would. The data is checked on both sides, while
 * mappings come and go in every order.
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "xen_harness.h"

#define MAX_PAGES		1024

/* A reference that no grant table is large enough to hold. */
#define BAD_REF			0xfffffff0U

/* A prime that divides none of the page counts: visits all pages, mixed up. */
#define STRIDE			389U

/* For the test with several processes: their number, rounds, most pages. */
#define PARALLEL		4
#define PARALLEL_ROUNDS		50
#define PARALLEL_PAGES		64

FIXTURE(gntdev_map)
{
	struct snapshot before;
	unsigned long gntalloc_limit;
	int gntdev;
	int gntalloc;
	struct shared_pages own;
};

FIXTURE_VARIANT(gntdev_map)
{
	unsigned int pages;
};

FIXTURE_VARIANT_ADD(gntdev_map, 1_page) { .pages = 1 };
FIXTURE_VARIANT_ADD(gntdev_map, 64_pages) { .pages = 64 };
FIXTURE_VARIANT_ADD(gntdev_map, 1024_pages) { .pages = MAX_PAGES };

FIXTURE_SETUP(gntdev_map)
{
	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	take_snapshot(&self->before);
	self->gntalloc_limit = raise_limit(GNTALLOC_LIMIT_PATH,
					   2 * MAX_PAGES);
	ASSERT_EQ(0, share_pages(self->gntalloc, variant->pages, &self->own));
}

FIXTURE_TEARDOWN(gntdev_map)
{
	EXPECT_TRUE(restore_limit(GNTALLOC_LIMIT_PATH, self->gntalloc_limit));
	finish(_metadata, self->gntdev, self->gntalloc, &self->own,
	       &self->before);
}

TEST_F(gntdev_map, owner_to_mapping)
{
	struct grant_mapping map;

	fill_pages(self->own.addr, 1, variant->pages);
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&map));
	EXPECT_TRUE(check_pages(map.addr, 1, variant->pages));

	/* A write after the page was mapped has to be seen as well. */
	fill_pages(self->own.addr, 2, variant->pages);
	EXPECT_TRUE(check_pages(map.addr, 2, variant->pages));

	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
	EXPECT_TRUE(check_pages(self->own.addr, 2, variant->pages));
}

TEST_F(gntdev_map, mapping_to_owner)
{
	struct grant_mapping map;

	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&map));
	fill_pages(map.addr, 3, variant->pages);
	EXPECT_TRUE(check_pages(self->own.addr, 3, variant->pages));

	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
	EXPECT_TRUE(check_pages(self->own.addr, 3, variant->pages));
}

TEST_F(gntdev_map, unmap_and_map_again)
{
	struct grant_mapping map;
	unsigned int round;

	for (round = 0; round < 4; round++) {
		fill_pages(self->own.addr, 10 + round, variant->pages);
		ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs,
					variant->pages, &map));
		ASSERT_TRUE(check_pages(map.addr, 10 + round, variant->pages));

		fill_pages(map.addr, 20 + round, variant->pages);
		ASSERT_EQ(0, release_mapping(self->gntdev, &map));
		ASSERT_TRUE(check_pages(self->own.addr, 20 + round,
					variant->pages));
	}
}

/* The file @name in sysfs, of KiB, has as many pages as debugfs counts. */
static bool shows_pages(const char *name, unsigned long pages)
{
	unsigned long kb = 0;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", UNPOPULATED_PATH, name);
	if (read_number(path, &kb) && kb == pages * page_size() / 1024)
		return true;

	ksft_print_msg("%s: %lu KiB, not %lu pages\n", name, kb, pages);
	return false;
}

TEST_F(gntdev_map, shown_in_sysfs)
{
	unsigned long long start;
	struct grant_mapping map;
	struct snapshot now;
	bool is_free;

	if (!self->before.have_stats)
		SKIP(return, "no %s", STATS_PATH);
	if (access(UNPOPULATED_PATH, F_OK))
		SKIP(return, "no %s: not with this allocator, or without the balloon driver",
		     UNPOPULATED_PATH);

	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&map));
	take_snapshot(&now);
	EXPECT_TRUE(shows_pages("allocated_kb", now.unpopulated_allocated +
						now.donated_allocated));
	EXPECT_TRUE(shows_pages("ballooned_kb", now.ballooned_allocated));
	/* More can become ready meanwhile. */
	start = now_us();
	do {
		is_free = shows_pages("free_kb", read_stat("unpopulated_free") +
						 read_stat("donated_free"));
	} while (!is_free && look_again(start));
	EXPECT_TRUE(is_free);

	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
}

/* Xen maps one page of RAM at two of this domain's addresses. */
TEST_F(gntdev_map, two_mappings_at_once)
{
	struct grant_mapping first, second;

	fill_pages(self->own.addr, 30, variant->pages);
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&first));
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&second));
	EXPECT_TRUE(check_pages(first.addr, 30, variant->pages));
	EXPECT_TRUE(check_pages(second.addr, 30, variant->pages));

	fill_pages(first.addr, 31, variant->pages);
	EXPECT_TRUE(check_pages(second.addr, 31, variant->pages));
	fill_pages(second.addr, 32, variant->pages);
	EXPECT_TRUE(check_pages(first.addr, 32, variant->pages));

	/* One goes, the other keeps its content. */
	EXPECT_EQ(0, release_mapping(self->gntdev, &first));
	EXPECT_TRUE(check_pages(second.addr, 32, variant->pages));
	fill_pages(self->own.addr, 33, variant->pages);
	EXPECT_TRUE(check_pages(second.addr, 33, variant->pages));
	EXPECT_EQ(0, release_mapping(self->gntdev, &second));
}

/* One mapping, taken out of the address space page by page, mixed up. */
TEST_F(gntdev_map, unmap_in_pieces)
{
	unsigned long size = page_size();
	bool gone[MAX_PAGES] = { false };
	struct grant_mapping map;
	unsigned int i, page;
	char *addr;

	fill_pages(self->own.addr, 40, variant->pages);
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&map));
	addr = map.addr;

	for (i = 0; i < variant->pages / 2; i++) {
		page = i * STRIDE % variant->pages;
		ASSERT_EQ(0, munmap(addr + page * size, size));
		gone[page] = true;
	}

	fill_pages(self->own.addr, 41, variant->pages);
	for (i = 0; i < variant->pages; i++) {
		if (gone[i])
			continue;
		ASSERT_TRUE(check_page(addr + i * size, 41, i));
	}

	for (i = variant->pages; i-- > 0;) {
		if (gone[i])
			continue;
		ASSERT_EQ(0, munmap(addr + i * size, size));
	}

	map.addr = NULL;
	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
	EXPECT_TRUE(check_pages(self->own.addr, 41, variant->pages));
}

/*
 * A mapping for every page, half of them replaced in mixed order while the
 * others stay: a page that was allocated twice would show as wrong data.
 */
TEST_F(gntdev_map, replace_one_by_one)
{
	struct grant_mapping maps[MAX_PAGES];
	unsigned int i, page;

	fill_pages(self->own.addr, 50, variant->pages);
	for (i = 0; i < variant->pages; i++) {
		ASSERT_EQ(0, map_grants(self->gntdev, &self->own.refs[i], 1,
					&maps[i]));
	}

	for (i = 0; i < (variant->pages + 1) / 2; i++) {
		page = i * STRIDE % variant->pages;
		ASSERT_EQ(0, release_mapping(self->gntdev, &maps[page]));
	}

	/* Back in another order, so that pages change places. */
	for (i = (variant->pages + 1) / 2; i-- > 0;) {
		page = i * STRIDE % variant->pages;
		ASSERT_EQ(0, map_grants(self->gntdev, &self->own.refs[page], 1,
					&maps[page]));
	}

	for (i = 0; i < variant->pages; i++) {
		ASSERT_TRUE(check_page(maps[i].addr, 50, i));
		fill_page(maps[i].addr, 51, i);
	}
	EXPECT_TRUE(check_pages(self->own.addr, 51, variant->pages));

	for (i = 0; i < variant->pages; i++) {
		page = i * STRIDE % variant->pages;
		ASSERT_EQ(0, release_mapping(self->gntdev, &maps[page]));
	}
}

/* One bad reference spoils a request, and costs nothing. */
TEST_F(gntdev_map, bad_reference)
{
	unsigned int bad = variant->pages / 2;
	__u32 refs[MAX_PAGES];
	struct grant_mapping map;
	struct snapshot before;

	take_snapshot(&before);

	memcpy(refs, self->own.refs, variant->pages * sizeof(refs[0]));
	refs[bad] = BAD_REF;
	EXPECT_EQ(-EINVAL, map_grants(self->gntdev, refs, variant->pages,
				      &map));
	EXPECT_TRUE(is_restored(&before));

	fill_pages(self->own.addr, 60, variant->pages);
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, variant->pages,
				&map));
	EXPECT_TRUE(check_pages(map.addr, 60, variant->pages));
	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
}

/* A process that dies with grants mapped leaves no page behind. */
TEST_F(gntdev_map, killed_while_mapped)
{
	struct grant_mapping map;
	struct snapshot before;
	int gntdev, status;
	pid_t child;

	take_snapshot(&before);
	fill_pages(self->own.addr, 70, variant->pages);

	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		/* A device of its own: the fixture's outlives the child. */
		gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
		if (gntdev < 0 ||
		    map_grants(gntdev, self->own.refs, variant->pages, &map))
			_exit(KSFT_FAIL);
		fill_pages(map.addr, 71, variant->pages);
		raise(SIGKILL);
	}

	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_TRUE(check_pages(self->own.addr, 71, variant->pages));
	EXPECT_TRUE(is_restored(&before));
}

FIXTURE(gntdev_request)
{
	struct snapshot before;
	int gntdev;
};

FIXTURE_SETUP(gntdev_request)
{
	self->gntdev = open_device(_metadata, "/dev/xen/gntdev");
	if (self->gntdev < 0)
		return;
	take_snapshot(&self->before);
}

FIXTURE_TEARDOWN(gntdev_request)
{
	EXPECT_EQ(0, close(self->gntdev));
	EXPECT_TRUE(is_restored(&self->before));
}

TEST_F(gntdev_request, no_pages)
{
	struct grant_mapping map;

	EXPECT_EQ(-EINVAL, reserve_mapping(self->gntdev, NULL, 0, &map));
}

TEST_F(gntdev_request, more_than_the_limit)
{
	struct grant_mapping map;
	unsigned long limit;

	ASSERT_TRUE(read_number(GNTDEV_LIMIT_PATH, &limit));
	EXPECT_EQ(-EINVAL, reserve_mapping(self->gntdev, NULL, limit + 1,
					   &map));
}

/* The work of each process in parallel, with a seed of its own. */
static bool map_many_times(unsigned int seed)
{
	unsigned int round, count;
	struct grant_mapping map;
	struct shared_pages own;
	int gntdev, gntalloc;
	bool ok = true;

	gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	gntalloc = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);

	for (round = 0; round < PARALLEL_ROUNDS && ok; round++) {
		count = 1 + (round * STRIDE + seed) % PARALLEL_PAGES;
		if (share_pages(gntalloc, count, &own) ||
		    map_grants(gntdev, own.refs, count, &map))
			return false;

		fill_pages(own.addr, seed, count);
		sched_yield();
		ok = check_pages(map.addr, seed, count);
		fill_pages(map.addr, seed + 1, count);
		sched_yield();
		ok = ok && check_pages(own.addr, seed + 1, count);

		ok = !release_mapping(gntdev, &map) && ok;
		ok = !unshare_pages(&own) && ok;
	}

	return ok;
}

/* Processes get in each other's way, but not at each other's pages. */
TEST_F(gntdev_request, in_parallel)
{
	pid_t children[PARALLEL];
	int gntalloc, status;
	unsigned int i;

	/* The processes open their own, and cannot skip the test. */
	gntalloc = open_device(_metadata, "/dev/xen/gntalloc");
	if (gntalloc < 0)
		return;
	EXPECT_EQ(0, close(gntalloc));

	for (i = 0; i < PARALLEL; i++) {
		children[i] = fork();
		ASSERT_GE(children[i], 0);
		if (!children[i])
			_exit(map_many_times(100 + 2 * i) ? KSFT_PASS :
							    KSFT_FAIL);
	}

	for (i = 0; i < PARALLEL; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* Closing the file is enough to give reserved pages back. */
TEST_F(gntdev_request, released_by_close)
{
	struct grant_mapping map;

	ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, 512, &map));
	if (!self->before.have_stats)
		SKIP(return, "no %s to see pages in", STATS_PATH);

	/* So that the teardown cannot be content because nothing was allocated. */
	EXPECT_TRUE(are_allocated(&self->before, 512));
}

TEST_HARNESS_MAIN
