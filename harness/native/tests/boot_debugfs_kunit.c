// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the pool as the rest of the kernel and its admin see it: the
 * exported functions, debugfs, the log.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <xen/balloon.h>
#include <xen/xen.h>

#include "boot.h"

#include "../runtime/log.h"
#include "../runtime/mm.h"
#include "../runtime/xen.h"

#define GRANULE_PAGES	XEN_UNPOP_GRANULE_PAGES

/* A chunk is shown once, however many granules it has. */
static void boot_debugfs_test_large_chunk(struct kunit *test)
{
	const unsigned int nr_pages = 3 * GRANULE_PAGES;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);
	char *shown, expected[80], *line;
	u64 start;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_contiguous_pages(nr_pages,
									pages));
	start = PFN_PHYS(page_to_pfn(pages[0]));
	snprintf(expected, sizeof(expected),
		 "%016llx-%016llx %u 0 unpopulated\n", start,
		 start + PFN_PHYS(nr_pages) - 1, nr_pages);
	shown = native_debugfs_read(native_debugfs_find("unpopulated", "chunks"));
	line = strstr(shown, expected);
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "%s", shown);
	KUNIT_EXPECT_NULL_MSG(test, strstr(line + 1, expected), "%s", shown);
	kfree(shown);
	xen_free_unpopulated_pages(nr_pages - 1, pages);
	snprintf(expected, sizeof(expected),
		 "%016llx-%016llx %u %u unpopulated\n", start,
		 start + PFN_PHYS(nr_pages) - 1, nr_pages, nr_pages - 1);
	KUNIT_EXPECT_TRUE(test, shows("chunks", expected));
	xen_free_unpopulated_pages(1, pages + nr_pages - 1);
	kfree(pages);
}

/* Figures, addresses and a switch are in debugfs. */
static void boot_debugfs_test_files(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct xen_unpopulated_count count;
	struct dentry *release, *xen;
	struct page *pages[2];

	/* As on x86, which has files of its own there. */
	xen = debugfs_create_dir("xen", NULL);
	boot(test, hook_adds_resource);
	KUNIT_EXPECT_PTR_EQ(test, debugfs_lookup("xen", NULL), xen);
	KUNIT_EXPECT_NOT_NULL(test, debugfs_lookup("unpopulated", xen));

	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(2, pages));
	KUNIT_EXPECT_TRUE(test, shows("stats", "unpopulated_allocated 2\n"));
	KUNIT_EXPECT_TRUE(test, shows("stats", "allocated_max 2\n"));
	KUNIT_EXPECT_TRUE(test, shows("stats", "failures 0\n"));
	count = xen_unpopulated_get_count();
	KUNIT_EXPECT_EQ(test, count.allocated, 2);
	KUNIT_EXPECT_EQ(test, count.free,
			xen_unpop_count(ctx->pool).unpopulated - 2);
	KUNIT_EXPECT_EQ(test, count.ballooned, 0);
	KUNIT_EXPECT_EQ(test, count.failures, 0);
	KUNIT_EXPECT_TRUE(test, shows("chunks", " unpopulated\n"));
	xen_free_unpopulated_pages(2, pages);
	KUNIT_EXPECT_TRUE(test, shows("stats", "unpopulated_allocated 0\n"));

	take_and_put(test, 3 * GRANULE_PAGES);
	flush_work(&ctx->pool->background.work);
	release = native_debugfs_find("unpopulated", "release");
	KUNIT_ASSERT_NOT_NULL(test, release);
	KUNIT_EXPECT_GT(test, ctx->pool->grow.added, 2);
	KUNIT_EXPECT_EQ(test, -EINVAL, native_debugfs_write(release, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, native_debugfs_write(release, 2));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.released, 0);
	KUNIT_EXPECT_EQ(test, 0, native_debugfs_write(release, 1));
	KUNIT_EXPECT_GT(test, ctx->pool->grow.released, 0);
	flush_work(&ctx->pool->background.work);
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).unpopulated,
			GRANULE_PAGES);
}

/* Each figure is the one of that name. */
static void boot_debugfs_test_stats(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct xen_unpop_pool *pool = ctx->pool;
	struct xen_unpopulated_count count;
	char *shown;

	boot(test, NULL);
	pool->free.nr_pages = 100;
	pool->free.nr_donated = 30;
	pool->free.donated_free = 10;
	pool->free.nr_free = 10 + 25;
	pool->free.nr_ballooned = 3;
	pool->free.allocated_max = 200;
	pool->grow.nr_donated = 5;
	pool->grow.added = 7;
	pool->grow.waits = 6;
	pool->grow.released = 4;
	atomic_long_set(&pool->fallbacks, 2);
	atomic_long_set(&pool->failures, 9);
	atomic_long_set(&pool->misuses, 1);

	shown = native_debugfs_read(native_debugfs_find("unpopulated", "stats"));
	KUNIT_EXPECT_STREQ(test, shown,
			   "unpopulated_free 25\n"
			   "unpopulated_allocated 45\n"
			   "donated_free 15\n"
			   "donated_allocated 20\n"
			   "ballooned_allocated 3\n"
			   "allocated_max 200\n"
			   "grows 7\n"
			   "waits 6\n"
			   "releases 4\n"
			   "fallbacks 2\n"
			   "failures 9\n"
			   "misuses 1\n");
	kfree(shown);

	count = xen_unpopulated_get_count();
	KUNIT_EXPECT_EQ(test, count.allocated, 45 + 20);
	KUNIT_EXPECT_EQ(test, count.free, 25 + 15);
	KUNIT_EXPECT_EQ(test, count.ballooned, 3);
	KUNIT_EXPECT_EQ(test, count.failures, 9);
	boot_reset();
}

/*
 * A page that is freed though it is not allocated is warned about once, counted
 * each time and otherwise ignored.  A warning sleeps here: no lock is held then.
 */
static void boot_debugfs_test_misuse(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	xen_free_unpopulated_pages(1, &page);
	xen_free_unpopulated_pages(1, &page);
	KUNIT_EXPECT_EQ(test, native_warnings, ctx->warnings + 1);
	KUNIT_EXPECT_TRUE(test, native_log_has("is freed, but is not allocated here"));
	xen_free_unpopulated_pages(1, NULL);
	KUNIT_EXPECT_EQ(test, native_warnings, ctx->warnings + 1);
	KUNIT_EXPECT_TRUE(test, shows("stats", "misuses 2\n"));
	native_warnings = ctx->warnings;
}

/* A request for no page succeeds, if the pages need not be consecutive. */
static void boot_debugfs_test_no_pages(struct kunit *test)
{
	struct page *page;

	boot(test, hook_adds_resource);
	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(0, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xen_alloc_unpopulated_contiguous_pages(0, &page));
	xen_free_unpopulated_pages(0, NULL);

	KUNIT_EXPECT_EQ(test, -EINVAL, xen_alloc_unpopulated_pages(1, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xen_alloc_unpopulated_pages(INT_MAX + 1U, &page));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xen_alloc_unpopulated_contiguous_pages(1, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			xen_alloc_unpopulated_contiguous_pages(PAGES_PER_SECTION + 1,
							       &page));
	KUNIT_EXPECT_TRUE(test, shows("stats", "misuses 0\n"));
}

/* Contiguous pages are freed as any others, in any order. */
static void boot_debugfs_test_contiguous(struct kunit *test)
{
	struct page *pages[24];
	unsigned int i;

	boot(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_contiguous_pages(24, pages));
	for (i = 0; i < 24; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, pages[i], pages[0] + i, "page %u",
					i);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(page_to_pfn(pages[0]), 32));
	xen_free_unpopulated_pages(8, pages + 16);
	xen_free_unpopulated_pages(16, pages);
	KUNIT_EXPECT_TRUE(test, shows("stats", "misuses 0\n"));
}

/* In a tree that others use as well, a hole of that size is found. */
static void boot_debugfs_test_contiguous_tree(struct kunit *test)
{
	const unsigned int nr_pages = GRANULE_PAGES + 1;
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	boot(test, hook_has_tree);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_contiguous_pages(nr_pages,
									pages));
	KUNIT_EXPECT_PTR_EQ(test, pages[nr_pages - 1], pages[0] + nr_pages - 1);
	KUNIT_EXPECT_GT(test, PFN_PHYS(page_to_pfn(pages[0])), ctx->unused.end);
	xen_free_unpopulated_pages(nr_pages, pages);
	kfree(pages);
}

/* Memory and pages are never at the same addresses. */
static void boot_debugfs_test_reserve(struct kunit *test)
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

struct waiter {
	struct page *pages[8];
	int ret;
	struct completion done;
};

static int wait_for_contiguous(void *data)
{
	struct waiter *waiter = data;

	waiter->ret = xen_alloc_unpopulated_contiguous_pages(8, waiter->pages);
	complete(&waiter->done);
	return 0;
}

/* Consecutive pages that are freed while a request waits to grow serve it. */
static void boot_debugfs_test_contiguous_while_waiting(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(GRANULE_PAGES, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);
	struct task_struct *task;
	struct waiter waiter = {};

	boot_early(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_pages(GRANULE_PAGES, pages));
	init_completion(&waiter.done);
	mutex_lock(&ctx->pool->grow.lock);
	task = kthread_create(wait_for_contiguous, &waiter, "waiter");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	while (!(READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE))
		fsleep(100);
	put_task_struct(task);
	xen_free_unpopulated_pages(8, pages + 64);
	mutex_unlock(&ctx->pool->grow.lock);
	wait_for_completion(&waiter.done);
	KUNIT_EXPECT_EQ(test, waiter.ret, 0);
	KUNIT_EXPECT_PTR_EQ(test, waiter.pages[0], pages[64]);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 1);

	xen_free_unpopulated_pages(8, waiter.pages);
	xen_free_unpopulated_pages(64, pages);
	xen_free_unpopulated_pages(GRANULE_PAGES - 72, pages + 72);
	kfree(pages);
}

static bool mapped_without_io, ballooned_without_io;

static int map_without_io(struct dev_pagemap *pgmap)
{
	mapped_without_io = current->flags & PF_MEMALLOC_NOIO;
	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}

static int balloon_without_io(unsigned int nr_pages, struct page **pages)
{
	ballooned_without_io = current->flags & PF_MEMALLOC_NOIO;
	return xen_alloc_ballooned_pages(nr_pages, pages);
}

/* Block I/O can wait for a request, so that the request must not wait for I/O. */
static void boot_debugfs_test_no_io(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page, **pages;
	unsigned int nr_pages;

	kunit_activate_static_stub(test, xen_unpop_map, map_without_io);
	kunit_activate_static_stub(test, xen_unpop_balloon_alloc,
				   balloon_without_io);
	boot_early(test, hook_adds_resource);
	take_and_put(test, 1);
	KUNIT_EXPECT_TRUE(test, mapped_without_io);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC_NOIO);

	boot_reset();
	boot_early(test, hook_adds_resource);
	mapped_without_io = false;
	KUNIT_ASSERT_EQ(test, 0,
			xen_alloc_unpopulated_contiguous_pages(1, &page));
	KUNIT_EXPECT_TRUE(test, mapped_without_io);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC_NOIO);
	xen_free_unpopulated_pages(1, &page);

	nr_pages = PHYS_PFN(resource_size(&ctx->unused)) + 1;
	pages = kcalloc(nr_pages, sizeof(*pages), GFP_KERNEL | __GFP_NOFAIL);
	native_balloon_left = 1;
	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(nr_pages, pages));
	KUNIT_EXPECT_TRUE(test, ballooned_without_io);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC_NOIO);
	xen_free_unpopulated_pages(nr_pages, pages);
	kfree(pages);
}

static struct page *ballooned[2];
static unsigned int freed, misused;

static int give_ballooned(unsigned int nr_pages, struct page **pages)
{
	memcpy(pages, ballooned, nr_pages * sizeof(*pages));
	return 0;
}

static void count_freed(unsigned int nr_pages, struct page **pages)
{
	freed += nr_pages;
}

static void count_misused(struct page *page)
{
	misused++;
}

/* If there is memory to record only some ballooned pages, all are given back. */
static void boot_debugfs_test_ballooned_no_memory(struct kunit *test)
{
	struct page *pages[2], *neighbour;
	unsigned int nr;
	int ret;

	kunit_activate_static_stub(test, xen_unpop_balloon_alloc,
				   give_ballooned);
	kunit_activate_static_stub(test, xen_unpop_balloon_free, count_freed);
	kunit_activate_static_stub(test, xen_unpop_warn_misuse, count_misused);
	freed = 0;
	misused = 0;

	/* The XArray has a node with room for the page before a section then. */
	ballooned[0] = pfn_to_page(PAGES_PER_SECTION - 2);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &neighbour));
	ballooned[0] = pfn_to_page(PAGES_PER_SECTION - 1);
	ballooned[1] = pfn_to_page(PAGES_PER_SECTION);
	for (nr = 2; nr; nr--) {
		if (nr == 1)
			ballooned[0] = ballooned[1];
		native_fail_all = true;
		ret = xen_alloc_unpopulated_pages(nr, pages);
		native_fail_all = false;
		KUNIT_EXPECT_EQ_MSG(test, ret, -ENOMEM, "%u pages", nr);
		KUNIT_EXPECT_EQ_MSG(test, freed, nr, "%u pages", nr);
		freed = 0;
		/* None of them is recorded. */
		xen_free_unpopulated_pages(nr, ballooned);
		KUNIT_EXPECT_EQ_MSG(test, misused, nr, "%u pages", nr);
		KUNIT_EXPECT_EQ_MSG(test, freed, 0, "%u pages", nr);
		misused = 0;
	}
	xen_free_unpopulated_pages(1, &neighbour);
	KUNIT_EXPECT_EQ(test, freed, 1);
	KUNIT_EXPECT_EQ(test, misused, 0);
}

/* Addresses that cannot be mapped stay out of the way, and the log has them. */
static void boot_debugfs_test_unmappable(struct kunit *test)
{
	struct boot_test *ctx = test->priv;
	struct page *page;

	native_map_error = -EEXIST;
	native_fail_map_nth = 1;
	boot_early(test, hook_adds_resource);
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, PFN_PHYS(page_to_pfn(page)),
			ctx->unused.start + XEN_UNPOP_GRANULE);
	KUNIT_EXPECT_TRUE(test, native_log_has("cannot be mapped: -17"));
	KUNIT_EXPECT_STREQ(test, ctx->unused.child->child->name,
			   "Xen scratch (unmappable)");
	xen_free_unpopulated_pages(1, &page);
}

/* When memory for memmap is short, no more than a granule is added ahead. */
static void boot_debugfs_test_little_memory(struct kunit *test)
{
	const long available = native_mem_available;
	struct boot_test *ctx = test->priv;
	struct page *page;

	boot_early(test, hook_adds_resource);
	ctx->pool->grow.chunk_pages = PAGES_PER_SECTION;
	native_mem_available = 0;
	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(1, &page));
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).unpopulated,
			GRANULE_PAGES);
	native_mem_available = available;
	xen_free_unpopulated_pages(1, &page);
}

/* Contiguous pages whose memmap took all memory are refused beforehand. */
static void boot_debugfs_test_contiguous_too_large(struct kunit *test)
{
	const long available = native_mem_available;
	unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	boot_early(test, hook_adds_resource);
	native_mem_available = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_alloc_unpopulated_contiguous_pages(nr_pages, pages));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 0);
	native_mem_available = available;
	kfree(pages);
}

/* Others can have the lock and the processor during a large request. */
static void boot_debugfs_test_large_request(struct kunit *test)
{
	const unsigned int nr_pages = 4 * XEN_UNPOP_PAGES_PER_HOLD;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);
	unsigned long before;

	boot_early(test, hook_adds_resource);
	take_and_put(test, nr_pages);
	before = native_rescheds;
	KUNIT_ASSERT_EQ(test, 0, xen_alloc_unpopulated_pages(nr_pages, pages));
	KUNIT_EXPECT_EQ(test, native_rescheds - before, 3);
	before = native_rescheds;
	xen_free_unpopulated_pages(nr_pages, pages);
	KUNIT_EXPECT_EQ(test, native_rescheds - before, 3);
	kfree(pages);
}

/* The memmap of a request can take half of the memory that is available. */
static void boot_debugfs_test_half_of_memory(struct kunit *test)
{
	const unsigned int nr_pages = 3 * GRANULE_PAGES;
	const long available = native_mem_available;
	const long memmap = nr_pages * sizeof(struct page) / PAGE_SIZE;
	struct boot_test *ctx = test->priv;
	struct page **pages = kcalloc(nr_pages, sizeof(*pages),
				      GFP_KERNEL | __GFP_NOFAIL);

	boot_early(test, hook_adds_resource);
	/* A chunk is not made larger than that for requests to come. */
	ctx->pool->grow.chunk_pages = 4 * GRANULE_PAGES;
	native_mem_available = 2 * memmap - 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_alloc_unpopulated_pages(nr_pages, pages));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 0);
	native_mem_available = 2 * memmap;
	KUNIT_EXPECT_EQ(test, 0, xen_alloc_unpopulated_pages(nr_pages, pages));
	native_mem_available = available;
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 1);
	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).unpopulated, nr_pages);
	xen_free_unpopulated_pages(nr_pages, pages);
	kfree(pages);
}

static unsigned int nr_exhausted, nr_missing;

static void seen_exhausted(void *data, unsigned int nr_pages, unsigned int missing)
{
	nr_exhausted++;
	nr_missing = missing;
}

static void add_probe(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "xen_unpopulated_exhausted"))
		tracepoint_probe_register(tracepoint, seen_exhausted, NULL);
}

static void remove_probe(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "xen_unpopulated_exhausted"))
		tracepoint_probe_unregister(tracepoint, seen_exhausted, NULL);
}

/* If memory for memmap is short, no address is missing: that is what is traced. */
static void boot_debugfs_test_traced_memory(struct kunit *test)
{
	const long available = native_mem_available;
	struct boot_test *ctx = test->priv;
	struct page **pages;
	unsigned int nr_pages;

	boot_early(test, hook_adds_resource);
	nr_pages = ctx->pool->free.room + 5;
	pages = kcalloc(nr_pages, sizeof(*pages), GFP_KERNEL | __GFP_NOFAIL);
	native_balloon_left = 5;
	native_mem_available = 1;
	nr_exhausted = 0;
	for_each_kernel_tracepoint(add_probe, NULL);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_alloc_unpopulated_pages(nr_pages, pages));
	for_each_kernel_tracepoint(remove_probe, NULL);
	native_mem_available = available;
	KUNIT_EXPECT_EQ(test, nr_exhausted, 1);
	KUNIT_EXPECT_EQ(test, nr_missing, 0);
	/* The ballooned pages are given back. */
	KUNIT_EXPECT_EQ(test, native_balloon_left, 5);
	kfree(pages);
}

static struct kunit_case boot_debugfs_test_cases[] = {
	KUNIT_CASE(boot_debugfs_test_files),
	KUNIT_CASE(boot_debugfs_test_stats),
	KUNIT_CASE(boot_debugfs_test_large_chunk),
	KUNIT_CASE(boot_debugfs_test_misuse),
	KUNIT_CASE(boot_debugfs_test_no_pages),
	KUNIT_CASE(boot_debugfs_test_contiguous),
	KUNIT_CASE(boot_debugfs_test_contiguous_tree),
	KUNIT_CASE(boot_debugfs_test_contiguous_while_waiting),
	KUNIT_CASE(boot_debugfs_test_contiguous_too_large),
	KUNIT_CASE(boot_debugfs_test_reserve),
	KUNIT_CASE(boot_debugfs_test_no_io),
	KUNIT_CASE(boot_debugfs_test_ballooned_no_memory),
	KUNIT_CASE(boot_debugfs_test_unmappable),
	KUNIT_CASE(boot_debugfs_test_little_memory),
	KUNIT_CASE(boot_debugfs_test_large_request),
	KUNIT_CASE(boot_debugfs_test_half_of_memory),
	KUNIT_CASE(boot_debugfs_test_traced_memory),
	{}
};

static struct kunit_suite boot_debugfs_test_suite = {
	.name = "xen_unpopulated_boot_debugfs",
	.init = boot_test_init,
	.exit = boot_test_exit,
	.test_cases = boot_debugfs_test_cases,
};

kunit_test_suite(boot_debugfs_test_suite);
