// SPDX-License-Identifier: GPL-2.0
/*
 * Threads, and what they wait for: all on top of futexes, so that
 * ThreadSanitizer sees who has waited for whom.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "host.h"

#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
__thread int native_preempt_count;
#endif
__thread struct task_struct *native_current;
__thread unsigned long native_rescheds;

/* A thread; what the kernel's code sees of it is the first member. */
struct thread {
	struct task_struct task;
	atomic_t refs;
	int (*function)(void *data);
	void *data;
	struct completion started;
	struct completion exited;
	bool should_stop;
	int result;
};

static struct thread *to_thread(struct task_struct *task)
{
	return container_of(task, struct thread, task);
}

/* A thread that was not made here. */
struct task_struct *native_attach(void)
{
	static __thread struct task_struct task;

	native_current = &task;
	return native_current;
}

void fsleep(unsigned long us)
{
	might_sleep();
	host_sleep_us(us);
}

void ktime_get_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(host_time_ns());
}

struct timespec64 ns_to_timespec64(s64 ns)
{
	struct timespec64 ts;

	set_normalized_timespec64(&ts, ns / NSEC_PER_SEC, ns % NSEC_PER_SEC);
	return ts;
}

void set_normalized_timespec64(struct timespec64 *ts, time64_t sec, s64 ns)
{
	ts->tv_sec = sec + ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0);
	ts->tv_nsec = ns % NSEC_PER_SEC +
		      (ns % NSEC_PER_SEC < 0 ? NSEC_PER_SEC : 0);
}

#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
void __might_sleep(const char *file, int line)
{
	if (native_preempt_count)
		native_bug(file, line, "sleeping while atomic");
}
#endif

void native_spin_wait(spinlock_t *lock)
{
	unsigned int spins = 0;

	do {
		while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED)) {
			/* Its owner may need this processor. */
			if (++spins % 256 == 0)
				host_yield();
		}
	} while (!__native_spin_trylock(lock));
}

int native_cond_resched_lock(spinlock_t *lock)
{
#ifdef CONFIG_DEBUG_SPINLOCK
	spin_unlock(lock);
	might_sleep();
	host_yield();
	spin_lock(lock);
	return 1;
#else
	return 0;
#endif
}

void native_mutex_wait(struct mutex *mutex)
{
	while (__atomic_exchange_n(&mutex->state, 2, __ATOMIC_ACQUIRE)) {
		WRITE_ONCE(current->__state, TASK_UNINTERRUPTIBLE);
		host_futex_wait(&mutex->state, 2, -1);
		WRITE_ONCE(current->__state, TASK_RUNNING);
	}
}

void native_mutex_wake(struct mutex *mutex)
{
	host_futex_wake(&mutex->state, 1);
}

void complete(struct completion *completion)
{
	unsigned int *done = &completion->done;

	/* Whoever waits may free it at once. */
	__atomic_fetch_add(done, 1, __ATOMIC_RELEASE);
	host_futex_wake(done, 1);
}

unsigned long wait_for_completion_timeout(struct completion *completion,
					  unsigned long timeout)
{
	const bool forever = timeout == MAX_SCHEDULE_TIMEOUT;
	const long end = forever ? 0 : host_time_ns() + timeout * NSEC_PER_MSEC;
	unsigned int done;
	long left = -1;

	might_sleep();
	for (;;) {
		done = __atomic_load_n(&completion->done, __ATOMIC_RELAXED);
		while (done) {
			if (__atomic_compare_exchange_n(&completion->done,
							&done, done - 1, false,
							__ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
				return timeout;
		}
		/* A wake-up can be late, for what was waited for before. */
		if (!forever) {
			left = DIV_ROUND_UP(end - host_time_ns(), NSEC_PER_MSEC);
			if (left <= 0)
				return 0;
		}
		host_futex_wait(&completion->done, 0, left);
	}
}

void wait_for_completion(struct completion *completion)
{
	wait_for_completion_timeout(completion, MAX_SCHEDULE_TIMEOUT);
}

struct task_struct *get_task_struct(struct task_struct *task)
{
	atomic_inc(&to_thread(task)->refs);
	return task;
}

void put_task_struct(struct task_struct *task)
{
	if (atomic_dec_and_test(&to_thread(task)->refs))
		kfree(to_thread(task));
}

static void run_kthread(void *data)
{
	struct thread *thread = data;

	native_current = &thread->task;
	wait_for_completion(&thread->started);
	kthread_exit(READ_ONCE(thread->should_stop) ? -EINTR :
		     thread->function(thread->data));
}

void kthread_exit(long result)
{
	struct thread *thread = to_thread(current);

	BUG_ON(preempt_count() || current->flags);
	thread->result = result;
	complete(&thread->exited);
	put_task_struct(&thread->task);
	native_current = NULL;
	host_thread_exit();
}

struct task_struct *kthread_create(int (*function)(void *data), void *data,
				   const char *namefmt, ...)
{
	struct thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);

	if (!thread)
		return ERR_PTR(-ENOMEM);

	atomic_set(&thread->refs, 1);
	thread->task.vfork_done = &thread->exited;
	thread->function = function;
	thread->data = data;
	if (host_thread_start(run_kthread, thread)) {
		kfree(thread);
		return ERR_PTR(-ENOMEM);
	}

	return &thread->task;
}

int wake_up_process(struct task_struct *task)
{
	complete(&to_thread(task)->started);
	return 1;
}

bool kthread_should_stop(void)
{
	return READ_ONCE(to_thread(current)->should_stop);
}

int kthread_stop(struct task_struct *task)
{
	struct thread *thread = to_thread(task);
	int result;

	get_task_struct(task);
	WRITE_ONCE(thread->should_stop, true);
	wake_up_process(task);
	wait_for_completion(&thread->exited);
	result = thread->result;
	put_task_struct(task);

	return result;
}

/* A workqueue has one thread, so its items run one after the other. */
struct workqueue_struct {
	struct list_head items;
	struct work_struct *running;
	bool stopping;
	unsigned int flags;
	/* Counts changes of the above, for whoever waits for one. */
	unsigned int changes;
	struct task_struct *task;
	struct completion finished;
};

/* One for all, as an item can move from one workqueue to another. */
static DEFINE_SPINLOCK(workqueue_lock);

static void changed(struct workqueue_struct *workqueue)
{
	__atomic_fetch_add(&workqueue->changes, 1, __ATOMIC_RELAXED);
	host_futex_wake(&workqueue->changes, INT_MAX);
}

static int run_workqueue(void *data)
{
	struct workqueue_struct *workqueue = data;
	struct work_struct *work;
	unsigned int changes;
	bool stopping;

	for (;;) {
		spin_lock(&workqueue_lock);
		changes = READ_ONCE(workqueue->changes);
		work = list_first_entry_or_null(&workqueue->items,
						struct work_struct, entry);
		if (work)
			list_del_init(&work->entry);
		workqueue->running = work;
		stopping = workqueue->stopping;
		spin_unlock(&workqueue_lock);

		if (work) {
			work->func(work);
			BUG_ON(preempt_count());
			spin_lock(&workqueue_lock);
			workqueue->running = NULL;
			spin_unlock(&workqueue_lock);
			changed(workqueue);
		} else if (!stopping) {
			host_futex_wait(&workqueue->changes, changes, -1);
		} else {
			break;
		}
	}

	complete(&workqueue->finished);
	return 0;
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...)
{
	struct workqueue_struct *workqueue;

	BUG_ON(max_active != 1);
	workqueue = kzalloc(sizeof(*workqueue), GFP_KERNEL);
	if (!workqueue)
		return NULL;

	INIT_LIST_HEAD(&workqueue->items);
	workqueue->flags = flags;
	workqueue->task = kthread_create(run_workqueue, workqueue, "%s", fmt);
	if (IS_ERR(workqueue->task)) {
		kfree(workqueue);
		return NULL;
	}
	wake_up_process(workqueue->task);

	return workqueue;
}

unsigned int native_workqueue_flags(const struct workqueue_struct *workqueue)
{
	return workqueue->flags;
}

void destroy_workqueue(struct workqueue_struct *workqueue)
{
	spin_lock(&workqueue_lock);
	workqueue->stopping = true;
	spin_unlock(&workqueue_lock);
	changed(workqueue);
	wait_for_completion(&workqueue->finished);
	kfree(workqueue);
}

bool queue_work(struct workqueue_struct *workqueue, struct work_struct *work)
{
	bool queued;

	spin_lock(&workqueue_lock);
	/* An item does not run twice at the same time. */
	if (work->workqueue && work->workqueue->running == work)
		workqueue = work->workqueue;
	BUG_ON(workqueue->stopping);
	queued = list_empty(&work->entry);
	if (queued) {
		list_add_tail(&work->entry, &workqueue->items);
		work->workqueue = workqueue;
	}
	spin_unlock(&workqueue_lock);
	if (queued)
		changed(workqueue);

	return queued;
}

/* The kernel's own workqueue starts with its first item, and stays. */
bool schedule_work(struct work_struct *work)
{
	static struct workqueue_struct *system;
	static DEFINE_MUTEX(lock);

	mutex_lock(&lock);
	if (!system)
		system = alloc_workqueue("events", 0, 1);
	mutex_unlock(&lock);

	return queue_work(system, work);
}

bool flush_work(struct work_struct *work)
{
	struct workqueue_struct *workqueue;
	unsigned int changes = 0;
	bool busy, waited = false;

	might_sleep();
	for (;; waited = true) {
		spin_lock(&workqueue_lock);
		workqueue = work->workqueue;
		busy = workqueue && (workqueue->running == work ||
				     !list_empty(&work->entry));
		if (busy)
			changes = READ_ONCE(workqueue->changes);
		spin_unlock(&workqueue_lock);
		if (!busy)
			return waited;
		host_futex_wait(&workqueue->changes, changes, -1);
	}
}

static struct rcu_head *rcu_heads;
static DEFINE_SPINLOCK(rcu_lock);

void call_rcu(struct rcu_head *head, rcu_callback_t function)
{
	head->func = function;
	spin_lock(&rcu_lock);
	head->next = rcu_heads;
	rcu_heads = head;
	spin_unlock(&rcu_lock);
}

void rcu_barrier(void)
{
	struct rcu_head *head, *next;

	spin_lock(&rcu_lock);
	head = rcu_heads;
	rcu_heads = NULL;
	spin_unlock(&rcu_lock);

	for (; head; head = next) {
		next = head->next;
		head->func(head);
	}
}
