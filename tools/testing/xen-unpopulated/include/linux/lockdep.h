/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_LOCKDEP_H
#define __LINUX_LOCKDEP_H

#include <linux/bug.h>
#include <linux/sched.h>

struct lock_class_key { };

#ifdef CONFIG_DEBUG_SPINLOCK
#define lockdep_is_held(lock)		(READ_ONCE((lock)->owner) == current)
#define lockdep_assert_held(lock)	BUG_ON(!lockdep_is_held(lock))
#else
#define lockdep_is_held(lock)		1
#define lockdep_assert_held(lock)	((void)(lock))
#endif

#endif
