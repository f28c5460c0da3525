/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_PREEMPT_H
#define __LINUX_PREEMPT_H

#include <linux/types.h>

#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
extern __thread int native_preempt_count;

#define preempt_count()		native_preempt_count
#define preempt_disable()	do { native_preempt_count++; } while (0)
#define preempt_enable()	do { native_preempt_count--; } while (0)
#else
#define preempt_count()		0
#define preempt_disable()	barrier()
#define preempt_enable()	barrier()
#endif

#endif
