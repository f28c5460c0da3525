// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of guest physical addresses for foreign mappings.
 *
 * A hypervisor or toolstack that knows which guest physical addresses stay
 * unused for the life of a domain says so in the firmware's memory map: on Arm
 * as "extended regions" in the hypervisor node of the device tree.  The
 * architecture reads the map and passes here whatever it finds.  Nothing is
 * assumed about it, as the device-tree binding promises neither order nor
 * alignment nor that entries do not overlap:
 *
 *	advertised	  |---A---|--B--|   |-C-|    |---D---| |-----E-----|
 *			      |--B'-|					  :
 *	sorted, merged	  |------A+B-----|  |-C-|    |---D---| |-----E-----|
 *	can be mapped	  |------A+B-----|  |-C-|    |---D---| |---E---|  :
 *	without conflicts |------A+B-----|  |-C-|    |-D-|xxx  |---E---|
 *	whole granules	    |----A+B---|               |D|	|--E--|
 *
 * What is left is claimed as busy in iomem_resource, so that from then on
 * nothing else (a driver, memory hotplug) can be given these addresses; the
 * allocator carves its chunks out of the claimed resources.  A bad entry costs
 * no more than itself.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/align.h>
#include <linux/export.h>
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
 * Claim the whole granules of @range.  Returns 1 if that was done, 0 if there
 * are none or if another resource, then in @conflict, is in the way.
 */
static int claim_range(struct list_head *regions, struct resource *root,
		       const struct range *range, struct resource **conflict)
{
	u64 start = ALIGN(range->start, XEN_SCRATCH_GRANULE);
	u64 limit = ALIGN_DOWN(range->end + 1, XEN_SCRATCH_GRANULE);
	struct xen_scratch_region *region;

	*conflict = NULL;

	/* The first comparison is for an ALIGN() that wrapped. */
	if (start < range->start || start >= limit) {
		xen_scratch_report_unused(range->start, range->end,
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

	*conflict = request_resource_conflict(root, &region->res);
	if (*conflict) {
		kfree(region);
		return 0;
	}

	list_add_tail(&region->list, regions);
	return 1;
}

/*
 * Claim all of @range that no other resource has.  Returns the number of
 * regions that it came to.
 */
static int claim_around_conflicts(struct list_head *regions,
				  struct resource *root, struct range range)
{
	struct resource *conflict, *none;
	int claimed = 0, ret;

	for (;;) {
		ret = claim_range(regions, root, &range, &conflict);
		if (ret < 0)
			return ret;
		claimed += ret;
		if (!conflict)
			return claimed;

		xen_scratch_report_unused(max_t(u64, range.start,
						conflict->start),
					  min_t(u64, range.end, conflict->end),
					  "overlaps ", conflict->name);

		/* It is the lowest conflict: what lies before it is free. */
		if (range.start < conflict->start) {
			struct range before = {
				.start	= range.start,
				.end	= conflict->start - 1,
			};

			ret = claim_range(regions, root, &before, &none);
			if (ret < 0)
				return ret;
			claimed += ret;
		}

		if (conflict->end >= range.end)
			return claimed;
		range.start = conflict->end + 1;
	}
}

/**
 * xen_scratch_claim_regions() - claim advertised ranges for scratch pages
 * @regions: list that a &struct xen_scratch_region is added to for each range
 *	claimed, in the order of their addresses
 * @root: resource tree to claim in, &iomem_resource unless in a test
 * @mappable: the addresses, in bytes, that memremap_pages() can map
 * @ranges: what the firmware advertises, in bytes, last address inclusive, in
 *	any order and of any quality; overwritten
 * @nr_ranges: number of elements of @ranges
 *
 * Claims every whole granule of the ranges that can be mapped and that nobody
 * has claimed.  Says in the kernel log what could not be used and why.  pfn 0
 * is never used: too much code takes it for "none".
 *
 * Context: Process context, may sleep.  Nobody else may release resources of
 * @root meanwhile, which holds during boot.
 * Return: the number of regions added to @regions, or -ENOMEM; the regions
 * added by then stay claimed and usable.
 */
int xen_scratch_claim_regions(struct list_head *regions, struct resource *root,
			      const struct range *mappable,
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

		ret = claim_around_conflicts(regions, root, ranges[i]);
		if (ret < 0)
			return ret;
		claimed += ret;
	}

	return claimed;
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_claim_regions);
