// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the allocator of scratch pages.
 *
 * Each case has a pool and a window of unused physical addresses of its own,
 * that chunks are hot-added in for real.  Addresses are in granules from the
 * start of the window.  The balloon driver is replaced by one with as many
 * pages as the case says, none at first.
 */
#include <kunit/resource.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "../unpopulated.h"

#define GRANULE_PAGES	XEN_SCRATCH_GRANULE_PAGES
#define SECTION_BYTES	(PAGES_PER_SECTION * PAGE_SIZE)

/* Room for a few sections; with 64 KiB pages a section is 512 MiB. */
#define WINDOW_GRANULES	(4 * PAGES_PER_SECTION / GRANULE_PAGES)

struct alloc_test {
	struct xen_scratch_pool *pool;
	struct resource window;
	struct rnd_state rnd;
	/* The fake balloon driver; its pages are those of an array, if set. */
	struct page **balloon_pages;
	unsigned long balloon_left;
	unsigned long balloon_out;
	/* Frees that the allocator has objected to. */
	unsigned int misuses;
	/* Chunks on this granule, if not 0, fail to be mapped with this. */
	unsigned int bad_granule;
	int map_error;
};

/* Static for the sake of lockdep; cases run one after the other. */
static struct xen_scratch_pool test_pool = XEN_SCRATCH_POOL_INIT(test_pool);

static struct alloc_test *current_test_priv(void)
{
	return kunit_get_current_test()->priv;
}

static int fake_balloon_alloc(unsigned int nr_pages, struct page **pages)
{
	struct alloc_test *ctx = current_test_priv();
	unsigned int i;

	if (nr_pages > ctx->balloon_left)
		return -ENOMEM;
	for (i = 0; i < nr_pages; i++) {
		if (ctx->balloon_pages)
			pages[i] = ctx->balloon_pages[ctx->balloon_left - 1 - i];
		else
			pages[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		/* To tell that what comes back is what went out. */
		pages[i]->private = (unsigned long)ctx;
	}
	ctx->balloon_left -= nr_pages;
	ctx->balloon_out += nr_pages;

	return 0;
}

static void fake_balloon_free(unsigned int nr_pages, struct page **pages)
{
	struct kunit *test = kunit_get_current_test();
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < nr_pages; i++) {
		KUNIT_ASSERT_EQ(test, pages[i]->private, (unsigned long)ctx);
		pages[i]->private = 0;
		if (!ctx->balloon_pages)
			__free_page(pages[i]);
	}
	ctx->balloon_left += nr_pages;
	ctx->balloon_out -= nr_pages;
}

static void fake_misuse(struct page *page)
{
	current_test_priv()->misuses++;
}

static int fake_map(struct dev_pagemap *pgmap)
{
	struct alloc_test *ctx = current_test_priv();
	u64 bad = ctx->window.start + ctx->bad_granule * XEN_SCRATCH_GRANULE;

	if (ctx->map_error && pgmap->range.start <= bad &&
	    bad <= pgmap->range.end)
		return ctx->map_error;

	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}

static int alloc_test_init(struct kunit *test)
{
	struct range mappable = mhp_get_pluggable_range(true);
	struct alloc_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;

	ctx->window.name = "KUnit";
	ctx->window.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	KUNIT_ASSERT_EQ(test, 0,
			allocate_resource(&iomem_resource, &ctx->window,
					  WINDOW_GRANULES * XEN_SCRATCH_GRANULE,
					  mappable.start, mappable.end,
					  SECTION_BYTES, NULL, NULL));

	test_pool = (struct xen_scratch_pool)XEN_SCRATCH_POOL_INIT(test_pool);
	ctx->pool = &test_pool;
	prandom_seed_state(&ctx->rnd, 20200811);

	kunit_activate_static_stub(test, xen_scratch_balloon_alloc,
				   fake_balloon_alloc);
	kunit_activate_static_stub(test, xen_scratch_balloon_free,
				   fake_balloon_free);
	kunit_activate_static_stub(test, xen_scratch_misuse, fake_misuse);
	kunit_activate_static_stub(test, xen_scratch_map, fake_map);

	return 0;
}

static void alloc_test_exit(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;

	if (!ctx || !ctx->pool)
		return;

	xen_scratch_pool_destroy(ctx->pool);
	KUNIT_EXPECT_NULL(test, ctx->window.child);
	release_resource(&ctx->window);
	KUNIT_EXPECT_EQ(test, ctx->balloon_out, 0);
}

/* Gives the pool @nr granules from @first on. */
static void add_region(struct kunit *test, unsigned long first,
		       unsigned long nr)
{
	struct alloc_test *ctx = test->priv;
	struct range range = {
		.start	= ctx->window.start + first * XEN_SCRATCH_GRANULE,
	};
	struct range all = { .end = U64_MAX };

	KUNIT_ASSERT_LE(test, first + nr, WINDOW_GRANULES);
	range.end = range.start + nr * XEN_SCRATCH_GRANULE - 1;
	KUNIT_ASSERT_EQ(test, 1,
			xen_scratch_claim_regions(&ctx->pool->regions,
						  &ctx->window, &all, &range,
						  1));
}

KUNIT_DEFINE_ACTION_WRAPPER(free_array, kvfree, const void *);

static struct page **new_array(struct kunit *test, unsigned int nr_pages)
{
	struct page **pages;

	pages = kvcalloc(nr_pages, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_array, pages));

	return pages;
}

/* Takes pages, and does with them what gnttab_page_cache may do. */
static void take(struct kunit *test, unsigned int nr_pages,
		 struct page **pages)
{
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0,
			xen_scratch_alloc(ctx->pool, nr_pages, pages));
	for (i = 0; i < nr_pages; i++)
		pages[i]->zone_device_data = pages[0];
}

static void put(struct kunit *test, unsigned int nr_pages, struct page **pages)
{
	struct alloc_test *ctx = test->priv;

	xen_scratch_free(ctx->pool, nr_pages, pages);
}

static void shuffle(struct alloc_test *ctx, unsigned int nr_pages,
		    struct page **pages)
{
	unsigned int i, other;

	for (i = nr_pages - 1; i; i--) {
		other = prandom_u32_state(&ctx->rnd) % (i + 1);
		swap(pages[i], pages[other]);
	}
}

static unsigned long granule_of(struct alloc_test *ctx, struct page *page)
{
	return (PFN_PHYS(page_to_pfn(page)) - ctx->window.start) /
	       XEN_SCRATCH_GRANULE;
}

/* Number of runs of consecutive pfns; also checks that pages ascend. */
static unsigned int count_runs(struct kunit *test, unsigned int nr_pages,
			       struct page **pages)
{
	unsigned int i, runs = 1;

	for (i = 1; i < nr_pages; i++) {
		unsigned long last = page_to_pfn(pages[i - 1]);

		KUNIT_ASSERT_GT(test, page_to_pfn(pages[i]), last);
		runs += page_to_pfn(pages[i]) != last + 1;
	}

	return runs;
}

static void expect_used(struct kunit *test, unsigned long scratch,
			unsigned long donated, unsigned long ballooned)
{
	struct alloc_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ctx->pool->scratch_used, scratch);
	KUNIT_EXPECT_EQ(test, ctx->pool->donated_used, donated);
	KUNIT_EXPECT_EQ(test, ctx->pool->ballooned_used, ballooned);
}

/* The first page costs one granule, the lowest. */
static void alloc_test_first_page(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct resource *region;
	struct page *page;

	add_region(test, 2, 100);
	take(test, 1, &page);

	KUNIT_EXPECT_EQ(test, granule_of(ctx, page), 2);
	KUNIT_EXPECT_TRUE(test, is_zone_device_page(page));
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	expect_used(test, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->scratch_pages, GRANULE_PAGES);

	region = ctx->window.child;
	KUNIT_ASSERT_NOT_NULL(test, region->child);
	KUNIT_EXPECT_STREQ(test, region->child->name, "Xen scratch");
	KUNIT_EXPECT_EQ(test, region->child->start, region->start);
	KUNIT_EXPECT_EQ(test, resource_size(region->child),
			XEN_SCRATCH_GRANULE);
	KUNIT_EXPECT_NULL(test, region->child->sibling);

	put(test, 1, &page);
	expect_used(test, 0, 0, 0);
}

static const unsigned long batch_sizes[] = {
	1, 2, 8, 63, 64, 65,
	GRANULE_PAGES - 1, GRANULE_PAGES, GRANULE_PAGES + 1,
	3 * GRANULE_PAGES,
	PAGES_PER_SECTION - 1, PAGES_PER_SECTION, PAGES_PER_SECTION + 1,
	3 * PAGES_PER_SECTION + 7,
};

static void batch_desc(const unsigned long *nr_pages, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages", *nr_pages);
}

KUNIT_ARRAY_PARAM(batch, batch_sizes, batch_desc);

/*
 * A batch is one run, grows by no more than whole granules of what it needs,
 * and leaves everything free behind it, to be had again.
 */
static void alloc_test_batch(struct kunit *test)
{
	const unsigned long nr_pages = *(unsigned long *)test->param_value;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	unsigned long first;
	int i;

	add_region(test, 0, WINDOW_GRANULES);
	for (i = 0; i < 2; i++) {
		take(test, nr_pages, pages);
		KUNIT_EXPECT_EQ(test, count_runs(test, nr_pages, pages), 1);
		if (i)
			KUNIT_EXPECT_EQ(test, page_to_pfn(pages[0]), first);
		first = page_to_pfn(pages[0]);
		expect_used(test, nr_pages, 0, 0);
		KUNIT_EXPECT_GE(test, ctx->pool->scratch_pages, nr_pages);
		KUNIT_EXPECT_LT(test, ctx->pool->scratch_pages,
				nr_pages + 2 * PAGES_PER_SECTION);
		if (nr_pages <= PAGES_PER_SECTION)
			KUNIT_EXPECT_EQ(test, ctx->pool->scratch_pages,
					round_up(nr_pages, GRANULE_PAGES));

		if (i)
			shuffle(ctx, nr_pages, pages);
		put(test, nr_pages, pages);
		expect_used(test, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, ctx->pool->nr_free,
				ctx->pool->scratch_pages);
	}
	KUNIT_EXPECT_EQ(test, ctx->pool->used_max, nr_pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

/*
 * Page by page, each chunk is twice as large as the one before; what is then
 * left of the first section is one granule.
 */
static void alloc_test_chunks_double(struct kunit *test)
{
	const unsigned int nr_pages = PAGES_PER_SECTION + 1;
	struct page **pages = new_array(test, nr_pages);
	unsigned long expect = XEN_SCRATCH_GRANULE;
	struct alloc_test *ctx = test->priv;
	struct resource *chunk;
	unsigned long i;

	add_region(test, 0, WINDOW_GRANULES);
	for (i = 0; i < nr_pages; i++)
		take(test, 1, &pages[i]);
	KUNIT_EXPECT_EQ(test, count_runs(test, nr_pages, pages), 1);

	chunk = ctx->window.child->child;
	for (; expect < SECTION_BYTES; expect *= 2) {
		KUNIT_ASSERT_NOT_NULL(test, chunk);
		KUNIT_EXPECT_EQ(test, resource_size(chunk), expect);
		chunk = chunk->sibling;
	}
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_EQ(test, resource_size(chunk), XEN_SCRATCH_GRANULE);
	chunk = chunk->sibling;
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_EQ(test, resource_size(chunk), SECTION_BYTES);
	KUNIT_EXPECT_NULL(test, chunk->sibling);

	put(test, nr_pages, pages);
}

/* Wherever a region starts, no chunk reaches over the end of a section. */
static void alloc_test_section_ends(struct kunit *test)
{
	const unsigned int nr_pages = 2 * PAGES_PER_SECTION;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	struct resource *chunk;

	add_region(test, 3, WINDOW_GRANULES - 3);
	take(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, count_runs(test, nr_pages, pages), 1);

	for (chunk = ctx->window.child->child; chunk; chunk = chunk->sibling)
		KUNIT_EXPECT_EQ(test, chunk->start / SECTION_BYTES,
				chunk->end / SECTION_BYTES);

	put(test, nr_pages, pages);
}

/* One request is served from holes that are each too small for it. */
static void alloc_test_small_regions(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	unsigned int i, granule;

	add_region(test, 1, 1);
	add_region(test, 3, 1);
	add_region(test, 6, 2);

	take(test, nr_pages, pages);
	for (i = 0; i < nr_pages; i++) {
		granule = granule_of(ctx, pages[i]);
		KUNIT_ASSERT_TRUE(test, granule == 1 || granule == 3 ||
				  granule == 6 || granule == 7);
	}
	expect_used(test, nr_pages, 0, 0);
	put(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, nr_pages);
}

/* What is free is used from the lowest page on. */
static void alloc_test_lowest_first(struct kunit *test)
{
	const unsigned int nr_pages = 3 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	struct page *again[4];
	struct page *expect[] = { NULL, NULL, NULL, NULL };
	int i;

	add_region(test, 0, 8);
	for (i = 0; i < nr_pages; i++)
		take(test, 1, &pages[i]);

	expect[0] = pages[7];
	expect[1] = pages[8];
	expect[2] = pages[GRANULE_PAGES];
	expect[3] = pages[nr_pages - 1];
	put(test, 1, &expect[3]);
	put(test, 1, &expect[1]);
	put(test, 1, &expect[2]);
	put(test, 1, &expect[0]);
	take(test, 4, again);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, again[i], expect[i]);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 2);

	put(test, nr_pages, pages);
}

/* Nothing is taken if not everything can be had. */
static void alloc_test_exhausted(struct kunit *test)
{
	const unsigned int nr_pages = 2 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages + 1);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 2);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, nr_pages + 1, pages));
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 1);

	take(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, 1, pages + nr_pages));
	expect_used(test, nr_pages, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 2);

	put(test, 1, pages);
	take(test, 1, pages);
	put(test, nr_pages, pages);
	expect_used(test, 0, 0, 0);
}

/*
 * Ballooned pages serve what addresses cannot, of this request only, and go
 * back where they came from.
 */
static void alloc_test_fallback(struct kunit *test)
{
	const unsigned int nr_pages = GRANULE_PAGES + 5;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	add_region(test, 0, 1);
	ctx->balloon_left = 5;

	for (i = 0; i < 2; i++) {
		take(test, nr_pages, pages);
		expect_used(test, GRANULE_PAGES, 0, 5);
		KUNIT_EXPECT_EQ(test, ctx->balloon_out, 5);
		KUNIT_EXPECT_EQ(test, ctx->pool->fallbacks, i + 1);

		if (i)
			shuffle(ctx, nr_pages, pages);
		put(test, nr_pages, pages);
		expect_used(test, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, ctx->balloon_out, 0);
	}

	take(test, 1, pages);
	expect_used(test, 1, 0, 0);
	put(test, 1, pages);

	/* One more than there are of both. */
	ctx->balloon_left = 4;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, nr_pages, pages));
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->balloon_out, 0);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

static void alloc_test_no_region(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *pages[8];

	ctx->balloon_left = 8;
	take(test, 8, pages);
	expect_used(test, 0, 0, 8);
	put(test, 3, pages + 5);
	put(test, 5, pages);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->balloon_left, 8);
}

static void donate(struct kunit *test, unsigned int nr_pages,
		   struct page **pages)
{
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	ctx->pool->donating = true;
	for (i = 0; i < nr_pages; i++)
		put(test, 1, &pages[i]);
	ctx->pool->donating = false;
}

/* A block of 16 pages; returns the odd ones in @odd. */
static struct page *alloc_every_other(struct page *odd[8])
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 4);
	int i;

	for (i = 0; i < 8; i++)
		odd[i] = block + 2 * i + 1;

	return block;
}

/* Donated pages come first, and only those that were donated. */
static void alloc_test_donated(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *donated[8], *pages[12];
	struct page *block;
	int i;

	block = alloc_every_other(donated);
	shuffle(ctx, 8, donated);
	donate(test, 8, donated);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->donated_pages, 8);

	add_region(test, 0, 1);
	ctx->balloon_left = 4;

	take(test, 8, pages);
	expect_used(test, 0, 8, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i], block + 2 * i + 1);

	take(test, 4, pages + 8);
	expect_used(test, 4, 8, 0);
	shuffle(ctx, 12, pages);
	put(test, 12, pages);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);

	__free_pages(block, 4);
}

/* A donated page is not accepted twice, used or not, nor are its neighbours. */
static void alloc_test_donated_misuse(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *donated[8], *pages[8];
	struct page *block;
	int i;

	block = alloc_every_other(donated);
	donate(test, 8, donated);

	/* Before any of them has been handed out, while donating and after. */
	donate(test, 1, donated);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 1);
	put(test, 1, donated);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 2);

	/* The neighbour of one in use, in one run with it and alone. */
	take(test, 8, pages);
	pages[0] = block + 1;
	pages[1] = block + 2;
	put(test, 2, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 3);
	put(test, 1, pages + 1);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 4);
	expect_used(test, 0, 7, 0);

	/* One that has come back. */
	donate(test, 1, donated);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 5);
	put(test, 1, donated);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 6);

	KUNIT_EXPECT_EQ(test, ctx->pool->donated_pages, 8);
	put(test, 7, donated + 1);
	take(test, 8, pages);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i], block + 2 * i + 1);
	expect_used(test, 0, 8, 0);
	put(test, 8, pages);

	__free_pages(block, 4);
}

/* One request with pages of every origin, side by side, freed shuffled. */
static void alloc_test_all_origins(struct kunit *test)
{
	const unsigned int nr_pages = 8 + GRANULE_PAGES + 8;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	struct page *donated[8], *ballooned[8];
	struct page *block;
	int i;

	block = alloc_every_other(ballooned);
	for (i = 0; i < 8; i++)
		donated[i] = block + 2 * i;
	donate(test, 8, donated);
	add_region(test, 0, 1);
	ctx->balloon_pages = ballooned;
	ctx->balloon_left = 8;

	for (i = 0; i < 10; i++) {
		take(test, nr_pages, pages);
		expect_used(test, GRANULE_PAGES, 8, 8);
		shuffle(ctx, nr_pages, pages);
		put(test, nr_pages / 3, pages);
		put(test, nr_pages - nr_pages / 3, pages + nr_pages / 3);
		expect_used(test, 0, 0, 0);
	}
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->used_max, nr_pages);

	__free_pages(block, 4);
}

/* What is freed by mistake is left alone, and told. */
static void alloc_test_misuse(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *pages[8], *mix[5];

	add_region(test, 0, 1);
	take(test, 8, pages);

	/* Pages of the chunk that have never been handed out. */
	mix[0] = pages[7] + 1;
	put(test, 1, mix);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 1);

	/* Twice in one call, on either side of pages that are in use. */
	mix[0] = pages[2];
	mix[1] = pages[3];
	mix[2] = pages[3];
	mix[3] = pages[4];
	mix[4] = pages[2];
	put(test, 5, mix);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 3);
	expect_used(test, 5, 0, 0);

	/* Twice in two calls, in the middle of a run. */
	put(test, 8, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 6);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, GRANULE_PAGES);

	/* Not a page of ours, and no page at all. */
	mix[0] = virt_to_page(ctx);
	mix[1] = NULL;
	put(test, 2, mix);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 8);
}

/* A ballooned page that has gone back is not ours any more. */
static void alloc_test_ballooned_misuse(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *page, *twice[2];

	ctx->balloon_left = 1;
	take(test, 1, &page);
	expect_used(test, 0, 0, 1);
	twice[0] = page;
	twice[1] = page;
	put(test, 2, twice);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 1);
	put(test, 1, &page);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 2);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->balloon_left, 1);
}

static void alloc_test_bad_request(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *page = NULL;

	add_region(test, 0, 1);
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc(ctx->pool, 0, &page), -EINVAL);
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc(ctx->pool, 1, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc(ctx->pool, UINT_MAX, &page),
			-EINVAL);
	xen_scratch_free(ctx->pool, 0, &page);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 0);
	KUNIT_EXPECT_NULL(test, page);
}

/* Without memory for the memmap, nothing stays behind. */
static void alloc_test_no_memory(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *page;

	add_region(test, 0, 4);
	ctx->map_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc(ctx->pool, 1, &page), -ENOMEM);
	KUNIT_EXPECT_NULL(test, ctx->window.child->child);
	KUNIT_EXPECT_TRUE(test, xa_empty(&ctx->pool->chunks));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->unmappable));

	ctx->map_error = 0;
	take(test, 1, &page);
	put(test, 1, &page);
}

/* With little memory for the memmap, less is grown, not nothing. */
static void alloc_test_little_memory(struct kunit *test)
{
	const unsigned int nr_pages = 2 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 8);
	ctx->bad_granule = 1;
	ctx->map_error = -ENOMEM;
	ctx->balloon_left = GRANULE_PAGES;

	take(test, nr_pages, pages);
	expect_used(test, GRANULE_PAGES, 0, GRANULE_PAGES);
	put(test, nr_pages, pages);
}

/* A request whose memmap would take all memory is refused before growing. */
static void alloc_test_too_large(struct kunit *test)
{
	struct page **pages = new_array(test, WINDOW_GRANULES * GRANULE_PAGES);
	const unsigned long pages_of_memmap = si_mem_available() * 3 / 4;
	struct alloc_test *ctx = test->priv;
	unsigned long nr_pages;

	/* More than fit in the array, but no more than that could be taken. */
	nr_pages = pages_of_memmap * (PAGE_SIZE / sizeof(struct page));
	nr_pages = min_t(unsigned long, nr_pages, INT_MAX);

	add_region(test, 0, WINDOW_GRANULES);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, nr_pages, pages));
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 1);
}

/* Addresses that cannot be mapped cost themselves only. */
static void alloc_test_unmappable(struct kunit *test)
{
	const unsigned int nr_pages = 7 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages + 1);
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	add_region(test, 0, 8);
	ctx->bad_granule = 3;
	ctx->map_error = -EEXIST;

	take(test, nr_pages, pages);
	for (i = 0; i < nr_pages; i++)
		KUNIT_ASSERT_NE(test, granule_of(ctx, pages[i]), 3);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, 1, pages + nr_pages));
	put(test, nr_pages, pages);
	expect_used(test, 0, 0, 0);
}

static struct kunit_case alloc_test_cases[] = {
	KUNIT_CASE(alloc_test_first_page),
	KUNIT_CASE_PARAM(alloc_test_batch, batch_gen_params),
	KUNIT_CASE(alloc_test_chunks_double),
	KUNIT_CASE(alloc_test_section_ends),
	KUNIT_CASE(alloc_test_small_regions),
	KUNIT_CASE(alloc_test_lowest_first),
	KUNIT_CASE(alloc_test_exhausted),
	KUNIT_CASE(alloc_test_fallback),
	KUNIT_CASE(alloc_test_no_region),
	KUNIT_CASE(alloc_test_donated),
	KUNIT_CASE(alloc_test_donated_misuse),
	KUNIT_CASE(alloc_test_all_origins),
	KUNIT_CASE(alloc_test_misuse),
	KUNIT_CASE(alloc_test_ballooned_misuse),
	KUNIT_CASE(alloc_test_bad_request),
	KUNIT_CASE(alloc_test_no_memory),
	KUNIT_CASE(alloc_test_little_memory),
	KUNIT_CASE(alloc_test_too_large),
	KUNIT_CASE(alloc_test_unmappable),
	{}
};

static struct kunit_suite alloc_test_suite = {
	.name = "xen_unpopulated_alloc",
	.init = alloc_test_init,
	.exit = alloc_test_exit,
	.test_cases = alloc_test_cases,
};

kunit_test_suite(alloc_test_suite);

MODULE_DESCRIPTION("KUnit tests for the allocator of unpopulated memory");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
