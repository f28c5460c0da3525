// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for a pool that several threads use at the same time.
 *
 * A thread writes to the pages that it has, without a lock, so that KCSAN and
 * ThreadSanitizer see it if two threads have the same page.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "unpopulated_threads.h"

/* The most that mix() allocates at once. */
#define MIXED_PAGES	64
/* How often, at least, a thread asks for more than there is, and one meanwhile. */
#define NR_IN_VAIN	1000
#define NR_MEANWHILE	100
/* How often a thread frees pages that it does not have. */
#define NR_WRONG	500

/* The number of the round, for threads that do each round together. */
static unsigned int round_now;

static int threads_test_init(struct kunit *test)
{
	round_now = 0;

	return unpop_threads_init(test);
}

/* Free @nr_pages pages of @thread; another thread must not have had them. */
static void free_checked(struct thread *thread, unsigned int nr_pages)
{
	unsigned int i;

	for (i = 0; i < nr_pages; i++)
		thread->stolen += thread->pages[i]->zone_device_data != thread;
	xen_unpop_free(thread->pool, nr_pages, thread->pages);
}

/* Allocate pages of both kinds, free them together, release chunks. */
static void mix(struct thread *thread)
{
	unsigned int round, nr_pages, nr = 0, i;
	struct page **pages;
	struct rnd_state rnd;
	int ret;

	prandom_seed_state(&rnd, thread->nr);
	for (round = 0; round < 500 && !kthread_should_stop(); round++) {
		nr_pages = 1 + prandom_u32_state(&rnd) % MIXED_PAGES;
		pages = thread->pages + nr;
		ret = nr_pages % 4 ?
		      xen_unpop_alloc(thread->pool, nr_pages, pages) :
		      xen_unpop_alloc_contiguous(thread->pool, nr_pages, pages);
		if (ret) {
			thread->failed++;
			break;
		}
		for (i = 0; i < nr_pages; i++)
			pages[i]->zone_device_data = thread;
		nr += nr_pages;
		cond_resched();
		if (round % 2) {
			free_checked(thread, nr);
			nr = 0;
		}
		if (round % 64 == 0)
			xen_unpop_release(thread->pool, 1);
	}
	free_checked(thread, nr);
}

static void threads_test_mixes(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	unpop_add_region(test, 0, WINDOW_GRANULES);
	ctx->pool->background.on_growth = true;
	for (i = 0; i < UNPOP_NR_THREADS; i++)
		unpop_prepare_thread(test, i, mix, 2 * MIXED_PAGES);
	unpop_start_threads(UNPOP_NR_THREADS);
	unpop_join_threads(test, UNPOP_NR_THREADS);
	unpop_settle(ctx);

	for (i = 0; i < UNPOP_NR_THREADS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, unpop_threads[i].failed, 0, "thread %u", i);
		KUNIT_EXPECT_EQ_MSG(test, unpop_threads[i].stolen, 0, "thread %u", i);
	}
	KUNIT_EXPECT_NOT_NULL(test, ctx->pool->background.workqueue);
	unpop_expect_all_free(test);
}

static void request_once(struct thread *thread)
{
	thread->ret = xen_unpop_alloc(thread->pool, thread->nr_pages,
				      thread->pages);
}

/* Of threads that wait for growth together, one grows for all. */
static void threads_test_grow_once(struct kunit *test)
{
	const unsigned int nr_pages = 3 * GRANULE_PAGES / 4;
	struct unpop_test *ctx = test->priv;
	unsigned int i, asleep = 0;

	unpop_add_region(test, 0, WINDOW_GRANULES);
	/* The first one adds enough for all. */
	ctx->pool->grow.chunk_pages = UNPOP_NR_THREADS * GRANULE_PAGES;
	for (i = 0; i < UNPOP_NR_THREADS; i++)
		unpop_prepare_thread(test, i, request_once, nr_pages);

	unpop_hold_growth(ctx);
	unpop_start_threads(UNPOP_NR_THREADS);
	for (i = 0; i < UNPOP_TIMEOUT_MS && asleep < UNPOP_NR_THREADS; i++) {
		fsleep(1000);
		asleep += READ_ONCE(unpop_threads[asleep].task->__state) ==
			  TASK_UNINTERRUPTIBLE;
	}
	unpop_let_growth(ctx);
	unpop_join_threads(test, UNPOP_NR_THREADS);

	KUNIT_EXPECT_EQ(test, asleep, UNPOP_NR_THREADS);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.waits, 1);
	for (i = 0; i < UNPOP_NR_THREADS; i++) {
		KUNIT_ASSERT_EQ_MSG(test, unpop_threads[i].ret, 0, "thread %u", i);
		unpop_put(test, nr_pages, unpop_threads[i].pages);
	}
}

static void release_all(struct thread *thread)
{
	while (!kthread_should_stop()) {
		xen_unpop_release(thread->pool, ULONG_MAX);
		cond_resched();
	}
}

/* Addresses that are just being released are not lost to a request. */
static void threads_test_release(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, 4);
	unpop_prepare_thread(test, 0, release_all, 1);
	unpop_start_threads(1);
	for (i = 0; i < 50 || (READ_ONCE(ctx->pool->grow.released) <= 5 &&
			       i < UNPOP_TIMEOUT_MS); i++) {
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    xen_unpop_alloc(ctx->pool, nr_pages, pages),
				    "round %u", i);
		unpop_put(test, nr_pages, pages);
		fsleep(1000);
	}
	unpop_stop_thread(&unpop_threads[0]);
	KUNIT_EXPECT_GT(test, ctx->pool->grow.released, 5);
}

/* Addresses that the balloon driver gets are those of no page any more. */
static void threads_test_reserve(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	unsigned int i, tries = 0;
	struct resource ram;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, 4);
	unpop_prepare_thread(test, 0, release_all, 1);
	unpop_start_threads(1);
	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    xen_unpop_alloc(ctx->pool, nr_pages, pages),
				    "round %u", i);
		unpop_put(test, nr_pages, pages);

		ram = DEFINE_RES_MEM_NAMED(0, 0, "System RAM");
		while (xen_unpop_reserve(ctx->pool, &ram, XEN_UNPOP_GRANULE,
					 XEN_UNPOP_GRANULE)) {
			KUNIT_ASSERT_LT_MSG(test, tries++, 1000000, "round %u",
					    i);
			fsleep(10);
		}
		KUNIT_EXPECT_FALSE_MSG(test, pfn_valid(PHYS_PFN(ram.start)),
				       "round %u", i);
		xen_unpop_unreserve(ctx->pool, &ram);
	}
	unpop_stop_thread(&unpop_threads[0]);
}

static void take_contiguous(struct thread *thread)
{
	thread->ret = xen_unpop_alloc_contiguous(thread->pool, thread->nr_pages,
						 thread->pages);
}

/* Others get pages after these were searched for, and found free. */
static void threads_test_search(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 16);
	struct unpop_test *ctx = test->priv;
	struct xen_unpop_chunk *chunk;
	struct thread *thread;
	unsigned int round;

	unpop_add_region(test, 0, 1);
	unpop_take(test, 16, pages);
	chunk = list_first_entry(&ctx->pool->grow.chunks, struct xen_unpop_chunk,
				 list);
	for (round = 0; round < 20; round++) {
		unpop_put(test, 8, pages + 8);
		thread = unpop_prepare_thread(test, round % UNPOP_NR_THREADS,
					      take_contiguous, 8);
		unpop_start_with_lock(thread);
		ctx->pool->free.nr_free -= 8;
		chunk->nr_free -= 8;
		bitmap_set(chunk->allocated, 8, 8);
		spin_unlock(&ctx->pool->free.lock);
		unpop_wait_for_thread(test, thread);
		unpop_stop_thread(thread);
		KUNIT_ASSERT_EQ_MSG(test, thread->ret, 0, "round %u", round);
		KUNIT_ASSERT_PTR_EQ_MSG(test, thread->pages[0], pages[0] + 16,
					"round %u", round);
		unpop_put(test, 8, thread->pages);
	}
	unpop_put(test, 16, pages);
	unpop_expect_all_free(test);
}

static void request(struct thread *thread)
{
	request_once(thread);
	if (thread->ret)
		thread->failed++;
	else
		xen_unpop_free(thread->pool, thread->nr_pages, thread->pages);
	WRITE_ONCE(thread->requests, thread->requests + 1);
	cond_resched();
}

static void request_in_vain(struct thread *thread)
{
	struct thread *small = &unpop_threads[1];

	while ((thread->requests < NR_IN_VAIN ||
		READ_ONCE(small->requests) < NR_MEANWHILE) &&
	       !kthread_should_stop())
		request(thread);
	WRITE_ONCE(round_now, 1);
}

static void request_meanwhile(struct thread *thread)
{
	while (!READ_ONCE(round_now) && !kthread_should_stop())
		request(thread);
}

/* A request for more than there is never makes a smaller one fail. */
static void threads_test_too_large(struct kunit *test)
{
	struct thread *large, *small;

	unpop_add_region(test, 0, 8);
	large = unpop_prepare_thread(test, 0, request_in_vain, 16 * GRANULE_PAGES);
	small = unpop_prepare_thread(test, 1, request_meanwhile, 1);
	unpop_start_threads(2);
	unpop_join_threads(test, 2);

	KUNIT_EXPECT_EQ(test, large->failed, large->requests);
	KUNIT_EXPECT_EQ(test, small->failed, 0);
}

static void request_each_round(struct thread *thread)
{
	unsigned int nr = 1;

	while (!kthread_should_stop()) {
		/* Pairs with the release in threads_test_one_of_two(). */
		if (smp_load_acquire(&round_now) < nr) {
			cond_resched();
			continue;
		}
		request_once(thread);
		complete(&thread->done);
		nr++;
	}
}

/* Of two requests that only fit one after the other, one is served. */
static void threads_test_one_of_two(struct kunit *test)
{
	const unsigned int nr_pages = 8 * GRANULE_PAGES * 6 / 10;
	unsigned int i, nr, failed;

	unpop_add_region(test, 0, 8);
	for (i = 0; i < 2; i++)
		unpop_prepare_thread(test, i, request_each_round, nr_pages);
	unpop_start_threads(2);

	for (nr = 1; nr <= 300; nr++) {
		failed = 0;
		/* The threads overwrite the results of the round before. */
		smp_store_release(&round_now, nr);
		for (i = 0; i < 2; i++)
			unpop_wait_for_thread(test, &unpop_threads[i]);
		for (i = 0; i < 2; i++) {
			if (unpop_threads[i].ret)
				failed++;
			else
				unpop_put(test, nr_pages, unpop_threads[i].pages);
		}
		KUNIT_ASSERT_LT_MSG(test, failed, 2, "round %u", nr);
		/* Sometimes they have to grow as well. */
		if (nr % 8 == 0)
			xen_unpop_release(unpop_threads[0].pool, ULONG_MAX);
	}
}

/* Pages that others free by mistake are those of this array. */
static void free_wrongly(struct thread *thread)
{
	unsigned int i;

	for (i = 0; i < NR_WRONG && !kthread_should_stop(); i++) {
		xen_unpop_free(thread->pool, thread->nr_pages, thread->pages);
		cond_resched();
	}
}

/* Pages that are freed wrongly do not disturb those that are allocated. */
static void threads_test_wrong_free(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, GRANULE_PAGES);
	struct thread *user, *wrong;

	unpop_add_region(test, 0, 1);
	user = unpop_prepare_thread(test, 0, mix, 2 * MIXED_PAGES);
	wrong = unpop_prepare_thread(test, 1, free_wrongly, 2);

	/* The user gets low pages of this granule, never the last ones. */
	unpop_take(test, GRANULE_PAGES, pages);
	unpop_put(test, GRANULE_PAGES, pages);
	memcpy(wrong->pages, pages + GRANULE_PAGES - 2, 2 * sizeof(*pages));
	unpop_start_threads(2);
	unpop_join_threads(test, 2);

	KUNIT_EXPECT_EQ(test, user->failed, 0);
	KUNIT_EXPECT_EQ(test, user->stolen, 0);
	KUNIT_EXPECT_EQ(test, unpop_misuses(test->priv), 2 * NR_WRONG);
	unpop_expect_all_free(test);
}

/* Pages can be freed wrongly while their chunk is released. */
static void threads_test_wrong_free_released(struct kunit *test)
{
	const unsigned int nr_pages = 2 * GRANULE_PAGES;
	struct unpop_test *ctx = test->priv;
	struct thread *wrong;
	unsigned int i;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, 8);
	for (i = 1; i <= 20; i++) {
		wrong = unpop_prepare_thread(test, 0, free_wrongly, nr_pages);
		unpop_take(test, nr_pages, wrong->pages);
		unpop_put(test, nr_pages, wrong->pages);
		wrong->nr_pages = 1;
		unpop_start_threads(1);
		KUNIT_EXPECT_EQ_MSG(test, xen_unpop_release(ctx->pool, 1),
				    nr_pages, "round %u", i);
		unpop_join_threads(test, 1);
		KUNIT_ASSERT_EQ_MSG(test, unpop_misuses(ctx), i * NR_WRONG, "round %u", i);
	}
	unpop_expect_all_free(test);
}

static struct kunit_case threads_test_cases[] = {
	KUNIT_CASE_SLOW(threads_test_mixes),
	KUNIT_CASE(threads_test_grow_once),
	KUNIT_CASE(threads_test_release),
	KUNIT_CASE(threads_test_reserve),
	KUNIT_CASE(threads_test_search),
	KUNIT_CASE(threads_test_too_large),
	KUNIT_CASE_SLOW(threads_test_one_of_two),
	KUNIT_CASE(threads_test_wrong_free),
	KUNIT_CASE(threads_test_wrong_free_released),
	{}
};

static struct kunit_suite threads_test_suite = {
	.name = "xen_unpopulated_threads",
	.init = threads_test_init,
	.exit = unpop_threads_exit,
	.test_cases = threads_test_cases,
};

kunit_test_suite(threads_test_suite);
