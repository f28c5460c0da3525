// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the pool in a PV guest, whose p2m is an array here in which any
 * change can fail.
 *
 * A pfn of a chunk must be invalid in the p2m, so that the linear map has no entry
 * for it; any other one is identity, as a device can be there.
 */
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "tests/unpopulated_test.h"

#include "../runtime/mm.h"
#include "../runtime/xen.h"

#define NR_GRANULES	4
#define NR_PAGES	(NR_GRANULES * GRANULE_PAGES)

static int pv_test_init(struct kunit *test)
{
	xen_domain_type = XEN_PV_DOMAIN;

	return unpop_test_init(test);
}

static void pv_test_exit(struct kunit *test)
{
	native_p2m_fail_nth = 0;
	native_fail_map_nth = 0;
	unpop_test_exit(test);
	native_p2m_reset();
	xen_domain_type = XEN_HVM_DOMAIN;
}

static bool is_right(unsigned long pfn, const struct resource *chunk)
{
	if (!pfn_valid(pfn))
		return native_p2m_entry(pfn) == IDENTITY_FRAME(pfn);

	/* Each mapped pfn is in a chunk, but chunks can be unmappable. */
	return chunk && PHYS_PFN(chunk->start) <= pfn &&
	       native_p2m_entry(pfn) == INVALID_P2M_ENTRY &&
	       native_p2m_has_leaf(pfn);
}

/* Check the p2m of the region; returns how many of its pfns are mapped. */
static unsigned long check_p2m(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	unsigned long pfn = PHYS_PFN(ctx->window.start), end = pfn + NR_PAGES;
	struct resource *chunk = ctx->window.child->child;
	unsigned long nr = 0;

	for (; pfn < end; pfn++) {
		while (chunk && PHYS_PFN(chunk->end) < pfn)
			chunk = chunk->sibling;
		/* An assertion for each of them would take long. */
		if (!is_right(pfn, chunk)) {
			KUNIT_FAIL(test, "p2m of pfn %#lx", pfn);
			break;
		}
		nr += pfn_valid(pfn);
	}

	return nr;
}

/* Only the pfns of chunks are invalid, and have leaves of their own. */
static void pv_test_grow(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, NR_PAGES);

	unpop_add_region(test, 0, NR_GRANULES);
	KUNIT_EXPECT_EQ(test, check_p2m(test), 0);
	unpop_take(test, 1, pages);
	KUNIT_EXPECT_EQ(test, check_p2m(test), GRANULE_PAGES);
	unpop_take(test, NR_PAGES - 1, pages + 1);
	KUNIT_EXPECT_EQ(test, check_p2m(test), NR_PAGES);
	unpop_put(test, NR_PAGES, pages);
}

static const unsigned long requests[] = { 1, NR_PAGES };

KUNIT_ARRAY_PARAM(request, requests, unpop_describe_nr_pages);

/*
 * Each change of the p2m fails in its turn: the changes for that chunk are undone,
 * the request is served with a smaller one or refused, and succeeds when it is
 * tried again.
 */
static void pv_test_fail_nth(struct kunit *test)
{
	const unsigned long nr_pages = *(const unsigned long *)test->param_value;
	const unsigned long size = round_up(nr_pages, GRANULE_PAGES);
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	unsigned int nth, nr_failed = 0;
	struct xen_unpop_count count;
	bool reached = true;
	int ret;

	for (nth = 1; reached; nth++) {
		unpop_add_region(test, 0, NR_GRANULES);
		native_p2m_fail_nth = nth;
		ret = xen_unpop_alloc(ctx->pool, nr_pages, pages);
		reached = !native_p2m_fail_nth;
		native_p2m_fail_nth = 0;

		/* There is nothing smaller than a granule. */
		KUNIT_ASSERT_EQ_MSG(test, ret, reached && size == GRANULE_PAGES ?
					       -ENOMEM : 0, "round %u", nth);
		count = xen_unpop_count(ctx->pool);
		KUNIT_ASSERT_EQ_MSG(test, check_p2m(test), count.unpopulated,
				    "round %u", nth);
		KUNIT_ASSERT_EQ_MSG(test, count.unpopulated_allocated,
				    ret ? 0 : nr_pages, "round %u", nth);
		KUNIT_ASSERT_EQ_MSG(test, unpop_failures(ctx), !!ret, "round %u", nth);
		if (ret)
			nr_failed++;
		else
			unpop_put(test, nr_pages, pages);

		unpop_take(test, nr_pages, pages);
		KUNIT_ASSERT_EQ_MSG(test, check_p2m(test), size, "round %u",
				    nth);
		unpop_put(test, nr_pages, pages);
		unpop_renew_pool(test);
		native_p2m_reset();
	}
	/* Every leaf and every pfn. */
	KUNIT_EXPECT_EQ(test, nth, 1 + size + size / P2M_PER_PAGE + 1);
	KUNIT_EXPECT_EQ(test, nr_failed, size == GRANULE_PAGES ? nth - 2 : 0);
}

/* If memremap_pages() fails after that, the p2m is as before. */
static void pv_test_map_fails(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_region(test, 0, NR_GRANULES);
	native_map_error = -ENOMEM;
	native_fail_map_nth = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 1, &page));
	KUNIT_EXPECT_EQ(test, check_p2m(test), 0);

	/* A granule that cannot be mapped stays reserved, but identity. */
	native_map_error = -EEXIST;
	native_fail_map_nth = 1;
	unpop_take(test, 1, &page);
	KUNIT_EXPECT_EQ(test, check_p2m(test), GRANULE_PAGES);
	KUNIT_EXPECT_FALSE(test, list_empty(&ctx->pool->grow.unmappable));
	unpop_put(test, 1, &page);
}

/* Donated pages keep their entries; they get a leaf when they are first used. */
static void pv_test_donated(struct kunit *test)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 3);
	unsigned long pfn = page_to_pfn(block);
	struct unpop_test *ctx = test->priv;
	struct page *pages[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		pages[i] = block + i;
	unpop_donate(test, 8, pages);
	KUNIT_EXPECT_FALSE(test, native_p2m_has_leaf(pfn));

	native_p2m_fail_nth = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 8, pages));
	KUNIT_EXPECT_EQ(test, native_p2m_fail_nth, 0);
	KUNIT_EXPECT_FALSE(test, native_p2m_has_leaf(pfn));

	unpop_take(test, 8, pages);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], block);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ_MSG(test, native_p2m_entry(pfn + i),
				    IDENTITY_FRAME(pfn + i), "page %u", i);
	KUNIT_EXPECT_TRUE(test, native_p2m_has_leaf(pfn));
	unpop_put(test, 8, pages);
	__free_pages(block, 3);
}

/* Nothing is released: the page tables of unmapped pages would stay pinned. */
static void pv_test_no_release(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, NR_PAGES);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, NR_GRANULES);
	unpop_take(test, 1, pages);
	unpop_put(test, 1, pages);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			unpop_try_contiguous(test, NR_PAGES, pages));
	unpop_take(test, NR_PAGES, pages);
	unpop_put(test, NR_PAGES, pages);
	KUNIT_EXPECT_EQ(test, xen_unpop_release(ctx->pool, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, check_p2m(test), NR_PAGES);
	unpop_start_work(test);
	KUNIT_EXPECT_NULL(test, ctx->pool->background.shrinker);
}

static struct kunit_case pv_test_cases[] = {
	KUNIT_CASE(pv_test_grow),
	KUNIT_CASE_PARAM(pv_test_fail_nth, request_gen_params),
	KUNIT_CASE(pv_test_map_fails),
	KUNIT_CASE(pv_test_donated),
	KUNIT_CASE(pv_test_no_release),
	{}
};

static struct kunit_suite pv_test_suite = {
	.name = "xen_unpopulated_pv",
	.init = pv_test_init,
	.exit = pv_test_exit,
	.test_cases = pv_test_cases,
};

kunit_test_suite(pv_test_suite);
