/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses that a firmware advertises, in a resource tree of their own, for
 * KUnit cases to claim, and a map of them to compare the claimed regions with.
 *
 * Addresses are in quarters of a granule, so that the cases hold for any page size
 * and an unaligned address is a number like any other.
 */
#ifndef _XEN_UNPOPULATED_REGIONS_TEST_H
#define _XEN_UNPOPULATED_REGIONS_TEST_H

#include <kunit/test.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/range.h>

#include "../unpopulated.h"

#define QUARTER		(XEN_UNPOP_GRANULE / 4)

/* Address space of the cases, in quarters. */
#define NR_QUARTERS	256

#define MAX_RANGES	8

/**
 * struct regions_test - the state of a case, kunit->priv
 * @root: the resource tree
 * @resources: resources that are in it from the start
 * @devices: addresses of devices
 * @occupied: the tree of @devices
 * @regions: the claimed regions
 * @mappable: the addresses that memremap_pages() can map
 * @ranges: the advertised ranges
 * @nr_ranges: number of elements of @ranges
 * @usable: for each quarter: it may be claimed
 * @advertised: for each quarter: it is advertised, usable or not
 * @reported: number of bytes that were reported as not used
 * @why: the reason of the first report
 * @nr_reports: number of reports
 * @last: the last report
 */
struct regions_test {
	struct resource root;
	struct resource resources[MAX_RANGES];
	struct xen_unpop_occupied devices[MAX_RANGES];
	struct rb_root_cached occupied;
	struct list_head regions;
	struct range mappable;
	struct range ranges[MAX_RANGES];
	unsigned int nr_ranges;
	bool usable[NR_QUARTERS];
	bool advertised[NR_QUARTERS];
	u64 reported;
	const char *why;
	unsigned int nr_reports;
	struct {
		u64 start, end;
		const char *why, *name;
	} last;
};

/* For struct kunit_suite. */
int regions_test_init(struct kunit *test);
void regions_test_exit(struct kunit *test);
/* Release the regions, and forget all ranges, resources and devices. */
void regions_test_reset(struct kunit *test);

/* Add a range, the @i-th resource, the @i-th device. */
void regions_test_advertise(struct regions_test *ctx,
			    const struct range *range);
void regions_test_add_resource(struct regions_test *ctx, unsigned int i,
			       const struct range *range);
void regions_test_add_device(struct regions_test *ctx, unsigned int i,
			     const struct range *range);

int regions_test_claim(struct regions_test *ctx, struct range *ranges,
		       unsigned int nr_ranges);
/*
 * Claim all that is advertised.  The regions must be the usable granules, each
 * one claimed once and in order; all other addresses must be reported.
 */
void regions_test_claim_all(struct kunit *test);

#endif /* _XEN_UNPOPULATED_REGIONS_TEST_H */
