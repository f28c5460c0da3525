// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the regions that unpopulated pages are made in: ranges at the
 * end of 64 bits, as many of them as Xen makes, and random ones.
 */
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/range.h>

#include "unpopulated_regions_test.h"

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
	struct xen_unpop_region *region;

	ctx->root.end = -1;
	ctx->mappable.end = U64_MAX;

	KUNIT_ASSERT_EQ(test, 0, regions_test_claim(ctx, top, 1));
	KUNIT_ASSERT_EQ(test, 1,
			regions_test_claim(ctx, top, ARRAY_SIZE(top)));
	region = list_first_entry(&ctx->regions, struct xen_unpop_region, list);
	KUNIT_EXPECT_EQ(test, region->res.start, 8 * QUARTER);
	KUNIT_EXPECT_EQ(test, region->res.end, 16 * QUARTER - 1);

	/* Around the region that is there by now, and less the last byte. */
	KUNIT_ASSERT_EQ(test, 2, regions_test_claim(ctx, &all, 1));
	region = list_last_entry(&ctx->regions, struct xen_unpop_region, list);
	KUNIT_EXPECT_EQ(test, region->res.start, 16 * QUARTER);
	KUNIT_EXPECT_EQ(test, region->res.end, U64_MAX - XEN_UNPOP_GRANULE);
}

/* As many as Xen makes, in any order. */
#define NR_MANY		256

static void regions_test_many(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct xen_unpop_region *region;
	struct range *ranges;
	struct rnd_state rnd;
	unsigned int i, other;

	ctx->root.end = 2 * NR_MANY * XEN_UNPOP_GRANULE - 1;
	ctx->mappable.end = ctx->root.end;
	ranges = kunit_kcalloc(test, NR_MANY, sizeof(*ranges), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	for (i = 0; i < NR_MANY; i++) {
		ranges[i].start = (2 * i + 1) * XEN_UNPOP_GRANULE;
		ranges[i].end = ranges[i].start + XEN_UNPOP_GRANULE - 1;
	}
	prandom_seed_state(&rnd, NR_MANY);
	for (i = NR_MANY - 1; i; i--) {
		other = prandom_u32_state(&rnd) % (i + 1);
		swap(ranges[i], ranges[other]);
	}

	KUNIT_EXPECT_EQ(test, NR_MANY, regions_test_claim(ctx, ranges, NR_MANY));
	i = 0;
	list_for_each_entry(region, &ctx->regions, list) {
		KUNIT_EXPECT_EQ_MSG(test, region->res.start,
				    (2 * i + 1) * XEN_UNPOP_GRANULE,
				    "region %u", i);
		KUNIT_EXPECT_EQ_MSG(test, resource_size(&region->res),
				    XEN_UNPOP_GRANULE, "region %u", i);
		i++;
	}
	KUNIT_EXPECT_NULL(test, ctx->why);
}

/* Claim @ranges; returns the only region. */
static struct resource *claim_one(struct kunit *test, struct range *ranges,
				  unsigned int nr_ranges)
{
	struct regions_test *ctx = test->priv;

	regions_test_reset(test);
	ctx->root.end = -1;
	ctx->mappable.end = U64_MAX;
	KUNIT_ASSERT_EQ(test, 1, regions_test_claim(ctx, ranges, nr_ranges));

	return &list_first_entry(&ctx->regions, struct xen_unpop_region,
				 list)->res;
}

/* Ranges that have a byte, or share one, are merged as any others are. */
static void regions_test_bytes(struct kunit *test)
{
	const u64 middle = 12 * QUARTER + 5;
	struct range one[] = {
		{ .start = 8 * QUARTER, .end = middle - 1 },
		{ .start = middle, .end = middle },
		{ .start = middle + 1, .end = 16 * QUARTER - 1 },
	};
	struct range shared[] = {
		{ .start = 8 * QUARTER, .end = middle },
		{ .start = middle, .end = 16 * QUARTER - 1 },
	};
	struct range last[] = {
		{ .start = -3 * XEN_UNPOP_GRANULE, .end = U64_MAX },
		{ .start = -2 * XEN_UNPOP_GRANULE, .end = U64_MAX },
	};
	struct regions_test *ctx = test->priv;
	struct resource *res;

	res = claim_one(test, one, ARRAY_SIZE(one));
	KUNIT_EXPECT_EQ(test, res->start, 8 * QUARTER);
	KUNIT_EXPECT_EQ(test, res->end, 16 * QUARTER - 1);
	KUNIT_EXPECT_EQ(test, ctx->nr_reports, 0);

	res = claim_one(test, shared, ARRAY_SIZE(shared));
	KUNIT_EXPECT_EQ(test, res->start, 8 * QUARTER);
	KUNIT_EXPECT_EQ(test, res->end, 16 * QUARTER - 1);
	KUNIT_EXPECT_EQ(test, ctx->nr_reports, 0);

	/* Not used are the last byte, and the rest of its granule. */
	res = claim_one(test, last, ARRAY_SIZE(last));
	KUNIT_EXPECT_EQ(test, res->start, -3 * XEN_UNPOP_GRANULE);
	KUNIT_EXPECT_EQ(test, res->end, U64_MAX - XEN_UNPOP_GRANULE);
	KUNIT_EXPECT_EQ(test, ctx->nr_reports, 2);
}

/* A range that is not used is reported with the reason, and the name of its owner. */
static void regions_test_reports(struct kunit *test)
{
	struct range ranges[] = {
		{ .start = 8 * QUARTER, .end = 16 * QUARTER - 1 },
		{ .start = 33 * QUARTER, .end = 33 * QUARTER },
	};
	const struct range used = {
		.start = 10 * QUARTER, .end = 17 * QUARTER - 1,
	};
	struct regions_test *ctx = test->priv;

	claim_one(test, ranges, ARRAY_SIZE(ranges));
	KUNIT_EXPECT_EQ(test, ctx->nr_reports, 1);
	KUNIT_EXPECT_EQ(test, ctx->last.start, 33 * QUARTER);
	KUNIT_EXPECT_EQ(test, ctx->last.end, 33 * QUARTER);
	KUNIT_EXPECT_STREQ(test, ctx->last.why, "smaller than a granule");
	KUNIT_EXPECT_STREQ(test, ctx->last.name, "");

	regions_test_reset(test);
	regions_test_add_resource(ctx, 0, &used);
	ranges[0].start = 12 * QUARTER;
	KUNIT_EXPECT_EQ(test, 0, regions_test_claim(ctx, ranges, 1));
	KUNIT_EXPECT_EQ(test, ctx->nr_reports, 1);
	KUNIT_EXPECT_EQ(test, ctx->last.start, 12 * QUARTER);
	KUNIT_EXPECT_EQ(test, ctx->last.end, 16 * QUARTER - 1);
	KUNIT_EXPECT_STREQ(test, ctx->last.why, "overlaps ");
	KUNIT_EXPECT_STREQ(test, ctx->last.name, "resource");
}

#define NR_ROUNDS	4000

static void random_range(struct rnd_state *rnd, struct range *range,
			 unsigned int max_quarters)
{
	unsigned int start = prandom_u32_state(rnd) % NR_QUARTERS;
	unsigned int len = 1 + prandom_u32_state(rnd) % max_quarters;

	range->start = start * QUARTER;
	range->end = min(start + len, NR_QUARTERS) * QUARTER - 1;
}

static unsigned int random_number(struct rnd_state *rnd)
{
	return prandom_u32_state(rnd) % (MAX_RANGES + 1);
}

static void regions_test_random(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct rnd_state rnd;
	struct range range;
	unsigned int i, j;

	prandom_seed_state(&rnd, 20201112);

	for (i = 0; i < NR_ROUNDS; i++) {
		regions_test_reset(test);

		for (j = random_number(&rnd); j; j--) {
			random_range(&rnd, &range, 64);
			/* Some are empty. */
			if (range.start && prandom_u32_state(&rnd) % 8 == 0)
				range.end = range.start - 1;
			regions_test_advertise(ctx, &range);
		}
		for (j = random_number(&rnd); j; j--) {
			random_range(&rnd, &range, 16);
			regions_test_add_resource(ctx, j - 1, &range);
		}
		for (j = random_number(&rnd); j; j--) {
			random_range(&rnd, &range, 16);
			regions_test_add_device(ctx, j - 1, &range);
		}
		if (prandom_u32_state(&rnd) % 2)
			random_range(&rnd, &ctx->mappable, NR_QUARTERS);

		regions_test_claim_all(test);
		if (test->status == KUNIT_FAILURE) {
			kunit_err(test, "failed in round %u\n", i);
			break;
		}
	}
}

static struct kunit_case regions_random_test_cases[] = {
	KUNIT_CASE(regions_test_huge),
	KUNIT_CASE(regions_test_many),
	KUNIT_CASE(regions_test_bytes),
	KUNIT_CASE(regions_test_reports),
	KUNIT_CASE(regions_test_random),
	{}
};

static struct kunit_suite regions_random_test_suite = {
	.name = "xen_unpopulated_regions_random",
	.init = regions_test_init,
	.exit = regions_test_exit,
	.test_cases = regions_random_test_cases,
};

kunit_test_suite(regions_random_test_suite);
