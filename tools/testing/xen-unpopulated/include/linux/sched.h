/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <linux/wait.h>

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
#define cond_resched()		({ might_sleep(); 0; })

struct task_struct *get_task_struct(struct task_struct *task);
void put_task_struct(struct task_struct *task);
int wake_up_process(struct task_struct *task);

#endif
