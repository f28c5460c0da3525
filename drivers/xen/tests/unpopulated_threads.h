/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads of a KUnit case that use its pool at the same time.
 */
#ifndef _XEN_UNPOPULATED_THREADS_H
#define _XEN_UNPOPULATED_THREADS_H

#include <linux/completion.h>

#include "unpopulated_test.h"

#define UNPOP_NR_THREADS	4
#define UNPOP_TIMEOUT_MS	60000

/**
 * struct thread - a thread of a case
 * @test: the case
 * @pool: the pool of the case
 * @function: its work, which ends early if kthread_should_stop()
 * @nr: its index in unpop_threads[]
 * @nr_pages: pages that @pages has room for
 * @pages: its pages
 * @requests: requests that it has made
 * @failed: of these, failed ones
 * @stolen: pages that another thread has had at the same time
 * @ret: result of its last request
 * @task: the task; NULL: none
 * @done: @function has returned, or has done a round
 */
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

extern struct thread unpop_threads[UNPOP_NR_THREADS];

/* A suite's init and exit; exit stops threads that a failed assertion has left. */
int unpop_threads_init(struct kunit *test);
void unpop_threads_exit(struct kunit *test);

/* Have thread @nr run @function, with an array of @nr_pages. */
struct thread *unpop_prepare_thread(struct kunit *test, unsigned int nr,
				    void (*function)(struct thread *thread),
				    unsigned int nr_pages);
void unpop_start_threads(unsigned int nr_threads);
/*
 * Start @thread with the lock of the free pages held, to be unlocked by the caller,
 * and give it time to come to that lock.
 */
void unpop_start_with_lock(struct thread *thread)
	__acquires(&thread->pool->free.lock);
/* Wait until @thread is done with all it does, or with a round. */
void unpop_wait_for_thread(struct kunit *test, struct thread *thread);
void unpop_stop_thread(struct thread *thread);
void unpop_join_threads(struct kunit *test, unsigned int nr_threads);

#endif /* _XEN_UNPOPULATED_THREADS_H */
