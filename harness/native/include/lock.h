/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks, and RCU.
 */
#ifndef _INCLUDE_LOCK_H
#define _INCLUDE_LOCK_H

#include <linux/cleanup.h>
#include <linux/kernel.h>

#include "../runtime/tsan.h"
#include "print.h"
#include "processor.h"
#include "thread.h"

/* ---- <linux/lockdep.h> ---- */

struct lock_class_key { };

#ifdef CONFIG_DEBUG_SPINLOCK
#define lockdep_is_held(lock)		(READ_ONCE((lock)->owner) == current)
#define lockdep_assert_held(lock)	BUG_ON(!lockdep_is_held(lock))
#else
#define lockdep_is_held(lock)		1
#define lockdep_assert_held(lock)	((void)(lock))
#endif

/* ---- <linux/spinlock_types.h> ---- */

struct task_struct;

typedef struct spinlock {
	unsigned int		locked;
#ifdef CONFIG_DEBUG_SPINLOCK
	struct task_struct	*owner;
#endif
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name)	((spinlock_t){ 0 })
#define DEFINE_SPINLOCK(name)		spinlock_t name

typedef spinlock_t raw_spinlock_t;
typedef spinlock_t rwlock_t;

#define DEFINE_RAW_SPINLOCK(name)	raw_spinlock_t name
#define DEFINE_RWLOCK(name)		rwlock_t name

/* ---- <linux/spinlock.h> ---- */

/*
 * Spinlocks, with as few instructions as those of the kernel have.  Readers of
 * a rwlock exclude each other.
 */
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

/* ---- <linux/mutex.h> ---- */

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

/* ---- <linux/rcupdate.h> ---- */

/*
 * RCU: objects that are to be freed after a grace period stay until rcu_barrier(),
 * which is to be called when no other thread is about.
 */
#define rcu_read_lock()		preempt_disable()
#define rcu_read_unlock()	preempt_enable()

#define rcu_dereference_raw(p)						\
	__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference(p)			rcu_dereference_raw(p)
#define rcu_dereference_check(p, condition)				\
	((void)(condition), rcu_dereference_raw(p))
#define rcu_dereference_protected(p, condition)				\
	((void)(condition), rcu_dereference_raw(p))
#define rcu_assign_pointer(p, v)		smp_store_release(&(p), v)
#define RCU_INIT_POINTER(p, v)						\
	__atomic_store_n(&(p), v, __ATOMIC_RELAXED)

DEFINE_LOCK_GUARD_0(rcu, rcu_read_lock(), rcu_read_unlock())

void call_rcu(struct rcu_head *head, rcu_callback_t function);
void rcu_barrier(void);

#endif
