// SPDX-License-Identifier: GPL-2.0
/*
 * The fixture of the KUnit suites of the pool; see unpopulated_test.h.
 *
 * A static stub replaces a function only in the thread of the test.  Work items
 * and other threads call the real function.
 */
#include <kunit/resource.h>
#include <kunit/static_stub.h>
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>

#include "unpopulated_test.h"

/* Static for the sake of lockdep; cases run one after the other. */
static struct xen_unpop_pool test_pool = XEN_UNPOP_POOL_INIT(test_pool);

static u64 address_of(struct unpop_test *ctx, unsigned long granule)
{
	return ctx->window.start + granule * XEN_UNPOP_GRANULE;
}

static int fake_map(struct dev_pagemap *pgmap)
{
	struct unpop_test *ctx = kunit_get_current_test()->priv;
	u64 bad = address_of(ctx, ctx->bad_granule);

	if (ctx->map_error &&
	    (ctx->bad_granule == EVERY_GRANULE ||
	     (pgmap->range.start <= bad && bad <= pgmap->range.end)))
		return ctx->map_error;

	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}

static int fake_balloon_alloc(unsigned int nr_pages, struct page **pages)
{
	struct unpop_test *ctx = kunit_get_current_test()->priv;
	unsigned int i;

	ctx->balloon_calls++;
	ctx->balloon_noio &= !!(current->flags & PF_MEMALLOC_NOIO);
	if (nr_pages > ctx->balloon_left)
		return -ENOMEM;

	for (i = 0; i < nr_pages; i++) {
		ctx->balloon_left--;
		if (ctx->balloon_pages)
			pages[i] = ctx->balloon_pages[ctx->balloon_left];
		else
			pages[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		/* fake_balloon_free() accepts only pages with this. */
		pages[i]->private = (unsigned long)ctx;
	}
	ctx->balloon_out += nr_pages;

	return 0;
}

static void fake_balloon_free(unsigned int nr_pages, struct page **pages)
{
	struct kunit *test = kunit_get_current_test();
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	/* From here on, another request can get them. */
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).ballooned_allocated,
			ctx->balloon_out - nr_pages);
	for (i = 0; i < nr_pages; i++) {
		KUNIT_ASSERT_EQ_MSG(test, pages[i]->private, (unsigned long)ctx,
				    "page %u of %u", i, nr_pages);
		pages[i]->private = 0;
		if (ctx->balloon_pages)
			ctx->balloon_pages[ctx->balloon_left] = pages[i];
		else
			__free_page(pages[i]);
		ctx->balloon_left++;
	}
	ctx->balloon_out -= nr_pages;
}

/* Misuse on purpose must not taint the kernel; the pool counts it. */
static void fake_warn_misuse(struct page *page)
{
}

static void free_chunk(struct xen_unpop_chunk *chunk)
{
	if (chunk->res.parent)
		release_resource(&chunk->res);
	bitmap_free(chunk->members);
	bitmap_free(chunk->allocated);
	kfree(chunk);
}

void unpop_pool_destroy(struct xen_unpop_pool *pool)
{
	struct xen_unpop_region *region, *next_region;
	struct xen_unpop_chunk *chunk, *next;
	unsigned long index;

	/* With on_growth, the work item starts the workqueue and the shrinker. */
	flush_work(&pool->background.work);
	if (pool->background.shrinker)
		shrinker_free(pool->background.shrinker);
	if (pool->background.workqueue)
		destroy_workqueue(pool->background.workqueue);

	xa_for_each(&pool->chunks, index, chunk) {
		if (chunk->members)
			free_chunk(chunk);
	}
	list_for_each_entry_safe(chunk, next, &pool->grow.donated, list)
		free_chunk(chunk);
	list_for_each_entry_safe(chunk, next, &pool->grow.unmappable, list)
		free_chunk(chunk);
	list_for_each_entry_safe(chunk, next, &pool->grow.chunks, list) {
		memunmap_pages(&chunk->pgmap);
		free_chunk(chunk);
	}
	list_for_each_entry_safe(region, next_region, &pool->regions.list, list) {
		release_resource(&region->res);
		kfree(region);
	}
	xa_destroy(&pool->chunks);
	xa_destroy(&pool->ballooned);
}

void unpop_renew_pool(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;

	unpop_expect_unused(test);
	unpop_pool_destroy(ctx->pool);
	*ctx->pool = (struct xen_unpop_pool)XEN_UNPOP_POOL_INIT(test_pool);
	KUNIT_EXPECT_NULL(test, ctx->window.child);
	KUNIT_EXPECT_EQ(test, ctx->balloon_out, 0);
}

int unpop_test_init(struct kunit *test)
{
	struct range mappable = mhp_get_pluggable_range(true);
	struct unpop_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;

	ctx->window.name = "KUnit";
	ctx->window.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	KUNIT_ASSERT_EQ(test, 0,
			allocate_resource(&iomem_resource, &ctx->window,
					  WINDOW_GRANULES * XEN_UNPOP_GRANULE,
					  mappable.start, mappable.end,
					  SECTION_BYTES, NULL, NULL));

	test_pool = (struct xen_unpop_pool)XEN_UNPOP_POOL_INIT(test_pool);
	ctx->pool = &test_pool;
	ctx->balloon_noio = true;
	prandom_seed_state(&ctx->rnd, 20200811);

	kunit_activate_static_stub(test, xen_unpop_map, fake_map);
	kunit_activate_static_stub(test, xen_unpop_balloon_alloc,
				   fake_balloon_alloc);
	kunit_activate_static_stub(test, xen_unpop_balloon_free,
				   fake_balloon_free);
	kunit_activate_static_stub(test, xen_unpop_warn_misuse,
				   fake_warn_misuse);

	return 0;
}

void unpop_test_exit(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;

	if (!ctx || !ctx->pool)
		return;

	unpop_renew_pool(test);
	release_resource(&ctx->window);
}

void unpop_add_region(struct kunit *test, unsigned long first, unsigned long nr)
{
	struct unpop_test *ctx = test->priv;
	struct rb_root_cached none_occupied = RB_ROOT_CACHED;
	unsigned long unused = unpop_unused_pages(ctx);
	struct range range = {
		.start	= address_of(ctx, first),
		.end	= address_of(ctx, first + nr) - 1,
	};

	KUNIT_ASSERT_EQ(test, 0,
			xen_unpop_add_regions(ctx->pool, &ctx->window,
					      &none_occupied, &range, 1));
	KUNIT_ASSERT_EQ(test, unpop_unused_pages(ctx),
			unused + nr * GRANULE_PAGES);
}

void unpop_add_tree(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;

	ctx->pool->grow.tree = &ctx->window;
	ctx->pool->grow.limits.start = ctx->window.start;
	ctx->pool->grow.limits.end = ctx->window.end;
	ctx->pool->free.tree_open = true;
}

KUNIT_DEFINE_ACTION_WRAPPER(free_array, kvfree, const void *);

struct page **unpop_new_array(struct kunit *test, unsigned int nr_pages)
{
	struct page **pages;

	pages = kvcalloc(nr_pages, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_array, pages));

	return pages;
}

void unpop_take(struct kunit *test, unsigned int nr_pages, struct page **pages)
{
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, xen_unpop_alloc(ctx->pool, nr_pages, pages));
	/* gnttab_page_cache, for one, links pages by this field. */
	for (i = 0; i < nr_pages; i++)
		pages[i]->zone_device_data = pages[0];
}

void unpop_put(struct kunit *test, unsigned int nr_pages, struct page **pages)
{
	struct unpop_test *ctx = test->priv;

	xen_unpop_free(ctx->pool, nr_pages, pages);
}

void unpop_take_singly(struct kunit *test, unsigned int nr_pages, struct page **pages)
{
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < nr_pages; i++) {
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    xen_unpop_alloc(ctx->pool, 1, &pages[i]),
				    "page %u", i);
		pages[i]->zone_device_data = pages[0];
	}
}

int unpop_try_contiguous(struct kunit *test, unsigned int nr_pages,
			 struct page **pages)
{
	struct unpop_test *ctx = test->priv;
	unsigned long pfn;
	int ret;

	ret = xen_unpop_alloc_contiguous(ctx->pool, nr_pages, pages);
	if (ret)
		return ret;

	pfn = page_to_pfn(pages[0]);
	KUNIT_EXPECT_EQ(test, 0, pfn % min(roundup_pow_of_two(nr_pages),
					   GRANULE_PAGES));
	KUNIT_EXPECT_LE(test, pfn % PAGES_PER_SECTION + nr_pages,
			PAGES_PER_SECTION);
	KUNIT_ASSERT_EQ(test, unpop_count_runs(test, nr_pages, pages), 1);

	return 0;
}

void unpop_take_contiguous(struct kunit *test, unsigned int nr_pages,
			   struct page **pages)
{
	KUNIT_ASSERT_EQ(test, 0, unpop_try_contiguous(test, nr_pages, pages));
}

void unpop_donate(struct kunit *test, unsigned int nr_pages, struct page **pages)
{
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	ctx->pool->donating = true;
	for (i = 0; i < nr_pages; i++)
		unpop_put(test, 1, &pages[i]);
	ctx->pool->donating = false;
}

struct page *unpop_alloc_every_other(struct page *odd[8])
{
	struct page *block = alloc_pages(GFP_KERNEL, 4);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(kunit_get_current_test(), block);
	for (i = 0; i < 8; i++)
		odd[i] = block + 2 * i + 1;

	return block;
}

void unpop_shuffle(struct unpop_test *ctx, unsigned int nr_pages, struct page **pages)
{
	unsigned int i, other;

	for (i = nr_pages; i > 1; i--) {
		other = prandom_u32_state(&ctx->rnd) % i;
		swap(pages[i - 1], pages[other]);
	}
}

void unpop_start_work(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;

	xen_unpop_start_work(ctx->pool);
	KUNIT_ASSERT_NOT_NULL(test, ctx->pool->background.workqueue);
	unpop_settle(ctx);
}

void unpop_settle(struct unpop_test *ctx)
{
	/* The work can queue itself, on another workqueue, while it runs. */
	while (flush_work(&ctx->pool->background.work))
		;
}

void unpop_hold_growth(struct unpop_test *ctx)
{
	mutex_lock(&ctx->pool->grow.lock);
}

void unpop_let_growth(struct unpop_test *ctx)
{
	mutex_unlock(&ctx->pool->grow.lock);
}

void unpop_shrink_all(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct shrinker *shrinker = ctx->pool->background.shrinker;
	struct shrink_control sc = {};

	KUNIT_ASSERT_NOT_NULL(test, shrinker);
	sc.nr_to_scan = shrinker->count_objects(shrinker, &sc);
	KUNIT_ASSERT_NE(test, sc.nr_to_scan, SHRINK_EMPTY);
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc),
			sc.nr_to_scan);
	unpop_settle(ctx);
}

MODULE_DESCRIPTION("KUnit tests for the pool of unpopulated pages");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
