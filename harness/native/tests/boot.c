// SPDX-License-Identifier: GPL-2.0
/*
 * The fixture of the suites that boot: see boot.h.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/xen.h>

#include "boot.h"
#include "tests/unpopulated_test.h"

#include "../runtime/log.h"
#include "../runtime/mm.h"
#include "../runtime/xen.h"

static struct boot_test *boot_test;

int hook_has_tree(struct resource **res)
{
	*res = &iomem_resource;
	return 0;
}

int hook_adds_resource(struct resource **res)
{
	return xen_unpopulated_add_resource(&boot_test->unused);
}

int boot_test_init(struct kunit *test)
{
	struct boot_test *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	boot_test = ctx;

	ctx->pool = &xen_unpop_pool;
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

void boot_test_exit(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct xen_unpop_count count;

	native_fail_nth = 0;
	native_fail_all = false;
	count = xen_unpop_count(ctx->pool);
	KUNIT_EXPECT_EQ(test, count.unpopulated_allocated, 0);
	KUNIT_EXPECT_EQ(test, count.donated_allocated, 0);
	KUNIT_EXPECT_EQ(test, count.ballooned_allocated, 0);

	boot_reset();
	KUNIT_EXPECT_NULL(test, ctx->unused.child);
	release_resource(&ctx->unused);
	/* But for RAM, nothing is left. */
	KUNIT_EXPECT_NULL(test, iomem_resource.child->sibling);
	KUNIT_EXPECT_EQ(test, native_balloon_out, 0);
	KUNIT_EXPECT_EQ(test, native_warnings, ctx->warnings);
}

void boot_early(struct kunit *test, int (*hook)(struct resource **res))
{
	native_arch_init = hook;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
}

void boot(struct kunit *test, int (*hook)(struct resource **res))
{
	boot_early(test, hook);
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_late_init());
}

void boot_reset(void)
{
	native_debugfs_remove_all();
	unpop_pool_destroy(&xen_unpop_pool);
	xen_unpop_pool =
		(struct xen_unpop_pool)XEN_UNPOP_POOL_INIT(xen_unpop_pool);
	xen_domain_type = XEN_HVM_DOMAIN;
	native_initial_domain = true;
	native_bounce_buffers = true;
	native_balloon_left = 0;
	native_p2m_reset();
}

void take_and_put(struct kunit *test, unsigned int nr_pages)
{
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(nr_pages, pages));
	xen_free_unpopulated_pages(nr_pages, pages);
	kfree(pages);
}

bool shows(const char *name, const char *text)
{
	char *shown = native_debugfs_read(native_debugfs_find("unpopulated",
							      name));
	bool found = strstr(shown, text);

	kfree(shown);
	return found;
}
