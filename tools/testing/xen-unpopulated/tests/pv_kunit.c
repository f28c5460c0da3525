// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the allocator in a PV guest, whose p2m is an array here in
 * which any change can fail.
 *
 * A pfn of a chunk must be invalid in the p2m, so that nothing is mapped there;
 * any other one is identity, as a device may be there.
 */
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "unpopulated.h"

#include "../native/mm.h"
#include "../native/xen.h"

#define GRANULE_PAGES	XEN_SCRATCH_GRANULE_PAGES
#define NR_GRANULES	4
#define NR_PAGES	(NR_GRANULES * GRANULE_PAGES)

static struct xen_scratch_pool pool = XEN_SCRATCH_POOL_INIT(pool);

struct pv_test {
	struct resource window;
	struct page *pages[NR_PAGES + 1];
};

static int pv_test_init(struct kunit *test)
{
	struct pv_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;

	ctx->window.name = "KUnit";
	ctx->window.start = 8ULL << 30;
	ctx->window.end = ctx->window.start +
			  NR_GRANULES * XEN_SCRATCH_GRANULE - 1;
	ctx->window.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	KUNIT_ASSERT_EQ(test, 0,
			request_resource(&iomem_resource, &ctx->window));
	xen_domain_type = XEN_PV_DOMAIN;
	native_balloon_left = 0;

	return 0;
}

static void renew_pool(struct kunit *test)
{
	struct pv_test *ctx = test->priv;

	xen_scratch_pool_destroy(&pool);
	KUNIT_EXPECT_NULL(test, ctx->window.child);
	pool = (struct xen_scratch_pool)XEN_SCRATCH_POOL_INIT(pool);
	native_p2m_reset();
}

static void pv_test_exit(struct kunit *test)
{
	struct pv_test *ctx = test->priv;

	native_p2m_fail_nth = 0;
	native_fail_map_nth = 0;
	renew_pool(test);
	release_resource(&ctx->window);
	xen_domain_type = XEN_HVM_DOMAIN;
}

static void add_region(struct kunit *test)
{
	struct pv_test *ctx = test->priv;
	struct rb_root_cached nothing = RB_ROOT_CACHED;
	struct range all = { .end = U64_MAX };
	struct range range = {
		.start	= ctx->window.start,
		.end	= ctx->window.end,
	};

	KUNIT_ASSERT_EQ(test, 1,
			xen_scratch_claim_regions(&pool.regions, &ctx->window,
						  &all, &nothing, &range, 1));
}

/* Returns how many pfns are in a chunk. */
static unsigned long check_p2m(struct kunit *test)
{
	struct pv_test *ctx = test->priv;
	unsigned long pfn = PHYS_PFN(ctx->window.start), end = pfn + NR_PAGES;
	unsigned long nr = 0, bad = 0;
	/* The region, and what is in it. */
	struct resource *chunk = ctx->window.child->child;

	for (; pfn < end; pfn++) {
		bool mapped = pfn_valid(pfn);

		while (chunk && PHYS_PFN(chunk->end) < pfn)
			chunk = chunk->sibling;
		/* What is mapped is a chunk; what is not may be unmappable. */
		if (mapped)
			KUNIT_ASSERT_TRUE(test, chunk &&
					  PHYS_PFN(chunk->start) <= pfn);
		if (native_p2m_entry(pfn) !=
		    (mapped ? INVALID_P2M_ENTRY : IDENTITY_FRAME(pfn)))
			bad++;
		if (mapped && !native_p2m_has_leaf(pfn))
			bad++;
		nr += mapped;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);

	return nr;
}

/* Only what is a chunk is invalid, and has leaves of its own. */
static void pv_test_grow(struct kunit *test)
{
	struct pv_test *ctx = test->priv;

	add_region(test);
	KUNIT_EXPECT_EQ(test, check_p2m(test), 0);
	KUNIT_ASSERT_EQ(test, 0, xen_scratch_alloc(&pool, 1, ctx->pages));
	KUNIT_EXPECT_EQ(test, check_p2m(test), GRANULE_PAGES);
	KUNIT_ASSERT_EQ(test, 0, xen_scratch_alloc(&pool, NR_PAGES - 1,
						   ctx->pages + 1));
	KUNIT_EXPECT_EQ(test, check_p2m(test), NR_PAGES);
	xen_scratch_free(&pool, NR_PAGES, ctx->pages);
}

static const unsigned int requests[] = { 1, NR_PAGES };

static void request_desc(const unsigned int *nr_pages, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u pages", *nr_pages);
}

KUNIT_ARRAY_PARAM(request, requests, request_desc);

/*
 * Whichever change of the p2m fails: what was changed for the chunk that could
 * not be made is changed back, the request is served with a smaller one or
 * refused, and all works when it is tried again.
 */
static void pv_test_fail_nth(struct kunit *test)
{
	const unsigned int nr_pages = *(const unsigned int *)test->param_value;
	const unsigned int size = round_up(nr_pages, GRANULE_PAGES);
	struct pv_test *ctx = test->priv;
	unsigned int nth, failures = 0;
	bool reached = true;
	int ret;

	for (nth = 1; reached; nth++) {
		add_region(test);
		native_p2m_fail_nth = nth;
		ret = xen_scratch_alloc(&pool, nr_pages, ctx->pages);
		reached = !native_p2m_fail_nth;
		native_p2m_fail_nth = 0;

		/* There is nothing smaller than a granule. */
		KUNIT_ASSERT_EQ(test, ret, reached && size == GRANULE_PAGES ?
					   -ENOMEM : 0);
		KUNIT_ASSERT_EQ(test, check_p2m(test),
				xen_scratch_count(&pool).scratch);
		KUNIT_ASSERT_EQ(test, xen_scratch_count(&pool).scratch_used,
				ret ? 0 : nr_pages);
		if (ret)
			failures++;
		else
			xen_scratch_free(&pool, nr_pages, ctx->pages);
		KUNIT_ASSERT_EQ(test, pool.failures, !!ret);

		KUNIT_ASSERT_EQ(test, 0, xen_scratch_alloc(&pool, nr_pages,
							   ctx->pages));
		KUNIT_ASSERT_EQ(test, check_p2m(test), size);
		xen_scratch_free(&pool, nr_pages, ctx->pages);
		renew_pool(test);
	}
	/* Every leaf and every pfn. */
	KUNIT_EXPECT_EQ(test, nth, 1 + size + size / P2M_PER_PAGE + 1);
	KUNIT_EXPECT_EQ(test, failures, size == GRANULE_PAGES ? nth - 2 : 0);
}

/* When the pages cannot be made after that, the p2m is as before. */
static void pv_test_map_fails(struct kunit *test)
{
	struct pv_test *ctx = test->priv;

	add_region(test);
	native_map_error = -ENOMEM;
	native_fail_map_nth = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_scratch_alloc(&pool, 1, ctx->pages));
	KUNIT_EXPECT_EQ(test, check_p2m(test), 0);

	/* A granule that cannot be mapped stays reserved, but identity. */
	native_map_error = -EEXIST;
	native_fail_map_nth = 1;
	KUNIT_ASSERT_EQ(test, 0, xen_scratch_alloc(&pool, 1, ctx->pages));
	KUNIT_EXPECT_EQ(test, check_p2m(test), GRANULE_PAGES);
	KUNIT_EXPECT_FALSE(test, list_empty(&pool.unmappable));
	xen_scratch_free(&pool, 1, ctx->pages);
}

/* Donated pages keep their entries; they get a leaf when they are first used. */
static void pv_test_donated(struct kunit *test)
{
	struct pv_test *ctx = test->priv;
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 3);
	unsigned long pfn = page_to_pfn(block);
	unsigned int i;

	pool.donating = true;
	for (i = 0; i < 8; i++)
		ctx->pages[i] = block + i;
	xen_scratch_free(&pool, 8, ctx->pages);
	pool.donating = false;
	KUNIT_EXPECT_FALSE(test, native_p2m_has_leaf(pfn));

	native_p2m_fail_nth = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_scratch_alloc(&pool, 8, ctx->pages));
	KUNIT_EXPECT_EQ(test, native_p2m_fail_nth, 0);
	KUNIT_EXPECT_FALSE(test, native_p2m_has_leaf(pfn));

	KUNIT_ASSERT_EQ(test, 0, xen_scratch_alloc(&pool, 8, ctx->pages));
	KUNIT_EXPECT_PTR_EQ(test, ctx->pages[0], block);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, native_p2m_entry(pfn + i),
				IDENTITY_FRAME(pfn + i));
	KUNIT_EXPECT_TRUE(test, native_p2m_has_leaf(pfn));
	xen_scratch_free(&pool, 8, ctx->pages);
	__free_pages(block, 3);
}

/* The page tables of what is unmapped would stay pinned. */
static void pv_test_no_release(struct kunit *test)
{
	struct pv_test *ctx = test->priv;

	add_region(test);
	KUNIT_ASSERT_EQ(test, 0,
			xen_scratch_alloc(&pool, NR_PAGES, ctx->pages));
	xen_scratch_free(&pool, NR_PAGES, ctx->pages);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(&pool, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, check_p2m(test), NR_PAGES);
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
