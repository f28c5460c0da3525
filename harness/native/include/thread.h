/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads, and waiting.
 */
#ifndef _INCLUDE_THREAD_H
#define _INCLUDE_THREAD_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/time64.h>

#include "print.h"
#include "processor.h"

/* ---- <linux/wait.h> ---- */

/* For resources that are shared in turns, which nobody does here. */
typedef struct wait_queue_head { } wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name)						\
	wait_queue_head_t name __maybe_unused
#define DECLARE_WAITQUEUE(name, task)						\
	struct task_struct *name __maybe_unused = (task)
#define add_wait_queue(head, wait)	BUG()
#define remove_wait_queue(head, wait)	BUG()
#define wake_up(head)			do { } while (0)

/* ---- <linux/sched.h> ---- */

struct completion;
struct file;
struct kunit;

#define TASK_RUNNING		0x0000
#define TASK_UNINTERRUPTIBLE	0x0002

#define PF_MEMALLOC_NOIO	0x00080000

struct task_struct {
	unsigned int		__state;
	unsigned int		flags;
	struct completion	*vfork_done;
	struct kunit		*kunit_test;
};

/* Of threads that are no kthreads as well. */
extern __thread struct task_struct *native_current;
struct task_struct *native_attach(void);

static inline struct task_struct *get_current(void)
{
	return likely(native_current) ? native_current : native_attach();
}
#define current	get_current()

#define set_current_state(state)	WRITE_ONCE(current->__state, state)
#define dump_stack()			do { } while (0)

#define schedule()		BUG()
/* How often this thread has offered the processor to others. */
extern __thread unsigned long native_rescheds;
#define cond_resched()		({ might_sleep(); native_rescheds++; 0; })

struct task_struct *get_task_struct(struct task_struct *task);
void put_task_struct(struct task_struct *task);
int wake_up_process(struct task_struct *task);

/* ---- <linux/kthread.h> ---- */

__printf(3, 4)
struct task_struct *kthread_create(int (*function)(void *data), void *data,
				   const char *namefmt, ...);
/* The host spreads threads. */
#define kthread_bind(task, cpu)	((void)(task), (void)(cpu))
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);
void __noreturn kthread_exit(long result);

/* ---- <linux/jiffies.h> ---- */

/* HZ is 1000. */
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX

void ktime_get_ts64(struct timespec64 *ts);

/* ---- <linux/delay.h> ---- */

void fsleep(unsigned long us);

/* ---- <linux/completion.h> ---- */

struct completion {
	unsigned int done;
};

static inline void init_completion(struct completion *completion)
{
	completion->done = 0;
}

void complete(struct completion *completion);
void wait_for_completion(struct completion *completion);
unsigned long wait_for_completion_timeout(struct completion *completion,
					  unsigned long timeout);

/* ---- <linux/workqueue.h> ---- */

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	struct workqueue_struct	*workqueue;
	struct list_head	entry;
	work_func_t		func;
};

#define __WORK_INITIALIZER(name, function) {				\
	.entry	= LIST_HEAD_INIT((name).entry),				\
	.func	= (function),						\
}

#define WQ_UNBOUND	(1 << 1)
#define WQ_MEM_RECLAIM	(1 << 3)

__printf(1, 4)
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...);
void destroy_workqueue(struct workqueue_struct *workqueue);
bool queue_work(struct workqueue_struct *workqueue, struct work_struct *work);
bool schedule_work(struct work_struct *work);
bool flush_work(struct work_struct *work);

/* The flags that @workqueue was made with. */
unsigned int native_workqueue_flags(const struct workqueue_struct *workqueue);

#endif
