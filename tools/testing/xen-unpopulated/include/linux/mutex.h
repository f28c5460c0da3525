/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_MUTEX_H
#define __LINUX_MUTEX_H

#include <linux/bug.h>
#include <linux/cleanup.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "../../native/tsan.h"

struct mutex {
	/* 0: unlocked, 1: locked, 2: locked, and somebody may be waiting. */
	unsigned int		state;
#ifdef CONFIG_DEBUG_SPINLOCK
	struct task_struct	*owner;
#endif
};

#define __MUTEX_INITIALIZER(name)	{ 0 }
#define DEFINE_MUTEX(name)		struct mutex name

void native_mutex_wait(struct mutex *mutex);
void native_mutex_wake(struct mutex *mutex);

static inline void mutex_lock(struct mutex *mutex)
{
	unsigned int unlocked = 0;

	might_sleep();
#ifdef CONFIG_DEBUG_SPINLOCK
	BUG_ON(READ_ONCE(mutex->owner) == current);
#endif
	tsan_mutex_pre_lock(mutex);
	if (!__atomic_compare_exchange_n(&mutex->state, &unlocked, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		native_mutex_wait(mutex);
	tsan_mutex_post_lock(mutex);
#ifdef CONFIG_DEBUG_SPINLOCK
	WRITE_ONCE(mutex->owner, current);
#endif
}

static inline void mutex_unlock(struct mutex *mutex)
{
#ifdef CONFIG_DEBUG_SPINLOCK
	BUG_ON(READ_ONCE(mutex->owner) != current);
	WRITE_ONCE(mutex->owner, NULL);
#endif
	tsan_mutex_pre_unlock(mutex);
	if (__atomic_exchange_n(&mutex->state, 0, __ATOMIC_RELEASE) == 2)
		native_mutex_wake(mutex);
	tsan_mutex_post_unlock(mutex);
}

static inline int mutex_lock_interruptible(struct mutex *mutex)
{
	mutex_lock(mutex);
	return 0;
}

DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))

#endif
