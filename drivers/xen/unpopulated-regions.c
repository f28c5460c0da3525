// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of guest physical addresses for foreign mappings.
 *
 * A hypervisor or toolstack that knows which guest physical addresses stay
 * unused for the life of a domain says so in the firmware's memory map: on Arm
 * as "extended regions" in the hypervisor node of the device tree, on x86 as
 * unusable memory in the map of a PVH dom0.  Whoever reads the map
 * (unpopulated-of.c, arch/x86/xen) passes here whatever it finds.  Nothing is
 * assumed about it, as the device-tree binding promises neither order nor
 * alignment nor that entries do not overlap:
 *
 *	advertised	  |---A---|--B--|   |-C-|    |---D---| |-----E-----|
 *			      |--B'-|					  :
 *	sorted, merged	  |------A+B-----|  |-C-|    |---D---| |-----E-----|
 *	can be mapped	  |------A+B-----|  |-C-|    |---D---| |---E---|  :
 *	not taken	  |------A+B-----|  |-C-|    |-D-|xxx  |---E---|
 *	whole granules	    |----A+B---|               |D|	|--E--|
 *
 * What is left is claimed as busy in iomem_resource, or inside of the resource
 * that the map has for it, so that from then on nothing else (a driver, memory
 * hotplug) can be given these addresses; the allocator carves its chunks out of
 * the claimed resources.  A bad entry costs no more than itself.
 *
 * Taken is what another resource has, and what the firmware's map has a device
 * for: at boot, when this is done, few drivers have claimed anything yet.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/align.h>
#include <linux/export.h>
#include <linux/interval_tree.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "unpopulated.h"

VISIBLE_IF_KUNIT void xen_scratch_report_unused(u64 start, u64 end,
						const char *why,
						const char *who)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_report_unused, start, end, why,
				   who);

	pr_info("[mem %#010llx-%#010llx] not used: %s%s\n", start, end, why,
		who);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_report_unused);

/*
 * Drop what cannot be a range, sort, and merge what overlaps or touches, as
 * pieces that share a granule are usable only together.
 */
static unsigned int merge_ranges(struct range *ranges, unsigned int nr_ranges)
{
	unsigned int i, nr_valid = 0, nr = 0;

	for (i = 0; i < nr_ranges; i++) {
		if (ranges[i].start <= ranges[i].end)
			ranges[nr_valid++] = ranges[i];
		else
			xen_scratch_report_unused(ranges[i].start,
						  ranges[i].end,
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

/* Cut a range to @limits; returns false if nothing of it is left. */
static bool clip_range(struct range *range, const struct range *limits)
{
	struct range old = *range;

	range->start = max(range->start, limits->start);
	range->end = min(range->end, limits->end);
	if (range->start > range->end) {
		xen_scratch_report_unused(old.start, old.end,
					  "cannot be mapped", "");
		return false;
	}

	if (old.start < range->start)
		xen_scratch_report_unused(old.start, range->start - 1,
					  "cannot be mapped", "");
	if (old.end > range->end)
		xen_scratch_report_unused(range->end + 1, old.end,
					  "cannot be mapped", "");

	return true;
}

/*
 * The lowest part of @range that is taken, by something that is not ours.
 * Returns false if there is none.
 */
static bool find_taken(struct resource *root, struct rb_root_cached *taken,
		       const struct range *range,
		       struct xen_scratch_taken *found)
{
	struct resource probe = {
		.name	= "Xen extended region",
		.start	= range->start,
		.end	= range->end,
		.flags	= IORESOURCE_MEM,
	};
	struct interval_tree_node *node;
	struct resource *conflict;

	node = interval_tree_iter_first(taken, range->start, range->end);
	if (node) {
		*found = *container_of(node, struct xen_scratch_taken, node);
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
 * Claim the whole granules from @first to @last, nothing of which is taken.
 * Returns the number of regions, 1 or 0, that this came to.
 */
static int claim_granules(struct list_head *regions, struct resource *root,
			  u64 first, u64 last)
{
	u64 start = ALIGN(first, XEN_SCRATCH_GRANULE);
	u64 limit = ALIGN_DOWN(last + 1, XEN_SCRATCH_GRANULE);
	struct xen_scratch_region *region;

	/* The first comparison is for an ALIGN() that wrapped. */
	if (start < first || start >= limit) {
		xen_scratch_report_unused(first, last,
					  "smaller than a granule", "");
		return 0;
	}

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return -ENOMEM;

	region->parent = &region->res;
	region->res.name = "Xen extended region";
	region->res.start = start;
	region->res.end = limit - 1;
	region->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;

	if (request_resource(root, &region->res)) {
		xen_scratch_report_unused(first, last, "cannot be claimed", "");
		kfree(region);
		return 0;
	}

	if (first < start)
		xen_scratch_report_unused(first, start - 1,
					  "smaller than a granule", "");
	if (limit - 1 < last)
		xen_scratch_report_unused(limit, last,
					  "smaller than a granule", "");

	list_add_tail(&region->list, regions);
	return 1;
}

/*
 * Claim all of @range that is not taken.  Returns the number of regions that it
 * came to.
 */
static int claim_range(struct list_head *regions, struct resource *root,
		       struct rb_root_cached *taken, struct range range)
{
	struct xen_scratch_taken found;
	int claimed = 0, ret;

	while (find_taken(root, taken, &range, &found)) {
		u64 start = found.node.start, last = found.node.last;

		xen_scratch_report_unused(max(range.start, start),
					  min(range.end, last),
					  "overlaps ", found.name);
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
 * xen_scratch_claim_regions() - claim advertised ranges for scratch pages
 * @regions: list that a &struct xen_scratch_region is added to for each range
 *	claimed, in the order of their addresses
 * @root: resource to claim in: &iomem_resource, or a child that is unused itself
 * @mappable: the addresses, in bytes, that memremap_pages() can map
 * @taken: tree of &struct xen_scratch_taken, what is not unused although nobody
 *	has claimed it in @root yet
 * @ranges: what the firmware advertises, in bytes, last address inclusive, in
 *	any order and of any quality; overwritten
 * @nr_ranges: number of elements of @ranges
 *
 * Claims every whole granule of the ranges that can be mapped and is not taken,
 * neither in @taken nor in @root.  Says in the kernel log what could not be
 * used and why.  pfn 0 is never used: too much code takes it for "none".
 *
 * Context: Process context, may sleep.  Nobody else may release resources of
 * @root meanwhile, which holds during boot.
 * Return: the number of regions added to @regions, or -ENOMEM; the regions
 * added by then stay claimed and usable.
 */
int xen_scratch_claim_regions(struct list_head *regions, struct resource *root,
			      const struct range *mappable,
			      struct rb_root_cached *taken,
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

		ret = claim_range(regions, root, taken, ranges[i]);
		if (ret < 0)
			return ret;
		claimed += ret;
	}

	return claimed;
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_claim_regions);
