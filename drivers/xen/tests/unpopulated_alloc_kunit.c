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
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <trace/events/xen_unpopulated.h>

#include "../unpopulated.h"

#define GRANULE_PAGES	XEN_SCRATCH_GRANULE_PAGES
#define SECTION_BYTES	(PAGES_PER_SECTION * PAGE_SIZE)

#define SECTION_GRANULES	(PAGES_PER_SECTION / GRANULE_PAGES)

/* Room for a few sections; with 64 KiB pages a section is 512 MiB. */
#define WINDOW_GRANULES		(4 * SECTION_GRANULES)

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
	/* The how manieth allocation of the pool from now fails; 0: none. */
	unsigned int fail_nth;
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

static bool fails_now(void)
{
	struct alloc_test *ctx = current_test_priv();

	return ctx->fail_nth && !--ctx->fail_nth;
}

static void *fake_zalloc(size_t size)
{
	return fails_now() ? NULL : kzalloc(size, GFP_KERNEL);
}

static int fake_insert(struct xarray *xa, unsigned long index, void *entry)
{
	return fails_now() ? -ENOMEM : xa_insert(xa, index, entry, GFP_KERNEL);
}

static int fake_map(struct dev_pagemap *pgmap)
{
	struct alloc_test *ctx = current_test_priv();
	u64 bad = ctx->window.start + ctx->bad_granule * XEN_SCRATCH_GRANULE;

	if (fails_now())
		return -ENOMEM;
	if (ctx->map_error && pgmap->range.start <= bad &&
	    bad <= pgmap->range.end)
		return ctx->map_error;

	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}

/* To begin again, with nothing; whatever there was must be freed. */
static void renew_pool(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;

	xen_scratch_pool_destroy(ctx->pool);
	KUNIT_ASSERT_NULL(test, ctx->window.child);
	*ctx->pool = (struct xen_scratch_pool)XEN_SCRATCH_POOL_INIT(test_pool);
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
	kunit_activate_static_stub(test, xen_scratch_zalloc, fake_zalloc);
	kunit_activate_static_stub(test, xen_scratch_insert, fake_insert);

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
	struct rb_root_cached nothing = RB_ROOT_CACHED;
	struct range all = { .end = U64_MAX };

	KUNIT_ASSERT_LE(test, first + nr, WINDOW_GRANULES);
	range.end = range.start + nr * XEN_SCRATCH_GRANULE - 1;
	KUNIT_ASSERT_EQ(test, 1,
			xen_scratch_claim_regions(&ctx->pool->regions,
						  &ctx->window, &all, &nothing,
						  &range, 1));
}

/* Gives the pool all the window, for as long as nobody else takes it. */
static void add_tree(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct xen_scratch_region *region;

	region = kzalloc(sizeof(*region), GFP_KERNEL | __GFP_NOFAIL);
	region->parent = &ctx->window;
	region->res = ctx->window;
	list_add(&region->list, &ctx->pool->regions);
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

/* All hot-added pages, free or not. */
static unsigned long scratch_pages(struct alloc_test *ctx)
{
	return xen_scratch_count(ctx->pool).scratch;
}

static void expect_used(struct kunit *test, unsigned long scratch,
			unsigned long donated, unsigned long ballooned)
{
	struct alloc_test *ctx = test->priv;

	struct xen_scratch_count count = xen_scratch_count(ctx->pool);

	KUNIT_EXPECT_EQ(test, count.scratch_used, scratch);
	KUNIT_EXPECT_EQ(test, count.donated_used, donated);
	KUNIT_EXPECT_EQ(test, count.ballooned_used, ballooned);
}

/* The first page costs one granule, the lowest. */
static void alloc_test_first_page(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct resource *region;
	struct page *page;

	add_region(test, 2, 2 * SECTION_GRANULES);
	take(test, 1, &page);

	KUNIT_EXPECT_EQ(test, granule_of(ctx, page), 2);
	KUNIT_EXPECT_TRUE(test, is_zone_device_page(page));
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	expect_used(test, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 1);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);

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
		KUNIT_EXPECT_GE(test, scratch_pages(ctx), nr_pages);
		KUNIT_EXPECT_LT(test, scratch_pages(ctx),
				nr_pages + 2 * PAGES_PER_SECTION);
		if (nr_pages <= PAGES_PER_SECTION)
			KUNIT_EXPECT_EQ(test, scratch_pages(ctx),
					round_up(nr_pages, GRANULE_PAGES));

		if (i)
			shuffle(ctx, nr_pages, pages);
		put(test, nr_pages, pages);
		expect_used(test, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, ctx->pool->nr_free,
				scratch_pages(ctx));
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

static bool is_mapped(u64 address)
{
	return pfn_valid(PHYS_PFN(address));
}

/*
 * A tree that others use as well serves what claimed regions have no room for,
 * however small their holes and large its own are.
 */
static void alloc_test_claimed_first(struct kunit *test)
{
	static const unsigned int claimed[] = { 2, 5, 6 };
	const unsigned int nr_claimed = 3 * GRANULE_PAGES;
	const unsigned int nr_pages = nr_claimed + 1;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	add_tree(test);
	add_region(test, 2, 1);
	add_region(test, 5, 2);

	take(test, nr_pages, pages);
	for (i = 0; i < ARRAY_SIZE(claimed); i++)
		KUNIT_EXPECT_TRUE(test, is_mapped(ctx->window.start +
						  claimed[i] *
						  XEN_SCRATCH_GRANULE));
	expect_used(test, nr_pages, 0, 0);
	put(test, nr_pages, pages);
}

/* What others have in the tree is theirs; the pages come from around it. */
static void alloc_test_shared_tree(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	unsigned int i;
	struct resource device = {
		.name	= "device",
		.start	= ctx->window.start + XEN_SCRATCH_GRANULE,
		.end	= ctx->window.start + 3 * XEN_SCRATCH_GRANULE - 1,
		.flags	= IORESOURCE_MEM,
	};

	add_tree(test);
	KUNIT_ASSERT_EQ(test, 0, request_resource(&ctx->window, &device));

	take(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, granule_of(ctx, pages[0]), 3);
	for (i = 0; i < nr_pages; i++)
		KUNIT_EXPECT_GE(test, granule_of(ctx, pages[i]), 3);
	put(test, nr_pages, pages);

	release_resource(&device);
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

	/* No array, and one that cannot be that long. */
	put(test, 8, NULL);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 4);
	put(test, UINT_MAX, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 5);
	expect_used(test, 5, 0, 0);

	/* Twice in two calls, in the middle of a run. */
	put(test, 8, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 8);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, GRANULE_PAGES);

	/* Not a page of ours, and no page at all. */
	mix[0] = virt_to_page(ctx);
	mix[1] = NULL;
	put(test, 2, mix);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 10);
}

/*
 * Wherever in a batch two pages have changed places, all are freed; wherever one
 * stands in place of another, it is told and the other one stays in use.
 */
static void alloc_test_free_orders(struct kunit *test)
{
	const unsigned int nr_pages = 2 * BITS_PER_LONG;
	struct alloc_test *ctx = test->priv;
	struct page **pages, *missing;
	unsigned int i;

	pages = new_array(test, nr_pages);
	add_region(test, 0, 1);
	for (i = 0; i < nr_pages; i++) {
		take(test, nr_pages, pages);
		KUNIT_ASSERT_EQ(test, count_runs(test, nr_pages, pages), 1);
		swap(pages[i], pages[(i * 37 + 11) % nr_pages]);
		put(test, nr_pages, pages);
		expect_used(test, 0, 0, 0);
		KUNIT_ASSERT_EQ(test, ctx->misuses, i);

		take(test, nr_pages, pages);
		missing = pages[i];
		pages[i] = pages[(i + 1) % nr_pages];
		put(test, nr_pages, pages);
		expect_used(test, 1, 0, 0);
		KUNIT_ASSERT_EQ(test, ctx->misuses, i + 1);
		put(test, 1, &missing);
		expect_used(test, 0, 0, 0);
	}
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
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc_block(ctx->pool, 0, &page),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc_block(ctx->pool, 1, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, xen_scratch_alloc_block(ctx->pool, UINT_MAX,
						      &page), -EINVAL);
	xen_scratch_free(ctx->pool, 0, &page);
	xen_scratch_free(ctx->pool, 0, NULL);
	xen_scratch_free_block(ctx->pool, 0, NULL);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
	xen_scratch_free_block(ctx->pool, 1, NULL);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 1);
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

/* Takes a contiguous block, and checks that it is one. */
static int try_block(struct kunit *test, unsigned int nr_pages,
		     struct page **pages)
{
	const unsigned long align = min(roundup_pow_of_two(nr_pages),
					GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	unsigned int i;
	int ret;

	ret = xen_scratch_alloc_block(ctx->pool, nr_pages, pages);
	if (ret)
		return ret;

	KUNIT_ASSERT_TRUE(test, IS_ALIGNED(page_to_pfn(pages[0]), align));
	for (i = 0; i < nr_pages; i++) {
		KUNIT_ASSERT_EQ(test, page_to_pfn(pages[i]),
				page_to_pfn(pages[0]) + i);
		pages[i]->zone_device_data = pages[0];
	}

	return 0;
}

static void take_block(struct kunit *test, unsigned int nr_pages,
		       struct page **pages)
{
	KUNIT_ASSERT_EQ(test, 0, try_block(test, nr_pages, pages));
}

static void put_block(struct kunit *test, unsigned int nr_pages,
		      struct page **pages)
{
	struct alloc_test *ctx = test->priv;

	xen_scratch_free_block(ctx->pool, nr_pages, pages);
}

static bool no_blocks(struct alloc_test *ctx)
{
	return RB_EMPTY_ROOT(&ctx->pool->blocks.rb_root);
}

/* A block of any size is had, wherever section ends are; next to others. */
static void alloc_test_block(struct kunit *test)
{
	const unsigned long nr_pages = *(unsigned long *)test->param_value;
	struct page **pages = new_array(test, nr_pages);
	struct page **more = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	struct page *single;

	/* Room for three sections and some, not aligned to one. */
	add_region(test, 3, WINDOW_GRANULES - 3);
	take(test, 1, &single);
	take_block(test, nr_pages, pages);
	expect_used(test, nr_pages + 1, 0, 0);

	if (nr_pages <= PAGES_PER_SECTION) {
		take_block(test, nr_pages, more);
		expect_used(test, 2 * nr_pages + 1, 0, 0);
		KUNIT_EXPECT_TRUE(test, more[0] >= pages[0] + nr_pages ||
				  pages[0] >= more[0] + nr_pages);
		put_block(test, nr_pages, more);
	}

	put(test, 1, &single);
	expect_used(test, nr_pages, 0, 0);
	put_block(test, nr_pages, pages);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_TRUE(test, no_blocks(ctx));
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, scratch_pages(ctx));
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

/* A block grows no more than it needs. */
static void alloc_test_block_growth(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *pages[16];

	add_region(test, 0, 8);
	take_block(test, 16, pages);
	KUNIT_EXPECT_EQ(test, granule_of(ctx, pages[0]), 0);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	put_block(test, 16, pages);
}

/*
 * The lowest place that is large enough and aligned is taken, between pages
 * that are in use and across the ends of chunks.
 */
static void alloc_test_block_place(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages);
	struct page **block = new_array(test, GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	/* Chunks of one, two and one granule. */
	add_region(test, 0, 4);
	for (i = 0; i < nr_pages; i++)
		take(test, 1, &pages[i]);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 3);

	/* Eight free pages of which no eight are aligned, then eight. */
	put(test, 8, pages + 4);
	put(test, 8, pages + 32);
	take_block(test, 8, block);
	KUNIT_EXPECT_PTR_EQ(test, block[0], pages[32]);
	put_block(test, 8, block);

	/* Four of those eight are. */
	take_block(test, 3, block);
	KUNIT_EXPECT_PTR_EQ(test, block[0], pages[4]);
	put_block(test, 3, block);

	/* The second half of one chunk and the first half of the next. */
	put(test, GRANULE_PAGES, pages + GRANULE_PAGES / 2);
	take_block(test, GRANULE_PAGES / 2, block);
	KUNIT_EXPECT_PTR_EQ(test, block[0], pages[GRANULE_PAGES / 2]);
	put_block(test, GRANULE_PAGES / 2, block);
	KUNIT_EXPECT_EQ(test, -ENOMEM, try_block(test, GRANULE_PAGES, block));

	put(test, 1, pages + 3 * GRANULE_PAGES / 2);
	put(test, GRANULE_PAGES / 2 - 1, pages + 3 * GRANULE_PAGES / 2 + 1);
	take_block(test, GRANULE_PAGES - 1, block);
	KUNIT_EXPECT_PTR_EQ(test, block[0], pages[GRANULE_PAGES]);
	put_block(test, GRANULE_PAGES - 1, block);

	take(test, 16 + 3 * GRANULE_PAGES / 2, pages);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 3);
	for (i = 0; i < nr_pages; i++)
		pages[i] = pfn_to_page(PHYS_PFN(ctx->window.start) + i);
	put(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

/* Addresses that are not pages yet complete a block with pages that are. */
static void alloc_test_block_completed(struct kunit *test)
{
	struct page **block = new_array(test, 2 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	struct page *page;

	add_region(test, 0, 2);
	take(test, 1, &page);
	put(test, 1, &page);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	take_block(test, 2 * GRANULE_PAGES, block);
	put_block(test, 2 * GRANULE_PAGES, block);
}

/* The chunks of the first region, that it has as children. */
static unsigned int count_chunks(struct alloc_test *ctx)
{
	struct resource *chunk;
	unsigned int nr = 0;

	for (chunk = ctx->window.child->child; chunk; chunk = chunk->sibling)
		nr++;

	return nr;
}

/* A hole between free pages is filled, and no other one. */
static void alloc_test_block_hole(struct kunit *test)
{
	struct page **pages = new_array(test, 7 * GRANULE_PAGES);
	struct page **block = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	/* Chunks of one, two and four granules; the second one goes again. */
	add_region(test, 0, 9);
	for (i = 0; i < 7 * GRANULE_PAGES; i++)
		take(test, 1, &pages[i]);
	put(test, 2 * GRANULE_PAGES, pages + GRANULE_PAGES);
	xen_scratch_release(ctx->pool, ULONG_MAX);
	KUNIT_ASSERT_EQ(test, count_chunks(ctx), 2);

	/* Two granules of addresses, and two of the pages that follow. */
	put(test, 2 * GRANULE_PAGES, pages + 3 * GRANULE_PAGES);
	take_block(test, 4 * GRANULE_PAGES, block);
	KUNIT_EXPECT_EQ(test, granule_of(ctx, block[0]), 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 4);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, 0);

	put_block(test, 4 * GRANULE_PAGES, block);
	put(test, GRANULE_PAGES, pages);
	put(test, 2 * GRANULE_PAGES, pages + 5 * GRANULE_PAGES);
	expect_used(test, 0, 0, 0);
}

/* No region at all is not a failure: nobody there counts on it. */
static void alloc_test_block_no_region(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *page;

	ctx->balloon_left = 1;
	KUNIT_EXPECT_EQ(test, -ENODEV, try_block(test, 1, &page));
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 0);
}

/* Ballooned and donated pages cannot make up for a hole that is too small. */
static void alloc_test_block_exhausted(struct kunit *test)
{
	struct page **block = new_array(test, GRANULE_PAGES + 1);
	struct alloc_test *ctx = test->priv;
	struct page *donated[16];
	struct page *head;
	int i;

	head = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 4);
	for (i = 0; i < 16; i++)
		donated[i] = head + i;
	donate(test, 16, donated);
	take(test, 1, donated);
	ctx->balloon_left = 2 * GRANULE_PAGES;
	add_region(test, 0, 1);
	add_region(test, 2, 1);

	KUNIT_EXPECT_EQ(test, -ENOMEM,
			try_block(test, GRANULE_PAGES + 1, block));
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 1);
	/* Nor is anything grown for it that could not make it up either. */
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 0);
	expect_used(test, 0, 1, 0);
	KUNIT_EXPECT_TRUE(test, no_blocks(ctx));

	take_block(test, 8, block);
	expect_used(test, 8, 1, 0);
	put_block(test, 8, block);
	put(test, 1, donated);
	__free_pages(head, 4);
}

static int try_reserve(struct kunit *test, struct resource *res,
		       unsigned long nr_granules)
{
	struct alloc_test *ctx = test->priv;

	*res = DEFINE_RES_NAMED(0, 0, "System RAM",
				IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);
	return xen_scratch_reserve(ctx->pool, res,
				   nr_granules * XEN_SCRATCH_GRANULE,
				   SECTION_BYTES);
}

static bool is_inside(struct page *page, const struct resource *res)
{
	phys_addr_t addr = PFN_PHYS(page_to_pfn(page));

	return res->start <= addr && addr <= res->end;
}

/* Memory and scratch pages share the addresses, and never have the same. */
static void alloc_test_reserve(struct kunit *test)
{
	const unsigned long nr_pages = WINDOW_GRANULES * GRANULE_PAGES -
				       PAGES_PER_SECTION;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	struct resource ram;
	struct page *more;
	unsigned long i;

	add_region(test, 0, WINDOW_GRANULES);
	take(test, 1, pages);

	/* The first section has a chunk in it. */
	KUNIT_ASSERT_EQ(test, 0, try_reserve(test, &ram, SECTION_GRANULES));
	KUNIT_EXPECT_EQ(test, ram.start, ctx->window.start + SECTION_BYTES);
	KUNIT_EXPECT_EQ(test, resource_size(&ram), SECTION_BYTES);
	KUNIT_EXPECT_PTR_EQ(test, ram.parent, ctx->window.child);

	take(test, nr_pages - 1, pages + 1);
	for (i = 0; i < nr_pages; i++)
		KUNIT_ASSERT_FALSE(test, is_inside(pages[i], &ram));
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_scratch_alloc(ctx->pool, 1, &more));

	/* What is given back can be had. */
	release_resource(&ram);
	take(test, 1, &more);
	KUNIT_EXPECT_TRUE(test, is_inside(more, &ram));

	put(test, 1, &more);
	put(test, nr_pages, pages);
}

/* As much as there is, and an error without any effect if that is nothing. */
static void alloc_test_reserve_less(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct resource ram[2];
	struct page *page;

	KUNIT_EXPECT_EQ(test, -ENODEV,
			try_reserve(test, &ram[0], SECTION_GRANULES));

	/* One whole section, and three that lack a granule. */
	add_region(test, 1, 2 * SECTION_GRANULES - 1);
	add_region(test, 2 * SECTION_GRANULES + 1, 2 * SECTION_GRANULES - 2);
	KUNIT_ASSERT_EQ(test, 0,
			try_reserve(test, &ram[0], 5 * SECTION_GRANULES));
	KUNIT_EXPECT_EQ(test, resource_size(&ram[0]), SECTION_BYTES);
	KUNIT_EXPECT_EQ(test, ram[0].start, ctx->window.start + SECTION_BYTES);
	KUNIT_EXPECT_EQ(test, -EBUSY,
			try_reserve(test, &ram[1], SECTION_GRANULES));

	/* What is too small for memory still serves for pages. */
	take(test, 1, &page);
	KUNIT_EXPECT_EQ(test, granule_of(ctx, page), 1);
	put(test, 1, &page);
	release_resource(&ram[0]);
}

/* In a tree that others use as well, unused is not known to stay so. */
static void alloc_test_reserve_tree(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct resource ram;

	add_tree(test);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			try_reserve(test, &ram, SECTION_GRANULES));
	KUNIT_EXPECT_NULL(test, ctx->window.child);
}

/* A block does not reach over memory, however the search comes upon it. */
static void alloc_test_reserve_block(struct kunit *test)
{
	const unsigned long nr_pages = PAGES_PER_SECTION + GRANULE_PAGES;
	struct page **block = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	struct resource ram;
	unsigned long i;

	/* One section before the memory, two behind it. */
	add_region(test, 0, WINDOW_GRANULES);
	take(test, 1, block);
	KUNIT_ASSERT_EQ(test, 0, try_reserve(test, &ram, SECTION_GRANULES));
	put(test, 1, block);

	take_block(test, nr_pages, block);
	KUNIT_EXPECT_EQ(test, granule_of(ctx, block[0]), 2 * SECTION_GRANULES);
	for (i = 0; i < nr_pages; i++)
		KUNIT_ASSERT_FALSE(test, is_inside(block[i], &ram));
	put_block(test, nr_pages, block);
	release_resource(&ram);
}

/* A block is freed as a whole and by its own function, or not at all. */
static void alloc_test_block_misuse(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *pages[24], *other[8], *mix[8];

	add_region(test, 0, 1);
	take(test, 8, other);
	take_block(test, 8, pages);
	take_block(test, 16, pages + 8);
	KUNIT_ASSERT_PTR_EQ(test, pages[8], pages[7] + 1);

	/* A part, and more than one. */
	put_block(test, 4, pages);
	put_block(test, 4, pages + 4);
	put_block(test, 1, pages + 7);
	put_block(test, 16, pages);
	put_block(test, 24, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 5);

	/* In another order. */
	memcpy(mix, pages, sizeof(mix));
	swap(mix[3], mix[5]);
	put_block(test, 8, mix);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 6);

	/* By the function for single pages; a page before it is freed. */
	put(test, 1, pages + 2);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 7);
	put(test, 24, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 7 + 24);
	KUNIT_ASSERT_PTR_EQ(test, pages[0], other[7] + 1);
	mix[0] = other[7];
	mix[1] = pages[0];
	put(test, 2, mix);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 7 + 24 + 1);
	expect_used(test, 7 + 24, 0, 0);

	/* What is not a block, or not any more. */
	put_block(test, 7, other);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 7 + 24 + 2);
	put_block(test, 8, pages);
	put_block(test, 8, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 7 + 24 + 3);

	expect_used(test, 7 + 16, 0, 0);
	put(test, 7, other);
	put_block(test, 16, pages + 8);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 7 + 24 + 3);
}

/*
 * A chunk is released when no page of it is out any more, unless nothing would
 * be left for whoever comes next.
 */
static void alloc_test_release(struct kunit *test)
{
	const unsigned int nr_pages = 7 * GRANULE_PAGES;
	/* Chunks of one, two and four granules. */
	const unsigned int first[] = { 0, GRANULE_PAGES, 3 * GRANULE_PAGES };
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	u64 start[3];
	int i;

	add_region(test, 0, 8);
	for (i = 0; i < nr_pages; i++)
		take(test, 1, &pages[i]);
	KUNIT_ASSERT_EQ(test, count_chunks(ctx), 3);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX), 0);

	/* All but a page of each, at the start, in the middle and at the end. */
	put(test, GRANULE_PAGES - 1, pages + 1);
	put(test, 100, pages + first[1]);
	put(test, 2 * GRANULE_PAGES - 101, pages + first[1] + 101);
	put(test, 4 * GRANULE_PAGES - 1, pages + first[2]);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, count_chunks(ctx), 3);
	for (i = 0; i < 3; i++) {
		start[i] = PFN_PHYS(page_to_pfn(pages[first[i]]));
		KUNIT_EXPECT_TRUE(test, is_mapped(start[i]));
	}

	put(test, 1, pages + first[1] + 100);
	KUNIT_EXPECT_EQ(test, xen_scratch_count(ctx->pool).scratch_idle,
			2 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX),
			2 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, count_chunks(ctx), 2);
	KUNIT_EXPECT_TRUE(test, is_mapped(start[0]));
	KUNIT_EXPECT_FALSE(test, is_mapped(start[1]));
	KUNIT_EXPECT_TRUE(test, is_mapped(start[2]));
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 5 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, 5 * GRANULE_PAGES - 2);
	expect_used(test, 2, 0, 0);

	/* The hole is filled again, and what is left of the others is found. */
	take(test, 7 * GRANULE_PAGES - 2, pages);
	KUNIT_EXPECT_TRUE(test, is_mapped(start[1]));
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 7 * GRANULE_PAGES);
	for (i = 0; i < nr_pages; i++)
		pages[i] = pfn_to_page(PHYS_PFN(start[0]) + i);
	put(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, xen_scratch_count(ctx->pool).scratch_idle,
			nr_pages);

	xen_scratch_release(ctx->pool, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, count_chunks(ctx), 1);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->releases, 3);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

/* The newest first, and no more than asked for. */
static void alloc_test_release_some(struct kunit *test)
{
	const unsigned int nr_pages = 7 * GRANULE_PAGES;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	int i;

	add_region(test, 0, 8);
	for (i = 0; i < nr_pages; i++)
		take(test, 1, &pages[i]);
	put(test, nr_pages, pages);

	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, 0), 0);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, 1),
			4 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, count_chunks(ctx), 2);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX),
			2 * GRANULE_PAGES);

	/* What is grown next is small. */
	take(test, GRANULE_PAGES + 1, pages);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 2 * GRANULE_PAGES);
	put(test, GRANULE_PAGES + 1, pages);
}

/* A single large chunk is released as well, not kept as the reserve. */
static void alloc_test_release_large(struct kunit *test)
{
	struct page **pages = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 8);
	take(test, 4 * GRANULE_PAGES, pages);
	put(test, 4 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX),
			4 * GRANULE_PAGES);
	KUNIT_EXPECT_NULL(test, ctx->window.child->child);
	KUNIT_EXPECT_TRUE(test, xa_empty(&ctx->pool->chunks));

	take(test, 1, pages);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	put(test, 1, pages);
}

/* In the background, a small chunk is made in place of a large one. */
static void alloc_test_release_replaced(struct kunit *test)
{
	struct page **pages = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 8);
	take(test, 4 * GRANULE_PAGES, pages);
	put(test, 4 * GRANULE_PAGES, pages);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 4 * GRANULE_PAGES);

	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX),
			4 * GRANULE_PAGES);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 1);
}

/* Who still has a reference to a page that was freed keeps its chunk. */
static void alloc_test_release_referenced(struct kunit *test)
{
	struct page **pages = new_array(test, 2 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	struct page *page;

	add_region(test, 0, 8);
	take(test, 2 * GRANULE_PAGES, pages);
	page = pages[GRANULE_PAGES + 7];
	get_page(page);
	put(test, 2 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, xen_scratch_count(ctx->pool).scratch_idle,
			2 * GRANULE_PAGES);

	/* It can still be used. */
	take(test, 2 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, count_runs(test, 2 * GRANULE_PAGES, pages), 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 1);
	put(test, 2 * GRANULE_PAGES, pages);

	put_page(page);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX),
			2 * GRANULE_PAGES);
}

/* A page of a chunk that has been released is not ours any more. */
static void alloc_test_release_misuse(struct kunit *test)
{
	struct page **pages = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 8);
	take(test, 4 * GRANULE_PAGES, pages);
	put(test, 4 * GRANULE_PAGES, pages);
	xen_scratch_release(ctx->pool, ULONG_MAX);
	put(test, 2, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 2);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, 0);
}

/* Donated pages stay. */
static void alloc_test_release_donated(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *donated[8];
	struct page *block;

	block = alloc_every_other(donated);
	donate(test, 8, donated);
	add_region(test, 0, 4);
	take(test, 8, donated);
	put(test, 8, donated);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX), 0);
	take(test, 8, donated);
	expect_used(test, 0, 8, 0);
	put(test, 8, donated);
	__free_pages(block, 4);
}

/* Growth ahead of need: whoever takes little at a time never waits for it. */
static void alloc_test_grow_ahead(struct kunit *test)
{
	struct page **pages = new_array(test, WINDOW_GRANULES * GRANULE_PAGES);
	const unsigned int nr_pages = 7 * GRANULE_PAGES;
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	add_region(test, 0, WINDOW_GRANULES);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);

	/* One page does not make it grow more. */
	take(test, 1, pages);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);

	for (i = 1; i < nr_pages; i++) {
		take(test, 1, &pages[i]);
		if (i % 64 == 0)
			flush_work(&ctx->pool->work);
	}
	KUNIT_EXPECT_EQ(test, count_runs(test, nr_pages, pages), 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 0);
	KUNIT_EXPECT_GT(test, ctx->pool->grows, 2);
	put(test, nr_pages, pages);
	flush_work(&ctx->pool->work);

	/* Who takes more than there is at once does. */
	take(test, ctx->pool->nr_free + 1, pages);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 1);
	put(test, xen_scratch_count(ctx->pool).scratch_used, pages);
}

/*
 * A request that is larger than the next chunk gets no more than it needs, also
 * if that has to be made in several pieces.
 */
static void alloc_test_grow_exactly(struct kunit *test)
{
	struct page **pages = new_array(test, 5 * GRANULE_PAGES + 1);
	struct alloc_test *ctx = test->priv;

	add_region(test, SECTION_GRANULES - 2, SECTION_GRANULES);
	take(test, GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, ctx->pool->chunk_pages, 2 * GRANULE_PAGES);
	take(test, 4 * GRANULE_PAGES, pages + GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 3);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 5 * GRANULE_PAGES);

	/* A smaller one gets more. */
	take(test, 1, pages + 5 * GRANULE_PAGES);
	KUNIT_EXPECT_GT(test, scratch_pages(ctx), 6 * GRANULE_PAGES);
	put(test, 5 * GRANULE_PAGES + 1, pages);
}

/* Also if the pages have come back by then: they may be needed again. */
static void alloc_test_grow_ahead_peak(struct kunit *test)
{
	struct page **pages = new_array(test, GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	add_region(test, 0, WINDOW_GRANULES);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);

	/* Keep the work from running. */
	mutex_lock(&ctx->pool->grow_lock);
	for (i = 0; i < 3; i++) {
		take(test, GRANULE_PAGES, pages);
		put(test, GRANULE_PAGES, pages);
	}
	mutex_unlock(&ctx->pool->grow_lock);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 3 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 0);

	/* Once is enough. */
	take(test, GRANULE_PAGES, pages);
	put(test, GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 3 * GRANULE_PAGES);
}

/* Where nothing is left to grow into, nobody tries so ahead of need. */
static void alloc_test_grow_ahead_exhausted(struct kunit *test)
{
	struct page **pages = new_array(test, GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 1);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);
	take(test, GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->low_water, 0);
	put(test, GRANULE_PAGES, pages);
}

/* Until there is: what has been released can be grown again. */
static void alloc_test_grow_ahead_again(struct kunit *test)
{
	struct page **pages = new_array(test, 2 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 2);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);
	take(test, GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	take(test, GRANULE_PAGES, pages + GRANULE_PAGES);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, ctx->pool->low_water, 0);

	put(test, 2 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX),
			GRANULE_PAGES);
	take(test, GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), 2 * GRANULE_PAGES);
	put(test, GRANULE_PAGES, pages);
}

/* Page by page, and what was taken for a request that is refused in the end. */
static void alloc_test_used_max(struct kunit *test)
{
	struct page **pages = new_array(test, 2 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	int i;

	add_region(test, 0, 1);
	for (i = 0; i < 3; i++)
		take(test, 1, pages + i);
	KUNIT_EXPECT_EQ(test, ctx->pool->used_max, 3);
	put(test, 3, pages);

	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, GRANULE_PAGES + 1, pages));
	KUNIT_EXPECT_EQ(test, ctx->pool->used_max, GRANULE_PAGES);

	take(test, GRANULE_PAGES / 2, pages);
	KUNIT_EXPECT_EQ(test, ctx->pool->used_max, GRANULE_PAGES);
	put(test, GRANULE_PAGES / 2, pages);
}

/* Have the shrinker release all that it counts. */
static void shrink_all(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct shrinker *shrinker = ctx->pool->shrinker;
	struct shrink_control sc = {};

	KUNIT_ASSERT_NOT_NULL(test, shrinker);
	sc.nr_to_scan = shrinker->count_objects(shrinker, &sc);
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc),
			sc.nr_to_scan);
	flush_work(&ctx->pool->work);
}

/* The shrinker counts pages of memmap, and has the work item release them. */
static void alloc_test_shrinker(struct kunit *test)
{
	const unsigned long memmap = XEN_SCRATCH_GRANULE_PAGES /
				     (PAGE_SIZE / sizeof(struct page));
	struct page **pages = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	struct shrink_control sc = {};
	struct shrinker *shrinker;
	unsigned long owed, released;
	unsigned int i;

	add_region(test, 0, 8);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);
	shrinker = ctx->pool->shrinker;
	KUNIT_ASSERT_NOT_NULL(test, shrinker);

	/* A granule is kept. */
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc),
			SHRINK_EMPTY);
	take(test, 3 * GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	put(test, 3 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc),
			(scratch_pages(ctx) / GRANULE_PAGES - 1) *
			memmap);

	sc.nr_to_scan = 1;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), 1);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, ctx->pool->releases, 1);

	shrink_all(test);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->to_release, 0);

	/* What is promised once is not promised again. */
	take(test, 3 * GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	put(test, 3 * GRANULE_PAGES, pages);
	ctx->pool->to_release = xen_scratch_count(ctx->pool).scratch_idle -
				GRANULE_PAGES;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc),
			SHRINK_STOP);

	/* What has been released is no longer owed, but what has not is. */
	owed = ctx->pool->to_release;
	for (i = 0; i < 3 * GRANULE_PAGES; i++)
		get_page(pages[i]);
	released = xen_scratch_release(ctx->pool, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, ctx->pool->to_release, owed - released);
	KUNIT_EXPECT_GT(test, ctx->pool->to_release, 0);
	for (i = 0; i < 3 * GRANULE_PAGES; i++)
		put_page(pages[i]);
	ctx->pool->to_release = 0;

	xen_scratch_release(ctx->pool, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc),
			SHRINK_EMPTY);
}

/* As alloc_test_release_replaced(), when the kernel asks for it. */
static void alloc_test_shrinker_replaced(struct kunit *test)
{
	struct page **pages = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 8);
	take(test, 4 * GRANULE_PAGES, pages);
	put(test, 4 * GRANULE_PAGES, pages);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);

	shrink_all(test);
	KUNIT_EXPECT_EQ(test, ctx->pool->releases, 1);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 1);
}

/* What has been released is not grown again, because it was due before. */
static void alloc_test_shrinker_before_growth(struct kunit *test)
{
	struct page **pages = new_array(test, 3 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;

	add_region(test, 0, 8);
	xen_scratch_start_work(ctx->pool);
	flush_work(&ctx->pool->work);
	take(test, GRANULE_PAGES, pages);
	put(test, GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	KUNIT_ASSERT_EQ(test, scratch_pages(ctx), 3 * GRANULE_PAGES);

	/* Keep the work from running, until it is asked for both. */
	mutex_lock(&ctx->pool->grow_lock);
	ctx->pool->to_release = 2 * GRANULE_PAGES;
	take(test, 3 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_TRUE(test, ctx->pool->growing_ahead);
	put(test, 3 * GRANULE_PAGES, pages);
	mutex_unlock(&ctx->pool->grow_lock);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, ctx->pool->releases, 1);
	KUNIT_EXPECT_EQ(test, scratch_pages(ctx), GRANULE_PAGES);

	/* It grows when it is next needed. */
	take(test, GRANULE_PAGES, pages);
	put(test, GRANULE_PAGES, pages);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_LT(test, GRANULE_PAGES, scratch_pages(ctx));
}

/*
 * Each allocation inside of growth fails once: the request fails, or succeeds
 * with what is left, and whatever it was, nothing is lost.
 */
static void alloc_test_fail_nth(struct kunit *test)
{
	const unsigned int nr_pages = 5 * GRANULE_PAGES + 5;
	struct page **pages = new_array(test, 7 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	unsigned int nth, failures = 0;
	bool reached = true;
	int ret;

	for (nth = 1; reached; nth++) {
		KUNIT_ASSERT_LT(test, nth, 1000);
		add_region(test, 0, 3);
		add_region(test, 4, 4);
		ctx->balloon_left = nth % 2 ? 0 : 5;
		ctx->fail_nth = nth;
		ret = xen_scratch_alloc(ctx->pool, nr_pages, pages);
		reached = !ctx->fail_nth;
		ctx->fail_nth = 0;

		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			failures++;
		} else {
			expect_used(test, nr_pages - ctx->balloon_out, 0,
				    ctx->balloon_out);
			put(test, nr_pages, pages);
		}
		KUNIT_EXPECT_EQ(test, ctx->pool->failures, !!ret);
		expect_used(test, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, ctx->balloon_out, 0);
		KUNIT_EXPECT_EQ(test, ctx->pool->nr_free,
				scratch_pages(ctx));

		/* Chunks that were made before it failed are good for use. */
		if (scratch_pages(ctx)) {
			take(test, scratch_pages(ctx), pages);
			put(test, xen_scratch_count(ctx->pool).scratch_used, pages);
		}
		renew_pool(test);
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_GT(test, nth, 10);
	KUNIT_EXPECT_GE(test, failures, 2);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

/* The same for a contiguous block in two sections, and for donated pages. */
static void alloc_test_fail_nth_block(struct kunit *test)
{
	const unsigned int nr_pages = PAGES_PER_SECTION;
	struct page **pages = new_array(test, nr_pages);
	struct alloc_test *ctx = test->priv;
	unsigned int nth, failures = 0;
	bool reached = true;
	int ret;

	for (nth = 1; reached; nth++) {
		KUNIT_ASSERT_LT(test, nth, 1000);
		add_region(test, WINDOW_GRANULES / 4 - 1,
			   WINDOW_GRANULES / 4 + 1);
		ctx->fail_nth = nth;
		ret = try_block(test, nr_pages, pages);
		reached = !ctx->fail_nth;
		ctx->fail_nth = 0;

		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			failures++;
		} else {
			put_block(test, nr_pages, pages);
		}
		expect_used(test, 0, 0, 0);
		KUNIT_EXPECT_TRUE(test, no_blocks(ctx));
		KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, scratch_pages(ctx));
		take_block(test, nr_pages, pages);
		put_block(test, nr_pages, pages);

		renew_pool(test);
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_GT(test, nth, 10);
	KUNIT_EXPECT_GE(test, failures, 1);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
}

static void alloc_test_fail_nth_donated(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct page *donated[8], *pages[8];
	bool reached = true;
	unsigned int nth;
	struct page *block;
	unsigned long nr;

	block = alloc_every_other(donated);
	for (nth = 1; reached; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		ctx->fail_nth = nth;
		donate(test, 8, donated);
		reached = !ctx->fail_nth;
		ctx->fail_nth = 0;

		/* The one that there was no memory for is lost, not the rest. */
		nr = ctx->pool->donated_pages;
		KUNIT_EXPECT_EQ(test, nr, reached ? 7 : 8);
		take(test, nr, pages);
		expect_used(test, 0, nr, 0);
		put(test, nr, pages);
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				xen_scratch_alloc(ctx->pool, nr + 1, pages));

		renew_pool(test);
	}
	KUNIT_EXPECT_GT(test, nth, 4);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 0);
	__free_pages(block, 4);
}

/* What the tracepoints have told, the last time and how often. */
struct seen {
	unsigned long times;
	unsigned long args[3];
};

static void seen_grow(void *data, unsigned long pfn, unsigned long nr_pages,
		      int error)
{
	struct seen *seen = data;

	*seen = (struct seen){ seen->times + 1, { pfn, nr_pages, -error } };
}

static void seen_release(void *data, unsigned long pfn, unsigned long nr_pages)
{
	struct seen *seen = data;

	*seen = (struct seen){ seen->times + 1, { pfn, nr_pages } };
}

static void seen_missing(void *data, unsigned int nr_pages,
			 unsigned int missing)
{
	struct seen *seen = data;

	*seen = (struct seen){ seen->times + 1, { nr_pages, missing } };
}

static struct probe {
	const char *name;
	void *function;
	struct tracepoint *tracepoint;
	struct seen seen;
} probes[] = {
	{ "xen_unpopulated_grow", seen_grow },
	{ "xen_unpopulated_release", seen_release },
	{ "xen_unpopulated_fallback", seen_missing },
	{ "xen_unpopulated_exhausted", seen_missing },
};

#define EXPECT_SEEN(test, which, ...)					\
	do {								\
		const struct seen seen = { __VA_ARGS__ };		\
									\
		KUNIT_EXPECT_MEMEQ(test, &probes[which].seen, &seen,	\
				   sizeof(seen));			\
	} while (0)

static void remove_probes(void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (probes[i].tracepoint)
			tracepoint_probe_unregister(probes[i].tracepoint,
						    probes[i].function,
						    &probes[i].seen);
		probes[i].tracepoint = NULL;
	}
	tracepoint_synchronize_unregister();
}

/* By name, as tracepoints are not exported to modules one by one. */
static void add_probe(struct tracepoint *tracepoint, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (strcmp(tracepoint->name, probes[i].name))
			continue;
		probes[i].seen = (struct seen){};
		if (!tracepoint_probe_register(tracepoint, probes[i].function,
					       &probes[i].seen))
			probes[i].tracepoint = tracepoint;
	}
}

static void alloc_test_tracepoints(struct kunit *test)
{
	struct page **pages = new_array(test, 2 * GRANULE_PAGES + 5);
	struct alloc_test *ctx = test->priv;
	unsigned long pfn = PHYS_PFN(ctx->window.start);
	int i;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "no tracepoints in this kernel");

	for_each_kernel_tracepoint(add_probe, NULL);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, remove_probes, NULL));
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		KUNIT_ASSERT_NOT_NULL(test, probes[i].tracepoint);

	add_region(test, 0, 2);
	ctx->map_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_scratch_alloc(ctx->pool, 1, pages));
	EXPECT_SEEN(test, 0, 1, { pfn, GRANULE_PAGES, ENOMEM });
	EXPECT_SEEN(test, 3, 1, { 1, 1 });
	ctx->map_error = 0;

	take(test, 2 * GRANULE_PAGES, pages);
	EXPECT_SEEN(test, 0, 2, { pfn, 2 * GRANULE_PAGES, 0 });
	put(test, 2 * GRANULE_PAGES, pages);
	EXPECT_SEEN(test, 1, 0);

	ctx->balloon_left = 5;
	take(test, 2 * GRANULE_PAGES + 5, pages);
	EXPECT_SEEN(test, 2, 1, { 2 * GRANULE_PAGES + 5, 5 });
	put(test, 2 * GRANULE_PAGES + 5, pages);

	xen_scratch_release(ctx->pool, ULONG_MAX);
	EXPECT_SEEN(test, 1, 1, { pfn, 2 * GRANULE_PAGES });
	EXPECT_SEEN(test, 3, 1, { 1, 1 });
}

/*
 * Threads.  The fakes above are not seen by them, so they must have all the
 * addresses that they need.
 */
#define NR_THREADS		4
#define THREAD_ROUNDS		500
#define THREAD_PAGES		(3 * GRANULE_PAGES / 4)

struct alloc_thread {
	struct xen_scratch_pool *pool;
	unsigned int seed;
	bool ok;
	struct page **pages;
	struct task_struct *task;
	struct completion done;
};

/* Takes and frees pages, and sees that nobody else has them. */
static int thread_mixes(void *data)
{
	struct alloc_thread *thread = data;
	struct page **pages = thread->pages;
	unsigned int i, round, nr_pages;
	struct rnd_state rnd;
	bool block;

	prandom_seed_state(&rnd, thread->seed);
	thread->ok = true;

	for (round = 0; round < THREAD_ROUNDS && thread->ok; round++) {
		nr_pages = 1 + prandom_u32_state(&rnd) % 64;
		block = nr_pages % 4 == 0;
		if (block ?
		    xen_scratch_alloc_block(thread->pool, nr_pages, pages) :
		    xen_scratch_alloc(thread->pool, nr_pages, pages)) {
			thread->ok = false;
			break;
		}
		for (i = 0; i < nr_pages; i++)
			WRITE_ONCE(pages[i]->zone_device_data, thread);
		cond_resched();
		for (i = 0; i < nr_pages; i++)
			thread->ok = thread->ok &&
				READ_ONCE(pages[i]->zone_device_data) == thread;
		if (block)
			xen_scratch_free_block(thread->pool, nr_pages, pages);
		else
			xen_scratch_free(thread->pool, nr_pages, pages);
		if (round % 64 == 0)
			xen_scratch_release(thread->pool, 1);
	}

	complete(&thread->done);
	return 0;
}

/* Takes pages once, and keeps them. */
static int thread_takes(void *data)
{
	struct alloc_thread *thread = data;

	thread->ok = !xen_scratch_alloc(thread->pool, THREAD_PAGES,
					thread->pages);
	complete(&thread->done);
	return 0;
}

/* Releases all that it can, again and again. */
static int thread_releases(void *data)
{
	struct alloc_thread *thread = data;

	while (!kthread_should_stop()) {
		xen_scratch_release(thread->pool, ULONG_MAX);
		cond_resched();
	}
	complete(&thread->done);
	return 0;
}

static void start_threads(struct kunit *test, struct alloc_thread *threads,
			  unsigned int nr, int (*function)(void *))
{
	struct alloc_test *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		threads[i].pool = ctx->pool;
		threads[i].seed = i;
		threads[i].pages = new_array(test, GRANULE_PAGES);
		init_completion(&threads[i].done);
		threads[i].task = kthread_create(function, &threads[i],
						 "xen_scratch/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, threads[i].task);
	}
	for (i = 0; i < nr; i++)
		wake_up_process(threads[i].task);
}

static void alloc_test_threads(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct alloc_thread *threads;
	int i;

	threads = kunit_kcalloc(test, NR_THREADS, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);

	add_region(test, 0, WINDOW_GRANULES);
	xen_scratch_start_work(ctx->pool);
	start_threads(test, threads, NR_THREADS, thread_mixes);
	for (i = 0; i < NR_THREADS; i++) {
		wait_for_completion(&threads[i].done);
		KUNIT_EXPECT_TRUE(test, threads[i].ok);
	}
	flush_work(&ctx->pool->work);
	expect_used(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->nr_free, scratch_pages(ctx));
	KUNIT_EXPECT_EQ(test, xen_scratch_count(ctx->pool).scratch_idle,
			scratch_pages(ctx));
	KUNIT_EXPECT_TRUE(test, no_blocks(ctx));
}

/* Threads that wait for growth together find what one of them has grown. */
static void alloc_test_threads_grow_once(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	struct alloc_thread *threads;
	int i;

	threads = kunit_kcalloc(test, NR_THREADS, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);

	/* What is grown next suffices for all of them. */
	add_region(test, 0, WINDOW_GRANULES);
	ctx->pool->chunk_pages = 4 * GRANULE_PAGES;

	mutex_lock(&ctx->pool->grow_lock);
	start_threads(test, threads, NR_THREADS, thread_takes);
	/* Until all of them have come to the lock. */
	for (i = 0; i < NR_THREADS; i++) {
		while (!(READ_ONCE(threads[i].task->__state) &
			 TASK_UNINTERRUPTIBLE))
			fsleep(1000);
	}
	mutex_unlock(&ctx->pool->grow_lock);
	for (i = 0; i < NR_THREADS; i++) {
		wait_for_completion(&threads[i].done);
		KUNIT_EXPECT_TRUE(test, threads[i].ok);
	}
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 1);

	expect_used(test, NR_THREADS * THREAD_PAGES, 0, 0);
	for (i = 0; i < NR_THREADS; i++)
		put(test, THREAD_PAGES, threads[i].pages);
}

/*
 * Addresses that are just being released are not lost to a request that needs
 * them.
 */
static void alloc_test_threads_release(struct kunit *test)
{
	struct page **pages = new_array(test, 4 * GRANULE_PAGES);
	struct alloc_test *ctx = test->priv;
	struct alloc_thread *thread;
	unsigned int i;

	thread = kunit_kzalloc(test, sizeof(*thread), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, thread);

	add_region(test, 0, 4);
	start_threads(test, thread, 1, thread_releases);
	for (i = 0; i < 50 || (i < 1000 && READ_ONCE(ctx->pool->releases) <= 5);
	     i++) {
		KUNIT_EXPECT_EQ(test, 0, xen_scratch_alloc(ctx->pool,
							   4 * GRANULE_PAGES,
							   pages));
		if (ctx->pool->failures)
			break;
		put(test, 4 * GRANULE_PAGES, pages);
		fsleep(1000);
	}
	kthread_stop(thread->task);
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 0);
	KUNIT_EXPECT_GT(test, ctx->pool->releases, 5);
}

/*
 * Random operations, checked against a model that is too simple to be wrong:
 * an array that says who has each page.
 */
#define MODEL_OPERATIONS	100000
#define MODEL_OWNERS		60
#define MODEL_BALLOONED		300
/* Two regions, with a granule between them that belongs to neither. */
#define MODEL_GRANULES		13
#define MODEL_GAP		5
#define MODEL_PAGES		(MODEL_GRANULES * GRANULE_PAGES)
#define MODEL_ADDRESSES		(MODEL_PAGES - GRANULE_PAGES)
#define MODEL_NOBODY		0
#define MODEL_NEVER		0xff

struct model_owner {
	bool block;
	unsigned int nr_pages;
	struct page **pages;
};

struct model {
	struct alloc_test *ctx;
	unsigned long first_pfn;
	u8 *owner;
	unsigned long scratch_used;
	unsigned long ballooned_used;
	unsigned int misuses;
	struct model_owner owners[MODEL_OWNERS];
};

static u32 model_random(struct model *model, u32 limit)
{
	return prandom_u32_state(&model->ctx->rnd) % limit;
}

static bool model_has_block(struct model *model, unsigned int nr_pages)
{
	unsigned long align = min(roundup_pow_of_two(nr_pages), GRANULE_PAGES);
	unsigned long start = 0;
	u8 *taken;

	while (start + nr_pages <= MODEL_PAGES) {
		taken = memchr_inv(model->owner + start, MODEL_NOBODY,
				   nr_pages);
		if (!taken)
			return true;
		start = ALIGN(taken - model->owner + 1, align);
	}

	return false;
}

/* The pages of owner @who are its own from now on. */
static void model_take(struct kunit *test, struct model *model,
		       unsigned int who)
{
	struct model_owner *owner = &model->owners[who];
	unsigned int i;

	for (i = 0; i < owner->nr_pages; i++) {
		unsigned long index = page_to_pfn(owner->pages[i]) -
				      model->first_pfn;

		owner->pages[i]->zone_device_data = owner;
		if (index >= MODEL_PAGES) {
			model->ballooned_used++;
			continue;
		}
		KUNIT_ASSERT_EQ(test, model->owner[index], MODEL_NOBODY);
		model->owner[index] = who + 1;
		model->scratch_used++;
	}
}

static void model_alloc(struct kunit *test, struct model *model,
			unsigned int who)
{
	struct model_owner *owner = &model->owners[who];
	unsigned long ballooned, addresses;
	unsigned int nr_pages;
	int expect, ret;

	nr_pages = 1 + model_random(model, model_random(model, 4) ? 64 :
						2 * GRANULE_PAGES);
	owner->block = model_random(model, 4) == 0;
	addresses = MODEL_ADDRESSES - model->scratch_used;
	ballooned = model->ballooned_used;

	if (owner->block) {
		expect = model_has_block(model, nr_pages) ? 0 : -ENOMEM;
		ret = try_block(test, nr_pages, owner->pages);
	} else {
		ballooned += nr_pages - min(nr_pages, addresses);
		expect = ballooned <= MODEL_BALLOONED ? 0 : -ENOMEM;
		ret = xen_scratch_alloc(model->ctx->pool, nr_pages,
					owner->pages);
	}
	KUNIT_ASSERT_EQ(test, ret, expect);
	if (ret)
		return;

	owner->nr_pages = nr_pages;
	model_take(test, model, who);
	KUNIT_ASSERT_EQ(test, model->ballooned_used, ballooned);
}

/* Owner @who gives up all or some of its pages, in any order. */
static void model_free(struct kunit *test, struct model *model,
		       unsigned int who)
{
	struct model_owner *owner = &model->owners[who];
	struct page **pages = owner->pages;
	unsigned int i, nr_pages = owner->nr_pages;

	if (owner->block && nr_pages > 1 && model_random(model, 8) == 0) {
		put_block(test, nr_pages - 1, pages);
		put(test, 1, pages);
		model->misuses += 2;
	}

	if (!owner->block && model_random(model, 2)) {
		shuffle(model->ctx, nr_pages, pages);
		nr_pages = 1 + model_random(model, nr_pages);
	}
	owner->nr_pages -= nr_pages;
	pages += owner->nr_pages;

	for (i = 0; i < nr_pages; i++) {
		unsigned long index = page_to_pfn(pages[i]) - model->first_pfn;

		KUNIT_ASSERT_PTR_EQ(test, pages[i]->zone_device_data, owner);
		if (index >= MODEL_PAGES) {
			model->ballooned_used--;
			continue;
		}
		KUNIT_ASSERT_EQ(test, model->owner[index], who + 1);
		model->owner[index] = MODEL_NOBODY;
		model->scratch_used--;
	}

	if (owner->block)
		put_block(test, nr_pages, pages);
	else
		put(test, nr_pages, pages);
}

/* Afterwards, every chunk has a page that somebody owns, but for a granule. */
static void model_release(struct kunit *test, struct model *model)
{
	struct resource *region, *chunk;
	unsigned int idle = 0;

	xen_scratch_release(model->ctx->pool, ULONG_MAX);

	for (region = model->ctx->window.child; region;
	     region = region->sibling) {
		for (chunk = region->child; chunk; chunk = chunk->sibling) {
			if (memchr_inv(model->owner + PHYS_PFN(chunk->start) -
				       model->first_pfn, MODEL_NOBODY,
				       PHYS_PFN(resource_size(chunk))))
				continue;
			KUNIT_ASSERT_EQ(test, resource_size(chunk),
					XEN_SCRATCH_GRANULE);
			idle++;
		}
	}
	KUNIT_ASSERT_LE(test, idle, 1);
}

static void model_check(struct kunit *test, struct model *model)
{
	struct xen_scratch_count count = xen_scratch_count(model->ctx->pool);

	KUNIT_ASSERT_EQ(test, count.scratch_used, model->scratch_used);
	KUNIT_ASSERT_EQ(test, count.ballooned_used, model->ballooned_used);
	KUNIT_ASSERT_EQ(test, model->ctx->pool->nr_free,
			count.scratch - count.scratch_used);
	KUNIT_ASSERT_EQ(test, model->ctx->balloon_out, model->ballooned_used);
	KUNIT_ASSERT_EQ(test, model->ctx->misuses, model->misuses);
}

static void alloc_test_model(struct kunit *test)
{
	struct alloc_test *ctx = test->priv;
	unsigned int i, who, refused;
	struct model *model;

	model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	model->ctx = ctx;
	model->first_pfn = PHYS_PFN(ctx->window.start);
	model->owner = kunit_kzalloc(test, MODEL_PAGES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->owner);
	memset(model->owner + MODEL_GAP * GRANULE_PAGES, MODEL_NEVER,
	       GRANULE_PAGES);
	for (who = 0; who < MODEL_OWNERS; who++)
		model->owners[who].pages = new_array(test, 2 * GRANULE_PAGES);

	add_region(test, 0, MODEL_GAP);
	add_region(test, MODEL_GAP + 1, MODEL_GRANULES - MODEL_GAP - 1);
	ctx->balloon_left = MODEL_BALLOONED;

	for (i = 0; i < MODEL_OPERATIONS; i++) {
		who = model_random(model, MODEL_OWNERS);
		if (model_random(model, 1000) == 0)
			model_release(test, model);
		else if (model->owners[who].nr_pages)
			model_free(test, model, who);
		else
			model_alloc(test, model, who);
		model_check(test, model);
	}

	/* It has been to all the corners. */
	refused = ctx->pool->failures;
	KUNIT_EXPECT_GT(test, refused, MODEL_OPERATIONS / 1000);
	KUNIT_EXPECT_GT(test, ctx->pool->fallbacks, MODEL_OPERATIONS / 1000);
	KUNIT_EXPECT_GT(test, ctx->pool->releases, MODEL_OPERATIONS / 10000);
	KUNIT_EXPECT_GT(test, model->misuses, MODEL_OPERATIONS / 1000);
	kunit_info(test, "%u refused, %lu fallbacks, %lu grows, %lu releases\n",
		   refused, ctx->pool->fallbacks, ctx->pool->grows,
		   ctx->pool->releases);

	for (who = 0; who < MODEL_OWNERS; who++) {
		while (model->owners[who].nr_pages)
			model_free(test, model, who);
	}
	model_check(test, model);
	expect_used(test, 0, 0, 0);
}

static struct kunit_case alloc_test_cases[] = {
	KUNIT_CASE(alloc_test_first_page),
	KUNIT_CASE_PARAM(alloc_test_batch, batch_gen_params),
	KUNIT_CASE(alloc_test_chunks_double),
	KUNIT_CASE(alloc_test_section_ends),
	KUNIT_CASE(alloc_test_small_regions),
	KUNIT_CASE(alloc_test_claimed_first),
	KUNIT_CASE(alloc_test_shared_tree),
	KUNIT_CASE(alloc_test_lowest_first),
	KUNIT_CASE(alloc_test_exhausted),
	KUNIT_CASE(alloc_test_fallback),
	KUNIT_CASE(alloc_test_no_region),
	KUNIT_CASE(alloc_test_donated),
	KUNIT_CASE(alloc_test_donated_misuse),
	KUNIT_CASE(alloc_test_all_origins),
	KUNIT_CASE(alloc_test_misuse),
	KUNIT_CASE(alloc_test_free_orders),
	KUNIT_CASE(alloc_test_ballooned_misuse),
	KUNIT_CASE(alloc_test_bad_request),
	KUNIT_CASE(alloc_test_no_memory),
	KUNIT_CASE(alloc_test_little_memory),
	KUNIT_CASE(alloc_test_too_large),
	KUNIT_CASE(alloc_test_unmappable),
	KUNIT_CASE_PARAM(alloc_test_block, batch_gen_params),
	KUNIT_CASE(alloc_test_block_growth),
	KUNIT_CASE(alloc_test_block_place),
	KUNIT_CASE(alloc_test_block_completed),
	KUNIT_CASE(alloc_test_block_hole),
	KUNIT_CASE(alloc_test_block_no_region),
	KUNIT_CASE(alloc_test_block_exhausted),
	KUNIT_CASE(alloc_test_block_misuse),
	KUNIT_CASE(alloc_test_reserve),
	KUNIT_CASE(alloc_test_reserve_less),
	KUNIT_CASE(alloc_test_reserve_tree),
	KUNIT_CASE(alloc_test_reserve_block),
	KUNIT_CASE(alloc_test_release),
	KUNIT_CASE(alloc_test_release_some),
	KUNIT_CASE(alloc_test_release_large),
	KUNIT_CASE(alloc_test_release_replaced),
	KUNIT_CASE(alloc_test_release_referenced),
	KUNIT_CASE(alloc_test_release_misuse),
	KUNIT_CASE(alloc_test_release_donated),
	KUNIT_CASE(alloc_test_grow_exactly),
	KUNIT_CASE(alloc_test_grow_ahead),
	KUNIT_CASE(alloc_test_grow_ahead_peak),
	KUNIT_CASE(alloc_test_grow_ahead_exhausted),
	KUNIT_CASE(alloc_test_grow_ahead_again),
	KUNIT_CASE(alloc_test_used_max),
	KUNIT_CASE(alloc_test_shrinker),
	KUNIT_CASE(alloc_test_shrinker_replaced),
	KUNIT_CASE(alloc_test_shrinker_before_growth),
	KUNIT_CASE(alloc_test_fail_nth),
	KUNIT_CASE(alloc_test_fail_nth_block),
	KUNIT_CASE(alloc_test_fail_nth_donated),
	KUNIT_CASE(alloc_test_tracepoints),
	KUNIT_CASE(alloc_test_threads),
	KUNIT_CASE(alloc_test_threads_grow_once),
	KUNIT_CASE(alloc_test_threads_release),
	KUNIT_CASE_SLOW(alloc_test_model),
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
