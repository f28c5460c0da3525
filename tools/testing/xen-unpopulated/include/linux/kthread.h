/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KTHREAD_H
#define _LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

__printf(3, 4)
struct task_struct *kthread_create(int (*function)(void *data), void *data,
				   const char *namefmt, ...);
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);
void __noreturn kthread_exit(long result);

#endif
