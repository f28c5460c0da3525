// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for boot: the initcalls, and the addresses and pages that the hook
 * of the architecture gives.
 *
 * In a kernel there is but one such pool, which is not for tests; here each case
 * boots anew.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "boot.h"

#include "../runtime/log.h"
#include "../runtime/mm.h"
#include "../runtime/xen.h"

#define GRANULE_PAGES	XEN_UNPOP_GRANULE_PAGES
/* More than one page of memmap has, with pages of 4 KiB and of 16 KiB. */
#define NR_DONATED	256

static int hook_error;

static int hook_fails(struct resource **res)
{
	return hook_error;
}

static struct page *donated[NR_DONATED];

/* As x86 does it, a page at a time. */
static int hook_donates(struct resource **res)
{
	unsigned int i;

	for (i = 0; i < NR_DONATED; i++)
		xen_free_unpopulated_pages(1, &donated[i]);
	return hook_has_tree(res);
}

static int hook_donates_at_once(struct resource **res)
{
	xen_free_unpopulated_pages(NR_DONATED, donated);
	return 0;
}

/* On bare hardware, the hook is not called and debugfs has no files. */
static void boot_test_no_xen(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	xen_domain_type = XEN_NATIVE;
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_NULL(test, ctx->unused.child);
	KUNIT_EXPECT_NULL(test, native_debugfs_find("unpopulated", "stats"));
	KUNIT_EXPECT_NULL(test, ctx->pool->background.workqueue);
}

/* Without addresses, pages are ballooned, and the log says so once. */
static void boot_test_no_addresses(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[3];

	hook_error = -ENODEV;
	boot(test, hook_fails);
	KUNIT_EXPECT_TRUE(test, native_log_has("no unused addresses known"));
	KUNIT_EXPECT_NULL(test, ctx->pool->background.workqueue);
	KUNIT_EXPECT_FALSE(test, ctx->pool->background.on_growth);

	native_balloon_left = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_alloc_unpopulated_pages(3, pages));
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	KUNIT_EXPECT_EQ(test, native_balloon_out, 2);
	KUNIT_EXPECT_TRUE(test, shows("stats", "ballooned_allocated 2\n"));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			xen_alloc_unpopulated_contiguous_pages(1, pages + 2));
	xen_free_unpopulated_pages(2, pages);
}

/* Any other error of the hook is one of the initcall. */
static void boot_test_hook_fails(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	hook_error = -ENOMEM;
	native_arch_init = hook_fails;
	KUNIT_EXPECT_EQ(test, -ENOMEM, initcall_xen_unpopulated_init());
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions.list));
}

static int hook_has_tree_but_fails(struct resource **res)
{
	hook_has_tree(res);
	return -ENOMEM;
}

/* ... and nothing of what it has found is used then. */
static void boot_test_hook_fails_late(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	native_arch_init = hook_has_tree_but_fails;
	KUNIT_EXPECT_EQ(test, -ENOMEM, initcall_xen_unpopulated_init());
	KUNIT_EXPECT_FALSE(test, xen_unpop_has_addresses(ctx->pool));
}

/* In a tree that others use as well, pages are above 4 GiB, in its holes. */
static void boot_test_tree(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[2];
	unsigned int i;

	boot(test, hook_has_tree);
	KUNIT_EXPECT_FALSE(test, native_log_has("unused addresses"));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.limits.start, (u64)SZ_4G);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.limits.end,
			(1ULL << NATIVE_PHYS_BITS) - 1);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_GT_MSG(test, PFN_PHYS(page_to_pfn(pages[i])),
				    ctx->unused.end, "page %u", i);
	xen_free_unpopulated_pages(2, pages);
}

static void boot_without_bounce_buffers(struct kunit *test)
{
	native_initial_domain = false;
	native_bounce_buffers = false;
	boot(test, hook_has_tree);
}

/* ... but below, in a whole section, if there are no bounce buffers. */
static void boot_test_no_bounce_buffers(struct kunit *test)
{
	struct resource *section;
	struct page *page;

	boot_without_bounce_buffers(test);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_LT(test, PFN_PHYS(page_to_pfn(page)), (u64)SZ_4G);
	section = iomem_resource.child->sibling;
	KUNIT_EXPECT_STREQ(test, section->name, "Xen unused section");
	KUNIT_EXPECT_EQ(test, PHYS_PFN(resource_size(section)), PAGES_PER_SECTION);
	xen_free_unpopulated_pages(1, &page);
}

/* A dom0 has regions, a PV guest has machine addresses for devices. */
static void boot_test_needs_no_low_pages(struct kunit *test)
{
	static const struct {
		enum xen_domain_type type;
		bool initial, bounce;
	} rows[] = {
		{ XEN_HVM_DOMAIN,	true,	false },
		{ XEN_HVM_DOMAIN,	false,	true },
#ifdef CONFIG_XEN_HAVE_PVMMU
		{ XEN_PV_DOMAIN,	false,	false },
#endif
	};
	struct boot_test *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		xen_domain_type = rows[i].type;
		native_initial_domain = rows[i].initial;
		native_bounce_buffers = rows[i].bounce;
		boot_early(test, hook_has_tree);
		KUNIT_EXPECT_TRUE_MSG(test, xen_unpop_has_addresses(ctx->pool),
				      "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, ctx->pool->grow.low.end, 0, "row %u", i);
		boot_reset();
	}
}

/* Without memory for that region, any addresses will do. */
static void boot_test_no_region(struct kunit *test)
{
	struct page *page;

	boot_without_bounce_buffers(test);
	/* The second allocation, after that of the chunk */
	native_fail_nth = 2;
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_GT(test, PFN_PHYS(page_to_pfn(page)), (u64)SZ_4G);
	xen_free_unpopulated_pages(1, &page);
}

/* Addresses of the memory map are claimed inside of its resource. */
static void boot_test_resource(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct resource *region, *chunk;
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_EXPECT_TRUE(test, native_log_has("1024 MiB of unused addresses"));
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, PFN_PHYS(page_to_pfn(page)), ctx->unused.start);

	region = ctx->unused.child;
	KUNIT_ASSERT_NOT_NULL(test, region);
	KUNIT_EXPECT_STREQ(test, region->name, "Xen extended region");
	KUNIT_EXPECT_EQ(test, region->start, ctx->unused.start);
	KUNIT_EXPECT_EQ(test, region->end, ctx->unused.end);
	KUNIT_EXPECT_NULL(test, region->sibling);
	chunk = region->child;
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_STREQ(test, chunk->name, "Xen scratch");
	KUNIT_EXPECT_EQ(test, chunk->start, ctx->unused.start);
	xen_free_unpopulated_pages(1, &page);
}

/* Once there are some addresses, further ones that are useless are no error. */
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
	small.end = small.start + XEN_UNPOP_GRANULE - 1;
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
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions.list));
	KUNIT_EXPECT_NULL(test, ctx->unused.child);
}

#define BLOCK_ORDER	(ilog2(GRANULE_PAGES) + 1)

/* In the second granule of a block: an XArray needs no memory for index 0. */
static void get_donations(void)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, BLOCK_ORDER);
	unsigned int i;

	for (i = 0; i < NR_DONATED; i++)
		donated[i] = block + GRANULE_PAGES + i;
}

static void drop_donations(void)
{
	__free_pages(donated[0] - GRANULE_PAGES, BLOCK_ORDER);
}

/* Pages that are freed at boot are donated, one or many at a time. */
static void boot_test_donated(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[NR_DONATED];
	unsigned int i;

	get_donations();
	native_initial_domain = false;
	boot(test, hook_donates);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.nr_donated, NR_DONATED);
	KUNIT_EXPECT_TRUE(test, shows("stats", "donated_free 256\n"));
	KUNIT_EXPECT_FALSE(test, native_log_has("unused addresses"));
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_pages(NR_DONATED, pages));
	for (i = 0; i < NR_DONATED; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, pages[i], donated[i], "page %u",
					i);
	KUNIT_EXPECT_TRUE(test, shows("stats", "donated_allocated 256\n"));
	KUNIT_EXPECT_TRUE(test, shows("chunks", " donated\n"));
	xen_free_unpopulated_pages(NR_DONATED, pages);
	KUNIT_EXPECT_TRUE(test, shows("stats", "donated_free 256\n"));
	drop_donations();
}

static void boot_test_donated_at_once(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	get_donations();
	boot(test, hook_donates_at_once);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.nr_donated, NR_DONATED);
	take_and_put(test, NR_DONATED);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.nr_donated, 0);
	drop_donations();
}

/* Donated pages need no memory for memmap, so none has to be available. */
static void boot_test_donated_little_memory(struct kunit *test)
{
	const long available = native_mem_available;
	struct page *pages[NR_DONATED + 1];
	int ret;

	get_donations();
	boot_early(test, hook_donates);
	/* One page besides them needs less than a page of memmap. */
	native_mem_available = 1;
	ret = xen_alloc_unpopulated_pages(NR_DONATED + 1, pages);
	native_mem_available = available;
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], donated[0]);
	xen_free_unpopulated_pages(NR_DONATED + 1, pages);
	drop_donations();
}

/* Donated pages that there is no memory to record are not used. */
static void boot_test_donated_no_memory(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[NR_DONATED];
	unsigned int nth;
	int ret;

	get_donations();
	/* The chunk, and each of its two bitmaps. */
	for (nth = 1; nth <= 3; nth++) {
		native_fail_nth = nth;
		ctx->pool->donating = true;
		xen_free_unpopulated_pages(1, donated);
		ctx->pool->donating = false;
		KUNIT_EXPECT_EQ_MSG(test, native_fail_nth, 0, "round %u", nth);
		KUNIT_EXPECT_EQ_MSG(test, ctx->pool->grow.nr_donated, 0,
				    "round %u", nth);
	}
	KUNIT_EXPECT_TRUE(test, native_log_has("no memory to record donated pages"));

	/* The chunk of those that are recorded is used once there is memory. */
	boot_early(test, hook_donates_at_once);
	native_fail_all = true;
	ret = xen_alloc_unpopulated_pages(NR_DONATED, pages);
	native_fail_all = false;
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.nr_donated, NR_DONATED);
	take_and_put(test, NR_DONATED);
	drop_donations();
}

#ifdef CONFIG_XEN_HAVE_PVMMU
/* A PV guest cannot use addresses that its p2m has no room for. */
static void boot_test_pv(struct kunit *test)
{
	const unsigned long p2m_size = xen_p2m_size;
	struct boot_test *ctx = test->priv;

	xen_domain_type = XEN_PV_DOMAIN;
	xen_p2m_size = PFN_DOWN(ctx->unused.start + SZ_256M);
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_TRUE(test, native_log_has("256 MiB of unused addresses"));
	/* Nor can it release any. */
	KUNIT_EXPECT_NULL(test, native_debugfs_find("unpopulated", "release"));
	KUNIT_EXPECT_NULL(test, ctx->pool->background.shrinker);
	take_and_put(test, 3 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, xen_unpop_release(ctx->pool, ULONG_MAX), 0);
	/* The work may still be adding a chunk, and reads the size. */
	flush_work(&ctx->pool->background.work);
	xen_p2m_size = p2m_size;
}

static void boot_test_pv_small(struct kunit *test)
{
	const unsigned long p2m_size = xen_p2m_size;
	struct boot_test *ctx = test->priv;

	xen_domain_type = XEN_PV_DOMAIN;
	xen_p2m_size = PFN_DOWN(SZ_4G);
	boot(test, hook_has_tree);
	KUNIT_EXPECT_FALSE(test, xen_unpop_has_addresses(ctx->pool));
	KUNIT_EXPECT_TRUE(test, native_log_has("no unused addresses known"));
	xen_p2m_size = p2m_size;
}
#endif

static struct kunit_case boot_test_cases[] = {
	KUNIT_CASE(boot_test_no_xen),
	KUNIT_CASE(boot_test_no_addresses),
	KUNIT_CASE(boot_test_hook_fails),
	KUNIT_CASE(boot_test_hook_fails_late),
	KUNIT_CASE(boot_test_tree),
	KUNIT_CASE(boot_test_no_bounce_buffers),
	KUNIT_CASE(boot_test_needs_no_low_pages),
	KUNIT_CASE(boot_test_no_region),
	KUNIT_CASE(boot_test_resource),
	KUNIT_CASE(boot_test_resource_useless),
	KUNIT_CASE(boot_test_resource_no_memory),
	KUNIT_CASE(boot_test_donated),
	KUNIT_CASE(boot_test_donated_at_once),
	KUNIT_CASE(boot_test_donated_little_memory),
	KUNIT_CASE(boot_test_donated_no_memory),
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
