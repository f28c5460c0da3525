// SPDX-License-Identifier: GPL-2.0
/*
 * The state of the pool that the KUnit suites compare; see unpopulated_test.h.
 */
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "unpopulated_test.h"

unsigned long unpop_granule_of(struct unpop_test *ctx, struct page *page)
{
	return (PFN_PHYS(page_to_pfn(page)) - ctx->window.start) /
	       XEN_UNPOP_GRANULE;
}

bool unpop_is_mapped(struct unpop_test *ctx, unsigned long granule)
{
	return pfn_valid(PHYS_PFN(ctx->window.start + granule * XEN_UNPOP_GRANULE));
}

unsigned int unpop_count_runs(struct kunit *test, unsigned int nr_pages,
			      struct page **pages)
{
	unsigned int i, runs = 1;

	for (i = 1; i < nr_pages; i++) {
		KUNIT_EXPECT_GT_MSG(test, page_to_pfn(pages[i]),
				    page_to_pfn(pages[i - 1]), "page %u", i);
		runs += pages[i] != pages[i - 1] + 1;
	}

	return runs;
}

unsigned int unpop_count_chunks(struct unpop_test *ctx)
{
	struct resource *child;
	unsigned int nr = 0;

	for (child = ctx->window.child->child; child; child = child->sibling)
		nr++;

	return nr;
}

unsigned long unpop_unpopulated_pages(struct unpop_test *ctx)
{
	return xen_unpop_count(ctx->pool).unpopulated;
}

unsigned long unpop_nr_free(struct unpop_test *ctx)
{
	return xen_unpop_count(ctx->pool).nr_free;
}

unsigned long unpop_misuses(struct unpop_test *ctx)
{
	return atomic_long_read(&ctx->pool->misuses);
}

unsigned long unpop_failures(struct unpop_test *ctx)
{
	return atomic_long_read(&ctx->pool->failures);
}

void unpop_expect_allocated(struct kunit *test, unsigned long unpopulated,
			    unsigned long donated, unsigned long ballooned)
{
	struct unpop_test *ctx = test->priv;
	struct xen_unpop_count count = xen_unpop_count(ctx->pool);

	KUNIT_EXPECT_EQ(test, count.unpopulated_allocated, unpopulated);
	KUNIT_EXPECT_EQ(test, count.donated_allocated, donated);
	KUNIT_EXPECT_EQ(test, count.ballooned_allocated, ballooned);
	KUNIT_EXPECT_EQ(test, ctx->balloon_out, ballooned);
}

void unpop_expect_all_free(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct xen_unpop_count count = xen_unpop_count(ctx->pool);

	unpop_expect_allocated(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, count.nr_free, count.unpopulated + count.donated);
	KUNIT_EXPECT_EQ(test, count.idle, count.unpopulated);
}

void unpop_expect_unused(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct xen_unpop_region *region;
	struct resource *child;
	u64 holes = 0;

	guard(mutex)(&ctx->pool->regions.lock);
	list_for_each_entry(region, &ctx->pool->regions.list, list) {
		holes += resource_size(&region->res);
		for (child = region->res.child; child; child = child->sibling)
			holes -= resource_size(child);
	}
	KUNIT_EXPECT_EQ(test, unpop_unused_pages(ctx), PHYS_PFN(holes));
}

void unpop_expect_layout(struct kunit *test, const char *expected)
{
	struct unpop_test *ctx = test->priv;
	struct resource *child, *region = ctx->window.child;
	char layout[17] = "................", next = 'a', kind;
	u64 first, nr = resource_size(region) / XEN_UNPOP_GRANULE;

	KUNIT_ASSERT_LT(test, nr, sizeof(layout));
	layout[nr] = 0;
	for (child = region->child; child; child = child->sibling) {
		first = (child->start - region->start) / XEN_UNPOP_GRANULE;
		if (!strcmp(child->name, "Xen scratch"))
			kind = next++;
		else
			kind = strstr(child->name, "unmappable") ? 'X' : 'R';
		memset(layout + first, kind,
		       resource_size(child) / XEN_UNPOP_GRANULE);
	}
	KUNIT_EXPECT_STREQ(test, layout, expected);
	unpop_expect_unused(test);
}
