// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: the addresses that the device tree offers.
 *
 * Xen or its toolstack puts them into the hypervisor node, after the region for
 * the grant table:
 *
 *	hypervisor {
 *		compatible = "xen,xen-4.17", "xen,xen";
 *		reg = <0x0 0x40200000 0x0 0x40000>,	grant table
 *		      <0x0 0x40400000 0x0 0x7fc00000>,	extended region
 *		      <0x1 0x00000000 0x0 0x40000000>;	extended region
 *	};
 *
 * An entry that cannot be read is left out; unpopulated-regions.c judges the
 * others.  It is told as well which of these addresses other nodes have.  A
 * current Xen advertises no such address.  This is checked nevertheless: few
 * drivers have claimed their addresses yet, and mapping a foreign page over a
 * device would corrupt both.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/printk.h>
#include <linux/range.h>
#include <linux/slab.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "unpopulated.h"

VISIBLE_IF_KUNIT void xen_unpop_report_entry(struct device_node *np, int entry,
					     const char *why)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_report_entry, np, entry, why);

	pr_info("%pOF: entry %d of reg not used: %s\n", np, entry, why);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_report_entry);

/**
 * xen_unpop_read_node() - read the extended regions in a hypervisor node
 * @np: the node
 * @first: index of the first extended region in its reg property
 * @ranges: where to return an array of them, for kfree(); NULL if there are none
 *
 * Log the entries that cannot be used.
 *
 * Return: the number of elements in @ranges, or -ENOMEM.
 */
VISIBLE_IF_KUNIT int xen_unpop_read_node(struct device_node *np, int first,
					 struct range **ranges)
{
	int entry_size = (of_n_addr_cells(np) + of_n_size_cells(np)) *
			 sizeof(__be32);
	int i, count = 0, size = 0, nr_ranges = 0;
	struct resource reg;

	*ranges = NULL;

	while (of_get_address(np, count, NULL, NULL))
		count++;
	of_get_property(np, "reg", &size);
	if (size > count * entry_size)
		xen_unpop_report_entry(np, count, "it is cut off");
	if (count <= first)
		return 0;

	*ranges = kcalloc(count - first, sizeof(**ranges), GFP_KERNEL);
	if (!*ranges)
		return -ENOMEM;

	for (i = first; i < count; i++) {
		if (of_address_to_resource(np, i, &reg)) {
			xen_unpop_report_entry(np, i, "it is no address range");
			continue;
		}
		if (!resource_size(&reg)) {
			xen_unpop_report_entry(np, i, "it is empty");
			continue;
		}
		(*ranges)[nr_ranges].start = reg.start;
		(*ranges)[nr_ranges].end = reg.end;
		nr_ranges++;
	}

	return nr_ranges;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_read_node);

static bool overlaps_any(u64 start, u64 end, const struct range *ranges,
			 int nr_ranges)
{
	int i;

	for (i = 0; i < nr_ranges; i++) {
		if (start <= ranges[i].end && ranges[i].start <= end)
			return true;
	}

	return false;
}

/* Add @size bytes from @start to @occupied, if they are in one of @ranges. */
static int add_occupied(struct rb_root_cached *occupied, u64 start, u64 size,
			const char *name, const struct range *ranges,
			int nr_ranges)
{
	struct xen_unpop_occupied *new;
	u64 end = start + size - 1;

	if (!size || end < start || !overlaps_any(start, end, ranges, nr_ranges))
		return 0;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;

	new->node.start = start;
	new->node.last = end;
	new->name = name;
	interval_tree_insert(&new->node, occupied);

	return 0;
}

/*
 * Whether the addresses in @np are those of the processor: each bus up to the root
 * has to say how it translates them.  of_translate_address() prints an error for
 * the nodes below an i2c EEPROM or SPI flash.
 */
static bool is_translatable(struct device_node *np)
{
	struct device_node *bus = of_get_parent(np);

	while (bus && !of_node_is_root(bus)) {
		if (!of_property_present(bus, "ranges")) {
			of_node_put(bus);
			return false;
		}
		bus = of_get_next_parent(bus);
	}
	of_node_put(bus);

	return true;
}

/* Add the addresses in the first @limit entries of the node's reg property. */
static int add_reg(struct rb_root_cached *occupied, struct device_node *np,
		   int limit, const struct range *ranges, int nr_ranges)
{
	struct resource res;
	int i, ret;

	if (!is_translatable(np))
		return 0;

	for (i = 0; i < limit && of_get_address(np, i, NULL, NULL); i++) {
		if (of_address_to_resource(np, i, &res) ||
		    resource_type(&res) != IORESOURCE_MEM)
			continue;
		ret = add_occupied(occupied, res.start, resource_size(&res),
				   np->full_name, ranges, nr_ranges);
		if (ret)
			return ret;
	}

	return 0;
}

/* Add the windows of a PCI host bridge: its devices are not in the tree. */
static int add_windows(struct rb_root_cached *occupied, struct device_node *np,
		       const struct range *ranges, int nr_ranges)
{
	struct of_pci_range_parser parser;
	struct of_pci_range window;
	int ret;

	if (of_pci_range_parser_init(&parser, np))
		return 0;

	for_each_of_pci_range(&parser, &window) {
		if (window.cpu_addr == OF_BAD_ADDR)
			continue;
		ret = add_occupied(occupied, window.cpu_addr, window.size,
				   np->full_name, ranges, nr_ranges);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * xen_unpop_free_occupied() - free the ranges of xen_unpop_find_occupied()
 * @occupied: tree of &struct xen_unpop_occupied
 */
VISIBLE_IF_KUNIT void xen_unpop_free_occupied(struct rb_root_cached *occupied)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(occupied, 0, ULONG_MAX))) {
		interval_tree_remove(node, occupied);
		kfree(container_of(node, struct xen_unpop_occupied, node));
	}
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_free_occupied);

/**
 * xen_unpop_find_occupied() - find advertised addresses that other nodes have
 * @occupied: tree that a &struct xen_unpop_occupied is added to for each address
 *	range in a device node that overlaps one of @ranges
 * @hypervisor: the node that the ranges were read from
 * @first: index of the first extended region in its reg property; the entries
 *	before that are occupied
 * @ranges: the advertised ranges, in bytes, last address inclusive
 * @nr_ranges: number of elements of @ranges
 *
 * A device that is not enabled occupies its addresses as well.
 *
 * Return: 0 or -ENOMEM; in either case @occupied is for xen_unpop_free_occupied().
 */
VISIBLE_IF_KUNIT int xen_unpop_find_occupied(struct rb_root_cached *occupied,
					     struct device_node *hypervisor,
					     int first,
					     const struct range *ranges,
					     int nr_ranges)
{
	struct device_node *np;
	int ret = 0;

	for_each_of_allnodes(np) {
		if (of_property_present(np, "reg"))
			ret = add_reg(occupied, np,
				      np == hypervisor ? first : INT_MAX,
				      ranges, nr_ranges);
		/* As the kernel's own code for PCI knows a host bridge. */
		if (!ret && (of_node_is_type(np, "pci") ||
			     of_node_is_type(np, "pciex") ||
			     of_node_name_eq(np, "pcie")))
			ret = add_windows(occupied, np, ranges, nr_ranges);
		if (ret)
			break;
	}

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_find_occupied);

/**
 * xen_unpop_add_node() - let a pool use the extended regions in the device tree
 * @pool: the pool
 * @np: the hypervisor node
 * @first: index of the first extended region in its reg property
 *
 * Claim the usable part of the regions in iomem_resource, so that nothing else is
 * placed there.
 *
 * Context: Boot, process context, may sleep.
 * Return: 0 if there are usable addresses, else -ENODEV or -ENOMEM.
 */
int __init xen_unpop_add_node(struct xen_unpop_pool *pool,
			      struct device_node *np, int first)
{
	struct rb_root_cached occupied = RB_ROOT_CACHED;
	struct range *ranges;
	int nr_ranges, ret;

	nr_ranges = xen_unpop_read_node(np, first, &ranges);
	if (nr_ranges < 0)
		return nr_ranges;

	ret = xen_unpop_find_occupied(&occupied, np, first, ranges, nr_ranges);
	if (!ret)
		ret = xen_unpop_add_regions(pool, &iomem_resource, &occupied,
					    ranges, nr_ranges);

	xen_unpop_free_occupied(&occupied);
	kfree(ranges);

	return ret;
}
