// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: from unused addresses to struct pages, and back.
 *
 * memremap_pages() makes a hole a chunk.  Until the chunk is published, none of its
 * pages can be allocated; once it is detached, none can be any more.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "unpopulated.h"

#define CREATE_TRACE_POINTS
#include <trace/events/xen_unpopulated.h>

VISIBLE_IF_KUNIT int xen_unpop_map(struct dev_pagemap *pgmap)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_map, pgmap);

	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_map);

void xen_unpop_free_chunk(struct xen_unpop_chunk *chunk)
{
	bitmap_free(chunk->members);
	bitmap_free(chunk->allocated);
	kfree(chunk);
}

/* Remove @chunk, which is not published, from @pool->chunks. */
static void unindex_chunk(struct xen_unpop_pool *pool,
			  struct xen_unpop_chunk *chunk)
	__must_hold(&pool->grow.lock)
{
	unsigned long index = page_to_pfn(chunk->first) / XEN_UNPOP_GRANULE_PAGES;
	unsigned long end = index + chunk->nr_pages / XEN_UNPOP_GRANULE_PAGES;

	/* A page of @chunk that is freed by mistake is looked up there. */
	spin_lock(&pool->free.lock);
	for (; index < end; index++) {
		if (xa_load(&pool->chunks, index) == chunk)
			xa_erase(&pool->chunks, index);
	}
	if (pool->free.last == chunk)
		pool->free.last = NULL;
	spin_unlock(&pool->free.lock);
}

/* Enter @chunk into @pool->chunks, where the pages that are freed look it up. */
int xen_unpop_index(struct xen_unpop_pool *pool, struct xen_unpop_chunk *chunk)
	__must_hold(&pool->grow.lock)
{
	unsigned long index = page_to_pfn(chunk->first) / XEN_UNPOP_GRANULE_PAGES;
	unsigned long i;
	int ret;

	lockdep_assert_held(&pool->grow.lock);

	for (i = 0; i < chunk->nr_pages / XEN_UNPOP_GRANULE_PAGES; i++) {
		ret = xa_insert(&pool->chunks, index + i, chunk, GFP_KERNEL);
		if (ret) {
			unindex_chunk(pool, chunk);
			return ret;
		}
	}

	return 0;
}

/* Turn the reserved addresses of @chunk into pages. */
static int map_chunk(struct xen_unpop_pool *pool, struct xen_unpop_chunk *chunk)
	__must_hold(&pool->grow.lock)
{
	unsigned long pfn = PHYS_PFN(chunk->res.start);
	int ret;

	chunk->first = pfn_to_page(pfn);
	chunk->nr_pages = PHYS_PFN(resource_size(&chunk->res));
	chunk->pgmap.type = MEMORY_DEVICE_GENERIC;
	chunk->pgmap.range.start = chunk->res.start;
	chunk->pgmap.range.end = chunk->res.end;
	chunk->pgmap.nr_range = 1;

	chunk->allocated = bitmap_zalloc(chunk->nr_pages, GFP_KERNEL);
	if (!chunk->allocated)
		return -ENOMEM;

	ret = xen_unpop_index(pool, chunk);
	if (ret)
		return ret;

	ret = xen_unpop_p2m_prepare(pfn, chunk->nr_pages);
	if (ret)
		goto unindex;
	ret = xen_unpop_p2m_invalidate(pfn, chunk->nr_pages);
	if (!ret)
		ret = xen_unpop_map(&chunk->pgmap);
	if (ret)
		goto restore;

	return 0;

restore:
	xen_unpop_p2m_restore(pfn, chunk->nr_pages);
unindex:
	unindex_chunk(pool, chunk);
	return ret;
}

/* Add a chunk of @min to @max bytes; see xen_unpop_add_chunk() for errors. */
static struct xen_unpop_chunk *try_chunk(struct xen_unpop_pool *pool, u64 min,
					 u64 max)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_chunk *chunk;
	unsigned long nr_pages;
	int ret;

	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return ERR_PTR(-ENOMEM);
	chunk->res.name = "Xen scratch";
	chunk->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;

	if (!xen_unpop_reserve_hole(pool, &chunk->res, min, max)) {
		kfree(chunk);
		return ERR_PTR(-ENOSPC);
	}
	nr_pages = PHYS_PFN(resource_size(&chunk->res));

	ret = map_chunk(pool, chunk);
	trace_xen_unpopulated_grow(PHYS_PFN(chunk->res.start), nr_pages, ret);
	if (!ret) {
		list_add(&chunk->list, &pool->grow.chunks);
		pool->grow.added++;
		return chunk;
	}

	if (ret == -ENOMEM) {
		xen_unpop_release_hole(pool, &chunk->res);
		xen_unpop_free_chunk(chunk);
		return ERR_PTR(ret);
	}

	/* The addresses stay reserved, or they would be tried again. */
	pr_warn("%pR cannot be mapped: %d\n", &chunk->res, ret);
	chunk->res.name = "Xen scratch (unmappable)";
	list_add(&chunk->list, &pool->grow.unmappable);
	if (!xen_unpop_is_in_tree(pool, chunk))
		xen_unpop_add_room(pool, -nr_pages);

	return ERR_PTR(ret);
}

/**
 * xen_unpop_add_chunk() - turn unused addresses into a chunk
 * @pool: the pool
 * @nr_pages: number of pages that are wanted; the chunk is at most a section
 * @contiguous: the chunk must have all @nr_pages, not only some
 *
 * No page of the chunk can be allocated before xen_unpop_publish().
 *
 * Context: May sleep.  grow.lock is held.
 * Return: the chunk, or
 * * -ENOSPC	- there is no hole
 * * -ENOMEM	- there is no memory, not even for a granule
 * * others	- from memremap_pages(), which should not refuse a hole: it is
 *		  out of the way now, and the caller can try again
 */
struct xen_unpop_chunk *xen_unpop_add_chunk(struct xen_unpop_pool *pool,
					    unsigned long nr_pages,
					    bool contiguous)
	__must_hold(&pool->grow.lock)
{
	u64 max = PFN_PHYS(clamp(round_up(nr_pages, XEN_UNPOP_GRANULE_PAGES),
				 XEN_UNPOP_GRANULE_PAGES, PAGES_PER_SECTION));
	u64 min = contiguous ? max : XEN_UNPOP_GRANULE;
	struct xen_unpop_chunk *chunk;

	lockdep_assert_held(&pool->grow.lock);

	do {
		chunk = try_chunk(pool, min, max);
		max = ALIGN_DOWN(max / 2, XEN_UNPOP_GRANULE);
	} while (chunk == ERR_PTR(-ENOMEM) && max >= min);

	return chunk;
}

/**
 * xen_unpop_remove_chunk() - turn the pages of a chunk back into addresses
 * @pool: the pool
 * @chunk: a chunk that xen_unpop_detach_idle() has detached
 *
 * Context: Sleeps for several grace periods.  grow.lock is held.
 */
void xen_unpop_remove_chunk(struct xen_unpop_pool *pool,
			    struct xen_unpop_chunk *chunk)
	__must_hold(&pool->grow.lock)
{
	lockdep_assert_held(&pool->grow.lock);

	trace_xen_unpopulated_release(page_to_pfn(chunk->first),
				      chunk->nr_pages);
	unindex_chunk(pool, chunk);
	list_del(&chunk->list);
	memunmap_pages(&chunk->pgmap);
	xen_unpop_release_hole(pool, &chunk->res);
	xen_unpop_free_chunk(chunk);
	pool->grow.released++;
}

/* Count the pages of @pool by kind. */
struct xen_unpop_count xen_unpop_count(struct xen_unpop_pool *pool)
{
	struct xen_unpop_count count;
	unsigned long unpopulated_free;

	spin_lock(&pool->free.lock);
	/* Promised pages are not in nr_free any more. */
	unpopulated_free = max(pool->free.nr_free, pool->free.donated_free) -
			   pool->free.donated_free;
	count = (struct xen_unpop_count) {
		.unpopulated = pool->free.nr_pages - pool->free.nr_donated,
		.donated = pool->free.nr_donated,
		.donated_allocated = pool->free.nr_donated -
				     pool->free.donated_free,
		.ballooned_allocated = pool->free.nr_ballooned,
		.idle = pool->free.nr_idle,
		.allocated_max = pool->free.allocated_max,
		.nr_free = pool->free.nr_free,
	};
	spin_unlock(&pool->free.lock);

	count.unpopulated_allocated = count.unpopulated - unpopulated_free;

	return count;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_count);

/* As xen_unpop_count(), with the donated pages that are not in use yet. */
struct xen_unpop_count xen_unpop_count_all(struct xen_unpop_pool *pool)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_count count;

	lockdep_assert_held(&pool->grow.lock);

	count = xen_unpop_count(pool);
	count.donated += pool->grow.nr_donated;

	return count;
}
