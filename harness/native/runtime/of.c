// SPDX-License-Identifier: GPL-2.0
/*
 * A device tree: a root with two cells each for addresses and sizes, below which
 * overlays are put.  The functions that read it are the kernel's own, in
 * drivers/of.
 */
#include <linux/bug.h>
#include <linux/kobject.h>
#include <linux/of.h>
#include <linux/of_fdt.h>
#include <linux/slab.h>
#include <linux/string.h>

void of_node_release(struct kobject *kobj);

const struct kobj_type of_node_ktype = {
	.release = of_node_release,
};

/* What there is nothing to be done for, and what nobody should call. */
int native_nothing(void);
int native_nothing(void)
{
	return 0;
}

int native_never(void);
int native_never(void)
{
	BUG();
}

void kobject_init(struct kobject *kobj, const struct kobj_type *ktype)
{
	kref_init(&kobj->kref);
	kobj->ktype = ktype;
}

struct kobject *kobject_get(struct kobject *kobj)
{
	if (kobj)
		kref_get(&kobj->kref);
	return kobj;
}

static void release_kobject(struct kref *kref)
{
	struct kobject *kobj = container_of(kref, struct kobject, kref);

	kobj->ktype->release(kobj);
}

void kobject_put(struct kobject *kobj)
{
	if (kobj)
		kref_put(&kobj->kref, release_kobject);
}

static __be32 two_cells;
static struct property size_cells = {
	.name	= "#size-cells",
	.length	= sizeof(two_cells),
	.value	= &two_cells,
};
static struct property address_cells = {
	.name	= "#address-cells",
	.length	= sizeof(two_cells),
	.value	= &two_cells,
	.next	= &size_cells,
};
static struct device_node root = {
	.name		= "",
	.full_name	= "/",
	.properties	= &address_cells,
};

static void __attribute__((constructor)) init_root(void)
{
	two_cells = cpu_to_be32(2);
	of_node_init(&root);
	of_root = &root;
}

/* With more or less than one, somebody has kept or lost a reference. */
static void check_references(struct device_node *np)
{
	unsigned int references = kref_read(&np->kobj.kref);
	struct device_node *child;

	WARN(references != 1, "%pOF has %u references\n", np, references);
	for (child = np->child; child; child = child->sibling)
		check_references(child);
}

/* Overlays: one at a time, with one fragment, whose target is the root. */
static void *overlay_fdt;
static void *overlay_nodes;

int of_overlay_remove(int *id)
{
	check_references(&root);
	root.child = NULL;
	kfree(overlay_nodes);
	kfree(overlay_fdt);

	return 0;
}

/* Whether @base is const depends on the version of the kernel. */
int apply_overlay(const void *fdt, u32 size, int *id,
		  const struct device_node *base)
	__asm__("of_overlay_fdt_apply");

int apply_overlay(const void *fdt, u32 size, int *id,
		  const struct device_node *base)
{
	struct device_node *tree, *fragment, *child, *next;

	BUG_ON(root.child);

	/* Properties are used where they stand in there. */
	overlay_fdt = kmemdup(fdt, size, GFP_KERNEL);
	overlay_nodes = of_fdt_unflatten_tree(overlay_fdt, NULL, &tree);
	BUG_ON(!overlay_nodes);

	fragment = tree->child;
	BUG_ON(fragment->sibling ||
	       strcmp(of_get_property(fragment, "target-path", NULL), "/"));
	for (child = fragment->child->child; child; child = next) {
		next = child->sibling;
		child->parent = &root;
		child->sibling = root.child;
		root.child = child;
	}

	return 0;
}
