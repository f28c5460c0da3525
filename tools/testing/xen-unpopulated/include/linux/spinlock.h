/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spinlocks, with as few instructions as those of the kernel have.  Readers of
 * a rwlock exclude each other.
 */
#ifndef __LINUX_SPINLOCK_H
#define __LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock_types.h>
#include <asm/barrier.h>

#include "../../native/tsan.h"

void native_spin_wait(spinlock_t *lock);

#define spin_lock_init(lock)	(*(lock) = __SPIN_LOCK_UNLOCKED(lock))

static __always_inline bool __native_spin_trylock(spinlock_t *lock)
{
	unsigned int unlocked = 0;

	return __atomic_compare_exchange_n(&lock->locked, &unlocked, 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static __always_inline void spin_lock(spinlock_t *lock)
{
	preempt_disable();
#ifdef CONFIG_DEBUG_SPINLOCK
	BUG_ON(READ_ONCE(lock->owner) == current);
#endif
	tsan_mutex_pre_lock(lock);
	if (unlikely(!__native_spin_trylock(lock)))
		native_spin_wait(lock);
	tsan_mutex_post_lock(lock);
#ifdef CONFIG_DEBUG_SPINLOCK
	WRITE_ONCE(lock->owner, current);
#endif
}

static __always_inline bool spin_trylock(spinlock_t *lock)
{
	bool locked;

	preempt_disable();
	tsan_mutex_pre_trylock(lock);
	locked = __native_spin_trylock(lock);
	tsan_mutex_post_trylock(lock, locked);
	if (!locked)
		preempt_enable();
#ifdef CONFIG_DEBUG_SPINLOCK
	else
		WRITE_ONCE(lock->owner, current);
#endif
	return locked;
}

static __always_inline void spin_unlock(spinlock_t *lock)
{
#ifdef CONFIG_DEBUG_SPINLOCK
	BUG_ON(READ_ONCE(lock->owner) != current);
	WRITE_ONCE(lock->owner, NULL);
#endif
	tsan_mutex_pre_unlock(lock);
	smp_store_release(&lock->locked, 0);
	tsan_mutex_post_unlock(lock);
	preempt_enable();
}

#define spin_lock_bh(lock)			spin_lock(lock)
#define spin_unlock_bh(lock)			spin_unlock(lock)
#define spin_lock_irq(lock)			spin_lock(lock)
#define spin_unlock_irq(lock)			spin_unlock(lock)
#define spin_lock_nested(lock, subclass)	spin_lock(lock)
#define spin_lock_irqsave(lock, flags)					\
	do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags)				\
	do { (void)(flags); spin_unlock(lock); } while (0)

#define raw_spin_lock_irqsave(lock, flags)	spin_lock_irqsave(lock, flags)
#define raw_spin_unlock_irqrestore(lock, flags)	spin_unlock_irqrestore(lock, flags)

#define read_lock(lock)		spin_lock(lock)
#define read_unlock(lock)	spin_unlock(lock)
#define write_lock(lock)	spin_lock(lock)
#define write_unlock(lock)	spin_unlock(lock)

/* Lets others in, if there are any; more often in debug builds. */
int native_cond_resched_lock(spinlock_t *lock);
#define cond_resched_lock(lock)	native_cond_resched_lock(lock)

DEFINE_LOCK_GUARD_1(spinlock, spinlock_t,
		    spin_lock(_T->lock), spin_unlock(_T->lock))
DEFINE_LOCK_GUARD_1(spinlock_irqsave, spinlock_t,
		    spin_lock(_T->lock), spin_unlock(_T->lock))
DEFINE_LOCK_GUARD_1(raw_spinlock_irqsave, raw_spinlock_t,
		    spin_lock(_T->lock), spin_unlock(_T->lock))

DEFINE_LOCK_GUARD_1(read_lock, rwlock_t,
		    read_lock(_T->lock), read_unlock(_T->lock))
DEFINE_LOCK_GUARD_1(write_lock, rwlock_t,
		    write_lock(_T->lock), write_unlock(_T->lock))

#endif
