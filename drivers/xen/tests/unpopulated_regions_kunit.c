// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the regions that unpopulated pages are made in: a table of
 * advertised ranges and the regions that are claimed of them.
 */
#include <kunit/test.h>
#include <linux/align.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/range.h>

#include "unpopulated_regions_test.h"

/* First and last quarter; a default one, {}, ends a list. */
struct quarters {
	unsigned int start, end;
	bool used;
};

struct regions_case {
	const char *name;
	struct quarters ranges[MAX_RANGES];
	struct quarters resources[MAX_RANGES];
	struct quarters occupied[MAX_RANGES];
	/* The default: all addresses. */
	struct quarters mappable;
	/* The regions that have to be claimed, and the end of them. */
	struct quarters expect[MAX_RANGES + 1];
	/* The reason of the first report; NULL: any, or there is none. */
	const char *why;
};

#define Q(first, last)	{ .start = (first), .end = (last), .used = true }
#define RANGES(...)	.ranges = { __VA_ARGS__ }
#define RESOURCES(...)	.resources = { __VA_ARGS__ }
#define OCCUPIED(...)	.occupied = { __VA_ARGS__ }
#define MAPPABLE(...)	.mappable = __VA_ARGS__
#define EXPECT(...)	.expect = { __VA_ARGS__ }
#define WHY(reason)	.why = (reason)

static const struct regions_case regions_cases[] = {
	{ "none" },
	{ "one, aligned",
	  RANGES(Q(8, 15)), EXPECT(Q(8, 15)) },
	{ "one granule",
	  RANGES(Q(8, 11)), EXPECT(Q(8, 11)) },
	{ "less than a granule",
	  RANGES(Q(8, 10)), WHY("smaller than a granule") },
	{ "a granule's worth, but unaligned",
	  RANGES(Q(9, 12)), WHY("smaller than a granule") },
	{ "unaligned start",
	  RANGES(Q(9, 19)), EXPECT(Q(12, 19)) },
	{ "unaligned end",
	  RANGES(Q(8, 17)), EXPECT(Q(8, 15)) },
	{ "sorted",
	  RANGES(Q(8, 15), Q(24, 31), Q(40, 43)),
	  EXPECT(Q(8, 15), Q(24, 31), Q(40, 43)) },
	{ "unsorted",
	  RANGES(Q(40, 43), Q(8, 15), Q(24, 31)),
	  EXPECT(Q(8, 15), Q(24, 31), Q(40, 43)) },
	{ "duplicated",
	  RANGES(Q(8, 15), Q(8, 15)), EXPECT(Q(8, 15)) },
	{ "overlapping",
	  RANGES(Q(8, 15), Q(12, 23)), EXPECT(Q(8, 23)) },
	{ "one inside another",
	  RANGES(Q(8, 31), Q(12, 15), Q(28, 31)), EXPECT(Q(8, 31)) },
	{ "adjacent",
	  RANGES(Q(16, 23), Q(8, 15)), EXPECT(Q(8, 23)) },
	{ "adjacent within a granule",
	  RANGES(Q(8, 9), Q(10, 11)), EXPECT(Q(8, 11)) },
	{ "a gap of a quarter",
	  RANGES(Q(8, 16), Q(18, 27)), EXPECT(Q(8, 15), Q(20, 27)) },
	{ "starts at 0",
	  RANGES(Q(0, 11)), EXPECT(Q(4, 11)) },
	{ "nothing but the first granule",
	  RANGES(Q(0, 3)), WHY("cannot be mapped") },
	{ "ends before it starts",
	  RANGES(Q(9, 8), Q(16, 23)), EXPECT(Q(16, 23)), WHY("it is empty") },
	{ "an empty one between two that touch",
	  RANGES(Q(8, 9), Q(10, 8), Q(10, 9), Q(10, 11)), EXPECT(Q(8, 11)),
	  WHY("it is empty") },
	{ "past the end of the address space",
	  RANGES(Q(248, 300)), EXPECT(Q(248, 255)) },
	{ "all of the address space",
	  RANGES(Q(0, 255)), EXPECT(Q(4, 255)) },
	{ "below what can be mapped",
	  RANGES(Q(8, 15), Q(40, 47)), MAPPABLE(Q(32, 63)), EXPECT(Q(40, 47)),
	  WHY("cannot be mapped") },
	{ "above what can be mapped",
	  RANGES(Q(40, 47), Q(80, 87)), MAPPABLE(Q(32, 63)), EXPECT(Q(40, 47)),
	  WHY("cannot be mapped") },
	{ "reaches over both ends of what can be mapped",
	  RANGES(Q(8, 127)), MAPPABLE(Q(32, 63)), EXPECT(Q(32, 63)) },
	{ "what can be mapped is unaligned",
	  RANGES(Q(8, 127)), MAPPABLE(Q(33, 62)), EXPECT(Q(36, 59)) },
	{ "a resource covers it",
	  RANGES(Q(16, 23), Q(40, 47)), RESOURCES(Q(12, 31)), EXPECT(Q(40, 47)),
	  WHY("overlaps ") },
	{ "a resource at the start",
	  RANGES(Q(16, 31)), RESOURCES(Q(12, 17)), EXPECT(Q(20, 31)) },
	{ "a resource at the end",
	  RANGES(Q(16, 31)), RESOURCES(Q(30, 33)), EXPECT(Q(16, 27)) },
	{ "a resource in the middle",
	  RANGES(Q(16, 47)), RESOURCES(Q(25, 25)), EXPECT(Q(16, 23), Q(28, 47)),
	  WHY("overlaps ") },
	{ "several resources",
	  RANGES(Q(16, 63)),
	  RESOURCES(Q(10, 16), Q(25, 25), Q(26, 29), Q(44, 51), Q(63, 70)),
	  EXPECT(Q(20, 23), Q(32, 43), Q(52, 59)) },
	{ "resources leave no whole granule",
	  RANGES(Q(16, 27), Q(32, 39)),
	  RESOURCES(Q(17, 17), Q(21, 21), Q(25, 25)), EXPECT(Q(32, 39)) },
	{ "resources next to it",
	  RANGES(Q(16, 23)), RESOURCES(Q(15, 15), Q(24, 24)),
	  EXPECT(Q(16, 23)) },
	{ "a resource in the part that is rounded off",
	  RANGES(Q(14, 25)), RESOURCES(Q(15, 15), Q(24, 25)),
	  EXPECT(Q(16, 23)) },
	{ "overlapping one after the other",
	  RANGES(Q(16, 23), Q(8, 13), Q(12, 17)), EXPECT(Q(8, 23)) },
	{ "adjacent, from the highest to the lowest",
	  RANGES(Q(20, 23), Q(16, 19), Q(12, 15), Q(8, 11)), EXPECT(Q(8, 23)) },
	{ "the same start",
	  RANGES(Q(8, 11), Q(8, 31), Q(8, 15)), EXPECT(Q(8, 31)) },
	{ "the same end",
	  RANGES(Q(28, 31), Q(24, 31), Q(8, 31)), EXPECT(Q(8, 31)) },
	{ "two granules of pieces",
	  RANGES(Q(15, 15), Q(8, 8), Q(13, 13), Q(10, 10), Q(9, 9), Q(11, 11),
		 Q(12, 12), Q(14, 14)), EXPECT(Q(8, 15)) },
	{ "two granules of pieces but for one",
	  RANGES(Q(15, 15), Q(8, 8), Q(13, 13), Q(10, 10), Q(9, 9), Q(12, 12),
		 Q(14, 14)), EXPECT(Q(12, 15)), WHY("smaller than a granule") },
	{ "as many as there can be here",
	  RANGES(Q(60, 63), Q(4, 7), Q(52, 55), Q(12, 15), Q(44, 47), Q(20, 23),
		 Q(36, 39), Q(28, 31)),
	  EXPECT(Q(4, 7), Q(12, 15), Q(20, 23), Q(28, 31), Q(36, 39), Q(44, 47),
		 Q(52, 55), Q(60, 63)) },
	{ "starts within the first granule",
	  RANGES(Q(2, 11)), EXPECT(Q(4, 11)) },
	{ "the first quarter and what follows",
	  RANGES(Q(1, 7), Q(0, 0)), EXPECT(Q(4, 7)) },
	{ "the last granule",
	  RANGES(Q(252, 255)), EXPECT(Q(252, 255)) },
	{ "the last quarter",
	  RANGES(Q(255, 255)), WHY("smaller than a granule") },
	{ "behind the address space",
	  RANGES(Q(256, 263)), WHY("cannot be mapped") },
	{ "one granule can be mapped",
	  RANGES(Q(0, 255)), MAPPABLE(Q(32, 35)), EXPECT(Q(32, 35)) },
	{ "less than a granule can be mapped",
	  RANGES(Q(0, 255)), MAPPABLE(Q(33, 34)) },
	{ "next to what can be mapped",
	  RANGES(Q(8, 15), Q(32, 39)), MAPPABLE(Q(16, 31)),
	  WHY("cannot be mapped") },
	{ "only the end can be mapped",
	  RANGES(Q(8, 19)), MAPPABLE(Q(16, 63)), EXPECT(Q(16, 19)),
	  WHY("cannot be mapped") },
	{ "what can be mapped lies between",
	  RANGES(Q(8, 15), Q(40, 47)), MAPPABLE(Q(20, 30)),
	  WHY("cannot be mapped") },
	{ "a resource is the same",
	  RANGES(Q(16, 23)), RESOURCES(Q(16, 23)), WHY("overlaps ") },
	{ "a resource with two",
	  RANGES(Q(28, 35), Q(16, 23)), RESOURCES(Q(20, 31)),
	  EXPECT(Q(16, 19), Q(32, 35)) },
	{ "a resource behind what can be mapped",
	  RANGES(Q(16, 63)), RESOURCES(Q(40, 47)), MAPPABLE(Q(0, 31)),
	  EXPECT(Q(16, 31)) },
	{ "a device covers it",
	  RANGES(Q(16, 23), Q(40, 47)), OCCUPIED(Q(12, 31)), EXPECT(Q(40, 47)),
	  WHY("overlaps ") },
	{ "a device covers everything",
	  RANGES(Q(16, 23), Q(40, 47)), OCCUPIED(Q(0, 255)), WHY("overlaps ") },
	{ "a device is the same",
	  RANGES(Q(16, 23)), OCCUPIED(Q(16, 23)), WHY("overlaps ") },
	{ "a device at the start",
	  RANGES(Q(16, 31)), OCCUPIED(Q(12, 17)), EXPECT(Q(20, 31)) },
	{ "a device at the end",
	  RANGES(Q(16, 31)), OCCUPIED(Q(30, 33)), EXPECT(Q(16, 27)) },
	{ "a device in the middle",
	  RANGES(Q(16, 47)), OCCUPIED(Q(25, 25)), EXPECT(Q(16, 23), Q(28, 47)) },
	{ "a device in two",
	  RANGES(Q(28, 35), Q(16, 23)), OCCUPIED(Q(20, 31)),
	  EXPECT(Q(16, 19), Q(32, 35)) },
	{ "devices next to it",
	  RANGES(Q(16, 23)), OCCUPIED(Q(15, 15), Q(24, 24)), EXPECT(Q(16, 23)) },
	{ "devices that overlap",
	  RANGES(Q(16, 47)), OCCUPIED(Q(24, 29), Q(20, 25)),
	  EXPECT(Q(16, 19), Q(32, 47)) },
	{ "a device inside another",
	  RANGES(Q(16, 47)), OCCUPIED(Q(24, 25), Q(20, 31)),
	  EXPECT(Q(16, 19), Q(32, 47)) },
	{ "a device twice",
	  RANGES(Q(16, 47)), OCCUPIED(Q(24, 25), Q(24, 25)),
	  EXPECT(Q(16, 23), Q(28, 47)) },
	{ "devices leave no whole granule",
	  RANGES(Q(16, 27), Q(32, 39)),
	  OCCUPIED(Q(17, 17), Q(21, 21), Q(25, 25)), EXPECT(Q(32, 39)) },
	{ "a device overlaps a resource",
	  RANGES(Q(16, 47)), RESOURCES(Q(24, 27)), OCCUPIED(Q(26, 33)),
	  EXPECT(Q(16, 23), Q(36, 47)) },
	{ "a device has a resource",
	  RANGES(Q(16, 47)), RESOURCES(Q(24, 27)), OCCUPIED(Q(24, 27)),
	  EXPECT(Q(16, 23), Q(28, 47)) },
	{ "devices and resources by turns",
	  RANGES(Q(16, 63)), RESOURCES(Q(28, 28), Q(44, 44)),
	  OCCUPIED(Q(20, 20), Q(36, 36)),
	  EXPECT(Q(16, 19), Q(24, 27), Q(32, 35), Q(40, 43), Q(48, 63)) },
	{ "a device where nothing can be mapped",
	  RANGES(Q(16, 63)), OCCUPIED(Q(20, 23)), MAPPABLE(Q(24, 47)),
	  EXPECT(Q(24, 47)), WHY("cannot be mapped") },
};

KUNIT_ARRAY_PARAM_DESC(regions, regions_cases, name);

static struct range to_range(const struct quarters *quarters)
{
	return (struct range) {
		.start	= quarters->start * QUARTER,
		.end	= (quarters->end + 1) * QUARTER - 1,
	};
}

static void regions_test_table(struct kunit *test)
{
	const struct regions_case *param = test->param_value;
	const struct quarters *expect = param->expect;
	struct regions_test *ctx = test->priv;
	struct xen_unpop_region *region;
	struct range range;
	unsigned int i;

	for (i = 0; i < MAX_RANGES; i++) {
		range = to_range(&param->ranges[i]);
		if (param->ranges[i].used)
			regions_test_advertise(ctx, &range);
	}
	for (i = 0; i < MAX_RANGES; i++) {
		range = to_range(&param->resources[i]);
		if (param->resources[i].used)
			regions_test_add_resource(ctx, i, &range);
		range = to_range(&param->occupied[i]);
		if (param->occupied[i].used)
			regions_test_add_device(ctx, i, &range);
	}
	if (param->mappable.used)
		ctx->mappable = to_range(&param->mappable);

	regions_test_claim_all(test);

	i = 0;
	list_for_each_entry(region, &ctx->regions, list) {
		KUNIT_ASSERT_TRUE_MSG(test, expect->used, "region %u", i);
		range = to_range(expect++);
		KUNIT_EXPECT_EQ_MSG(test, region->res.start, range.start,
				    "region %u", i);
		KUNIT_EXPECT_EQ_MSG(test, region->res.end, range.end,
				    "region %u", i);
		i++;
	}
	KUNIT_EXPECT_FALSE(test, expect->used);

	if (param->why)
		KUNIT_EXPECT_STREQ(test, ctx->why, param->why);
}

#define MAX_LAYOUT	10

/* Ranges of real machines, in bytes; a default element, {}, ends a list. */
struct layout {
	const char *name;
	struct range advertised[MAX_LAYOUT];
	struct range ram;
	struct range mappable;
	/* The claimed regions, before they are rounded to granules. */
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
	struct xen_unpop_region *region;
	unsigned int nr_ranges = 0;

	ctx->root.end = -1;
	ctx->mappable = param->mappable;
	regions_test_add_resource(ctx, 0, &param->ram);
	while (nr_ranges < MAX_LAYOUT && param->advertised[nr_ranges].end) {
		ranges[nr_ranges] = param->advertised[nr_ranges];
		nr_ranges++;
	}
	regions_test_claim(ctx, ranges, nr_ranges);

	list_for_each_entry(region, &ctx->regions, list) {
		const unsigned int i = expect - param->expect;

		KUNIT_ASSERT_NE_MSG(test, expect->end, 0, "region %u", i);
		KUNIT_EXPECT_EQ_MSG(test, region->res.start,
				    ALIGN(expect->start, XEN_UNPOP_GRANULE),
				    "region %u", i);
		KUNIT_EXPECT_EQ_MSG(test, region->res.end + 1,
				    ALIGN_DOWN(expect->end + 1,
					       XEN_UNPOP_GRANULE),
				    "region %u", i);
		expect++;
	}
	KUNIT_EXPECT_EQ(test, expect->end, 0);
}

/* Of a resource, no more is claimed than it has. */
static void regions_test_inside(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct range range = to_range(&(struct quarters)Q(8, 39));
	struct xen_unpop_region *region;

	ctx->root.start = 16 * QUARTER;
	ctx->root.end = 32 * QUARTER - 1;
	KUNIT_ASSERT_EQ(test, 1, regions_test_claim(ctx, &range, 1));
	region = list_first_entry(&ctx->regions, struct xen_unpop_region, list);
	KUNIT_EXPECT_EQ(test, region->res.start, ctx->root.start);
	KUNIT_EXPECT_EQ(test, region->res.end, ctx->root.end);
}

/* A claimed region is claimed no second time, by the driver or by others. */
static void regions_test_exclusive(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct range range = to_range(&(struct quarters)Q(8, 23));
	struct resource other;

	regions_test_advertise(ctx, &range);
	regions_test_claim_all(test);

	other = DEFINE_RES_MEM_NAMED(12 * QUARTER, QUARTER, "other");
	KUNIT_EXPECT_EQ(test, request_resource(&ctx->root, &other), -EBUSY);
	KUNIT_EXPECT_NULL(test, __request_region(&ctx->root, 12 * QUARTER,
						 QUARTER, "other", 0));
	KUNIT_EXPECT_EQ(test, allocate_resource(&ctx->root, &other,
						16 * QUARTER, 8 * QUARTER,
						24 * QUARTER - 1, QUARTER,
						NULL, NULL), -EBUSY);

	KUNIT_EXPECT_EQ(test, 0, regions_test_claim(ctx, &range, 1));
}

static struct kunit_case regions_test_cases[] = {
	KUNIT_CASE_PARAM(regions_test_table, regions_gen_params),
	KUNIT_CASE_PARAM(regions_test_layout, layout_gen_params),
	KUNIT_CASE(regions_test_inside),
	KUNIT_CASE(regions_test_exclusive),
	{}
};

static struct kunit_suite regions_test_suite = {
	.name = "xen_unpopulated_regions",
	.init = regions_test_init,
	.exit = regions_test_exit,
	.test_cases = regions_test_cases,
};

kunit_test_suite(regions_test_suite);

MODULE_DESCRIPTION("KUnit tests for the regions of unpopulated pages");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
