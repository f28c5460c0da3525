// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of unpopulated pages: donated pages, ballooned pages, and pages of all
 * kinds in one request.
 */
#include <linux/log2.h>
#include <linux/sched.h>

#include "unpopulated_test.h"

static long fallbacks(struct unpop_test *ctx)
{
	return atomic_long_read(&ctx->pool->fallbacks);
}

/* Granules with addresses, ballooned pages to be had, and a request. */
struct fallback {
	unsigned long	granules, balloon;
	unsigned long	nr_pages;
	int		error;
	unsigned long	ballooned;
};

static const struct fallback fallback_rows[] = {
	{ 0, 8, 8,			0,		8 },
	{ 0, 8, 9,			-ENOMEM,	0 },
	{ 1, 5, GRANULE_PAGES,		0,		0 },
	{ 1, 5, GRANULE_PAGES + 1,	0,		1 },
	{ 1, 5, GRANULE_PAGES + 5,	0,		5 },
	{ 1, 5, GRANULE_PAGES + 6,	-ENOMEM,	0 },
	{ 2, 2000, 2 * GRANULE_PAGES + 2000, 0,		2000 },
};

static void fallback_desc(const struct fallback *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages of %lu granules + %lu",
		 row->nr_pages, row->granules, row->balloon);
}

KUNIT_ARRAY_PARAM(fallback, fallback_rows, fallback_desc);

/*
 * Ballooned pages serve that part of a request that no address is left for.  They
 * go back to the balloon driver when they are freed, in whatever order.
 */
static void fallback(struct kunit *test)
{
	const struct fallback *row = test->param_value;
	struct page **pages = unpop_new_array(test, row->nr_pages);
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	if (row->granules)
		unpop_add_region(test, 0, row->granules);
	ctx->balloon_left = row->balloon;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ_MSG(test, row->error,
				    xen_unpop_alloc(ctx->pool, row->nr_pages,
						    pages), "round %u", i);
		unpop_expect_allocated(test, row->error ? 0 :
				       row->nr_pages - row->ballooned, 0,
				       row->ballooned);
		if (row->error)
			continue;
		if (i)
			unpop_shuffle(ctx, row->nr_pages, pages);
		unpop_put(test, row->nr_pages, pages);
		unpop_expect_all_free(test);
	}
	KUNIT_EXPECT_EQ(test, fallbacks(ctx), row->ballooned ? 2 : 0);
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), row->error ? 2 : 0);
	KUNIT_EXPECT_EQ(test, ctx->balloon_left, row->balloon);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 0);

	/* The next request has addresses first again. */
	unpop_take(test, 1, pages);
	unpop_expect_allocated(test, !!row->granules, 0, !row->granules);
	unpop_put(test, 1, pages);
}

/* A ballooned page that was freed is misused like any other page. */
static void ballooned_misuse(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *pages[3];

	ctx->balloon_left = 2;
	unpop_take(test, 2, pages);
	pages[2] = pages[0];
	unpop_put(test, 3, pages);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 1);
	unpop_put(test, 1, pages);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 2);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, ctx->balloon_left, 2);
}

/* The balloon driver starts no I/O: block I/O can wait for the pages. */
static void ballooned_noio(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *pages[2];

	ctx->balloon_left = 1;
	unpop_take(test, 1, pages);
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 2, pages + 1));
	KUNIT_EXPECT_EQ(test, ctx->balloon_calls, 2);
	KUNIT_EXPECT_TRUE(test, ctx->balloon_noio);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC_NOIO);
	unpop_put(test, 1, pages);
}

/* Donated pages are used first, and only those that were donated. */
static void donated_first(struct kunit *test)
{
	struct page **more = unpop_new_array(test, GRANULE_PAGES + 1);
	struct page *block, *donated[8], *pages[12];
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	block = unpop_alloc_every_other(donated);
	unpop_shuffle(ctx, 8, donated);
	unpop_donate(test, 8, donated);
	unpop_expect_all_free(test);

	unpop_add_region(test, 0, 1);
	unpop_take(test, 8, pages);
	unpop_expect_allocated(test, 0, 8, 0);
	/* They do not count as room for more pages any more. */
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, GRANULE_PAGES + 1, more));
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, pages[i], block + 2 * i + 1,
					"round %u", i);

	unpop_take(test, 4, pages + 8);
	unpop_expect_allocated(test, 4, 8, 0);
	unpop_shuffle(ctx, 12, pages);
	unpop_put(test, 12, pages);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 0);

	/* A release leaves donated pages alone. */
	xen_unpop_release(ctx->pool, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).donated, 8);
	__free_pages(block, 4);
}

/* Donated pages have a memmap already, so they are had when memory is short. */
static void donated_without_memory(struct kunit *test)
{
	struct page *block, *donated[8], *pages[9];
	struct unpop_test *ctx = test->priv;

	block = unpop_alloc_every_other(donated);
	unpop_donate(test, 8, donated);
	unpop_add_region(test, 0, 1);
	ctx->map_error = -ENOMEM;
	unpop_take(test, 8, pages);
	unpop_expect_allocated(test, 0, 8, 0);
	KUNIT_EXPECT_EQ(test, ctx->balloon_calls, 0);
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 1, pages + 8));
	unpop_put(test, 8, pages);
	__free_pages(block, 4);
}

/* Donated pages come into use granule by granule. */
static void donated_granules(struct kunit *test)
{
	const unsigned int order = ilog2(2 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	struct page *block, *donated[16], *pages[16];
	unsigned int i;

	block = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
	if (!block)
		kunit_skip(test, "no two granules of RAM in a row");

	for (i = 0; i < 16; i++)
		donated[i] = block + GRANULE_PAGES - 8 + i;
	unpop_donate(test, 16, donated);

	unpop_take(test, 4, pages);
	KUNIT_EXPECT_EQ(test, unpop_nr_free(ctx), 4);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.nr_donated, 8);
	unpop_expect_unused(test);
	unpop_take(test, 12, pages + 4);
	KUNIT_EXPECT_EQ(test, unpop_nr_free(ctx), 0);
	KUNIT_EXPECT_EQ(test, unpop_count_runs(test, 16, pages), 1);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], donated[0]);
	unpop_shuffle(ctx, 16, pages);
	unpop_put(test, 16, pages);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 0);
	__free_pages(block, order);
}

/* A granule of donated pages is neither idle nor released. */
static void donated_whole_granule(struct kunit *test)
{
	const unsigned int order = ilog2(GRANULE_PAGES);
	struct page **pages = unpop_new_array(test, GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	struct page *block;
	unsigned int i;

	block = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
	if (!block)
		kunit_skip(test, "no granule of RAM in a row");

	for (i = 0; i < GRANULE_PAGES; i++)
		pages[i] = block + i;
	unpop_donate(test, GRANULE_PAGES, pages);
	unpop_take(test, GRANULE_PAGES, pages);
	unpop_expect_allocated(test, 0, GRANULE_PAGES, 0);
	unpop_put(test, GRANULE_PAGES, pages);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, xen_unpop_release(ctx->pool, ULONG_MAX), 0);
	__free_pages(block, order);
}

/* Donated pages that are promised to a request are not counted as others. */
static void donated_promised(struct kunit *test)
{
	struct page *block, *donated[8], *page;
	struct unpop_test *ctx = test->priv;
	struct xen_unpop_count count;

	block = unpop_alloc_every_other(donated);
	unpop_donate(test, 8, donated);
	unpop_take(test, 1, &page);
	unpop_put(test, 1, &page);

	/* As if a thread was between the promise and the allocation. */
	ctx->pool->free.nr_free -= 8;
	count = xen_unpop_count(ctx->pool);
	ctx->pool->free.nr_free += 8;
	KUNIT_EXPECT_EQ(test, count.unpopulated_allocated, 0);
	unpop_expect_all_free(test);
	__free_pages(block, 4);
}

/* A donated page is not accepted twice, used or not, nor are its neighbours. */
static void donated_misuse(struct kunit *test)
{
	struct page *block, *donated[8], *pages[8], *mix[4];
	struct unpop_test *ctx = test->priv;

	block = unpop_alloc_every_other(donated);
	unpop_donate(test, 8, donated);

	/* Before the pages are in use: donated twice, and freed. */
	unpop_donate(test, 1, donated);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 1);
	unpop_put(test, 1, donated);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 2);

	/* A neighbour, alone and between two that are allocated. */
	unpop_take(test, 8, pages);
	mix[0] = block + 1;
	mix[1] = block + 2;
	mix[2] = block + 3;
	mix[3] = block;
	unpop_put(test, 3, mix);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 3);
	unpop_put(test, 1, mix + 3);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 4);
	unpop_expect_allocated(test, 0, 6, 0);

	/* While they are in use: donated again, and freed twice. */
	unpop_donate(test, 1, donated);
	unpop_donate(test, 1, mix + 3);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 6);
	unpop_put(test, 1, donated);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 7);

	unpop_put(test, 6, donated + 2);
	KUNIT_EXPECT_EQ(test, unpop_nr_free(ctx), 8);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 7);
	__free_pages(block, 4);
}

/* A donated page where a chunk would be keeps its place; none is left of the chunk. */
static void donated_in_region(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 2 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	unsigned long pfn = PHYS_PFN(ctx->window.start);
	struct page *donated = pfn_to_page(pfn + GRANULE_PAGES);
	struct page *page;

	unpop_add_region(test, 0, 2);
	unpop_donate(test, 1, &donated);
	/* It has no memmap, so do not write to it. */
	KUNIT_ASSERT_EQ(test, 0, xen_unpop_alloc(ctx->pool, 1, &page));
	KUNIT_EXPECT_PTR_EQ(test, page, donated);

	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, 2 * GRANULE_PAGES, pages));
	KUNIT_EXPECT_NULL(test, xa_load(&ctx->pool->chunks, pfn / GRANULE_PAGES));
	KUNIT_EXPECT_NOT_NULL(test, xa_load(&ctx->pool->chunks,
					    pfn / GRANULE_PAGES + 1));
	unpop_put(test, 1, &page);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 0);
	unpop_expect_all_free(test);
}

/* One request with pages of every origin, side by side, freed shuffled. */
static void all_origins(struct kunit *test)
{
	const unsigned int nr_pages = 8 + GRANULE_PAGES + 8;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct page *block, *donated[8], *ballooned[8];
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	block = unpop_alloc_every_other(ballooned);
	for (i = 0; i < 8; i++)
		donated[i] = block + 2 * i;
	unpop_donate(test, 8, donated);
	unpop_add_region(test, 0, 1);
	ctx->balloon_pages = ballooned;
	ctx->balloon_left = 8;

	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    xen_unpop_alloc(ctx->pool, nr_pages, pages),
				    "round %u", i);
		unpop_expect_allocated(test, GRANULE_PAGES, 8, 8);
		if (i)
			unpop_shuffle(ctx, nr_pages, pages);
		unpop_put(test, nr_pages / 3, pages);
		unpop_put(test, nr_pages - nr_pages / 3, pages + nr_pages / 3);
		KUNIT_ASSERT_EQ_MSG(test, unpop_misuses(ctx), 0, "round %u", i);
		unpop_expect_all_free(test);
	}
	__free_pages(block, 4);
}

static struct kunit_case origins_cases[] = {
	KUNIT_CASE_PARAM(fallback, fallback_gen_params),
	KUNIT_CASE(ballooned_misuse),
	KUNIT_CASE(ballooned_noio),
	KUNIT_CASE(donated_first),
	KUNIT_CASE(donated_without_memory),
	KUNIT_CASE(donated_granules),
	KUNIT_CASE(donated_whole_granule),
	KUNIT_CASE(donated_promised),
	KUNIT_CASE(donated_misuse),
	KUNIT_CASE(donated_in_region),
	KUNIT_CASE(all_origins),
	{}
};

static struct kunit_suite origins_suite = {
	.name = "xen_unpopulated_origins",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = origins_cases,
};

kunit_test_suite(origins_suite);
