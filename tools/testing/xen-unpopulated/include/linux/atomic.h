/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/types.h>
#include <asm/barrier.h>

#define ATOMIC_INIT(i)		{ (i) }

#define atomic_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_set(v, i)						\
	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic_set_release(v, i)					\
	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_fetch_add_relaxed(i, v)					\
	__atomic_fetch_add(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic_fetch_sub_release(i, v)					\
	__atomic_fetch_sub(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_add(i, v)	((void)atomic_fetch_add_relaxed(i, v))
#define atomic_inc(v)		atomic_add(1, v)
#define atomic_add_return(i, v)						\
	__atomic_add_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_dec_return(v)	atomic_add_return(-1, v)
#define atomic_dec_and_test(v)	(atomic_dec_return(v) == 0)
#define atomic_try_cmpxchg_relaxed(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define atomic_try_cmpxchg_acquire(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define atomic_try_cmpxchg_release(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED)

#define smp_acquire__after_ctrl_dep()	smp_rmb()

#endif
