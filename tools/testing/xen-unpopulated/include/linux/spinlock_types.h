/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_SPINLOCK_TYPES_H
#define __LINUX_SPINLOCK_TYPES_H

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

#endif
