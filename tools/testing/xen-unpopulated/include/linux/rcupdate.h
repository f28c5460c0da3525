/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RCU: what is to be freed after a grace period is kept until rcu_barrier(),
 * which is to be called when no other thread is about.
 */
#ifndef __LINUX_RCUPDATE_H
#define __LINUX_RCUPDATE_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include <asm/barrier.h>

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
