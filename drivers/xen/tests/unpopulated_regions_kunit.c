// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the regions that scratch pages are taken from.
 *
 * Each case claims what a firmware might advertise in a resource tree of its
 * own.  Addresses are in quarters of a granule, so that the cases hold for any
 * page size and an unaligned address is a number like any other.  The cases of
 * a table say what to expect; in addition, and for random input, the result is
 * compared with a map that has one element for each quarter.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/align.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/prandom.h>
#include <linux/range.h>
#include <linux/slab.h>

#include "../unpopulated.h"

#define QUARTER		(XEN_SCRATCH_GRANULE / 4)

/* Address space of the cases, in quarters. */
#define NR_QUARTERS	256

#define MAX_RANGES	8

/* First and last quarter; a default one, {}, ends a list. */
struct quarters {
	unsigned int start, end;
	bool used;
};

#define Q(first, last)	{ .start = (first), .end = (last), .used = true }

struct regions_case {
	const char *name;
	/* What is advertised. */
	struct quarters ranges[MAX_RANGES];
	/* Resources that are already there. */
	struct quarters conflicts[MAX_RANGES];
	/* What the firmware has a device for. */
	struct quarters taken[MAX_RANGES];
	/* What memremap_pages() can map; default: everything. */
	struct quarters mappable;
	/* The regions that are to be claimed, and the end of them. */
	struct quarters expect[MAX_RANGES + 1];
	/* What is said first about a range that is not used, if anything. */
	const char *why;
};

static const struct regions_case regions_cases[] = {
	{
		.name = "none",
	}, {
		.name = "one, aligned",
		.ranges = { Q(8, 15) },
		.expect = { Q(8, 15) },
	}, {
		.name = "one granule",
		.ranges = { Q(8, 11) },
		.expect = { Q(8, 11) },
	}, {
		.name = "less than a granule",
		.ranges = { Q(8, 10) },
		.why = "smaller than a granule",
	}, {
		.name = "a granule's worth, but unaligned",
		.ranges = { Q(9, 12) },
		.why = "smaller than a granule",
	}, {
		.name = "unaligned start",
		.ranges = { Q(9, 19) },
		.expect = { Q(12, 19) },
	}, {
		.name = "unaligned end",
		.ranges = { Q(8, 17) },
		.expect = { Q(8, 15) },
	}, {
		.name = "sorted",
		.ranges = { Q(8, 15), Q(24, 31), Q(40, 43) },
		.expect = { Q(8, 15), Q(24, 31), Q(40, 43) },
	}, {
		.name = "unsorted",
		.ranges = { Q(40, 43), Q(8, 15), Q(24, 31) },
		.expect = { Q(8, 15), Q(24, 31), Q(40, 43) },
	}, {
		.name = "duplicated",
		.ranges = { Q(8, 15), Q(8, 15) },
		.expect = { Q(8, 15) },
	}, {
		.name = "overlapping",
		.ranges = { Q(8, 15), Q(12, 23) },
		.expect = { Q(8, 23) },
	}, {
		.name = "one inside another",
		.ranges = { Q(8, 31), Q(12, 15), Q(28, 31) },
		.expect = { Q(8, 31) },
	}, {
		.name = "adjacent",
		.ranges = { Q(16, 23), Q(8, 15) },
		.expect = { Q(8, 23) },
	}, {
		.name = "adjacent within a granule",
		.ranges = { Q(8, 9), Q(10, 11) },
		.expect = { Q(8, 11) },
	}, {
		.name = "a gap of a quarter",
		.ranges = { Q(8, 16), Q(18, 27) },
		.expect = { Q(8, 15), Q(20, 27) },
	}, {
		.name = "starts at 0",
		.ranges = { Q(0, 11) },
		.expect = { Q(4, 11) },
	}, {
		.name = "nothing but the first granule",
		.ranges = { Q(0, 3) },
		.why = "cannot be mapped",
	}, {
		.name = "ends before it starts",
		.ranges = { Q(9, 8), Q(16, 23) },
		.expect = { Q(16, 23) },
		.why = "it is empty",
	}, {
		.name = "an empty one between two that touch",
		.ranges = { Q(8, 9), Q(10, 8), Q(10, 9), Q(10, 11) },
		.expect = { Q(8, 11) },
		.why = "it is empty",
	}, {
		.name = "past the end of the address space",
		.ranges = { Q(248, 300) },
		.expect = { Q(248, 255) },
	}, {
		.name = "all of the address space",
		.ranges = { Q(0, 255) },
		.expect = { Q(4, 255) },
	}, {
		.name = "below what can be mapped",
		.ranges = { Q(8, 15), Q(40, 47) },
		.mappable = Q(32, 63),
		.expect = { Q(40, 47) },
		.why = "cannot be mapped",
	}, {
		.name = "above what can be mapped",
		.ranges = { Q(40, 47), Q(80, 87) },
		.mappable = Q(32, 63),
		.expect = { Q(40, 47) },
		.why = "cannot be mapped",
	}, {
		.name = "reaches over both ends of what can be mapped",
		.ranges = { Q(8, 127) },
		.mappable = Q(32, 63),
		.expect = { Q(32, 63) },
	}, {
		.name = "what can be mapped is unaligned",
		.ranges = { Q(8, 127) },
		.mappable = Q(33, 62),
		.expect = { Q(36, 59) },
	}, {
		.name = "a conflict covers it",
		.ranges = { Q(16, 23), Q(40, 47) },
		.conflicts = { Q(12, 31) },
		.expect = { Q(40, 47) },
		.why = "overlaps ",
	}, {
		.name = "a conflict at the start",
		.ranges = { Q(16, 31) },
		.conflicts = { Q(12, 17) },
		.expect = { Q(20, 31) },
	}, {
		.name = "a conflict at the end",
		.ranges = { Q(16, 31) },
		.conflicts = { Q(30, 33) },
		.expect = { Q(16, 27) },
	}, {
		.name = "a conflict in the middle",
		.ranges = { Q(16, 47) },
		.conflicts = { Q(25, 25) },
		.expect = { Q(16, 23), Q(28, 47) },
		.why = "overlaps ",
	}, {
		.name = "several conflicts",
		.ranges = { Q(16, 63) },
		.conflicts = { Q(10, 16), Q(25, 25), Q(26, 29), Q(44, 51),
			       Q(63, 70) },
		.expect = { Q(20, 23), Q(32, 43), Q(52, 59) },
	}, {
		.name = "conflicts leave no whole granule",
		.ranges = { Q(16, 27), Q(32, 39) },
		.conflicts = { Q(17, 17), Q(21, 21), Q(25, 25) },
		.expect = { Q(32, 39) },
	}, {
		.name = "conflicts next to it",
		.ranges = { Q(16, 23) },
		.conflicts = { Q(15, 15), Q(24, 24) },
		.expect = { Q(16, 23) },
	}, {
		.name = "a conflict in the part that is rounded off",
		.ranges = { Q(14, 25) },
		.conflicts = { Q(15, 15), Q(24, 25) },
		.expect = { Q(16, 23) },
	}, {
		.name = "empty and nothing else",
		.ranges = { Q(9, 8) },
		.why = "it is empty",
	}, {
		.name = "overlapping one after the other",
		.ranges = { Q(16, 23), Q(8, 13), Q(12, 17) },
		.expect = { Q(8, 23) },
	}, {
		.name = "adjacent, from the highest to the lowest",
		.ranges = { Q(20, 23), Q(16, 19), Q(12, 15), Q(8, 11) },
		.expect = { Q(8, 23) },
	}, {
		.name = "the same start",
		.ranges = { Q(8, 11), Q(8, 31), Q(8, 15) },
		.expect = { Q(8, 31) },
	}, {
		.name = "the same end",
		.ranges = { Q(28, 31), Q(24, 31), Q(8, 31) },
		.expect = { Q(8, 31) },
	}, {
		.name = "duplicated and unaligned",
		.ranges = { Q(9, 19), Q(9, 19), Q(9, 19) },
		.expect = { Q(12, 19) },
	}, {
		.name = "two granules of pieces",
		.ranges = { Q(15, 15), Q(8, 8), Q(13, 13), Q(10, 10), Q(9, 9),
			    Q(11, 11), Q(12, 12), Q(14, 14) },
		.expect = { Q(8, 15) },
	}, {
		.name = "two granules of pieces but for one",
		.ranges = { Q(15, 15), Q(8, 8), Q(13, 13), Q(10, 10), Q(9, 9),
			    Q(12, 12), Q(14, 14) },
		.expect = { Q(12, 15) },
		.why = "smaller than a granule",
	}, {
		.name = "as many as there can be here",
		.ranges = { Q(60, 63), Q(4, 7), Q(52, 55), Q(12, 15),
			    Q(44, 47), Q(20, 23), Q(36, 39), Q(28, 31) },
		.expect = { Q(4, 7), Q(12, 15), Q(20, 23), Q(28, 31),
			    Q(36, 39), Q(44, 47), Q(52, 55), Q(60, 63) },
	}, {
		.name = "parts of two granules",
		.ranges = { Q(9, 14) },
		.why = "smaller than a granule",
	}, {
		.name = "starts within the first granule",
		.ranges = { Q(2, 11) },
		.expect = { Q(4, 11) },
	}, {
		.name = "the first quarter and what follows",
		.ranges = { Q(1, 7), Q(0, 0) },
		.expect = { Q(4, 7) },
	}, {
		.name = "the last granule",
		.ranges = { Q(252, 255) },
		.expect = { Q(252, 255) },
	}, {
		.name = "the last quarter",
		.ranges = { Q(255, 255) },
		.why = "smaller than a granule",
	}, {
		.name = "behind the address space",
		.ranges = { Q(256, 263) },
		.why = "cannot be mapped",
	}, {
		.name = "one granule can be mapped",
		.ranges = { Q(0, 255) },
		.mappable = Q(32, 35),
		.expect = { Q(32, 35) },
	}, {
		.name = "less than a granule can be mapped",
		.ranges = { Q(0, 255) },
		.mappable = Q(33, 34),
	}, {
		.name = "next to what can be mapped",
		.ranges = { Q(8, 15), Q(32, 39) },
		.mappable = Q(16, 31),
		.why = "cannot be mapped",
	}, {
		.name = "only the end can be mapped",
		.ranges = { Q(8, 19) },
		.mappable = Q(16, 63),
		.expect = { Q(16, 19) },
		.why = "cannot be mapped",
	}, {
		.name = "what can be mapped lies between",
		.ranges = { Q(8, 15), Q(40, 47) },
		.mappable = Q(20, 30),
		.why = "cannot be mapped",
	}, {
		.name = "a conflict is the same",
		.ranges = { Q(16, 23) },
		.conflicts = { Q(16, 23) },
		.why = "overlaps ",
	}, {
		.name = "a conflict with two",
		.ranges = { Q(28, 35), Q(16, 23) },
		.conflicts = { Q(20, 31) },
		.expect = { Q(16, 19), Q(32, 35) },
	}, {
		.name = "a conflict behind what can be mapped",
		.ranges = { Q(16, 63) },
		.conflicts = { Q(40, 47) },
		.mappable = Q(0, 31),
		.expect = { Q(16, 31) },
	}, {
		.name = "a device covers it",
		.ranges = { Q(16, 23), Q(40, 47) },
		.taken = { Q(12, 31) },
		.expect = { Q(40, 47) },
		.why = "overlaps ",
	}, {
		.name = "a device covers everything",
		.ranges = { Q(16, 23), Q(40, 47) },
		.taken = { Q(0, 255) },
		.why = "overlaps ",
	}, {
		.name = "a device is the same",
		.ranges = { Q(16, 23) },
		.taken = { Q(16, 23) },
		.why = "overlaps ",
	}, {
		.name = "a device at the start",
		.ranges = { Q(16, 31) },
		.taken = { Q(12, 17) },
		.expect = { Q(20, 31) },
	}, {
		.name = "a device at the end",
		.ranges = { Q(16, 31) },
		.taken = { Q(30, 33) },
		.expect = { Q(16, 27) },
	}, {
		.name = "a device in the middle",
		.ranges = { Q(16, 47) },
		.taken = { Q(25, 25) },
		.expect = { Q(16, 23), Q(28, 47) },
	}, {
		.name = "a device in two",
		.ranges = { Q(28, 35), Q(16, 23) },
		.taken = { Q(20, 31) },
		.expect = { Q(16, 19), Q(32, 35) },
	}, {
		.name = "devices next to it",
		.ranges = { Q(16, 23) },
		.taken = { Q(15, 15), Q(24, 24) },
		.expect = { Q(16, 23) },
	}, {
		.name = "devices that overlap",
		.ranges = { Q(16, 47) },
		.taken = { Q(24, 29), Q(20, 25) },
		.expect = { Q(16, 19), Q(32, 47) },
	}, {
		.name = "a device inside another",
		.ranges = { Q(16, 47) },
		.taken = { Q(24, 25), Q(20, 31) },
		.expect = { Q(16, 19), Q(32, 47) },
	}, {
		.name = "a device twice",
		.ranges = { Q(16, 47) },
		.taken = { Q(24, 25), Q(24, 25) },
		.expect = { Q(16, 23), Q(28, 47) },
	}, {
		.name = "devices leave no whole granule",
		.ranges = { Q(16, 27), Q(32, 39) },
		.taken = { Q(17, 17), Q(21, 21), Q(25, 25) },
		.expect = { Q(32, 39) },
	}, {
		.name = "a device overlaps a resource",
		.ranges = { Q(16, 47) },
		.conflicts = { Q(24, 27) },
		.taken = { Q(26, 33) },
		.expect = { Q(16, 23), Q(36, 47) },
	}, {
		.name = "a device has a resource",
		.ranges = { Q(16, 47) },
		.conflicts = { Q(24, 27) },
		.taken = { Q(24, 27) },
		.expect = { Q(16, 23), Q(28, 47) },
	}, {
		.name = "devices and resources by turns",
		.ranges = { Q(16, 63) },
		.conflicts = { Q(28, 28), Q(44, 44) },
		.taken = { Q(20, 20), Q(36, 36) },
		.expect = { Q(16, 19), Q(24, 27), Q(32, 35), Q(40, 43),
			    Q(48, 63) },
	}, {
		.name = "a device where nothing can be mapped",
		.ranges = { Q(16, 63) },
		.taken = { Q(20, 23) },
		.mappable = Q(24, 47),
		.expect = { Q(24, 47) },
		.why = "cannot be mapped",
	},
};

KUNIT_ARRAY_PARAM_DESC(regions, regions_cases, name);

struct regions_test {
	struct resource root;
	struct resource conflicts[MAX_RANGES];
	struct xen_scratch_taken devices[MAX_RANGES];
	struct rb_root_cached taken;
	struct list_head regions;
	struct range mappable;
	struct range ranges[MAX_RANGES];
	unsigned int nr_ranges;
	/* For each quarter: may be used, as the input has it. */
	bool usable[NR_QUARTERS];
	/* ... is advertised, usable or not. */
	bool advertised[NR_QUARTERS];
	/* Bytes that were said not to be used. */
	u64 reported;
	/* The first reason given for not using something. */
	const char *why;
};

static struct range to_range(const struct quarters *quarters)
{
	return (struct range) {
		.start	= quarters->start * QUARTER,
		.end	= (quarters->end + 1) * QUARTER - 1,
	};
}

/* Also keeps some thousand lines of random cases out of the log. */
static void fake_report(u64 start, u64 end, const char *why, const char *who)
{
	struct regions_test *ctx = kunit_get_current_test()->priv;

	if (!ctx->why)
		ctx->why = why;

	end = min(end, NR_QUARTERS * QUARTER - 1);
	if (start <= end)
		ctx->reported += end - start + 1;
}

static void regions_test_reset(struct regions_test *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
	ctx->root = DEFINE_RES_MEM_NAMED(0, NR_QUARTERS * QUARTER, "root");
	ctx->mappable.end = NR_QUARTERS * QUARTER - 1;
	ctx->taken = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&ctx->regions);
}

static int regions_test_init(struct kunit *test)
{
	struct regions_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	regions_test_reset(ctx);
	kunit_activate_static_stub(test, xen_scratch_report_unused,
				   fake_report);

	return 0;
}

static void regions_test_exit(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct xen_scratch_region *region, *next;

	if (!ctx)
		return;
	list_for_each_entry_safe(region, next, &ctx->regions, list) {
		release_resource(&region->res);
		kfree(region);
	}
}

static void mark(bool *quarters, const struct range *range, bool value)
{
	unsigned int i;

	for (i = range->start / QUARTER;
	     i <= range->end / QUARTER && i < NR_QUARTERS; i++)
		quarters[i] = value;
}

static void advertise(struct regions_test *ctx, const struct range *range)
{
	ctx->ranges[ctx->nr_ranges++] = *range;
	mark(ctx->usable, range, true);
	mark(ctx->advertised, range, true);
}

static void add_conflict(struct kunit *test, struct resource *res,
			 const struct range *range)
{
	struct regions_test *ctx = test->priv;

	*res = DEFINE_RES_MEM_NAMED(range->start, range_len(range), "device");
	/* Random ones may overlap, then one of them will do. */
	if (!request_resource(&ctx->root, res))
		mark(ctx->usable, range, false);
}

static int claim(struct regions_test *ctx, struct range *ranges,
		 unsigned int nr_ranges)
{
	return xen_scratch_claim_regions(&ctx->regions, &ctx->root,
					 &ctx->mappable, &ctx->taken, ranges,
					 nr_ranges);
}

static void add_device(struct regions_test *ctx,
		       struct xen_scratch_taken *device,
		       const struct range *range)
{
	device->node.start = range->start;
	device->node.last = range->end;
	device->name = "device";
	interval_tree_insert(&device->node, &ctx->taken);
	mark(ctx->usable, range, false);
}

/*
 * Compares with the map: exactly its whole granules, sorted and disjoint; of
 * everything else something was said.
 */
static void claim_and_check(struct kunit *test)
{
	u64 granule, end = 0, advertised = 0, claimed_size = 0;
	struct regions_test *ctx = test->priv;
	struct xen_scratch_region *region;
	unsigned int i, nr_regions = 0;
	int ret;

	for (i = 0; i < NR_QUARTERS; i++) {
		u64 start = i * QUARTER;

		if (start < ctx->mappable.start ||
		    start + QUARTER - 1 > ctx->mappable.end)
			ctx->usable[i] = false;
	}
	/* pfn 0 is in it. */
	ctx->usable[0] = false;

	ret = claim(ctx, ctx->ranges, ctx->nr_ranges);

	list_for_each_entry(region, &ctx->regions, list) {
		struct resource *res = &region->res;

		nr_regions++;
		KUNIT_EXPECT_PTR_EQ(test, res->parent, &ctx->root);
		KUNIT_EXPECT_PTR_EQ(test, region->parent, res);
		KUNIT_EXPECT_TRUE(test, res->flags & IORESOURCE_BUSY);
		KUNIT_EXPECT_GE(test, (u64)res->start, end);
		KUNIT_EXPECT_LT(test, res->start, res->end);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(res->start,
						   XEN_SCRATCH_GRANULE));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(res->end + 1,
						   XEN_SCRATCH_GRANULE));
		end = res->end + 1;
		claimed_size += resource_size(res);
	}
	KUNIT_EXPECT_EQ(test, ret, nr_regions);

	for (i = 0; i < NR_QUARTERS; i++) {
		if (ctx->advertised[i])
			advertised += QUARTER;
	}
	KUNIT_EXPECT_EQ(test, claimed_size + ctx->reported, advertised);

	region = list_first_entry(&ctx->regions, struct xen_scratch_region,
				  list);
	for (i = 0; i < NR_QUARTERS; i += 4) {
		bool usable = ctx->usable[i] && ctx->usable[i + 1] &&
			      ctx->usable[i + 2] && ctx->usable[i + 3];
		bool claimed;

		granule = i * QUARTER;
		while (!list_entry_is_head(region, &ctx->regions, list) &&
		       region->res.end < granule)
			region = list_next_entry(region, list);
		claimed = !list_entry_is_head(region, &ctx->regions, list) &&
			  region->res.start <= granule;
		KUNIT_EXPECT_EQ_MSG(test, claimed, usable, "granule %u", i / 4);
	}
}

static void regions_test_table(struct kunit *test)
{
	const struct regions_case *param = test->param_value;
	struct regions_test *ctx = test->priv;
	const struct quarters *expect = param->expect;
	struct xen_scratch_region *region;
	struct range range;
	unsigned int i;

	for (i = 0; i < MAX_RANGES && param->ranges[i].used; i++) {
		range = to_range(&param->ranges[i]);
		advertise(ctx, &range);
	}
	for (i = 0; i < MAX_RANGES && param->conflicts[i].used; i++) {
		range = to_range(&param->conflicts[i]);
		add_conflict(test, &ctx->conflicts[i], &range);
	}
	for (i = 0; i < MAX_RANGES && param->taken[i].used; i++) {
		range = to_range(&param->taken[i]);
		add_device(ctx, &ctx->devices[i], &range);
	}
	if (param->mappable.used)
		ctx->mappable = to_range(&param->mappable);

	claim_and_check(test);

	list_for_each_entry(region, &ctx->regions, list) {
		KUNIT_ASSERT_TRUE(test, expect->used);
		range = to_range(expect++);
		KUNIT_EXPECT_EQ(test, region->res.start, range.start);
		KUNIT_EXPECT_EQ(test, region->res.end, range.end);
	}
	KUNIT_EXPECT_FALSE(test, expect->used);

	if (param->why)
		KUNIT_EXPECT_STREQ(test, ctx->why, param->why);
}

#define MAX_LAYOUT	10

/* What has been seen, in bytes; a default element, {}, ends a list. */
struct layout {
	const char *name;
	struct range advertised[MAX_LAYOUT];
	struct range ram;
	struct range mappable;
	/* What is to be claimed, before it is rounded to granules. */
	struct range expect[MAX_LAYOUT + 1];
};

static const struct layout layouts[] = {
	{
		.name = "dom0 of 1 GiB on QEMU with 4 GiB, Xen 4.17",
		.advertised = {
			{ 0x40400000, 0xbfffffff },
			{ 0x100000000, 0x13fffffff },
		},
		.ram = { 0xc0000000, 0xffffffff },
		.mappable = { 0x40000000, 0x80003fffffff },
		.expect = {
			{ 0x40400000, 0xbfffffff },
			{ 0x100000000, 0x13fffffff },
		},
	}, {
		.name = "the same, with a linear map from the start of RAM",
		.advertised = {
			{ 0x40400000, 0xbfffffff },
			{ 0x100000000, 0x13fffffff },
		},
		.ram = { 0xc0000000, 0xffffffff },
		.mappable = { 0xc0000000, 0x8000bfffffff },
		.expect = {
			{ 0x100000000, 0x13fffffff },
		},
	}, {
		.name = "dom0 of 1 GiB on QEMU with 2176 MiB, Xen 4.20",
		.advertised = {
			{ 0x40400000, 0x7fdfffff },
			{ 0xc0000000, 0xc7dfffff },
		},
		.ram = { 0x80000000, 0xbfffffff },
		.mappable = { 0x40000000, 0x80003fffffff },
		.expect = {
			{ 0x40400000, 0x7fdfffff },
			{ 0xc0000000, 0xc7dfffff },
		},
	}, {
		.name = "domU of 64 MiB, made by xl",
		.advertised = {
			{ 0x44000000, 0xffffffff },
			{ 0x200000000, 0xffffffffff },
		},
		.ram = { 0x40000000, 0x43ffffff },
		.mappable = { 0x40000000, 0x80003fffffff },
		.expect = {
			{ 0x44000000, 0xffffffff },
			{ 0x200000000, 0xffffffffff },
		},
	}, {
		/* Oleksandr Tyshchenko, October 2021 */
		.name = "dom0 on R-Car Gen3, as it was on the list",
		.advertised = {
			{ 0x0, 0x7ffffff },
			{ 0xc000000, 0x2fffffff },
			{ 0x40000000, 0x47dfffff },
			{ 0xd0000000, 0xe5ffffff },
			{ 0xe7800000, 0xebffffff },
			{ 0xf1200000, 0xfcffffff },
			{ 0x100000000, 0x4ffffffff },
			{ 0x580000000, 0x5ffffffff },
			{ 0x680000000, 0x6ffffffff },
			{ 0x780000000, 0xffffffffff },
		},
		.ram = { 0x48000000, 0x57ffffff },
		.mappable = { 0x40000000, 0x80003fffffff },
		.expect = {
			{ 0x40000000, 0x47dfffff },
			{ 0xd0000000, 0xe5ffffff },
			{ 0xe7800000, 0xebffffff },
			{ 0xf1200000, 0xfcffffff },
			{ 0x100000000, 0x4ffffffff },
			{ 0x580000000, 0x5ffffffff },
			{ 0x680000000, 0x6ffffffff },
			{ 0x780000000, 0xffffffffff },
		},
	},
};

KUNIT_ARRAY_PARAM_DESC(layout, layouts, name);

static void regions_test_layout(struct kunit *test)
{
	const struct layout *param = test->param_value;
	const struct range *expect = param->expect;
	struct regions_test *ctx = test->priv;
	struct range ranges[MAX_LAYOUT];
	struct xen_scratch_region *region;
	unsigned int nr_ranges = 0;

	ctx->root.end = -1;
	ctx->mappable = param->mappable;
	add_conflict(test, &ctx->conflicts[0], &param->ram);
	while (nr_ranges < MAX_LAYOUT && param->advertised[nr_ranges].end) {
		ranges[nr_ranges] = param->advertised[nr_ranges];
		nr_ranges++;
	}
	claim(ctx, ranges, nr_ranges);

	list_for_each_entry(region, &ctx->regions, list) {
		KUNIT_ASSERT_NE(test, expect->end, 0);
		KUNIT_EXPECT_EQ(test, region->res.start,
				ALIGN(expect->start, XEN_SCRATCH_GRANULE));
		KUNIT_EXPECT_EQ(test, region->res.end + 1,
				ALIGN_DOWN(expect->end + 1,
					   XEN_SCRATCH_GRANULE));
		expect++;
	}
	KUNIT_EXPECT_EQ(test, expect->end, 0);
}

/* Nothing can be claimed twice, by us or by anybody else. */
static void regions_test_exclusive(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct range range = to_range(&(struct quarters)Q(8, 23));
	struct resource other;

	advertise(ctx, &range);
	claim_and_check(test);

	other = DEFINE_RES_MEM_NAMED(12 * QUARTER, QUARTER, "other");
	KUNIT_EXPECT_EQ(test, request_resource(&ctx->root, &other), -EBUSY);
	KUNIT_EXPECT_NULL(test, __request_region(&ctx->root, 12 * QUARTER,
						 QUARTER, "other", 0));
	KUNIT_EXPECT_EQ(test, allocate_resource(&ctx->root, &other,
						16 * QUARTER, 8 * QUARTER,
						24 * QUARTER - 1, QUARTER,
						NULL, NULL), -EBUSY);

	KUNIT_EXPECT_EQ(test, 0, claim(ctx, &range, 1));
}

/* Addresses at the very end of 64 bits must not wrap around. */
static void regions_test_huge(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct range top[] = {
		{ .start = U64_MAX - QUARTER, .end = U64_MAX },
		{ .start = 8 * QUARTER, .end = 16 * QUARTER - 1 },
		{ .start = U64_MAX, .end = U64_MAX },
	};
	struct range all = { .start = 0, .end = U64_MAX };
	struct xen_scratch_region *region;

	ctx->root.end = -1;
	ctx->mappable.end = U64_MAX;

	KUNIT_ASSERT_EQ(test, 1, claim(ctx, top, ARRAY_SIZE(top)));
	region = list_first_entry(&ctx->regions, struct xen_scratch_region,
				  list);
	KUNIT_EXPECT_EQ(test, region->res.start, 8 * QUARTER);
	KUNIT_EXPECT_EQ(test, region->res.end, 16 * QUARTER - 1);

	/* Around the region that is there by now, and less the last byte. */
	KUNIT_ASSERT_EQ(test, 2, claim(ctx, &all, 1));
	region = list_last_entry(&ctx->regions, struct xen_scratch_region,
				 list);
	KUNIT_EXPECT_EQ(test, region->res.start, 16 * QUARTER);
	KUNIT_EXPECT_EQ(test, region->res.end, U64_MAX - XEN_SCRATCH_GRANULE);
}

/* As many as Xen makes, in any order. */
#define NR_MANY		256

static void regions_test_many(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct xen_scratch_region *region;
	struct range *ranges;
	struct rnd_state rnd;
	unsigned int i, other;
	u64 start;

	ctx->root.end = 2 * NR_MANY * XEN_SCRATCH_GRANULE - 1;
	ctx->mappable.end = ctx->root.end;
	ranges = kunit_kcalloc(test, NR_MANY, sizeof(*ranges), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	for (i = 0; i < NR_MANY; i++) {
		ranges[i].start = (2 * i + 1) * XEN_SCRATCH_GRANULE;
		ranges[i].end = ranges[i].start + XEN_SCRATCH_GRANULE - 1;
	}
	prandom_seed_state(&rnd, NR_MANY);
	for (i = NR_MANY - 1; i; i--) {
		other = prandom_u32_state(&rnd) % (i + 1);
		swap(ranges[i], ranges[other]);
	}

	KUNIT_EXPECT_EQ(test, NR_MANY, claim(ctx, ranges, NR_MANY));
	start = XEN_SCRATCH_GRANULE;
	list_for_each_entry(region, &ctx->regions, list) {
		KUNIT_EXPECT_EQ(test, region->res.start, start);
		KUNIT_EXPECT_EQ(test, resource_size(&region->res),
				XEN_SCRATCH_GRANULE);
		start += 2 * XEN_SCRATCH_GRANULE;
	}
	KUNIT_EXPECT_NULL(test, ctx->why);
}

#define NR_RANDOM	4000

static void random_range(struct rnd_state *rnd, struct range *range,
			 unsigned int max_quarters)
{
	unsigned int start = prandom_u32_state(rnd) % NR_QUARTERS;
	unsigned int len = 1 + prandom_u32_state(rnd) % max_quarters;

	range->start = start * QUARTER;
	range->end = min(start + len, NR_QUARTERS) * QUARTER - 1;
}

static void regions_test_random(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct rnd_state rnd;
	struct range range;
	unsigned int i, j;

	prandom_seed_state(&rnd, 20201112);

	for (i = 0; i < NR_RANDOM; i++) {
		regions_test_exit(test);
		regions_test_reset(ctx);

		for (j = prandom_u32_state(&rnd) % (MAX_RANGES + 1); j; j--) {
			random_range(&rnd, &range, 64);
			/* Some are empty. */
			if (range.start && prandom_u32_state(&rnd) % 8 == 0)
				range.end = range.start - 1;
			advertise(ctx, &range);
		}
		for (j = prandom_u32_state(&rnd) % (MAX_RANGES + 1); j; j--) {
			random_range(&rnd, &range, 16);
			add_conflict(test, &ctx->conflicts[j - 1], &range);
		}
		for (j = prandom_u32_state(&rnd) % (MAX_RANGES + 1); j; j--) {
			random_range(&rnd, &range, 16);
			add_device(ctx, &ctx->devices[j - 1], &range);
		}
		if (prandom_u32_state(&rnd) % 2)
			random_range(&rnd, &ctx->mappable, NR_QUARTERS);

		claim_and_check(test);
		if (test->status == KUNIT_FAILURE) {
			kunit_err(test, "failed in round %u\n", i);
			break;
		}
	}
}

static struct kunit_case regions_test_cases[] = {
	KUNIT_CASE_PARAM(regions_test_table, regions_gen_params),
	KUNIT_CASE_PARAM(regions_test_layout, layout_gen_params),
	KUNIT_CASE(regions_test_exclusive),
	KUNIT_CASE(regions_test_huge),
	KUNIT_CASE(regions_test_many),
	KUNIT_CASE(regions_test_random),
	{}
};

static struct kunit_suite regions_test_suite = {
	.name = "xen_unpopulated_regions",
	.init = regions_test_init,
	.exit = regions_test_exit,
	.test_cases = regions_test_cases,
};

kunit_test_suite(regions_test_suite);

MODULE_DESCRIPTION("KUnit tests for regions of unpopulated memory");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
