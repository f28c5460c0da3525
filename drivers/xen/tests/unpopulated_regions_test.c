// SPDX-License-Identifier: GPL-2.0
/*
 * The fixture of the KUnit suites for regions: see unpopulated_regions_test.h.
 */
#include <kunit/static_stub.h>
#include <linux/align.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "unpopulated_regions_test.h"

/* Also keeps some thousand lines of random cases out of the log. */
static void fake_report(u64 start, u64 end, const char *why, const char *name)
{
	struct regions_test *ctx = kunit_get_current_test()->priv;

	if (!ctx->why)
		ctx->why = why;
	ctx->nr_reports++;
	ctx->last.start = start;
	ctx->last.end = end;
	ctx->last.why = why;
	ctx->last.name = name;

	end = min(end, NR_QUARTERS * QUARTER - 1);
	if (start <= end)
		ctx->reported += end - start + 1;
}

static void reset(struct regions_test *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
	ctx->root = DEFINE_RES_MEM_NAMED(0, NR_QUARTERS * QUARTER, "root");
	ctx->mappable.end = NR_QUARTERS * QUARTER - 1;
	ctx->occupied = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&ctx->regions);
}

int regions_test_init(struct kunit *test)
{
	struct regions_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	reset(ctx);
	kunit_activate_static_stub(test, xen_unpop_report_unused, fake_report);

	return 0;
}

void regions_test_exit(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct xen_unpop_region *region, *next;

	if (!ctx)
		return;
	list_for_each_entry_safe(region, next, &ctx->regions, list) {
		release_resource(&region->res);
		kfree(region);
	}
}

void regions_test_reset(struct kunit *test)
{
	regions_test_exit(test);
	reset(test->priv);
}

static void mark(bool *quarters, const struct range *range, bool value)
{
	unsigned int i;

	for (i = range->start / QUARTER;
	     i <= range->end / QUARTER && i < NR_QUARTERS; i++)
		quarters[i] = value;
}

void regions_test_advertise(struct regions_test *ctx,
			    const struct range *range)
{
	ctx->ranges[ctx->nr_ranges++] = *range;
	mark(ctx->usable, range, true);
	mark(ctx->advertised, range, true);
}

void regions_test_add_resource(struct regions_test *ctx, unsigned int i,
			       const struct range *range)
{
	ctx->resources[i] = DEFINE_RES_MEM_NAMED(range->start, range_len(range),
						 "resource");
	/* A random one can overlap another: then there is no such resource. */
	if (!request_resource(&ctx->root, &ctx->resources[i]))
		mark(ctx->usable, range, false);
}

void regions_test_add_device(struct regions_test *ctx, unsigned int i,
			     const struct range *range)
{
	struct xen_unpop_occupied *device = &ctx->devices[i];

	device->node.start = range->start;
	device->node.last = range->end;
	device->name = "device";
	interval_tree_insert(&device->node, &ctx->occupied);
	mark(ctx->usable, range, false);
}

int regions_test_claim(struct regions_test *ctx, struct range *ranges,
		       unsigned int nr_ranges)
{
	return xen_unpop_claim_regions(&ctx->regions, &ctx->root,
				       &ctx->mappable, &ctx->occupied, ranges,
				       nr_ranges);
}

static void clip_to_mappable(struct regions_test *ctx)
{
	unsigned int i;

	for (i = 0; i < NR_QUARTERS; i++) {
		u64 start = i * QUARTER;

		if (start < ctx->mappable.start ||
		    start + QUARTER - 1 > ctx->mappable.end)
			ctx->usable[i] = false;
	}
	/* It has pfn 0. */
	ctx->usable[0] = false;
}

/* Each region is well formed, and after the one before.  Returns their size. */
static u64 check_regions(struct kunit *test, unsigned int nr_regions)
{
	struct regions_test *ctx = test->priv;
	struct xen_unpop_region *region;
	u64 end = 0, size = 0;
	unsigned int i = 0;

	list_for_each_entry(region, &ctx->regions, list) {
		struct resource *res = &region->res;

		KUNIT_EXPECT_PTR_EQ_MSG(test, res->parent, &ctx->root,
					"region %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, res->flags & IORESOURCE_BUSY,
				      "region %u", i);
		KUNIT_EXPECT_GE_MSG(test, (u64)res->start, end, "region %u", i);
		KUNIT_EXPECT_LT_MSG(test, res->start, res->end, "region %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED(res->start | (res->end + 1),
						       XEN_UNPOP_GRANULE),
				      "region %u", i);
		end = res->end + 1;
		size += resource_size(res);
		i++;
	}
	KUNIT_EXPECT_EQ(test, nr_regions, i);

	return size;
}

void regions_test_claim_all(struct kunit *test)
{
	struct regions_test *ctx = test->priv;
	struct xen_unpop_region *region;
	u64 advertised = 0, size;
	unsigned int i;

	clip_to_mappable(ctx);
	size = check_regions(test, regions_test_claim(ctx, ctx->ranges,
						      ctx->nr_ranges));

	for (i = 0; i < NR_QUARTERS; i++) {
		if (ctx->advertised[i])
			advertised += QUARTER;
	}
	KUNIT_EXPECT_EQ(test, size + ctx->reported, advertised);

	region = list_first_entry(&ctx->regions, struct xen_unpop_region, list);
	for (i = 0; i < NR_QUARTERS; i += 4) {
		bool usable = ctx->usable[i] && ctx->usable[i + 1] &&
			      ctx->usable[i + 2] && ctx->usable[i + 3];
		bool claimed;

		while (!list_entry_is_head(region, &ctx->regions, list) &&
		       region->res.end < i * QUARTER)
			region = list_next_entry(region, list);
		claimed = !list_entry_is_head(region, &ctx->regions, list) &&
			  region->res.start <= i * QUARTER;
		KUNIT_EXPECT_EQ_MSG(test, claimed, usable, "granule %u", i / 4);
	}
}
