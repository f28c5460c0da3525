// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: the addresses that the firmware offers.
 *
 * Hypervisor and toolstack know which guest physical addresses stay unused for
 * the life of a domain.  The firmware's memory map says so: on Arm by "extended
 * regions" in the hypervisor node of the device tree, on x86 by unusable memory
 * in the map of a PVH dom0.  The device-tree binding promises neither order nor
 * alignment, and entries can overlap.  So nothing is assumed about the ranges:
 *
 *	advertised	  |---A---|--B--|   |-C-|    |---D---| |-----E-----|
 *			      |--B'-|					  :
 *	sorted, merged	  |------A+B-----|  |-C-|    |---D---| |-----E-----|
 *	can be mapped	  |------A+B-----|  |-C-|    |---D---| |---E---|  :
 *	not occupied	  |------A+B-----|  |-C-|    |-D-|xxx  |---E---|
 *	whole granules	    |----A+B---|               |D|	|--E--|
 *
 * The rest is claimed as busy in iomem_resource, or inside of the resource
 * that the memory map has for it.  From then on no driver and no memory hotplug
 * is given these addresses.  A bad entry costs no more than itself.
 *
 * An address is occupied if a resource has it, or a device of the firmware's map:
 * few drivers have claimed their resources this early.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/align.h>
#include <linux/export.h>
#include <linux/interval_tree.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "unpopulated.h"

VISIBLE_IF_KUNIT void xen_unpop_report_unused(u64 start, u64 end,
					      const char *why, const char *name)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_report_unused, start, end, why,
				   name);

	pr_info("[mem %#010llx-%#010llx] not used: %s%s\n", start, end, why,
		name);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_report_unused);

/*
 * Drop empty ranges, sort, and merge those that overlap or touch: pieces that
 * share a granule are usable only together.  The helpers of <linux/range.h> take
 * ends as exclusive, and an array of a fixed size.
 */
static unsigned int merge_ranges(struct range *ranges, unsigned int nr_ranges)
{
	unsigned int i, nr_valid = 0, nr = 0;

	for (i = 0; i < nr_ranges; i++) {
		if (ranges[i].start <= ranges[i].end)
			ranges[nr_valid++] = ranges[i];
		else
			xen_unpop_report_unused(ranges[i].start, ranges[i].end,
						"it is empty", "");
	}

	sort_range(ranges, nr_valid);

	for (i = 0; i < nr_valid; i++) {
		struct range *last = nr ? &ranges[nr - 1] : NULL;

		if (last && (ranges[i].start <= last->end ||
			     ranges[i].start == last->end + 1))
			last->end = max(last->end, ranges[i].end);
		else
			ranges[nr++] = ranges[i];
	}

	return nr;
}

/* Cut @range to @limits.  Returns false if nothing of it is left. */
static bool clip_range(struct range *range, const struct range *limits)
{
	struct range old = *range;

	range->start = max(range->start, limits->start);
	range->end = min(range->end, limits->end);
	if (range->start > range->end) {
		xen_unpop_report_unused(old.start, old.end, "cannot be mapped",
					"");
		return false;
	}

	if (old.start < range->start)
		xen_unpop_report_unused(old.start, range->start - 1,
					"cannot be mapped", "");
	if (old.end > range->end)
		xen_unpop_report_unused(range->end + 1, old.end,
					"cannot be mapped", "");

	return true;
}

/* Find the lowest occupied part of @range.  Returns false if there is none. */
static bool find_occupied(struct resource *root,
			  struct rb_root_cached *occupied,
			  const struct range *range,
			  struct xen_unpop_occupied *found)
{
	struct resource probe = {
		.name	= "Xen extended region",
		.start	= range->start,
		.end	= range->end,
		.flags	= IORESOURCE_MEM,
	};
	struct interval_tree_node *node;
	struct resource *conflict;

	node = interval_tree_iter_first(occupied, range->start, range->end);
	if (node) {
		*found = *container_of(node, struct xen_unpop_occupied, node);
		if (node->start <= range->start)
			return true;
		probe.end = node->start - 1;
	}

	conflict = request_resource_conflict(root, &probe);
	if (!conflict) {
		release_resource(&probe);
		return node;
	}

	found->node.start = conflict->start;
	found->node.last = conflict->end;
	found->name = conflict->name;
	return true;
}

/*
 * Claim the whole granules from @first to @last, none of which is occupied.
 * Returns the number of regions added, 0 or 1, or -ENOMEM.
 */
static int claim_granules(struct list_head *regions, struct resource *root,
			  u64 first, u64 last)
{
	u64 start = ALIGN(first, XEN_UNPOP_GRANULE);
	u64 limit = ALIGN_DOWN(last + 1, XEN_UNPOP_GRANULE);
	struct xen_unpop_region *region;

	/* ALIGN() can wrap. */
	if (start < first || start >= limit) {
		xen_unpop_report_unused(first, last, "smaller than a granule",
					"");
		return 0;
	}

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return -ENOMEM;

	region->res.name = "Xen extended region";
	region->res.start = start;
	region->res.end = limit - 1;
	region->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;

	if (request_resource(root, &region->res)) {
		xen_unpop_report_unused(first, last, "cannot be claimed", "");
		kfree(region);
		return 0;
	}

	if (first < start)
		xen_unpop_report_unused(first, start - 1,
					"smaller than a granule", "");
	if (limit - 1 < last)
		xen_unpop_report_unused(limit, last, "smaller than a granule",
					"");

	list_add_tail(&region->list, regions);
	return 1;
}

/*
 * Claim the parts of @range that are not occupied.  Returns the number of regions
 * added, or -ENOMEM.
 */
static int claim_range(struct list_head *regions, struct resource *root,
		       struct rb_root_cached *occupied, struct range range)
{
	struct xen_unpop_occupied found;
	int claimed = 0, ret;

	while (find_occupied(root, occupied, &range, &found)) {
		u64 start = found.node.start, last = found.node.last;

		xen_unpop_report_unused(max(range.start, start),
					min(range.end, last), "overlaps ",
					found.name);
		if (range.start < start) {
			ret = claim_granules(regions, root, range.start,
					     start - 1);
			if (ret < 0)
				return ret;
			claimed += ret;
		}

		if (last >= range.end)
			return claimed;
		range.start = last + 1;
	}

	ret = claim_granules(regions, root, range.start, range.end);

	return ret < 0 ? ret : claimed + ret;
}

/**
 * xen_unpop_claim_regions() - claim advertised ranges for unpopulated pages
 * @regions: list to which a &struct xen_unpop_region is added for each range
 *	claimed, in the order of their addresses
 * @root: resource to claim in: &iomem_resource, or a child that is unused itself
 * @mappable: the addresses, in bytes, that memremap_pages() can map
 * @occupied: tree of &struct xen_unpop_occupied: addresses of devices that have
 *	not claimed them in @root yet
 * @ranges: the advertised ranges, in bytes, last address inclusive; overwritten
 * @nr_ranges: number of elements of @ranges
 *
 * Claim each whole granule that can be mapped and is occupied neither in @occupied
 * nor in @root.  Log the addresses that cannot be used, and why.  pfn 0 is never
 * used: too much code takes it for "none".
 *
 * Context: Process context, may sleep.  No resource of @root is released
 *	meanwhile, which holds during boot.
 * Return: the number of regions added, or -ENOMEM; the regions added by then stay
 *	claimed and usable.
 */
int xen_unpop_claim_regions(struct list_head *regions, struct resource *root,
			    const struct range *mappable,
			    struct rb_root_cached *occupied,
			    struct range *ranges, unsigned int nr_ranges)
{
	const struct range limits = {
		.start	= max3(mappable->start, (u64)root->start,
			       (u64)PAGE_SIZE),
		.end	= min3(mappable->end, (u64)root->end, U64_MAX - 1),
	};
	unsigned int i, claimed = 0;

	nr_ranges = merge_ranges(ranges, nr_ranges);

	for (i = 0; i < nr_ranges; i++) {
		int ret;

		if (!clip_range(&ranges[i], &limits))
			continue;

		ret = claim_range(regions, root, occupied, ranges[i]);
		if (ret < 0)
			return ret;
		claimed += ret;
	}

	return claimed;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_claim_regions);

/* The addresses that memremap_pages() can map, and a PV guest's p2m has room for. */
struct range xen_unpop_mappable_range(void)
{
	struct range range = mhp_get_pluggable_range(true);

	range.end = min_t(u64, range.end,
			  PFN_PHYS(xen_unpop_p2m_max_pfn()) - 1);

	return range;
}
