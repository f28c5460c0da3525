// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: from the bytes of a reg property to the regions.
 *
 * The input has the number of cells of an entry, then resources that are claimed
 * already, devices in the device tree and the addresses that can be mapped, and
 * the property at its end.  A model computes the regions a second time, without
 * the kernel's functions and in 128 bits: all whole granules that are advertised,
 * can be mapped, are not occupied, and do not have pfn 0.
 */
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/range.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fuzz.h"

typedef unsigned __int128 u128;

/* The first entry is for the grant table. */
#define FIRST		1
#define MAX_ENTRIES	64
#define MAX_OTHERS	8
#define MAX_SPANS	(MAX_ENTRIES + 1)
#define MAX_OBSTACLES	(2 * MAX_OTHERS + 1)
/* Each obstacle can divide a span. */
#define MAX_REGIONS	(MAX_SPANS + MAX_OBSTACLES)

/* From start to before end. */
struct span {
	u128	start, end;
};

static struct fuzz {
	unsigned int	addr_cells, size_cells;
	/* The entries that are address ranges, the one of the grant table first. */
	struct span	entries[MAX_ENTRIES];
	unsigned int	nr_entries;
	bool		has_grant_table;
	/* The advertised addresses, each of them once. */
	struct span	spans[MAX_SPANS];
	unsigned int	nr_spans;
	/* The occupied addresses. */
	struct span	obstacles[MAX_OBSTACLES];
	unsigned int	nr_obstacles;
	struct span	mappable;
	struct span	expect[MAX_REGIONS];
	unsigned int	nr_expect;

	struct resource	root;
	struct resource	conflicts[MAX_OTHERS];
	u128		reported;
} fuzz;

/* ---- the device tree ---- */

static struct tree {
	struct device_node	bus, hypervisor, devices[MAX_OTHERS];
	struct property		bus_addr, bus_size, bus_ranges;
	struct property		reg, device_reg[MAX_OTHERS];
	__be32			addr_cells, size_cells;
	__be32			device_cells[MAX_OTHERS][4];
} tree;

static void set_property(struct device_node *np, struct property *property,
			 const char *name, const void *value, int length)
{
	*property = (struct property){
		.name	= (char *)name,
		.length	= length,
		.value	= (void *)value,
		.next	= np->properties,
	};
	np->properties = property;
}

static void add_node(struct device_node *parent, struct device_node *np,
		     const char *name)
{
	*np = (struct device_node){ .name = name, .full_name = name };
	of_node_init(np);
	np->parent = parent;
	np->sibling = parent->child;
	parent->child = np;
}

static void check_node(const struct device_node *np)
{
	CHECK(kref_read(&np->kobj.kref) == 1);
}

/* ---- the model ---- */

static u64 read_cells(const u8 **p, unsigned int cells)
{
	u64 value = 0;

	for (cells *= 4; cells; cells--)
		value = value << 8 | *(*p)++;

	return value;
}

static void parse_reg(const u8 *reg, size_t size)
{
	size_t entry = 4 * (fuzz.addr_cells + fuzz.size_cells);
	unsigned int i;

	for (i = 0; size >= entry && i < MAX_ENTRIES; i++, size -= entry) {
		u64 start = read_cells(&reg, fuzz.addr_cells);
		u64 len = read_cells(&reg, fuzz.size_cells);

		/* The last address stands for none; no range ends beyond it. */
		if (!len || start == U64_MAX || (u128)start + len > (u128)1 << 64)
			continue;
		if (i < FIRST)
			fuzz.has_grant_table = true;
		fuzz.entries[fuzz.nr_entries++] =
			(struct span){ start, (u128)start + len };
	}
}

static void merge_entries(void)
{
	unsigned int i, j;

	for (i = fuzz.has_grant_table; i < fuzz.nr_entries; i++) {
		struct span span = fuzz.entries[i];

		/* Take in the spans that it overlaps or touches. */
		for (j = 0; j < fuzz.nr_spans;) {
			if (fuzz.spans[j].end < span.start ||
			    span.end < fuzz.spans[j].start) {
				j++;
				continue;
			}
			span.start = min(span.start, fuzz.spans[j].start);
			span.end = max(span.end, fuzz.spans[j].end);
			fuzz.spans[j] = fuzz.spans[--fuzz.nr_spans];
		}
		fuzz.spans[fuzz.nr_spans++] = span;
	}
}

/* The lowest address of a span that is not below @from. */
static bool next_span(const struct span *spans, unsigned int nr, u128 from,
		      struct span *next)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u128 start = max(spans[i].start, from);

		if (start < spans[i].end && (!found || start < next->start)) {
			*next = (struct span){ start, spans[i].end };
			found = true;
		}
	}

	return found;
}

static void expect_piece(u128 start, u128 end)
{
	start = (start + XEN_UNPOP_GRANULE - 1) / XEN_UNPOP_GRANULE;
	end = end / XEN_UNPOP_GRANULE;
	if (start >= end)
		return;
	CHECK(fuzz.nr_expect < MAX_REGIONS);
	fuzz.expect[fuzz.nr_expect++] = (struct span){
		start * XEN_UNPOP_GRANULE, end * XEN_UNPOP_GRANULE,
	};
}

static void find_expected(void)
{
	u128 at = fuzz.mappable.start;
	struct span span, obstacle;

	while (next_span(fuzz.spans, fuzz.nr_spans, at, &span) &&
	       span.start < fuzz.mappable.end) {
		at = span.start;
		span.end = min(span.end, fuzz.mappable.end);
		while (next_span(fuzz.obstacles, fuzz.nr_obstacles, at,
				 &obstacle) && obstacle.start < span.end) {
			expect_piece(at, obstacle.start);
			at = obstacle.end;
		}
		expect_piece(at, span.end);
		at = max(at, span.end);
	}
}

/* ---- the input ---- */

/* An address range somewhere about an entry. */
static bool get_span(struct bytes *bytes, struct span *span)
{
	static const u64 units[] = {
		1, PAGE_SIZE, XEN_UNPOP_GRANULE / 4, XEN_UNPOP_GRANULE,
	};
	u8 index = get_u8(bytes);
	u64 unit = units[index % 4];
	s64 delta = (s16)get_u16(bytes);
	u128 len = (get_u16(bytes) + 1ULL) * unit;
	s64 bytes_off = delta * (s64)unit;
	u128 base = 0;

	if (fuzz.nr_entries)
		base = fuzz.entries[index / 4 % fuzz.nr_entries].start;
	if (bytes_off < 0 && base < (u128)-bytes_off)
		return false;
	span->start = bytes_off < 0 ? base - (u128)-bytes_off :
				      base + (u128)bytes_off;
	span->end = span->start + len;

	return span->end < (u128)1 << 64;
}

static void add_conflict(struct bytes *bytes, unsigned int i)
{
	struct resource *res = &fuzz.conflicts[i];
	struct span span;

	if (!get_span(bytes, &span))
		return;
	*res = DEFINE_RES_MEM_NAMED((u64)span.start,
				    (u64)(span.end - span.start), "conflict");
	/* Those that overlap others are left out. */
	if (!request_resource(&fuzz.root, res))
		fuzz.obstacles[fuzz.nr_obstacles++] = span;
}

static void add_device(struct bytes *bytes, unsigned int i)
{
	unsigned int cells = 0;
	struct span span;
	u64 start, len;

	if (!get_span(bytes, &span))
		return;
	start = span.start;
	len = span.end - span.start;
	if (fuzz.addr_cells == 1 && start > U32_MAX)
		return;
	if (fuzz.size_cells == 1 && len > U32_MAX)
		return;

	if (fuzz.addr_cells == 2)
		tree.device_cells[i][cells++] = cpu_to_be32(start >> 32);
	tree.device_cells[i][cells++] = cpu_to_be32(start);
	if (fuzz.size_cells == 2)
		tree.device_cells[i][cells++] = cpu_to_be32(len >> 32);
	tree.device_cells[i][cells++] = cpu_to_be32(len);
	add_node(&tree.bus, &tree.devices[i], "device");
	set_property(&tree.devices[i], &tree.device_reg[i], "reg",
		     tree.device_cells[i], 4 * cells);
	fuzz.obstacles[fuzz.nr_obstacles++] = span;
}

/* ---- the run ---- */

static void fake_report(u64 start, u64 end, const char *why, const char *name)
{
	if (start <= end)
		fuzz.reported += (u128)end - start + 1;
}

static void no_report(struct device_node *np, int entry, const char *why)
{
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct kunit *test = fuzz_test();

	kunit_activate_static_stub(test, xen_unpop_report_unused, fake_report);
	kunit_activate_static_stub(test, xen_unpop_report_entry, no_report);

	return 0;
}

/* Claim the regions; if @nth is not 0, the nth allocation fails. */
static int run(struct list_head *regions, unsigned int nth)
{
	struct rb_root_cached occupied = RB_ROOT_CACHED;
	struct range mappable = {
		.start	= fuzz.mappable.start,
		.end	= fuzz.mappable.end - 1,
	};
	struct range *ranges;
	int nr, ret;

	native_fail_nth = nth;
	nr = xen_unpop_read_node(&tree.hypervisor, FIRST, &ranges);
	if (nr < 0)
		return nr;
	ret = xen_unpop_find_occupied(&occupied, &tree.hypervisor, FIRST, ranges,
				      nr);
	if (!ret)
		ret = xen_unpop_claim_regions(regions, &fuzz.root, &mappable,
					      &occupied, ranges, nr);
	native_fail_nth = 0;
	xen_unpop_free_occupied(&occupied);
	kfree(ranges);

	return ret;
}

static void check_regions(struct list_head *regions, int ret, bool failed)
{
	struct xen_unpop_region *region, *next;
	u128 claimed = 0, advertised = 0;
	unsigned int nr = 0, i;

	list_for_each_entry_safe(region, next, regions, list) {
		CHECK(nr < fuzz.nr_expect);
		CHECK(region->res.start == fuzz.expect[nr].start);
		CHECK(region->res.end == fuzz.expect[nr].end - 1);
		CHECK(region->res.parent == &fuzz.root);
		CHECK(region->res.flags & IORESOURCE_BUSY);
		claimed += resource_size(&region->res);
		nr++;
		CHECK(!release_resource(&region->res));
		kfree(region);
	}
	if (failed) {
		CHECK(ret == -ENOMEM);
		return;
	}
	CHECK(nr == fuzz.nr_expect);
	CHECK(ret == (int)nr);

	/* Every other address was reported. */
	for (i = 0; i < fuzz.nr_spans; i++)
		advertised += fuzz.spans[i].end - fuzz.spans[i].start;
	CHECK(claimed + fuzz.reported == advertised);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data, size };
	unsigned int nr_conflicts, nr_devices, nth, i;
	struct device_node *np;
	struct bytes others;
	LIST_HEAD(regions);
	struct span span;
	size_t reg_size;
	u8 flags;
	int ret;

	memset(&fuzz, 0, sizeof(fuzz));
	flags = get_u8(&bytes);
	fuzz.addr_cells = flags & 1 ? 1 : 2;
	fuzz.size_cells = flags & 2 ? 1 : 2;
	nr_conflicts = get_u8(&bytes) % (MAX_OTHERS + 1);
	nr_devices = get_u8(&bytes) % (MAX_OTHERS + 1);
	nth = flags & 16 ? get_u8(&bytes) : 0;
	fuzz.root = DEFINE_RES_MEM_NAMED(0, flags & 8 ? 1ULL << 40 : 0, "root");

	/* Addresses relative to entries of the property stand before it. */
	others = bytes;
	i = 5 * (nr_conflicts + nr_devices + !!(flags & 4));
	i = min_t(size_t, i, bytes.left);
	reg_size = min_t(size_t, bytes.left - i, 16 * MAX_ENTRIES);
	reg_size = min_t(size_t, reg_size, 4 * MAX_ENTRIES *
			 (fuzz.addr_cells + fuzz.size_cells));
	parse_reg(bytes.next + i, reg_size);
	merge_entries();

	fuzz.mappable = (struct span){ 0, (u128)1 << 64 };
	if (flags & 4 && get_span(&others, &span))
		fuzz.mappable = span;

	tree.addr_cells = cpu_to_be32(fuzz.addr_cells);
	tree.size_cells = cpu_to_be32(fuzz.size_cells);
	add_node(of_root, &tree.bus, "bus");
	set_property(&tree.bus, &tree.bus_addr, "#address-cells",
		     &tree.addr_cells, 4);
	set_property(&tree.bus, &tree.bus_size, "#size-cells",
		     &tree.size_cells, 4);
	/* Empty: addresses are the same on either side. */
	set_property(&tree.bus, &tree.bus_ranges, "ranges", "", 0);
	add_node(&tree.bus, &tree.hypervisor, "hypervisor");
	set_property(&tree.hypervisor, &tree.reg, "reg", bytes.next + i,
		     reg_size);
	if (fuzz.has_grant_table)
		fuzz.obstacles[fuzz.nr_obstacles++] = fuzz.entries[0];
	for (i = 0; i < nr_conflicts; i++)
		add_conflict(&others, i);
	for (i = 0; i < nr_devices; i++)
		add_device(&others, i);

	ret = run(&regions, nth);

	/* pfn 0 and the last address are never used. */
	fuzz.mappable.start = max(fuzz.mappable.start, (u128)PAGE_SIZE);
	fuzz.mappable.end = min(fuzz.mappable.end, (u128)U64_MAX);
	fuzz.mappable.end = min(fuzz.mappable.end, (u128)fuzz.root.end + 1);
	find_expected();
	check_regions(&regions, ret, ret == -ENOMEM && nth);

	for (i = 0; i < MAX_OTHERS; i++) {
		if (fuzz.conflicts[i].parent)
			CHECK(!release_resource(&fuzz.conflicts[i]));
	}
	CHECK(!fuzz.root.child);
	for (np = tree.bus.child; np; np = np->sibling)
		check_node(np);
	check_node(&tree.bus);
	check_node(of_root);
	of_root->child = NULL;

	return 0;
}
