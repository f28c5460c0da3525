// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out while addresses become unpopulated pages: the first allocation
 * of a request fails, then the second one, and so on until there is none that
 * could. Each time the request has to succeed all the same, or fail and leave
 * nothing behind.
 *
 * Memory hotplug is a part of that. If there is no page for a page table, arm64
 * returns an error in newer kernels. x86-64, and older kernels on arm64, wait for
 * one with "wait for memory for page tables of the linear map", and end in an oops
 * without it.
 */
#include "xen_harness.h"

/* With as many more pages than the largest chunk has, two have to be added. */
#define BEYOND			512

/*
 * If there are not so many, addresses that do not quite suffice, and pages that
 * have to be ballooned then: few, as these take long.
 */
#define FEW			4096UL
#define BALLOONED		16

/* More allocations than any request makes. */
#define MAX_ALLOCATIONS		1000

/*
 * A request was served without its allocation @nth: so often in a row until it
 * is believed that there are no more of them. Now and then it is served by pages
 * that were added ahead of need.
 */
#define IN_A_ROW		3

FIXTURE(gntdev_fail_nth)
{
	struct snapshot before;
	unsigned long gntdev_limit;
	struct grant_mapping rest;	/* of the addresses, if they are few */
	struct snapshot idle;
	struct released released;
	bool have_regions;
	unsigned int pages;
	unsigned int chunks;		/* to be added for @pages */
	int fail_nth;
	int gntdev;
	int gntalloc;
};

static struct setting page_settings[] = {
	{ "/sys/kernel/debug/fail_page_alloc/verbose", "0" },
	{ "/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N" },
	{ "/sys/kernel/debug/fail_page_alloc/min-order", "0" },
};

FIXTURE_VARIANT(gntdev_fail_nth)
{
	struct setting *settings;
	unsigned int nr_settings;
	unsigned int pages;		/* 0: more than the largest chunk has */
	bool can_refuse;		/* a request does not get by without some */
};

FIXTURE_VARIANT_ADD(gntdev_fail_nth, slab)
{
	.settings = failslab_settings,
	.nr_settings = NR_FAILSLAB_SETTINGS,
	.can_refuse = true,
};

FIXTURE_VARIANT_ADD(gntdev_fail_nth, page)
{
	.settings = page_settings,
	.nr_settings = ARRAY_SIZE(page_settings),
	/* Larger requests take hundreds of pages for arrays. */
	.pages = 2 * BEYOND,
};

FIXTURE_SETUP(gntdev_fail_nth)
{
	unsigned long total, largest, few, pages;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;
	self->fail_nth = open_fail_nth();
	if (self->fail_nth < 0 || access(variant->settings->path, F_OK))
		SKIP(return, "no %s", variant->settings->path);

	if (access(STATS_PATH, F_OK))
		SKIP(return, "no %s to see pages in", STATS_PATH);
	read_regions(&total, &largest);
	if (total && access(RELEASE_PATH, F_OK))
		SKIP(return, "no %s", RELEASE_PATH);
	self->have_regions = total;

	take_snapshot(&self->before);
	total -= self->before.unpopulated_allocated;
	few = total < FEW ? total : FEW;
	pages = variant->pages ?: largest_chunk_pages() + BEYOND;
	if (total >= pages) {
		self->pages = pages;
		self->chunks = variant->pages ? 1 : 2;
	} else if (total) {
		self->pages = few + BALLOONED;
		self->chunks = 1;
		if (total > few)
			ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL,
						     total - few, &self->rest));
	} else {
		self->pages = BALLOONED;
	}

	self->gntdev_limit = raise_limit(GNTDEV_LIMIT_PATH,
					 self->pages);
	take_snapshot(&self->idle);
	if (self->have_regions)
		ASSERT_TRUE(measure_released(self->gntdev, &self->released));

	ASSERT_TRUE(read_settings(variant->settings, variant->nr_settings));
	EXPECT_EQ(variant->nr_settings,
		  write_settings(variant->settings, variant->nr_settings));
}

FIXTURE_TEARDOWN(gntdev_fail_nth)
{
	EXPECT_TRUE(restore_settings(variant->settings, variant->nr_settings));
	EXPECT_TRUE(restore_limit(GNTDEV_LIMIT_PATH, self->gntdev_limit));
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

TEST_F_TIMEOUT(gntdev_fail_nth, each_allocation, 150)
{
	unsigned int nth, in_a_row = 0, refused = 0;
	struct ioctl_gntdev_map_grant_ref *op;
	unsigned long grows, grown = 0;
	struct grant_mapping map;
	bool failed;
	int err;

	op = new_request(NULL, self->pages);
	ASSERT_NE(NULL, op);
	/* The pages of this program are not those that are to fail. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT));

	for (nth = 1; in_a_row < IN_A_ROW; nth++) {
		ASSERT_GT(MAX_ALLOCATIONS, nth);

		grows = read_stat("grows");
		ASSERT_TRUE(set_fail_nth(self->fail_nth, nth));
		err = submit_request(self->gntdev, op, &map);
		failed = has_failed(self->fail_nth);
		ASSERT_TRUE(set_fail_nth(self->fail_nth, 0));
		grown = read_stat("grows") - grows;

		if (err) {
			EXPECT_EQ(-ENOMEM, err);
			EXPECT_TRUE(failed);
			refused++;
		} else {
			EXPECT_TRUE(are_allocated(&self->idle, self->pages));
			EXPECT_EQ(0, release_mapping(self->gntdev, &map));
		}
		EXPECT_TRUE(is_restored(&self->idle));
		if (self->have_regions) {
			release_all();
			EXPECT_TRUE(is_released(&self->released));
		}
		ASSERT_NE(KSFT_FAIL, _metadata->exit_code)
			TH_LOG("allocation %u failed: %s", nth, strerror(-err));

		in_a_row = failed ? 0 : in_a_row + 1;
	}
	TH_LOG("%u pages take %u allocations and %lu chunks; %u failures were fatal",
	       self->pages, nth - 1 - IN_A_ROW, grown, refused);
	free(op);

	/* Otherwise, nothing of all that has happened. */
	EXPECT_LT(IN_A_ROW, nth - 1);
	if (variant->can_refuse)
		EXPECT_LT(0U, refused);
	EXPECT_LE(self->chunks, grown);
	/* Growth gets by without some; there is none without regions. */
	if (self->have_regions)
		EXPECT_LT(refused + IN_A_ROW, nth - 1);
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 64));
}

TEST_HARNESS_MAIN
