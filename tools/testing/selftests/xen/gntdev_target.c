// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping over ballooned pages must not change how much memory the toolstack
 * wants this domain to have: after it has been ballooned down, all of the
 * pages that are mapped at and freed again have to stay ballooned out.
 */
#include "xen_harness.h"

#define TARGET_KB_PATH		\
	"/sys/devices/system/xen_memory/xen_memory0/target_kb"

#define PAGES_OF_MIB(mib)	(((mib) << 20) / page_size())

/* By how much the domain is ballooned down, and more than that to map at. */
#define BALLOON_MIB		8UL
#define MAP_MIB			12UL

/* Freed first, so that the balloon driver refills them and finds no more. */
#define FREED_FIRST		64

/* How long to look whether the memory really stays as it is. */
#define STAYS_MS		500

FIXTURE(gntdev_target)
{
	unsigned long target_kb;
	unsigned long current_kb;
	int gntdev;
};

static bool wait_for_current_kb(unsigned long wanted)
{
	unsigned long long start = now_us();
	unsigned long kb = 0;

	do {
		if (read_number(CURRENT_KB_PATH, &kb) && kb == wanted)
			return true;
	} while (look_again(start));

	ksft_print_msg("current_kb is %lu, not %lu\n", kb, wanted);
	return false;
}

FIXTURE_SETUP(gntdev_target)
{
	unsigned long total, largest;

	self->gntdev = open_device(_metadata, "/dev/xen/gntdev");
	if (self->gntdev < 0)
		return;

	read_regions(&total, &largest);
	if (total)
		SKIP(return, "addresses serve everything, nothing is ballooned");
	if (!read_number(TARGET_KB_PATH, &self->target_kb))
		SKIP(return, "no %s", TARGET_KB_PATH);

	/* They differ by ballooned pages that others have allocated. */
	ASSERT_TRUE(read_number(CURRENT_KB_PATH, &self->current_kb));
	ASSERT_LE(self->current_kb, self->target_kb);
}

FIXTURE_TEARDOWN(gntdev_target)
{
	if (!self->target_kb)
		return;

	EXPECT_TRUE(write_number(TARGET_KB_PATH, self->target_kb));
	EXPECT_TRUE(wait_for_current_kb(self->current_kb));
}

TEST_F_TIMEOUT(gntdev_target, stays, 60)
{
	unsigned long lower = self->target_kb - BALLOON_MIB * 1024;
	unsigned long freed_kb = FREED_FIRST * page_size() / 1024;
	unsigned long taken_kb = MAP_MIB * 1024 - (self->current_kb - lower);
	struct grant_mapping most, first;
	unsigned long kb;

	ASSERT_TRUE(write_number(TARGET_KB_PATH, lower));
	ASSERT_TRUE(wait_for_current_kb(lower));

	/* All of the balloon, and then some RAM. */
	ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, PAGES_OF_MIB(MAP_MIB),
				     &most));
	ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, FREED_FIRST, &first));
	EXPECT_TRUE(wait_for_current_kb(lower - taken_kb - freed_kb));

	EXPECT_EQ(0, release_mapping(self->gntdev, &first));
	EXPECT_TRUE(wait_for_current_kb(lower - taken_kb));
	EXPECT_EQ(0, release_mapping(self->gntdev, &most));
	EXPECT_TRUE(wait_for_current_kb(lower));

	sleep_ms(STAYS_MS);
	EXPECT_TRUE(wait_for_current_kb(lower));
	ASSERT_TRUE(read_number(TARGET_KB_PATH, &kb));
	EXPECT_EQ(lower, kb);

	EXPECT_EQ(0, close(self->gntdev));
}

TEST_HARNESS_MAIN
