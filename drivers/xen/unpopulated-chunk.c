// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: from unused addresses to struct pages, and back.
 *
 * A chunk gets the lowest hole of a claimed region:
 *
 *	region	|==============================================|
 *		|--|----|        |------|       |#########|
 *		 chunks	 hole	  chunk		 memory that the balloon
 *						 driver added
 *
 * If no region has a hole, and the architecture allows it, the chunk gets a hole
 * of a resource tree that others use as well.  Below 4 GiB a whole section of that
 * tree becomes a region first: where a device already has addresses, another may
 * get some later.
 *
 * No chunk crosses the end of a section.  memremap_pages() adds memory section by
 * section: whole ones are mapped with huge pages, and if the second of two
 * failed, the first would stay.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "unpopulated.h"

#define CREATE_TRACE_POINTS
#include <trace/events/xen_unpopulated.h>

#define SECTION_BYTES	((u64)PAGES_PER_SECTION * PAGE_SIZE)

VISIBLE_IF_KUNIT int xen_unpop_map(struct dev_pagemap *pgmap)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_map, pgmap);

	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_map);

/*
 * Reserve the lowest hole of @region that has @min bytes, or @max of them if it
 * is larger.  They are aligned to @align and do not cross a multiple of
 * @boundary.
 *
 * allocate_resource() cannot be used: on x86 it avoids the ranges of the
 * firmware's memory map, from which such regions come.
 */
static bool reserve_in_region(struct xen_unpop_pool *pool,
			      struct xen_unpop_region *region,
			      struct resource *res, u64 min, u64 max, u64 align,
			      u64 boundary)
	__must_hold(&pool->regions.lock)
{
	struct resource *child;
	u64 start = region->res.start, end, next, size;

	lockdep_assert_held(&pool->regions.lock);

	for (child = region->res.child;; child = child->sibling) {
		end = child ? child->start : region->res.end + 1;
		for (start = ALIGN(start, align); start < end; start = next) {
			next = ALIGN_DOWN(start, boundary) + boundary;
			size = ALIGN_DOWN(min3(end - start, next - start, max),
					  align);
			if (size < min)
				continue;
			res->start = start;
			res->end = start + size - 1;
			return !request_resource(&region->res, res);
		}
		if (!child)
			return false;
		start = child->end + 1;
	}
}

/* Release addresses of a region, or of the shared tree. */
static void release_addresses(struct xen_unpop_pool *pool, struct resource *res)
{
	guard(mutex)(&pool->regions.lock);

	release_resource(res);
}

/* Growth can add @nr_pages more, or fewer, pages. */
void xen_unpop_add_room(struct xen_unpop_pool *pool, long nr_pages)
{
	spin_lock(&pool->free.lock);
	pool->free.room += nr_pages;
	spin_unlock(&pool->free.lock);
}

static void set_tree_open(struct xen_unpop_pool *pool, bool open)
{
	spin_lock(&pool->free.lock);
	pool->free.tree_open = open;
	spin_unlock(&pool->free.lock);
}

/**
 * xen_unpop_add_regions() - let a pool use advertised ranges
 * @pool: the pool
 * @root: as for xen_unpop_claim_regions()
 * @occupied: as for xen_unpop_claim_regions()
 * @ranges: as for xen_unpop_claim_regions()
 * @nr_ranges: number of elements of @ranges
 *
 * Context: Boot, process context, may sleep.
 * Return: 0 if the pool has a region now, else -ENODEV or -ENOMEM.
 */
int xen_unpop_add_regions(struct xen_unpop_pool *pool, struct resource *root,
			  struct rb_root_cached *occupied, struct range *ranges,
			  unsigned int nr_ranges)
{
	struct range mappable = xen_unpop_mappable_range();
	struct xen_unpop_region *region;
	LIST_HEAD(added);
	int ret;

	ret = xen_unpop_claim_regions(&added, root, &mappable, occupied, ranges,
				      nr_ranges);
	list_for_each_entry(region, &added, list)
		xen_unpop_add_room(pool,
				   PHYS_PFN(resource_size(&region->res)));
	list_splice_tail(&added, &pool->regions.list);

	if (!list_empty(&pool->regions.list))
		return 0;

	return ret < 0 ? ret : -ENODEV;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_add_regions);

/*
 * Without bounce buffers, a device that reaches 4 GiB only needs pages there.  In a
 * PV domain it uses machine addresses instead, and a PVH dom0 has regions for all
 * RAM of the host.
 */
static bool needs_low_pages(void)
{
	return !xen_pv_domain() && !xen_initial_domain() &&
	       !is_swiotlb_allocated();
}

/*
 * Let @pool use the holes of @tree, as on x86, where the addresses that stay
 * unused are not known.  Leave those below 4 GiB to drivers that are loaded late,
 * unless they are needed.
 */
int xen_unpop_add_tree(struct xen_unpop_pool *pool, struct resource *tree)
{
	struct range limits = xen_unpop_mappable_range();
	struct range low = { .start = limits.start, .end = SZ_4G - 1 };

	limits.start = max_t(u64, limits.start, SZ_4G);
	if (limits.start > limits.end)
		return -ENODEV;

	pool->grow.tree = tree;
	pool->grow.limits = limits;
	if (needs_low_pages())
		pool->grow.low = low;
	set_tree_open(pool, true);

	return 0;
}

/* Make a region of the lowest section below 4 GiB without any address in use. */
static bool claim_low_section(struct xen_unpop_pool *pool)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_region *region;

	if (!pool->grow.low.end)
		return false;

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return false;

	region->res.name = "Xen unused section";
	region->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	if (allocate_resource(pool->grow.tree, &region->res, SECTION_BYTES,
			      pool->grow.low.start, pool->grow.low.end,
			      SECTION_BYTES, NULL, NULL)) {
		kfree(region);
		return false;
	}

	xen_unpop_add_room(pool, PAGES_PER_SECTION);
	scoped_guard(mutex, &pool->regions.lock)
		list_add_tail(&region->list, &pool->regions.list);

	return true;
}

/* Half of @size in whole granules; 0 for a granule. */
static u64 halve(u64 size)
{
	return ALIGN_DOWN(size / 2, XEN_UNPOP_GRANULE);
}

/* Give @section back to the tree if nothing in it is in use any more. */
static void release_low_section(struct xen_unpop_pool *pool,
				struct resource *section)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_region *region;

	/* A chunk can be in the tree itself, or in a region from boot. */
	if (!pool->grow.low.end || section->parent != pool->grow.tree)
		return;

	region = container_of(section, struct xen_unpop_region, res);
	scoped_guard(mutex, &pool->regions.lock) {
		if (section->child)
			return;
		list_del(&region->list);
		release_resource(section);
	}
	xen_unpop_add_room(pool, -(long)PAGES_PER_SECTION);
	set_tree_open(pool, true);
	kfree(region);
}

static bool reserve_in_regions(struct xen_unpop_pool *pool, struct resource *res,
			       u64 min, u64 max)
{
	struct xen_unpop_region *region;

	guard(mutex)(&pool->regions.lock);

	list_for_each_entry(region, &pool->regions.list, list) {
		if (reserve_in_region(pool, region, res, min, max,
				      XEN_UNPOP_GRANULE, SECTION_BYTES))
			return true;
	}

	return false;
}

/* Reserve @max bytes for a chunk, or the part of them that there is a hole for. */
static bool reserve_chunk(struct xen_unpop_pool *pool, struct resource *res,
			  u64 min, u64 max)
	__must_hold(&pool->grow.lock)
{
	u64 size;

	do {
		if (reserve_in_regions(pool, res, min, max))
			return true;
	} while (claim_low_section(pool));

	if (!pool->grow.tree)
		return false;

	for (size = max; size >= min; size = halve(size)) {
		if (!allocate_resource(pool->grow.tree, res, size,
				       pool->grow.limits.start,
				       pool->grow.limits.end,
				       roundup_pow_of_two(size), NULL, NULL))
			return true;
	}
	if (min == XEN_UNPOP_GRANULE)
		set_tree_open(pool, false);

	return false;
}

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

	if (!reserve_chunk(pool, &chunk->res, min, max)) {
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
		release_addresses(pool, &chunk->res);
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
		max = halve(max);
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
	struct resource *parent = chunk->res.parent;

	lockdep_assert_held(&pool->grow.lock);

	trace_xen_unpopulated_release(page_to_pfn(chunk->first),
				      chunk->nr_pages);
	unindex_chunk(pool, chunk);
	list_del(&chunk->list);
	memunmap_pages(&chunk->pgmap);
	release_addresses(pool, &chunk->res);
	release_low_section(pool, parent);
	xen_unpop_free_chunk(chunk);
	pool->grow.released++;
}

/* See xen_unpopulated_reserve(). */
int xen_unpop_reserve(struct xen_unpop_pool *pool, struct resource *res,
		      resource_size_t size, resource_size_t align)
{
	struct xen_unpop_region *region;
	int ret = -ENODEV;

	might_sleep();

	align = max_t(u64, align, XEN_UNPOP_GRANULE);

	guard(mutex)(&pool->regions.lock);

	for (; size; size = ALIGN_DOWN(size / 2, align)) {
		list_for_each_entry(region, &pool->regions.list, list) {
			ret = -EBUSY;
			if (!reserve_in_region(pool, region, res, size, size,
					       align, BIT_ULL(63)))
				continue;
			xen_unpop_add_room(pool, -PHYS_PFN(size));
			return 0;
		}
	}

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_reserve);

/* See xen_unpopulated_unreserve(). */
void xen_unpop_unreserve(struct xen_unpop_pool *pool, struct resource *res)
{
	/* In this order, or growth could use the room before it is counted. */
	xen_unpop_add_room(pool, PHYS_PFN(resource_size(res)));
	release_addresses(pool, res);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_unreserve);

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
