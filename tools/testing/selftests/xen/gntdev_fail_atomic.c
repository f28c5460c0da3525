// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses become unpopulated pages while no memory can be had at once, only by
 * waiting for it: each allocation with GFP_ATOMIC fails. The request has to succeed.
 *
 * On x86-64, page tables of the linear map are allocated like this without "x86/mm:
 * wait for memory for page tables of the linear map", and this program ends in an
 * oops: in a PV domain, which needs a page table for each 2 MiB, always.
 */
#include "xen_harness.h"

#define FAIL_PATH	"/sys/kernel/debug/fail_page_alloc/"

/* In this order, and back in the opposite one: the last one lets allocations fail. */
static struct setting settings[] = {
	{ FAIL_PATH "ignore-gfp-wait", "Y" },
	{ FAIL_PATH "min-order", "0" },
	{ FAIL_PATH "verbose", "0" },
	{ FAIL_PATH "interval", "1" },
	{ FAIL_PATH "space", "0" },
	{ FAIL_PATH "task-filter", "Y" },
	{ "/proc/self/make-it-fail", "1" },
	{ FAIL_PATH "times", "-1" },
	{ FAIL_PATH "probability", "100" },
};

FIXTURE(gntdev_fail_atomic)
{
	struct snapshot before;
	unsigned long gntdev_limit;
	unsigned int pages;
	int gntdev;
	int gntalloc;
};

FIXTURE_SETUP(gntdev_fail_atomic)
{
	unsigned long total, largest;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;
	if (access(FAIL_PATH, F_OK))
		SKIP(return, "no %s", FAIL_PATH);
	if (access(STATS_PATH, F_OK))
		SKIP(return, "no %s to see pages in", STATS_PATH);

	take_snapshot(&self->before);
	read_regions(&total, &largest);
	self->pages = read_stat("unpopulated_free") + read_stat("donated_free") + 1;
	if (total < self->before.unpopulated_allocated + self->pages)
		SKIP(return, "there are pages at all addresses");

	ASSERT_TRUE(read_settings(settings, ARRAY_SIZE(settings)));
	self->gntdev_limit = raise_limit(GNTDEV_LIMIT_PATH, self->pages);
}

FIXTURE_TEARDOWN(gntdev_fail_atomic)
{
	EXPECT_TRUE(restore_limit(GNTDEV_LIMIT_PATH, self->gntdev_limit));
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

TEST_F_TIMEOUT(gntdev_fail_atomic, grows, 60)
{
	struct ioctl_gntdev_map_grant_ref *op;
	unsigned long waits = read_stat("waits");
	struct grant_mapping map;
	bool failing, restored;
	unsigned int written;
	int err = 0;

	op = new_request(NULL, self->pages);
	ASSERT_NE(NULL, op);

	written = write_settings(settings, ARRAY_SIZE(settings));
	failing = written == ARRAY_SIZE(settings);
	if (failing)
		err = submit_request(self->gntdev, op, &map);
	restored = restore_settings(settings, written);
	free(op);

	EXPECT_TRUE(restored);
	ASSERT_TRUE(failing);
	ASSERT_EQ(0, err);
	EXPECT_LT(waits, read_stat("waits"));
	EXPECT_TRUE(are_allocated(&self->before, self->pages));
	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
}

TEST_HARNESS_MAIN
