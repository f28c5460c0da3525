// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: which addresses are holes.
 *
 * A hole is a part of a claimed region that has neither a chunk nor memory of the
 * balloon driver.  The lowest one is used first:
 *
 *	region	|==============================================|
 *		|--|----|        |------|       |#########|
 *		 chunks	 hole	  chunk		 memory that the balloon
 *						 driver added
 *
 * If no region has a hole, and the architecture allows it, a chunk gets a hole of
 * a resource tree that others use as well.  Below 4 GiB a whole section of that
 * tree becomes a region first: where a device already has addresses, another may
 * get some later.
 *
 * No hole for a chunk crosses the end of a section.  memremap_pages() adds memory
 * section by section: whole ones are mapped with huge pages, and if the second of
 * two failed, the first would stay.
 */
#include <linux/align.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include <kunit/visibility.h>

#include <xen/xen.h>

#include "unpopulated.h"

#define SECTION_BYTES	((u64)PAGES_PER_SECTION * PAGE_SIZE)

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
	xen_unpop_set_tree_open(pool, true);

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

/**
 * xen_unpop_reserve_hole() - reserve addresses for a chunk
 * @pool: the pool
 * @res: resource for the addresses, with name and flags
 * @min: the fewest bytes that are of use, a multiple of a granule
 * @max: the number of bytes that are wanted, at most a section
 *
 * Context: May sleep.  grow.lock is held.
 * Return: true if @res has addresses: of the lowest hole of a region with @min
 * bytes, or else @max bytes of the shared tree, or half of that, and so on.
 */
bool xen_unpop_reserve_hole(struct xen_unpop_pool *pool, struct resource *res,
			    u64 min, u64 max)
	__must_hold(&pool->grow.lock)
{
	u64 size;

	lockdep_assert_held(&pool->grow.lock);

	do {
		if (reserve_in_regions(pool, res, min, max))
			return true;
	} while (claim_low_section(pool));

	if (!pool->grow.tree)
		return false;

	for (size = max; size >= min;
	     size = ALIGN_DOWN(size / 2, XEN_UNPOP_GRANULE)) {
		if (!allocate_resource(pool->grow.tree, res, size,
				       pool->grow.limits.start,
				       pool->grow.limits.end,
				       roundup_pow_of_two(size), NULL, NULL))
			return true;
	}
	if (min == XEN_UNPOP_GRANULE)
		xen_unpop_set_tree_open(pool, false);

	return false;
}

/* Release the addresses of a chunk; give a section that has none back to the tree. */
void xen_unpop_release_hole(struct xen_unpop_pool *pool, struct resource *res)
	__must_hold(&pool->grow.lock)
{
	struct resource *parent = res->parent;
	struct xen_unpop_region *region;

	lockdep_assert_held(&pool->grow.lock);

	scoped_guard(mutex, &pool->regions.lock) {
		release_resource(res);
		/* The parent can be the tree itself, or a region from boot. */
		if (!pool->grow.low.end || parent->parent != pool->grow.tree ||
		    parent->child)
			return;
		region = container_of(parent, struct xen_unpop_region, res);
		list_del(&region->list);
		release_resource(parent);
	}
	xen_unpop_add_room(pool, -(long)PAGES_PER_SECTION);
	xen_unpop_set_tree_open(pool, true);
	kfree(region);
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
	scoped_guard(mutex, &pool->regions.lock)
		release_resource(res);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_unreserve);

