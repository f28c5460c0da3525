// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for a pool that several threads use at the same time.
 *
 * A thread writes to the pages that it has, without a lock, so that KCSAN and
 * ThreadSanitizer see it if two threads have the same page.
 */
#include <kunit/resource.h>
#include <kunit/static_stub.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "unpopulated_test.h"

#define NR_THREADS	4
#define TIMEOUT_MS	60000
#define TIMEOUT		msecs_to_jiffies(TIMEOUT_MS)
/* The most that mix() allocates at once. */
#define MIXED_PAGES	64
/* How often, at least, a thread asks for more than there is, and one meanwhile. */
#define NR_IN_VAIN	1000
#define NR_MEANWHILE	100
/* How often a thread frees pages that it does not have. */
#define NR_WRONG	500

struct thread {
	struct kunit *test;
	struct xen_unpop_pool *pool;
	void (*function)(struct thread *thread);
	unsigned int nr;
	unsigned int nr_pages;
	struct page **pages;
	unsigned long requests;
	unsigned long failed;
	unsigned long stolen;
	int ret;
	struct task_struct *task;
	struct completion done;
};

/* Not of a case: after an assertion that fails, exit stops the threads. */
static struct thread threads[NR_THREADS];
/* The number of the round, for threads that do each round together. */
static unsigned int round_now;

/* The fixture's balloon driver is for one thread. */
static int balloon_is_empty(unsigned int nr_pages, struct page **pages)
{
	return -ENOMEM;
}

static int threads_test_init(struct kunit *test)
{
	int ret = unpop_test_init(test);

	if (ret)
		return ret;

	kunit_activate_static_stub(test, xen_unpop_balloon_alloc,
				   balloon_is_empty);
	memset(threads, 0, sizeof(threads));
	round_now = 0;

	return 0;
}

static void stop_thread(struct thread *thread)
{
	if (!thread->task)
		return;
	kthread_stop(thread->task);
	put_task_struct(thread->task);
	thread->task = NULL;
}

static void threads_test_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_THREADS; i++)
		stop_thread(&threads[i]);
	unpop_test_exit(test);
}

static int run_thread(void *data)
{
	struct thread *thread = data;

	/* Stubs replace functions only in threads of the test. */
	current->kunit_test = thread->test;
	thread->function(thread);
	complete(&thread->done);

	return 0;
}

/* Have thread @nr run @function, with an array of @nr_pages. */
static struct thread *prepare_thread(struct kunit *test, unsigned int nr,
				     void (*function)(struct thread *thread),
				     unsigned int nr_pages)
{
	struct unpop_test *ctx = test->priv;
	struct thread *thread = &threads[nr];
	struct task_struct *task;

	*thread = (struct thread) {
		.test		= test,
		.pool		= ctx->pool,
		.function	= function,
		.nr		= nr,
		.nr_pages	= nr_pages,
		.pages		= unpop_new_array(test, nr_pages),
	};
	init_completion(&thread->done);
	task = kthread_create(run_thread, thread, "xen-unpop/%u", nr);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	thread->task = get_task_struct(task);
	kthread_bind(task, cpumask_nth(nr % num_online_cpus(), cpu_online_mask));

	return thread;
}

static void start_threads(unsigned int nr_threads)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++)
		wake_up_process(threads[i].task);
}

/* Wait until @thread is done with all it does, or with a round. */
static void wait_for_thread(struct kunit *test, struct thread *thread)
{
	KUNIT_ASSERT_TRUE_MSG(test,
			      wait_for_completion_timeout(&thread->done, TIMEOUT),
			      "thread %u", thread->nr);
}

static void join_threads(struct kunit *test, unsigned int nr_threads)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		wait_for_thread(test, &threads[i]);
		stop_thread(&threads[i]);
	}
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
	for (i = 0; i < NR_THREADS; i++)
		prepare_thread(test, i, mix, 2 * MIXED_PAGES);
	start_threads(NR_THREADS);
	join_threads(test, NR_THREADS);
	unpop_settle(ctx);

	for (i = 0; i < NR_THREADS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, threads[i].failed, 0, "thread %u", i);
		KUNIT_EXPECT_EQ_MSG(test, threads[i].stolen, 0, "thread %u", i);
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
	ctx->pool->grow.chunk_pages = NR_THREADS * GRANULE_PAGES;
	for (i = 0; i < NR_THREADS; i++)
		prepare_thread(test, i, request_once, nr_pages);

	unpop_hold_growth(ctx);
	start_threads(NR_THREADS);
	for (i = 0; i < TIMEOUT_MS && asleep < NR_THREADS; i++) {
		fsleep(1000);
		asleep += READ_ONCE(threads[asleep].task->__state) ==
			  TASK_UNINTERRUPTIBLE;
	}
	unpop_let_growth(ctx);
	join_threads(test, NR_THREADS);

	KUNIT_EXPECT_EQ(test, asleep, NR_THREADS);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.added, 1);
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.waits, 1);
	for (i = 0; i < NR_THREADS; i++) {
		KUNIT_ASSERT_EQ_MSG(test, threads[i].ret, 0, "thread %u", i);
		unpop_put(test, nr_pages, threads[i].pages);
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
	prepare_thread(test, 0, release_all, 1);
	start_threads(1);
	for (i = 0; i < 50 || (READ_ONCE(ctx->pool->grow.released) <= 5 &&
			       i < TIMEOUT_MS); i++) {
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    xen_unpop_alloc(ctx->pool, nr_pages, pages),
				    "round %u", i);
		unpop_put(test, nr_pages, pages);
		fsleep(1000);
	}
	stop_thread(&threads[0]);
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
	prepare_thread(test, 0, release_all, 1);
	start_threads(1);
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
	stop_thread(&threads[0]);
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
	struct thread *small = &threads[1];

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
	large = prepare_thread(test, 0, request_in_vain, 16 * GRANULE_PAGES);
	small = prepare_thread(test, 1, request_meanwhile, 1);
	start_threads(2);
	join_threads(test, 2);

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
		prepare_thread(test, i, request_each_round, nr_pages);
	start_threads(2);

	for (nr = 1; nr <= 300; nr++) {
		failed = 0;
		/* The threads overwrite the results of the round before. */
		smp_store_release(&round_now, nr);
		for (i = 0; i < 2; i++)
			wait_for_thread(test, &threads[i]);
		for (i = 0; i < 2; i++) {
			if (threads[i].ret)
				failed++;
			else
				unpop_put(test, nr_pages, threads[i].pages);
		}
		KUNIT_ASSERT_LT_MSG(test, failed, 2, "round %u", nr);
		/* Sometimes they have to grow as well. */
		if (nr % 8 == 0)
			xen_unpop_release(threads[0].pool, ULONG_MAX);
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
	user = prepare_thread(test, 0, mix, 2 * MIXED_PAGES);
	wrong = prepare_thread(test, 1, free_wrongly, 2);

	/* The user gets low pages of this granule, never the last ones. */
	unpop_take(test, GRANULE_PAGES, pages);
	unpop_put(test, GRANULE_PAGES, pages);
	memcpy(wrong->pages, pages + GRANULE_PAGES - 2, 2 * sizeof(*pages));
	start_threads(2);
	join_threads(test, 2);

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
		wrong = prepare_thread(test, 0, free_wrongly, nr_pages);
		unpop_take(test, nr_pages, wrong->pages);
		unpop_put(test, nr_pages, wrong->pages);
		wrong->nr_pages = 1;
		start_threads(1);
		KUNIT_EXPECT_EQ_MSG(test, xen_unpop_release(ctx->pool, 1),
				    nr_pages, "round %u", i);
		join_threads(test, 1);
		KUNIT_ASSERT_EQ_MSG(test, unpop_misuses(ctx), i * NR_WRONG, "round %u", i);
	}
	unpop_expect_all_free(test);
}

static struct kunit_case threads_test_cases[] = {
	KUNIT_CASE_SLOW(threads_test_mixes),
	KUNIT_CASE(threads_test_grow_once),
	KUNIT_CASE(threads_test_release),
	KUNIT_CASE(threads_test_reserve),
	KUNIT_CASE(threads_test_too_large),
	KUNIT_CASE_SLOW(threads_test_one_of_two),
	KUNIT_CASE(threads_test_wrong_free),
	KUNIT_CASE(threads_test_wrong_free_released),
	{}
};

static struct kunit_suite threads_test_suite = {
	.name = "xen_unpopulated_threads",
	.init = threads_test_init,
	.exit = threads_test_exit,
	.test_cases = threads_test_cases,
};

kunit_test_suite(threads_test_suite);
