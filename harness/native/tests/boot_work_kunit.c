// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the background work: when it starts, and when it cannot work.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>
#include <xen/xen.h>

#include "boot.h"

#include "../runtime/mm.h"
#include "../runtime/xen.h"

#define GRANULE_PAGES	XEN_UNPOP_GRANULE_PAGES

/* A dom0 has pages ready as soon as it has booted. */
static void boot_work_test_dom0(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	boot_early(test, hook_adds_resource);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 0);
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_late_init());
	KUNIT_ASSERT_NOT_NULL(test, ctx->pool->background.workqueue);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 1);
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).unpopulated,
			GRANULE_PAGES);

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.waits, 0);
	xen_free_unpopulated_pages(1, &page);
}

/* The first request of a domU adds the first chunk, and starts the work. */
static void boot_work_test_domu(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	native_initial_domain = false;
	boot(test, hook_adds_resource);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 0);
	KUNIT_EXPECT_NULL(test, ctx->pool->background.workqueue);
	KUNIT_EXPECT_NULL(test, ctx->pool->background.shrinker);
	KUNIT_ASSERT_NOT_NULL(test, ctx->unused.child);
	KUNIT_EXPECT_NULL(test, ctx->unused.child->child);
	KUNIT_EXPECT_TRUE(test, shows("stats", "unpopulated_free 0\n"));

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.waits, 1);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->background.workqueue);
	KUNIT_ASSERT_NOT_NULL(test, ctx->pool->background.shrinker);
	KUNIT_EXPECT_PTR_EQ(test, native_shrinker, ctx->pool->background.shrinker);
	KUNIT_EXPECT_FALSE(test, ctx->pool->background.on_growth);
	xen_free_unpopulated_pages(1, &page);

	/* From now on, chunks are added ahead of need. */
	take_and_put(test, GRANULE_PAGES);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 2);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.waits, 1);
}

/* Contiguous pages are a first growth as well. */
static void boot_work_test_domu_contiguous(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *pages[2];

	native_initial_domain = false;
	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_contiguous_pages(2, pages));
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->background.workqueue);
	xen_free_unpopulated_pages(2, pages);
}

/* A domU that maps pages before the late initcall needs no other growth. */
static void boot_work_test_domu_early(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	native_initial_domain = false;
	boot_early(test, hook_adds_resource);
	take_and_put(test, 1);
	KUNIT_EXPECT_NULL(test, ctx->pool->background.workqueue);
	/* Nor has it been queued elsewhere. */
	KUNIT_EXPECT_NULL(test, ctx->pool->background.work.workqueue);
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_late_init());
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->background.workqueue);
}

/* Requests that free memory for others can wait for the work. */
static void boot_work_test_mem_reclaim(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_NOT_NULL(test, ctx->pool->background.workqueue);
	KUNIT_EXPECT_TRUE(test,
			  native_workqueue_flags(ctx->pool->background.workqueue) &
			  WQ_MEM_RECLAIM);
}

/* Without the means to work in the background, all else works. */
static void boot_work_test_no_worker(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	unsigned int nth;

	boot_early(test, hook_adds_resource);
	/* A workqueue and its thread; a shrinker. */
	for (nth = 1; nth <= 2; nth++) {
		native_fail_nth = nth;
		xen_unpop_start_work(ctx->pool);
		KUNIT_EXPECT_EQ_MSG(test, native_fail_nth, 0, "round %u", nth);
		KUNIT_EXPECT_NULL_MSG(test, ctx->pool->background.workqueue,
				      "round %u", nth);
		KUNIT_EXPECT_NULL_MSG(test, ctx->pool->background.shrinker,
				      "round %u", nth);
	}
	native_fail_nth = 3;
	xen_unpop_start_work(ctx->pool);
	KUNIT_EXPECT_EQ(test, native_fail_nth, 0);
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->background.workqueue);
	KUNIT_EXPECT_NULL(test, ctx->pool->background.shrinker);
	take_and_put(test, 3 * GRANULE_PAGES);
	KUNIT_EXPECT_GT(test, xen_unpop_release(ctx->pool, ULONG_MAX), 0);
}

/* memremap_pages() fails in the background: the next request adds the chunk. */
static void boot_work_test_worker_fails(struct kunit *test)
{
	struct boot_test *ctx = test->priv;

	native_map_error = -ENOMEM;
	native_fail_map_nth = 1;
	boot(test, hook_adds_resource);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, native_fail_map_nth, 0);
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).unpopulated, 0);
	take_and_put(test, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.waits, 1);
}

/* Pages that the shrinker counted can be allocated by the time of the work. */
static void boot_work_test_nothing_to_release(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	flush_work(&ctx->pool->background.work);
	atomic_long_add(1, &ctx->pool->background.to_release);
	xen_unpop_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, 0,
			atomic_long_read(&ctx->pool->background.to_release));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.released, 0);
	xen_free_unpopulated_pages(1, &page);
}

/* A page can be allocated just before a release has the lock. */
static void boot_work_test_not_idle(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct xen_unpop_chunk *chunk;
	struct page *page;

	boot_early(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	take_and_put(test, 3 * GRANULE_PAGES);
	chunk = list_last_entry(&ctx->pool->grow.chunks, struct xen_unpop_chunk,
				list);
	KUNIT_EXPECT_PTR_EQ(test, chunk->first, page);
	scoped_guard(growth, ctx->pool)
		KUNIT_EXPECT_FALSE(test, xen_unpop_detach_idle(ctx->pool, chunk, 0));
	xen_free_unpopulated_pages(1, &page);
}

#ifdef CONFIG_XEN_HAVE_PVMMU
/* The p2m of a PV domU, which its save image has, ends at RAM until then. */
static void boot_work_test_pv_domu(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	xen_domain_type = XEN_PV_DOMAIN;
	native_initial_domain = false;
	boot(test, hook_has_tree);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, native_p2m_max_pfn, 0);

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_GT(test, native_p2m_max_pfn, page_to_pfn(page));
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->background.workqueue);
	xen_free_unpopulated_pages(1, &page);
}
#endif

static struct kunit_case boot_work_test_cases[] = {
	KUNIT_CASE(boot_work_test_dom0),
	KUNIT_CASE(boot_work_test_domu),
	KUNIT_CASE(boot_work_test_domu_contiguous),
	KUNIT_CASE(boot_work_test_domu_early),
	KUNIT_CASE(boot_work_test_mem_reclaim),
	KUNIT_CASE(boot_work_test_no_worker),
	KUNIT_CASE(boot_work_test_worker_fails),
	KUNIT_CASE(boot_work_test_nothing_to_release),
	KUNIT_CASE(boot_work_test_not_idle),
#ifdef CONFIG_XEN_HAVE_PVMMU
	KUNIT_CASE(boot_work_test_pv_domu),
#endif
	{}
};

static struct kunit_suite boot_work_test_suite = {
	.name = "xen_unpopulated_boot_work",
	.init = boot_test_init,
	.exit = boot_test_exit,
	.test_cases = boot_work_test_cases,
};

kunit_test_suite(boot_work_test_suite);
