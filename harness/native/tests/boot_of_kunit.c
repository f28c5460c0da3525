// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for boot with a device tree: from the hypervisor node to the pages.
 */
#include <kunit/of.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/range.h>
#include <xen/xen.h>

#include "boot.h"

#include "../runtime/log.h"
#include "../runtime/mm.h"

KUNIT_DEFINE_ACTION_WRAPPER(destroy_changes, of_changeset_destroy,
			    struct of_changeset *);
KUNIT_DEFINE_ACTION_WRAPPER(revert_changes, of_changeset_revert,
			    struct of_changeset *);

/* Changes of the tree, for one test. */
static struct of_changeset *new_changes(struct kunit *test)
{
	struct of_changeset *changes;

	changes = kunit_kzalloc(test, sizeof(*changes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, changes);
	of_changeset_init(changes);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_changes,
							   changes));

	return changes;
}

static void apply_changes(struct kunit *test, struct of_changeset *changes)
{
	KUNIT_ASSERT_EQ(test, 0, of_changeset_apply(changes));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, revert_changes,
							   changes));
}

static struct device_node *new_node(struct kunit *test,
				    struct of_changeset *changes,
				    struct device_node *parent,
				    const char *name)
{
	struct device_node *np;

	np = of_changeset_create_node(changes, parent, name);
	KUNIT_ASSERT_NOT_NULL(test, np);
	of_node_put_kunit(test, np);

	return np;
}

static void add_prop(struct kunit *test, struct of_changeset *changes,
		     struct device_node *np, const char *name,
		     const u32 *cells, unsigned int nr_cells)
{
	KUNIT_ASSERT_EQ(test, 0,
			of_changeset_add_prop_u32_array(changes, np, name,
							cells, nr_cells));
}

#define ADD_PROP(test, changes, np, name, ...)				\
	add_prop(test, changes, np, name, (const u32[]){ __VA_ARGS__ },	\
		 ARRAY_SIZE(((const u32[]){ __VA_ARGS__ })))

static void set_cells(struct kunit *test, struct of_changeset *changes,
		      struct device_node *np, u32 addr_cells, u32 size_cells)
{
	ADD_PROP(test, changes, np, "#address-cells", addr_cells);
	ADD_PROP(test, changes, np, "#size-cells", size_cells);
}

/* A node with the region for the grant table, and 1 GiB from 8 GiB on. */
static struct device_node *new_hypervisor(struct kunit *test,
					  struct of_changeset *changes)
{
	struct device_node *np = new_node(test, changes, of_root, "hypervisor");

	ADD_PROP(test, changes, np, "reg", 0, 0x40000000, 0, 0x40000,
		 2, 0x00000000, 0, 0x40000000);

	return np;
}

/* A bus whose first GiB, and no more, is at 8 GiB. */
static struct device_node *new_bus(struct kunit *test,
				   struct of_changeset *changes)
{
	struct device_node *bus = new_node(test, changes, of_root, "bus");

	set_cells(test, changes, bus, 2, 2);
	ADD_PROP(test, changes, bus, "ranges", 0, 0, 2, 0, 0, 0x40000000);

	return bus;
}

/*
 * Add the regions of a node with its first allocation failing, then its second
 * and so on, until there is a region to use.  Returns how often adding failed.
 */
static unsigned int add_node(struct kunit *test, struct device_node *np)
{
	unsigned int nth = 0;
	int ret;

	do {
		native_fail_nth = ++nth;
		ret = xen_unpopulated_add_node(np, 1);
		KUNIT_ASSERT_TRUE_MSG(test, !ret || ret == -ENOMEM, "round %u",
				      nth);
		KUNIT_ASSERT_EQ_MSG(test, native_fail_nth, 0, "round %u", nth);
	} while (ret);
	/* The regions behind the first one. */
	KUNIT_EXPECT_EQ(test, 0, xen_unpopulated_add_node(np, 1));

	return nth - 1;
}

/* Expect that there is one region, or another one behind it. */
static void expect_region(struct kunit *test, u64 start, u64 end)
{
	struct boot_test *ctx = test->priv;
	struct resource *res = ctx->unused.sibling;

	KUNIT_ASSERT_NOT_NULL(test, res);
	KUNIT_EXPECT_STREQ(test, res->name, "Xen extended region");
	KUNIT_EXPECT_EQ(test, res->start, start);
	KUNIT_EXPECT_EQ(test, res->end, end);
}

/* When memory for the regions runs out, none of them is left. */
static void boot_of_test_node(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct of_changeset *changes = new_changes(test);
	struct device_node *np, *device;
	struct page *page;

	np = new_node(test, changes, of_root, "hypervisor");
	/* The grant table, a region, part of a region. */
	ADD_PROP(test, changes, np, "reg", 0, 0x40000000, 0, 0x40000,
		 2, 0x00000000, 0, 0x40000000, 3, 0x00000000, 0);
	device = new_node(test, changes, of_root, "device");
	ADD_PROP(test, changes, device, "reg", 2, 0x20000000, 0, 0x1000);
	apply_changes(test, changes);

	/* The array of ranges, the device, the region before it. */
	KUNIT_EXPECT_EQ(test, add_node(test, np), 3);
	KUNIT_EXPECT_TRUE(test,
			  native_log_has("hypervisor: entry 2 of reg not used: it is cut off"));
	KUNIT_EXPECT_TRUE(test,
			  native_log_has("[mem 0x220000000-0x220000fff] not used: overlaps"));
	expect_region(test, 0x200000000, 0x21fffffff);

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, PFN_PHYS(page_to_pfn(page)), 2ULL << 32);
	xen_free_unpopulated_pages(1, &page);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&ctx->pool->failures));
}

/* Host bridges: with windows, without, and on a bus that is not reached. */
static void boot_of_test_pci(struct kunit *test)
{
	struct of_changeset *changes = new_changes(test);
	struct device_node *np, *bus, *pci;

	np = new_hypervisor(test, changes);
	pci = new_node(test, changes, of_root, "pcie");
	set_cells(test, changes, pci, 3, 2);
	ADD_PROP(test, changes, pci, "reg", 2, 0x28000000, 0, 0x1000);
	ADD_PROP(test, changes, pci, "ranges", 0x2000000, 0, 0x10000000,
		 2, 0x30000000, 0, 0x1000);
	pci = new_node(test, changes, of_root, "pcie@1");
	set_cells(test, changes, pci, 3, 2);
	bus = new_node(test, changes, of_root, "bus");
	set_cells(test, changes, bus, 2, 2);
	pci = new_node(test, changes, bus, "pcie@2");
	set_cells(test, changes, pci, 3, 2);
	ADD_PROP(test, changes, pci, "ranges", 0x2000000, 0, 0x10000000,
		 2, 0x10000000, 0, 0x1000);
	apply_changes(test, changes);

	/* The array of ranges, the bridge, the window, the region before them. */
	KUNIT_EXPECT_EQ(test, add_node(test, np), 4);
	expect_region(test, 0x200000000, 0x227ffffff);
}

/* The only occupied range is this one of @name, or there is none with NULL. */
static void expect_occupied(struct kunit *test, struct device_node *np, int first,
			    struct range range, u64 start, u64 end,
			    const char *name)
{
	struct rb_root_cached occupied = RB_ROOT_CACHED;
	struct xen_unpop_occupied *found;
	struct interval_tree_node *node;

	KUNIT_EXPECT_EQ(test, 0,
			xen_unpop_find_occupied(&occupied, np, first, &range, 1));
	node = interval_tree_iter_first(&occupied, 0, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, !!node, !!name);
	if (node && name) {
		found = container_of(node, struct xen_unpop_occupied, node);
		KUNIT_EXPECT_EQ(test, (u64)node->start, start);
		KUNIT_EXPECT_EQ(test, (u64)node->last, end);
		KUNIT_EXPECT_STREQ(test, found->name, name);
		KUNIT_EXPECT_NULL(test,
				  interval_tree_iter_next(node, 0, ULONG_MAX));
	}
	xen_unpop_free_occupied(&occupied);
}

/* An entry that is no address range is left out, those around it are not. */
static void boot_of_test_bad_entries(struct kunit *test)
{
	struct of_changeset *changes = new_changes(test);
	struct device_node *np, *bus, *device;

	np = new_hypervisor(test, changes);
	bus = new_bus(test, changes);
	device = new_node(test, changes, bus, "device");
	ADD_PROP(test, changes, device, "reg", 0, 0x10000000, 0, 0x1000,
		 1, 0, 0, 0x1000, 0, 0x20000000, 0, 0x1000);
	apply_changes(test, changes);

	expect_occupied(test, np, 1, (struct range){ 0x210000000, 0x21fffffff },
			0x210000000, 0x210000fff, "device");
	expect_occupied(test, np, 1, (struct range){ 0x220000000, 0x22fffffff },
			0x220000000, 0x220000fff, "device");
	expect_occupied(test, np, 1, (struct range){ 0x230000000, 0x23fffffff },
			0, 0, NULL);
}

/* Windows: one that is not reached, one behind it, one with more than there is. */
static void boot_of_test_bad_windows(struct kunit *test)
{
	struct of_changeset *changes = new_changes(test);
	struct device_node *np, *bus, *pci;

	np = new_hypervisor(test, changes);
	bus = new_bus(test, changes);
	pci = new_node(test, changes, bus, "pcie");
	set_cells(test, changes, pci, 3, 2);
	ADD_PROP(test, changes, pci, "ranges",
		 0x2000000, 0, 0x10000000, 1, 0, 0, 0x1000,
		 0x2000000, 0, 0x20000000, 0, 0x20000000, 0, 0x1000);
	pci = new_node(test, changes, of_root, "pcie@1");
	set_cells(test, changes, pci, 3, 2);
	ADD_PROP(test, changes, pci, "ranges",
		 0x2000000, 0, 0x10000000, ~0, 0xfffff000, 0, 0x2000);
	apply_changes(test, changes);

	expect_occupied(test, np, 0, (struct range){ 0, U64_MAX },
			0x220000000, 0x220000fff, "pcie");
}

/* Ports are no addresses of memory. */
static void boot_of_test_ports(struct kunit *test)
{
	struct of_changeset *changes = new_changes(test);
	struct device_node *np, *isa, *device;

	np = new_hypervisor(test, changes);
	isa = new_node(test, changes, of_root, "isa");
	set_cells(test, changes, isa, 2, 1);
	ADD_PROP(test, changes, isa, "ranges", 1, 0, 2, 0, 0x10000,
		 0, 0x100000, 2, 0x100000, 0x10000);
	device = new_node(test, changes, isa, "device");
	ADD_PROP(test, changes, device, "reg", 1, 0x60, 1, 0, 0x100000, 1);
	apply_changes(test, changes);

	expect_occupied(test, np, 0, (struct range){ 0, U64_MAX },
			0x200100000, 0x200100000, "device");
}

/*
 * Cells of an EEPROM and partitions of flash memory have addresses that are not
 * those of the processor.  Translating them would log an error.
 */
static void boot_of_test_no_bus(struct kunit *test)
{
	struct of_changeset *changes = new_changes(test);
	struct device_node *np;

	KUNIT_ASSERT_EQ(test, 0,
			of_overlay_apply_kunit(test, unpopulated_of_kunit_dt));
	np = of_find_node_by_name(NULL, "eeprom");
	KUNIT_EXPECT_NOT_NULL(test, np);
	of_node_put(np);
	np = of_find_node_by_name(NULL, "partitions");
	KUNIT_EXPECT_NOT_NULL(test, np);
	of_node_put(np);

	np = new_hypervisor(test, changes);
	apply_changes(test, changes);
	KUNIT_EXPECT_EQ(test, 0, xen_unpopulated_add_node(np, 1));
	KUNIT_EXPECT_FALSE(test, native_log_has("Bad cell count"));
	expect_region(test, 0x200000000, 0x23fffffff);
}

static struct kunit_case boot_of_test_cases[] = {
	KUNIT_CASE(boot_of_test_node),
	KUNIT_CASE(boot_of_test_pci),
	KUNIT_CASE(boot_of_test_bad_entries),
	KUNIT_CASE(boot_of_test_bad_windows),
	KUNIT_CASE(boot_of_test_ports),
	KUNIT_CASE(boot_of_test_no_bus),
	{}
};

static struct kunit_suite boot_of_test_suite = {
	.name = "xen_unpopulated_boot_of",
	.init = boot_test_init,
	.exit = boot_test_exit,
	.test_cases = boot_of_test_cases,
};

kunit_test_suite(boot_of_test_suite);
