// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for what the allocator does at boot, with what the architecture's
 * hook gives it, and for what the rest of the kernel sees of it: the exported
 * functions, debugfs, the log.
 *
 * In a kernel there is but one such pool, which is not for tests; here each case
 * boots anew.
 */
#include <kunit/of.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "boot.h"

#include "../native/log.h"
#include "../native/mm.h"
#include "../native/xen.h"

#define NR_DONATED	8

struct boot_test {
	struct xen_scratch_pool *pool;
	struct resource unused;
	/* What hook_fails() returns. */
	int ret;
	struct page *donated[NR_DONATED];
	unsigned int warnings;
	unsigned int freed;
	unsigned int misuses;
	bool mapped_without_io;
};

static struct boot_test *boot_test;

static int hook_fails(struct resource **res)
{
	return boot_test->ret;
}

static int hook_has_tree(struct resource **res)
{
	*res = &iomem_resource;
	return 0;
}

static int hook_adds_resource(struct resource **res)
{
	return xen_unpopulated_add_resource(&boot_test->unused);
}

/* As x86 does it, a page at a time. */
static int hook_donates(struct resource **res)
{
	unsigned int i;

	for (i = 0; i < NR_DONATED; i++)
		xen_free_unpopulated_pages(1, &boot_test->donated[i]);
	return hook_has_tree(res);
}

static int hook_donates_at_once(struct resource **res)
{
	xen_free_unpopulated_pages(NR_DONATED, boot_test->donated);
	return 0;
}

static int boot_test_init(struct kunit *test)
{
	struct boot_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	boot_test = ctx;

	ctx->pool = boot_pool();
	native_arch_init = NULL;

	ctx->unused.name = "unused";
	ctx->unused.start = 4ULL << 30;
	ctx->unused.end = (5ULL << 30) - 1;
	ctx->unused.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	KUNIT_ASSERT_EQ(test, 0,
			request_resource(&iomem_resource, &ctx->unused));

	ctx->warnings = native_warnings;
	native_log_clear();

	return 0;
}

static void boot_test_exit(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct xen_scratch_count count;

	native_fail_nth = 0;
	count = xen_scratch_count(ctx->pool);
	KUNIT_EXPECT_EQ(test, count.scratch_used, 0);
	KUNIT_EXPECT_EQ(test, count.donated_used, 0);
	KUNIT_EXPECT_EQ(test, count.ballooned_used, 0);

	boot_reset();
	KUNIT_EXPECT_NULL(test, ctx->unused.child);
	release_resource(&ctx->unused);
	/* But for RAM, nothing is left. */
	KUNIT_EXPECT_NULL(test, iomem_resource.child->sibling);
	KUNIT_EXPECT_EQ(test, native_balloon_out, 0);
	KUNIT_EXPECT_EQ(test, native_warnings, ctx->warnings);
}

static void boot(struct kunit *test, int (*hook)(struct resource **res))
{
	native_arch_init = hook;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_late_init());
}

/* For what allocating so many pages leads to. */
static void take_and_put(struct kunit *test, unsigned int nr_pages)
{
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(nr_pages, pages));
	xen_free_unpopulated_pages(nr_pages, pages);
	kfree(pages);
}

static bool shows(const char *name, const char *text)
{
	char *shown = native_debugfs_read(native_debugfs_find("unpopulated",
							      name));
	bool found = strstr(shown, text);

	kfree(shown);
	return found;
}

/* On bare hardware, nothing is asked for and nothing shown. */
static void boot_test_no_xen(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	xen_domain_type = XEN_NATIVE;
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_NULL(test, ctx->unused.child);
	KUNIT_EXPECT_NULL(test, native_debugfs_find("unpopulated", "stats"));
	KUNIT_EXPECT_NULL(test, ctx->pool->workqueue);
}

/* Without addresses, pages are ballooned, and that is said once. */
static void boot_test_no_addresses(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[3];

	ctx->ret = -ENODEV;
	boot(test, hook_fails);
	KUNIT_EXPECT_TRUE(test, native_log_has("no unused addresses known"));
	KUNIT_EXPECT_NULL(test, ctx->pool->workqueue);

	native_balloon_left = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_alloc_unpopulated_pages(3, pages));
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	KUNIT_EXPECT_EQ(test, native_balloon_out, 2);
	KUNIT_EXPECT_TRUE(test, shows("stats", "ballooned_used 2\n"));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			xen_alloc_unpopulated_contiguous_pages(1, pages + 2));
	xen_free_unpopulated_pages(2, pages);
}

/* Any other error of the hook is one of the initcall. */
static void boot_test_hook_fails(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	ctx->ret = -ENOMEM;
	native_arch_init = hook_fails;
	KUNIT_EXPECT_EQ(test, -ENOMEM, initcall_xen_unpopulated_init());
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions));
}

/* In a tree that others use as well, pages are above 4 GiB. */
static void boot_test_tree(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[2];
	unsigned int i;

	boot(test, hook_has_tree);
	KUNIT_EXPECT_FALSE(test, native_log_has("unused addresses"));
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	for (i = 0; i < 2; i++) {
		u64 addr = PFN_PHYS(page_to_pfn(pages[i]));

		KUNIT_EXPECT_GE(test, addr, (u64)SZ_4G);
		KUNIT_EXPECT_TRUE(test, addr < ctx->unused.start ||
				  addr > ctx->unused.end);
	}
	KUNIT_EXPECT_TRUE(test, shows("regions",
				      "0000000100000000-000000ffffffffff "));
	xen_free_unpopulated_pages(2, pages);
}

static void boot_test_tree_no_memory(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	native_arch_init = hook_has_tree;
	native_fail_nth = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, initcall_xen_unpopulated_init());
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions));
}

/* What the memory map has unused is claimed in there. */
static void boot_test_resource(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;
	u64 addr;

	boot(test, hook_adds_resource);
	KUNIT_EXPECT_TRUE(test, native_log_has("1024 MiB of unused addresses"));
	KUNIT_ASSERT_NOT_NULL(test, ctx->unused.child);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	addr = PFN_PHYS(page_to_pfn(page));
	KUNIT_EXPECT_EQ(test, addr, ctx->unused.start);
	KUNIT_EXPECT_TRUE(test,
			  shows("regions",
				"0000000100000000-000000013fffffff Xen extended region\n"));
	xen_free_unpopulated_pages(1, &page);
}

/* Once there are some addresses, more that are of no use are no error. */
static void boot_test_resource_useless(struct kunit *test)
{
	struct resource small = {
		.name	= "small",
		.start	= 6ULL << 30,
		.end	= (6ULL << 30) + PAGE_SIZE - 1,
		.flags	= IORESOURCE_MEM | IORESOURCE_BUSY,
	};

	KUNIT_ASSERT_EQ(test, 0, request_resource(&iomem_resource, &small));
	KUNIT_EXPECT_EQ(test, -ENODEV, xen_unpopulated_add_resource(&small));
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_EQ(test, 0, xen_unpopulated_add_resource(&small));
	KUNIT_EXPECT_NULL(test, small.child);
	release_resource(&small);

	/* Nor is a lack of memory. */
	small.end = small.start + XEN_SCRATCH_GRANULE - 1;
	KUNIT_ASSERT_EQ(test, 0, request_resource(&iomem_resource, &small));
	native_fail_nth = 1;
	KUNIT_EXPECT_EQ(test, 0, xen_unpopulated_add_resource(&small));
	KUNIT_EXPECT_EQ(test, native_fail_nth, 0);
	KUNIT_EXPECT_NULL(test, small.child);
	release_resource(&small);
}

static void boot_test_resource_no_memory(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	native_arch_init = hook_adds_resource;
	native_fail_nth = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, initcall_xen_unpopulated_init());
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions));
	KUNIT_EXPECT_NULL(test, ctx->unused.child);
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
		KUNIT_ASSERT_TRUE(test, !ret || ret == -ENOMEM);
		KUNIT_ASSERT_EQ(test, native_fail_nth, 0);
	} while (ret);
	/* What is behind the first region. */
	KUNIT_EXPECT_EQ(test, 0, xen_unpopulated_add_node(np, 1));

	return nth - 1;
}

/* From the device tree to the pages; when memory runs out, nothing is left. */
static void boot_test_node(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct device_node *np, *device;
	struct of_changeset changes;
	struct page *page;

	of_changeset_init(&changes);
	np = new_node(test, &changes, of_root, "hypervisor");
	/* The grant table, a region, part of a region. */
	ADD_PROP(test, &changes, np, "reg", 0, 0x40000000, 0, 0x40000,
		 2, 0x00000000, 0, 0x40000000, 3, 0x00000000, 0);
	device = new_node(test, &changes, of_root, "device");
	ADD_PROP(test, &changes, device, "reg", 2, 0x20000000, 0, 0x1000);
	KUNIT_ASSERT_EQ(test, 0, of_changeset_apply(&changes));

	/* The array of ranges, the device, the region before it. */
	KUNIT_EXPECT_EQ(test, add_node(test, np), 3);
	KUNIT_EXPECT_TRUE(test,
			  native_log_has("hypervisor: entry 2 of reg not used: it is cut off"));
	KUNIT_EXPECT_TRUE(test,
			  native_log_has("[mem 0x220000000-0x220000fff] not used: overlaps"));
	initcall_xen_unpopulated_late_init();
	KUNIT_EXPECT_TRUE(test,
			  shows("regions",
				"0000000200000000-000000021fffffff Xen extended region\n"));
	KUNIT_EXPECT_FALSE(test, shows("regions", "0000000220000000"));

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, PFN_PHYS(page_to_pfn(page)), 2ULL << 32);
	xen_free_unpopulated_pages(1, &page);
	KUNIT_EXPECT_EQ(test, ctx->pool->failures, 0);

	of_changeset_revert(&changes);
	of_changeset_destroy(&changes);
}

/* Host bridges, with windows and without, and where they cannot be reached. */
static void boot_test_node_pci(struct kunit *test)
{
	struct device_node *np, *bus, *pci;
	struct of_changeset changes;

	of_changeset_init(&changes);
	np = new_node(test, &changes, of_root, "hypervisor");
	ADD_PROP(test, &changes, np, "reg", 0, 0x40000000, 0, 0x40000,
		 2, 0x00000000, 0, 0x40000000);

	/* One has a window, one has none, one is behind a bus that has none. */
	pci = new_node(test, &changes, of_root, "pcie");
	ADD_PROP(test, &changes, pci, "#address-cells", 3);
	ADD_PROP(test, &changes, pci, "#size-cells", 2);
	ADD_PROP(test, &changes, pci, "ranges", 0x2000000, 0, 0x10000000,
		 2, 0x30000000, 0, 0x1000);
	pci = new_node(test, &changes, of_root, "pcie@1");
	ADD_PROP(test, &changes, pci, "#address-cells", 3);
	ADD_PROP(test, &changes, pci, "#size-cells", 2);
	bus = new_node(test, &changes, of_root, "bus");
	ADD_PROP(test, &changes, bus, "#address-cells", 2);
	ADD_PROP(test, &changes, bus, "#size-cells", 2);
	pci = new_node(test, &changes, bus, "pcie@2");
	ADD_PROP(test, &changes, pci, "#address-cells", 3);
	ADD_PROP(test, &changes, pci, "#size-cells", 2);
	ADD_PROP(test, &changes, pci, "ranges", 0x2000000, 0, 0x10000000,
		 2, 0x10000000, 0, 0x1000);
	KUNIT_ASSERT_EQ(test, 0, of_changeset_apply(&changes));

	/* The array of ranges, the window, the region before it. */
	KUNIT_EXPECT_EQ(test, add_node(test, np), 3);
	initcall_xen_unpopulated_late_init();
	KUNIT_EXPECT_TRUE(test,
			  shows("regions",
				"0000000200000000-000000022fffffff Xen extended region\n"));

	of_changeset_revert(&changes);
	of_changeset_destroy(&changes);
}

/* A page for each, that the kernel has a struct page for. */
static void get_donations(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 3);
	unsigned int i;

	for (i = 0; i < NR_DONATED; i++)
		ctx->donated[i] = pages + i;
}

static void drop_donations(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	__free_pages(ctx->donated[0], 3);
}

/* What is freed at boot is donated, one page or many at a time. */
static void boot_test_donated(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[NR_DONATED];
	unsigned int i;

	get_donations(test);
	boot(test, hook_donates);
	KUNIT_EXPECT_EQ(test, ctx->pool->donated_pages, NR_DONATED);
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_pages(NR_DONATED, pages));
	for (i = 0; i < NR_DONATED; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i], ctx->donated[i]);
	KUNIT_EXPECT_TRUE(test, shows("stats", "donated_used 8\n"));
	KUNIT_EXPECT_TRUE(test, shows("chunks", " donated\n"));
	xen_free_unpopulated_pages(NR_DONATED, pages);
	KUNIT_EXPECT_TRUE(test, shows("stats", "donated_free 8\n"));
	drop_donations(test);
}

static void boot_test_donated_at_once(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	get_donations(test);
	boot(test, hook_donates_at_once);
	KUNIT_EXPECT_EQ(test, ctx->pool->donated_pages, NR_DONATED);
	take_and_put(test, NR_DONATED);
	drop_donations(test);
}

static int no_insert(struct xarray *xa, unsigned long index, void *entry)
{
	return -ENOMEM;
}

static bool insert_once;

static int one_insert(struct xarray *xa, unsigned long index, void *entry)
{
	if (!insert_once)
		return -ENOMEM;
	insert_once = false;
	return xa_insert(xa, index, entry, GFP_KERNEL);
}

/* Pages in two granules of a section, and no memory to record the second. */
static void boot_test_donated_granules(struct kunit *test)
{
	const unsigned int order = ilog2(2 * XEN_SCRATCH_GRANULE_PAGES);
	struct boot_test *ctx = test->priv;
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, order);
	struct page *pages[2] = { block, block + XEN_SCRATCH_GRANULE_PAGES };

	insert_once = true;
	kunit_activate_static_stub(test, xen_scratch_insert, one_insert);
	ctx->pool->donating = true;
	xen_free_unpopulated_pages(2, pages);
	KUNIT_EXPECT_EQ(test, ctx->pool->donated_pages, 1);
	kunit_deactivate_static_stub(test, xen_scratch_insert);
	xen_free_unpopulated_pages(1, pages + 1);
	ctx->pool->donating = false;
	KUNIT_EXPECT_EQ(test, ctx->pool->donated_pages, 2);

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	KUNIT_EXPECT_PTR_EQ(test, pages[0], block);
	KUNIT_EXPECT_PTR_EQ(test, pages[1], block + XEN_SCRATCH_GRANULE_PAGES);
	xen_free_unpopulated_pages(2, pages);
	__free_pages(block, order);
}

/* Ballooned pages that cannot be remembered go back at once. */
static void boot_test_ballooned_no_memory(struct kunit *test)
{
	struct page *pages[4];

	boot(test, NULL);
	native_balloon_left = 4;
	kunit_activate_static_stub(test, xen_scratch_insert, no_insert);
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_alloc_unpopulated_pages(4, pages));
	KUNIT_EXPECT_EQ(test, native_balloon_left, 4);
	kunit_deactivate_static_stub(test, xen_scratch_insert);
	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(4, pages));
	xen_free_unpopulated_pages(4, pages);
}

static int two_sections(unsigned int nr_pages, struct page **pages)
{
	pages[0] = pfn_to_page(PAGES_PER_SECTION - 1);
	pages[1] = pfn_to_page(PAGES_PER_SECTION);
	return 0;
}

static void count_freed(unsigned int nr_pages, struct page **pages)
{
	boot_test->freed += nr_pages;
}

static void count_misuse(struct page *page)
{
	boot_test->misuses++;
}

/* If only some can be remembered, all go back, and none is remembered. */
static void boot_test_ballooned_partly(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[2];

	kunit_activate_static_stub(test, xen_scratch_balloon_alloc,
				   two_sections);
	kunit_activate_static_stub(test, xen_scratch_balloon_free, count_freed);
	kunit_activate_static_stub(test, xen_scratch_misuse, count_misuse);
	kunit_activate_static_stub(test, xen_scratch_insert, one_insert);
	insert_once = true;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_alloc_unpopulated_pages(2, pages));
	KUNIT_EXPECT_FALSE(test, insert_once);
	KUNIT_EXPECT_EQ(test, ctx->freed, 2);
	xen_free_unpopulated_pages(2, pages);
	KUNIT_EXPECT_EQ(test, ctx->misuses, 2);
	KUNIT_EXPECT_EQ(test, ctx->freed, 2);
}

/* Figures, addresses and a switch are there to be seen and used. */
static void boot_test_debugfs(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct dentry *release, *xen;
	struct page *pages[2];
	unsigned long before;

	/* As on x86, which has files of its own there. */
	xen = debugfs_create_dir("xen", NULL);
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_PTR_EQ(test, debugfs_lookup("xen", NULL), xen);
	KUNIT_EXPECT_NOT_NULL(test, debugfs_lookup("unpopulated", xen));

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	KUNIT_EXPECT_TRUE(test, shows("stats", "scratch_used 2\n"));
	KUNIT_EXPECT_TRUE(test, shows("stats", "used_max 2\n"));
	KUNIT_EXPECT_TRUE(test, shows("stats", "failures 0\n"));
	KUNIT_EXPECT_TRUE(test, shows("chunks", " scratch\n"));
	xen_free_unpopulated_pages(2, pages);
	KUNIT_EXPECT_TRUE(test, shows("stats", "scratch_used 0\n"));

	take_and_put(test, 3 * XEN_SCRATCH_GRANULE_PAGES);
	release = native_debugfs_find("unpopulated", "release");
	KUNIT_ASSERT_NOT_NULL(test, release);
	before = xen_scratch_count(ctx->pool).scratch;
	KUNIT_EXPECT_EQ(test, -EINVAL, native_debugfs_write(release, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, native_debugfs_write(release, 2));
	KUNIT_EXPECT_EQ(test, ctx->pool->releases, 0);
	KUNIT_EXPECT_EQ(test, 0, native_debugfs_write(release, 1));
	KUNIT_EXPECT_GT(test, ctx->pool->releases, 0);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_LT(test, xen_scratch_count(ctx->pool).scratch, before);
}

/* A page that is not in use is told once, and left alone. */
static void boot_test_misuse(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	xen_free_unpopulated_pages(1, &page);
	xen_free_unpopulated_pages(1, &page);
	KUNIT_EXPECT_EQ(test, native_warnings, ctx->warnings + 1);
	KUNIT_EXPECT_TRUE(test, native_log_has("is freed, but is not in use"));
	xen_free_unpopulated_pages(1, NULL);
	KUNIT_EXPECT_EQ(test, native_warnings, ctx->warnings + 1);
	native_warnings = ctx->warnings;
}

static void boot_test_contiguous(struct kunit *test)
{
	struct page *pages[24];
	unsigned int i;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_contiguous_pages(24, pages));
	for (i = 0; i < 24; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i], pages[0] + i);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(page_to_pfn(pages[0]), 32));
	xen_free_unpopulated_contiguous_pages(24, pages);
}

/* In a tree that others use as well, what is unused there is found. */
static void boot_test_contiguous_tree(struct kunit *test)
{
	const unsigned int nr_pages = XEN_SCRATCH_GRANULE_PAGES + 1;
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	boot(test, hook_has_tree);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_contiguous_pages(nr_pages,
									pages));
	KUNIT_EXPECT_PTR_EQ(test, pages[nr_pages - 1], pages[0] + nr_pages - 1);
	KUNIT_EXPECT_GT(test, PFN_PHYS(page_to_pfn(pages[0])), ctx->unused.end);
	xen_free_unpopulated_contiguous_pages(nr_pages, pages);
	kfree(pages);
}

/* Memory and pages are never at the same addresses. */
static void boot_test_reserve(struct kunit *test)
{
	const u64 section = PAGES_PER_SECTION * PAGE_SIZE;
	struct boot_test *ctx = test->priv;
	struct resource ram = DEFINE_RES_MEM_NAMED(0, 0, "System RAM");
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_ASSERT_EQ(test, 0,
			xen_unpopulated_reserve(&ram, section, section));
	KUNIT_EXPECT_EQ(test, ram.start, ctx->unused.start + section);
	xen_unpopulated_unreserve(&ram);
	KUNIT_EXPECT_NULL(test, ram.parent);
	xen_free_unpopulated_pages(1, &page);
}

/* Without the means to work in the background, all else works. */
static void boot_test_no_worker(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	unsigned int nth;

	native_arch_init = hook_adds_resource;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	/* A workqueue and its thread; a shrinker. */
	for (nth = 1; nth <= 2; nth++) {
		native_fail_nth = nth;
		xen_scratch_start_work(ctx->pool);
		KUNIT_EXPECT_EQ(test, native_fail_nth, 0);
		KUNIT_EXPECT_NULL(test, ctx->pool->workqueue);
		KUNIT_EXPECT_NULL(test, ctx->pool->shrinker);
	}
	native_fail_nth = 3;
	xen_scratch_start_work(ctx->pool);
	KUNIT_EXPECT_EQ(test, native_fail_nth, 0);
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->workqueue);
	KUNIT_EXPECT_NULL(test, ctx->pool->shrinker);
	take_and_put(test, 3 * XEN_SCRATCH_GRANULE_PAGES);
	KUNIT_EXPECT_GT(test, xen_scratch_release(ctx->pool, ULONG_MAX), 0);
}

/* The kernel's own mapping function fails in the background. */
static void boot_test_worker_fails(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	native_map_error = -ENOMEM;
	native_fail_map_nth = 1;
	boot(test, hook_adds_resource);
	flush_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, native_fail_map_nth, 0);
	KUNIT_EXPECT_EQ(test, xen_scratch_count(ctx->pool).scratch, 0);
	take_and_put(test, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->waits, 1);
}

/* What the shrinker was promised may be in use by the time it is released. */
static void boot_test_nothing_to_release(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	flush_work(&ctx->pool->work);
	ctx->pool->to_release = 1;
	xen_scratch_work(&ctx->pool->work);
	KUNIT_EXPECT_EQ(test, ctx->pool->to_release, 0);
	KUNIT_EXPECT_EQ(test, ctx->pool->releases, 0);
	xen_free_unpopulated_pages(1, &page);
}

struct waiter {
	struct page *pages[8];
	int ret;
	struct completion done;
};

static int wait_for_block(void *data)
{
	struct waiter *waiter = data;

	waiter->ret = xen_alloc_unpopulated_contiguous_pages(8, waiter->pages);
	complete(&waiter->done);
	return 0;
}

/* A block that becomes free while one waits to grow for it is taken. */
static void boot_test_block_while_waiting(struct kunit *test)
{
	const unsigned int nr_pages = XEN_SCRATCH_GRANULE_PAGES;
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);
	struct task_struct *task;
	struct waiter waiter = {};

	native_arch_init = hook_adds_resource;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(nr_pages, pages));
	init_completion(&waiter.done);
	mutex_lock(&ctx->pool->grow_lock);
	task = kthread_create(wait_for_block, &waiter, "waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	while (!(READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE))
		fsleep(100);
	put_task_struct(task);
	xen_free_unpopulated_pages(8, pages + 64);
	mutex_unlock(&ctx->pool->grow_lock);
	wait_for_completion(&waiter.done);
	KUNIT_EXPECT_EQ(test, waiter.ret, 0);
	KUNIT_EXPECT_PTR_EQ(test, waiter.pages[0], pages[64]);
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 1);

	xen_free_unpopulated_contiguous_pages(8, waiter.pages);
	xen_free_unpopulated_pages(64, pages);
	xen_free_unpopulated_pages(nr_pages - 72, pages + 72);
	kfree(pages);
}

static int map_without_io(struct dev_pagemap *pgmap)
{
	boot_test->mapped_without_io = current->flags & PF_MEMALLOC_NOIO;
	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}

/* Block I/O may wait for growth, so that growth must not wait for I/O. */
static void boot_test_no_io(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	kunit_activate_static_stub(test, xen_scratch_map, map_without_io);
	native_arch_init = hook_adds_resource;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	take_and_put(test, 1);
	KUNIT_EXPECT_TRUE(test, ctx->mapped_without_io);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC_NOIO);
}

/* An address that cannot be mapped stays out of the way, and is told. */
static void boot_test_unmappable(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	native_map_error = -EEXIST;
	native_fail_map_nth = 1;
	native_arch_init = hook_adds_resource;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, PFN_PHYS(page_to_pfn(page)),
			ctx->unused.start + XEN_SCRATCH_GRANULE);
	KUNIT_EXPECT_TRUE(test, native_log_has("cannot be mapped: -17"));
	xen_free_unpopulated_pages(1, &page);
}

/* When memory for memmap is short, no more is grown ahead than a granule. */
static void boot_test_little_memory(struct kunit *test)
{
	const long available = native_mem_available;
	struct boot_test *ctx = test->priv;
	struct page *pages[2];

	native_arch_init = hook_adds_resource;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	ctx->pool->chunk_pages = PAGES_PER_SECTION;
	native_mem_available = 0;
	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(1, pages));
	KUNIT_EXPECT_EQ(test, xen_scratch_count(ctx->pool).scratch,
			XEN_SCRATCH_GRANULE_PAGES);
	native_mem_available = available;
	xen_free_unpopulated_pages(1, pages);
}

/* A block is refused before anything is grown if its memmap took all memory. */
static void boot_test_block_too_large(struct kunit *test)
{
	const long available = native_mem_available;
	unsigned int nr_pages = 4 * XEN_SCRATCH_GRANULE_PAGES;
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	native_arch_init = hook_adds_resource;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	native_mem_available = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_alloc_unpopulated_contiguous_pages(nr_pages, pages));
	KUNIT_EXPECT_EQ(test, ctx->pool->grows, 0);
	native_mem_available = available;
	kfree(pages);
}

#ifdef CONFIG_XEN_HAVE_PVMMU
/* A PV guest has no use for addresses that its p2m has no room for. */
static void boot_test_pv(struct kunit *test)
{
	const unsigned long p2m_size = xen_p2m_size;
	struct boot_test *ctx = test->priv;

	xen_domain_type = XEN_PV_DOMAIN;
	xen_p2m_size = PFN_DOWN(ctx->unused.start + SZ_256M);
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_TRUE(test, native_log_has("256 MiB of unused addresses"));
	/* Nor can it give any back. */
	KUNIT_EXPECT_NULL(test, native_debugfs_find("unpopulated", "release"));
	KUNIT_EXPECT_NULL(test, ctx->pool->shrinker);
	take_and_put(test, 3 * XEN_SCRATCH_GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, xen_scratch_release(ctx->pool, ULONG_MAX), 0);
	/* The worker may still be growing the pool, and reads it. */
	flush_work(&ctx->pool->work);
	xen_p2m_size = p2m_size;
}

static void boot_test_pv_small(struct kunit *test)
{
	const unsigned long p2m_size = xen_p2m_size;
	struct boot_test *ctx = test->priv;

	xen_domain_type = XEN_PV_DOMAIN;
	xen_p2m_size = PFN_DOWN(SZ_4G);
	boot(test, hook_has_tree);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions));
	KUNIT_EXPECT_TRUE(test, native_log_has("no unused addresses known"));
	xen_p2m_size = p2m_size;
}
#endif

static struct kunit_case boot_test_cases[] = {
	KUNIT_CASE(boot_test_no_xen),
	KUNIT_CASE(boot_test_no_addresses),
	KUNIT_CASE(boot_test_hook_fails),
	KUNIT_CASE(boot_test_tree),
	KUNIT_CASE(boot_test_tree_no_memory),
	KUNIT_CASE(boot_test_resource),
	KUNIT_CASE(boot_test_resource_useless),
	KUNIT_CASE(boot_test_resource_no_memory),
	KUNIT_CASE(boot_test_node),
	KUNIT_CASE(boot_test_node_pci),
	KUNIT_CASE(boot_test_donated),
	KUNIT_CASE(boot_test_donated_at_once),
	KUNIT_CASE(boot_test_donated_granules),
	KUNIT_CASE(boot_test_ballooned_no_memory),
	KUNIT_CASE(boot_test_ballooned_partly),
	KUNIT_CASE(boot_test_debugfs),
	KUNIT_CASE(boot_test_misuse),
	KUNIT_CASE(boot_test_contiguous),
	KUNIT_CASE(boot_test_contiguous_tree),
	KUNIT_CASE(boot_test_reserve),
	KUNIT_CASE(boot_test_no_worker),
	KUNIT_CASE(boot_test_worker_fails),
	KUNIT_CASE(boot_test_nothing_to_release),
	KUNIT_CASE(boot_test_block_while_waiting),
	KUNIT_CASE(boot_test_no_io),
	KUNIT_CASE(boot_test_unmappable),
	KUNIT_CASE(boot_test_little_memory),
	KUNIT_CASE(boot_test_block_too_large),
#ifdef CONFIG_XEN_HAVE_PVMMU
	KUNIT_CASE(boot_test_pv),
	KUNIT_CASE(boot_test_pv_small),
#endif
	{}
};

static struct kunit_suite boot_test_suite = {
	.name = "xen_unpopulated_boot",
	.init = boot_test_init,
	.exit = boot_test_exit,
	.test_cases = boot_test_cases,
};

kunit_test_suite(boot_test_suite);
