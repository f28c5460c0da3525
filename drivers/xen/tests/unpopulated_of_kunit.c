// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the regions that the device tree offers, and for the devices in
 * there that have some of their addresses.
 *
 * The nodes are real ones.  The buses and the devices come with an overlay
 * (unpopulated_of_kunit_dt.dtso).  Each case adds a hypervisor node to a bus
 * itself, as dtc refuses a malformed one.
 */
#include <kunit/of.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/of.h>
#include <linux/range.h>
#include <linux/slab.h>

#include "../unpopulated.h"

/* As in the hypervisor node of Xen: entry 0 is for the grant table. */
#define FIRST		1

#define MAX_CELLS	24
#define MAX_RANGES	4

struct of_test {
	struct of_changeset changes;
	struct device_node *np;
	struct range *ranges;
	struct rb_root_cached occupied;
	unsigned int nr_reports;
	int entry;
	const char *why;
};

struct of_case {
	const char *name;
	const char *bus;
	u32 reg[MAX_CELLS];
	/* 0: there is no such property. */
	unsigned int nr_cells;
	struct range expect[MAX_RANGES];
	int nr_expect;
	/* Number of entries that are reported as not used; the last one. */
	unsigned int nr_reports;
	int entry;
	const char *why;
};

#define REG(...)							\
	.reg = { __VA_ARGS__ },						\
	.nr_cells = sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32)
#define EXPECT(...)							\
	.expect = { __VA_ARGS__ },					\
	.nr_expect = sizeof((struct range[]){ __VA_ARGS__ }) /		\
		     sizeof(struct range)
#define REPORTS(number, last, reason)					\
	.nr_reports = (number),						\
	.entry = (last),						\
	.why = (reason)

static const struct of_case of_cases[] = {
	{ "as Xen makes it", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xa000, 0x40400000, 0, 0x7fc00000,
	      0xa001, 0x00000000, 0, 0x40000000),
	  EXPECT({ 0xa00040400000, 0xa000bfffffff },
		 { 0xa00100000000, 0xa0013fffffff }) },
	{ "in any order, twice, and unaligned", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xa001, 0x00000000, 0, 0x1000,
	      0xa000, 0x40001000, 0, 0x3000,
	      0xa000, 0x40001000, 0, 0x3000),
	  EXPECT({ 0xa00100000000, 0xa00100000fff },
		 { 0xa00040001000, 0xa00040003fff },
		 { 0xa00040001000, 0xa00040003fff }) },
	{ "the grant table only", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000) },
	{ "no reg", "kunit-xen-2-2" },
	{ "at address 0", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0, 0, 0, 0x8000000),
	  EXPECT({ 0, 0x7ffffff }) },
	{ "up to the last address", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xffffffff, 0xffe00000, 0, 0x200000),
	  EXPECT({ 0xffffffffffe00000, U64_MAX }) },
	{ "beyond the last address", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xffffffff, 0xffe00000, 0, 0x400000,
	      0xa001, 0x00000000, 0, 0x40000000),
	  EXPECT({ 0xa00100000000, 0xa0013fffffff }),
	  REPORTS(1, 1, "it is no address range") },
	{ "empty entries", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xa000, 0x40400000, 0, 0,
	      0, 0, 0, 0,
	      0xa001, 0x00000000, 0, 0x40000000),
	  EXPECT({ 0xa00100000000, 0xa0013fffffff }),
	  REPORTS(2, 2, "it is empty") },
	{ "nothing but ones", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff),
	  REPORTS(1, 1, "it is no address range") },
	{ "a bad entry for the grant table", "kunit-xen-2-2",
	  REG(0, 0, 0, 0,
	      0xa001, 0x00000000, 0, 0x40000000),
	  EXPECT({ 0xa00100000000, 0xa0013fffffff }) },
	{ "truncated", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xa000, 0x40400000, 0, 0x7fc00000,
	      0xa001, 0x00000000, 0),
	  EXPECT({ 0xa00040400000, 0xa000bfffffff }),
	  REPORTS(1, 2, "it is cut off") },
	{ "truncated in the first entry", "kunit-xen-2-2",
	  REG(0xa000, 0x00200000, 0),
	  REPORTS(1, 0, "it is cut off") },
	{ "cells 2 and 1", "kunit-xen-2-1",
	  REG(0xa000, 0x00200000, 0x40000,
	      0xa000, 0x40400000, 0x7fc00000,
	      0xa001, 0x00000000, 0xffffffff),
	  EXPECT({ 0xa00040400000, 0xa000bfffffff },
		 { 0xa00100000000, 0xa001fffffffe }) },
	{ "cells 1 and 2", "kunit-xen-1-2",
	  REG(0x00200000, 0, 0x40000,
	      0x40400000, 0, 0x7fc00000),
	  EXPECT({ 0xa00040400000, 0xa000bfffffff }) },
	{ "cells 1 and 1", "kunit-xen-1-1",
	  REG(0x00200000, 0x40000,
	      0x40400000, 0x7fc00000,
	      0xc0000000, 0x10000000),
	  EXPECT({ 0xa00040400000, 0xa000bfffffff },
		 { 0xa000c0000000, 0xa000cfffffff }) },
	{ "cells 1 and 1, where the bus does not reach", "kunit-xen-1-1",
	  REG(0x00200000, 0x40000,
	      0xf8000000, 0x1000000,
	      0xc0000000, 0x10000000),
	  EXPECT({ 0xa000c0000000, 0xa000cfffffff }),
	  REPORTS(1, 1, "it is no address range") },
	{ "cells 2 and 1, truncated", "kunit-xen-2-1",
	  REG(0xa000, 0x00200000, 0x40000,
	      0xa000, 0x40400000, 0x7fc00000,
	      0xa001, 0x00000000),
	  EXPECT({ 0xa00040400000, 0xa000bfffffff }),
	  REPORTS(1, 2, "it is cut off") },
	{ "no cells for a size", "kunit-xen-2-0",
	  REG(0xa000, 0x00200000,
	      0xa000, 0x40400000),
	  REPORTS(1, 1, "it is no address range") },
	{ "on a bus that cannot be reached", "kunit-xen-elsewhere",
	  REG(0xa000, 0x00200000, 0, 0x40000,
	      0xa000, 0x40400000, 0, 0x7fc00000),
	  REPORTS(1, 1, "it is no address range") },
};

KUNIT_ARRAY_PARAM_DESC(of, of_cases, name);

KUNIT_DEFINE_ACTION_WRAPPER(free_ranges, kfree, const void *);

static void remove_node(void *data)
{
	struct of_test *ctx = data;

	of_changeset_revert(&ctx->changes);
	of_changeset_destroy(&ctx->changes);
	of_node_put(ctx->np);
}

/* Add a node with @nr_cells of @reg to @bus. */
static void add_node(struct kunit *test, const char *bus, const u32 *reg,
		     unsigned int nr_cells)
{
	struct of_test *ctx = test->priv;
	struct device_node *parent;

	parent = of_find_node_by_name(NULL, bus);
	KUNIT_ASSERT_NOT_NULL(test, parent);
	of_node_put_kunit(test, parent);

	of_changeset_init(&ctx->changes);
	ctx->np = of_changeset_create_node(&ctx->changes, parent,
					   "kunit-xen-hypervisor");
	KUNIT_ASSERT_NOT_NULL(test, ctx->np);
	if (nr_cells)
		KUNIT_ASSERT_EQ(test, 0,
				of_changeset_add_prop_u32_array(&ctx->changes,
								ctx->np, "reg",
								reg, nr_cells));
	KUNIT_ASSERT_EQ(test, 0, of_changeset_apply(&ctx->changes));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, remove_node, ctx));
}

/* Read the node; returns the number of ranges. */
static int read_node(struct kunit *test)
{
	struct of_test *ctx = test->priv;
	int nr;

	nr = xen_unpop_read_node(ctx->np, FIRST, &ctx->ranges);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_ranges,
						  ctx->ranges));

	return nr;
}

static void fake_report(struct device_node *np, int entry, const char *why)
{
	struct of_test *ctx = kunit_get_current_test()->priv;

	ctx->nr_reports++;
	ctx->entry = entry;
	ctx->why = why;
}

static int of_test_init(struct kunit *test)
{
	struct of_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->occupied = RB_ROOT_CACHED;
	test->priv = ctx;
	kunit_activate_static_stub(test, xen_unpop_report_entry, fake_report);

	return of_overlay_apply_kunit(test, unpopulated_of_kunit_dt);
}

static void of_test_exit(struct kunit *test)
{
	struct of_test *ctx = test->priv;

	if (ctx)
		xen_unpop_free_occupied(&ctx->occupied);
}

/* Each entry that is a range is read, whatever the others are. */
static void of_test_read(struct kunit *test)
{
	const struct of_case *param = test->param_value;
	struct of_test *ctx = test->priv;
	int i;

	add_node(test, param->bus, param->reg, param->nr_cells);
	KUNIT_ASSERT_EQ(test, param->nr_expect, read_node(test));
	KUNIT_EXPECT_EQ(test, ctx->nr_reports, param->nr_reports);
	KUNIT_EXPECT_EQ(test, ctx->entry, param->entry);
	if (param->why)
		KUNIT_EXPECT_STREQ(test, ctx->why, param->why);
	for (i = 0; i < param->nr_expect; i++) {
		KUNIT_EXPECT_EQ_MSG(test, ctx->ranges[i].start,
				    param->expect[i].start, "range %d", i);
		KUNIT_EXPECT_EQ_MSG(test, ctx->ranges[i].end,
				    param->expect[i].end, "range %d", i);
	}
}

/* As many as Xen makes. */
static void of_test_many(struct kunit *test)
{
	const unsigned int nr = 256, nr_cells = (nr + FIRST) * 4;
	struct of_test *ctx = test->priv;
	unsigned int i;
	u32 *reg;

	reg = kunit_kcalloc(test, nr_cells, sizeof(*reg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, reg);
	for (i = 0; i < nr_cells; i += 4) {
		reg[i] = 0xa000 + i;
		reg[i + 3] = 0x200000 + i;
	}

	add_node(test, "kunit-xen-2-2", reg, nr_cells);
	KUNIT_ASSERT_EQ(test, nr, read_node(test));
	for (i = 0; i < nr; i++) {
		unsigned int cell = (i + FIRST) * 4;

		KUNIT_EXPECT_EQ_MSG(test, ctx->ranges[i].start,
				    (u64)reg[cell] << 32, "range %u", i);
		KUNIT_EXPECT_EQ_MSG(test, range_len(&ctx->ranges[i]),
				    (u64)reg[cell + 3], "range %u", i);
	}
}

/* The occupied range with the lowest address; forget it. */
static void expect_occupied(struct kunit *test, u64 start, u64 end,
			    const char *name)
{
	struct of_test *ctx = test->priv;
	struct interval_tree_node *node;
	struct xen_unpop_occupied *occupied;

	node = interval_tree_iter_first(&ctx->occupied, 0, ULONG_MAX);
	KUNIT_ASSERT_NOT_NULL(test, node);
	interval_tree_remove(node, &ctx->occupied);
	KUNIT_EXPECT_EQ_MSG(test, (u64)node->start, start, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, (u64)node->last, end, "%s", name);
	occupied = container_of(node, struct xen_unpop_occupied, node);
	KUNIT_EXPECT_STREQ(test, occupied->name, name);
	kfree(occupied);
}

/*
 * Each address of a region that a node has is found, and no other one.  Of the first
 * device and of the last one, the last region has a byte.
 */
static void of_test_occupied(struct kunit *test)
{
	static const u32 reg[] = {
		0xa000, 0x40200000, 0, 0x40000,
		0xa001, 0x00000000, 0, 0x40000000,
		0xa000, 0x40000000, 0, 0x1000000,
		0xa000, 0x42000fff, 0, 0xdffe002,
	};
	struct of_test *ctx = test->priv;
	int nr;

	add_node(test, "kunit-xen-2-2", reg, ARRAY_SIZE(reg));
	nr = read_node(test);
	KUNIT_ASSERT_EQ(test, 3, nr);
	KUNIT_ASSERT_EQ(test, 0,
			xen_unpop_find_occupied(&ctx->occupied, ctx->np, FIRST,
						ctx->ranges, nr));

	expect_occupied(test, 0xa00040200000, 0xa0004023ffff,
			"kunit-xen-hypervisor");
	expect_occupied(test, 0xa00042000000, 0xa00042000fff,
			"kunit-xen-two@a00042000000");
	expect_occupied(test, 0xa00043000000, 0xa0004300ffff,
			"kunit-xen-two@a00042000000");
	expect_occupied(test, 0xa00045000000, 0xa000450fffff,
			"kunit-xen-pci@a00045000000");
	expect_occupied(test, 0xa00046000000, 0xa0004600ffff,
			"kunit-xen-pci@a00045000000");
	expect_occupied(test, 0xa00047000000, 0xa00047ffffff,
			"kunit-xen-pci@a00045000000");
	expect_occupied(test, 0xa00048000000, 0xa000480fffff,
			"pcie@a00048000000");
	expect_occupied(test, 0xa00049000000, 0xa000497fffff,
			"pcie@a00048000000");
	expect_occupied(test, 0xa0004a000000, 0xa0004a0fffff,
			"kunit-xen-pciex@a0004a000000");
	expect_occupied(test, 0xa0004b000000, 0xa0004b7fffff,
			"kunit-xen-pciex@a0004a000000");
	expect_occupied(test, 0xa0004ffff000, 0xa00050000fff,
			"kunit-xen-off@a00000000000");
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&ctx->occupied.rb_root));
}

static void no_report(u64 start, u64 end, const char *why, const char *name)
{
}

/* From the node to the regions that are claimed. */
static void of_test_claim(struct kunit *test)
{
	static const u32 reg[] = {
		0xa000, 0x50200000, 0, 0x40000,
		0xa000, 0x44000000, 0, 0x4000000,
		0xa000, 0x90000000, 0, 0x10000000,
		0xa000, 0x80000000, 0, 0x10000000,
	};
	struct resource root = DEFINE_RES_MEM_NAMED(0, 1ULL << 48, "root");
	struct range all = { .end = U64_MAX };
	struct of_test *ctx = test->priv;
	struct xen_unpop_region *region, *next;
	LIST_HEAD(regions);
	int nr;

	kunit_activate_static_stub(test, xen_unpop_report_unused, no_report);
	add_node(test, "kunit-xen-2-2", reg, ARRAY_SIZE(reg));
	nr = read_node(test);
	KUNIT_ASSERT_EQ(test, 3, nr);
	KUNIT_ASSERT_EQ(test, 0,
			xen_unpop_find_occupied(&ctx->occupied, ctx->np, FIRST,
						ctx->ranges, nr));
	xen_unpop_claim_regions(&regions, &root, &all, &ctx->occupied,
				ctx->ranges, nr);

	/* Between the devices there is room or not, depending on PAGE_SIZE. */
	list_for_each_entry_safe(region, next, &regions, list) {
		struct resource *res = &region->res;

		KUNIT_EXPECT_NULL_MSG(test,
				      interval_tree_iter_first(&ctx->occupied,
							       res->start,
							       res->end),
				      "%pR", res);
		if (list_is_last(&region->list, &regions)) {
			KUNIT_EXPECT_EQ(test, res->start, 0xa00080000000);
			KUNIT_EXPECT_EQ(test, res->end, 0xa0009fffffff);
		} else {
			KUNIT_EXPECT_TRUE_MSG(test, res->start >= 0xa00044000000 &&
					      res->end <= 0xa00047ffffff,
					      "%pR", res);
		}
		release_resource(res);
		list_del(&region->list);
		kfree(region);
		nr--;
	}
	KUNIT_EXPECT_LE(test, nr, 2);
}

static struct kunit_case of_test_cases[] = {
	KUNIT_CASE_PARAM(of_test_read, of_gen_params),
	KUNIT_CASE(of_test_many),
	KUNIT_CASE(of_test_occupied),
	KUNIT_CASE(of_test_claim),
	{}
};

static struct kunit_suite of_test_suite = {
	.name = "xen_unpopulated_of",
	.init = of_test_init,
	.exit = of_test_exit,
	.test_cases = of_test_cases,
};

kunit_test_suite(of_test_suite);

MODULE_DESCRIPTION("KUnit tests for the regions of unpopulated pages in the device tree");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
