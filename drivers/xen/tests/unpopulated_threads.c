// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of KUnit cases; see unpopulated_threads.h.
 */
#include <kunit/static_stub.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "unpopulated_threads.h"

/* Not of a case: after an assertion that fails, exit stops the threads. */
struct thread unpop_threads[UNPOP_NR_THREADS];

/* The fixture's balloon driver is for one thread. */
static int balloon_is_empty(unsigned int nr_pages, struct page **pages)
{
	return -ENOMEM;
}

int unpop_threads_init(struct kunit *test)
{
	int ret = unpop_test_init(test);

	if (ret)
		return ret;

	kunit_activate_static_stub(test, xen_unpop_balloon_alloc,
				   balloon_is_empty);
	memset(unpop_threads, 0, sizeof(unpop_threads));

	return 0;
}

void unpop_stop_thread(struct thread *thread)
{
	if (!thread->task)
		return;
	kthread_stop(thread->task);
	put_task_struct(thread->task);
	thread->task = NULL;
}

void unpop_threads_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < UNPOP_NR_THREADS; i++)
		unpop_stop_thread(&unpop_threads[i]);
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

struct thread *unpop_prepare_thread(struct kunit *test, unsigned int nr,
				    void (*function)(struct thread *thread),
				    unsigned int nr_pages)
{
	struct unpop_test *ctx = test->priv;
	struct thread *thread = &unpop_threads[nr];
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

void unpop_start_threads(unsigned int nr_threads)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++)
		wake_up_process(unpop_threads[i].task);
}

void unpop_start_with_lock(struct thread *thread)
	__acquires(&thread->pool->free.lock)
{
	unsigned int i;

	spin_lock(&thread->pool->free.lock);
	wake_up_process(thread->task);
	for (i = 0; i < 1000000; i++)
		READ_ONCE(thread->nr);
}

void unpop_wait_for_thread(struct kunit *test, struct thread *thread)
{
	unsigned long timeout = msecs_to_jiffies(UNPOP_TIMEOUT_MS);

	KUNIT_ASSERT_TRUE_MSG(test,
			      wait_for_completion_timeout(&thread->done, timeout),
			      "thread %u", thread->nr);
}

void unpop_join_threads(struct kunit *test, unsigned int nr_threads)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		unpop_wait_for_thread(test, &unpop_threads[i]);
		unpop_stop_thread(&unpop_threads[i]);
	}
}
