// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests with threads that use the pool in all ways at the same time, for
 * ThreadSanitizer to watch.
 *
 * A thread writes to the pages that it has allocated, without a lock: a race there
 * means that two threads have the page, or that no lock was between them.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "boot.h"

#include "../runtime/log.h"
#include "../runtime/xen.h"

#define SECTION_BYTES	((u64)PAGES_PER_SECTION * PAGE_SIZE)
/*
 * Few addresses, and behind them a section that a thread lends to the balloon
 * driver: the others find too few meanwhile.  Not so in a PV guest, which would
 * never release chunks of the section.
 */
#define NR_GRANULES	2
#define NR_THREADS	4
#define NR_SLOTS	16
#define MAX_PAGES	(2 * XEN_UNPOP_GRANULE_PAGES)
#define NR_BALLOONED	300

#ifndef STRESS_ROUNDS
#define STRESS_ROUNDS	4000
#endif

struct slot {
	unsigned int nr_pages;
	struct page **pages;
};

struct stress_thread {
	struct xen_unpop_pool *pool;
	struct rnd_state rnd;
	struct slot slots[NR_SLOTS];
	struct resource ram;
	unsigned long taken;
	unsigned long refused;
	unsigned long stolen;
	struct task_struct *task;
	struct completion done;
};

static struct resource unused;

static int hook_adds_unused(struct resource **res)
{
	return xen_unpopulated_add_resource(&unused);
}

static u32 below(struct stress_thread *thread, u32 limit)
{
	return prandom_u32_state(&thread->rnd) % limit;
}

static void unpop_take(struct stress_thread *thread, struct slot *slot)
{
	unsigned int i, nr_pages;
	int ret;

	nr_pages = 1 + below(thread, below(thread, 8) ? 64 : MAX_PAGES);
	if (below(thread, 3) == 0)
		nr_pages = 1;
	ret = below(thread, 4) == 0 ?
	      xen_alloc_unpopulated_contiguous_pages(nr_pages, slot->pages) :
	      xen_alloc_unpopulated_pages(nr_pages, slot->pages);
	if (ret) {
		thread->refused++;
		return;
	}

	thread->taken += nr_pages;
	slot->nr_pages = nr_pages;
	for (i = 0; i < nr_pages; i++)
		slot->pages[i]->zone_device_data = slot;
}

static void unpop_put(struct stress_thread *thread, struct slot *slot)
{
	unsigned int i, other, nr_pages = slot->nr_pages;

	for (i = 0; i < nr_pages; i++)
		thread->stolen += slot->pages[i]->zone_device_data != slot;

	if (below(thread, 2)) {
		for (i = nr_pages - 1; i; i--) {
			other = below(thread, i + 1);
			swap(slot->pages[i], slot->pages[other]);
		}
		nr_pages = 1 + below(thread, nr_pages);
	}
	slot->nr_pages -= nr_pages;
	xen_free_unpopulated_pages(nr_pages, slot->pages + slot->nr_pages);
}

/* A rare operation. */
static void other(struct stress_thread *thread, unsigned int round)
{
	static const char *const shown[] = { "stats", "chunks" };
	/* Pairs with the release in shrinker_register(). */
	struct shrinker *shrinker = smp_load_acquire(&native_shrinker);
	struct shrink_control sc = { .nr_to_scan = 1 + below(thread, 1000) };

	switch (below(thread, 5)) {
	case 0:
		xen_unpop_release(thread->pool,
				  below(thread, 2) ? 1 : ULONG_MAX);
		break;
	case 1:
		if (shrinker &&
		    shrinker->count_objects(shrinker, &sc) != SHRINK_EMPTY)
			shrinker->scan_objects(shrinker, &sc);
		break;
	case 2:
		/* The memory of the start stays for a while. */
		if (thread->ram.parent && round > STRESS_ROUNDS / 2)
			xen_unpopulated_unreserve(&thread->ram);
		else if (!thread->ram.parent)
			xen_unpopulated_reserve(&thread->ram, SECTION_BYTES,
						SECTION_BYTES);
		break;
	default:
		kfree(native_debugfs_read(native_debugfs_find("unpopulated",
							      shown[below(thread, 2)])));
	}
}

static int stress(void *data)
{
	struct stress_thread *thread = data;
	struct slot *slot;
	unsigned int i;

	for (i = 0; i < STRESS_ROUNDS; i++) {
		slot = &thread->slots[below(thread, NR_SLOTS)];
		if (below(thread, 16) == 0)
			other(thread, i);
		else if (slot->nr_pages)
			unpop_put(thread, slot);
		else
			unpop_take(thread, slot);
	}
	for (slot = thread->slots; slot < thread->slots + NR_SLOTS; slot++) {
		while (slot->nr_pages)
			unpop_put(thread, slot);
	}
	if (thread->ram.parent)
		xen_unpopulated_unreserve(&thread->ram);
	complete(&thread->done);

	return 0;
}

static void prepare(struct kunit *test, struct stress_thread *thread,
		    unsigned int seed)
{
	unsigned int i;

	thread->pool = &xen_unpop_pool;
	prandom_seed_state(&thread->rnd, seed);
	for (i = 0; i < NR_SLOTS; i++) {
		thread->slots[i].pages = kunit_kcalloc(test, MAX_PAGES,
						       sizeof(struct page *),
						       GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, thread->slots[i].pages);
	}
	init_completion(&thread->done);
	thread->task = kthread_create(stress, thread, "stress/%u", seed);
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread->task));
}

static const struct domain {
	const char		*name;
	enum xen_domain_type	type;
	bool			initial;
} domains[] = {
	{ "HVM", XEN_HVM_DOMAIN, true },
	{ "HVM domU", XEN_HVM_DOMAIN, false },
#ifdef CONFIG_XEN_HAVE_PVMMU
	{ "PV", XEN_PV_DOMAIN, true },
	{ "PV domU", XEN_PV_DOMAIN, false },
#endif
};

KUNIT_ARRAY_PARAM_DESC(domain, domains, name);

static void stress_test_all(struct kunit *test)
{
	const u64 few = NR_GRANULES * XEN_UNPOP_GRANULE;
	const struct domain *domain = test->param_value;
	const bool pv = domain->type == XEN_PV_DOMAIN;
	struct xen_unpop_pool *pool = &xen_unpop_pool;
	const unsigned int warnings = native_warnings;
	unsigned long taken = 0, refused = 0, fallbacks;
	struct stress_thread *threads;
	struct xen_unpop_count count;
	unsigned int i;

	threads = kunit_kcalloc(test, NR_THREADS, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	unused = DEFINE_RES_MEM_NAMED((4ULL << 30) + SECTION_BYTES - few,
				      few + (pv ? 0 : SECTION_BYTES), "unused");
	KUNIT_ASSERT_EQ(test, 0, request_resource(&iomem_resource, &unused));
	xen_domain_type = domain->type;
	native_initial_domain = domain->initial;
	native_arch_init = hook_adds_unused;
	native_balloon_left = NR_BALLOONED;
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_init());
	KUNIT_ASSERT_EQ(test, 0, initcall_xen_unpopulated_late_init());

	for (i = 0; i < NR_THREADS; i++)
		threads[i].ram = DEFINE_RES_NAMED(0, 0, "System RAM",
						  IORESOURCE_SYSTEM_RAM |
						  IORESOURCE_BUSY);
	/* It starts with memory at the section. */
	if (!pv)
		KUNIT_ASSERT_EQ(test, 0,
				xen_unpopulated_reserve(&threads[0].ram,
							SECTION_BYTES,
							SECTION_BYTES));
	for (i = 0; i < NR_THREADS; i++)
		prepare(test, &threads[i], i);
	for (i = 0; i < NR_THREADS; i++)
		wake_up_process(threads[i].task);
	for (i = 0; i < NR_THREADS; i++) {
		wait_for_completion(&threads[i].done);
		KUNIT_EXPECT_EQ_MSG(test, threads[i].stolen, 0, "thread %u", i);
		taken += threads[i].taken;
		refused += threads[i].refused;
	}
	flush_work(&pool->background.work);

	count = xen_unpop_count(pool);
	KUNIT_EXPECT_EQ(test, count.unpopulated_allocated, 0);
	KUNIT_EXPECT_EQ(test, count.ballooned_allocated, 0);
	KUNIT_EXPECT_EQ(test, count.nr_free, count.unpopulated);
	KUNIT_EXPECT_EQ(test, count.idle, count.unpopulated);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&pool->misuses));
	KUNIT_EXPECT_TRUE(test, xa_empty(&pool->ballooned));
	KUNIT_EXPECT_EQ(test, native_balloon_out, 0);
	KUNIT_EXPECT_EQ(test, native_warnings, warnings);
	fallbacks = atomic_long_read(&pool->fallbacks);
	kunit_info(test, "%lu pages, %lu grows, %lu releases, %lu fallbacks, %lu refused\n",
		   taken, pool->grow.added, pool->grow.released, fallbacks,
		   refused);
	/* All ways to serve a request were taken. */
	if (!pv)
		KUNIT_EXPECT_GT(test, pool->grow.released, 2);
	KUNIT_EXPECT_GT(test, fallbacks, 0);
	KUNIT_EXPECT_GT(test, refused, 0);

	boot_reset();
	KUNIT_EXPECT_NULL(test, unused.child);
	release_resource(&unused);
}

static struct kunit_case stress_test_cases[] = {
	KUNIT_CASE_PARAM(stress_test_all, domain_gen_params),
	{}
};

static struct kunit_suite stress_test_suite = {
	.name = "xen_unpopulated_stress",
	.test_cases = stress_test_cases,
};

kunit_test_suite(stress_test_suite);
