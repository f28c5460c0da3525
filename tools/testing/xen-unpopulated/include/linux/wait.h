/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_WAIT_H
#define _LINUX_WAIT_H

#include <linux/bug.h>

/* For resources that are shared in turns, which nobody does here. */
typedef struct wait_queue_head { } wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name)						\
	wait_queue_head_t name __maybe_unused
#define DECLARE_WAITQUEUE(name, task)						\
	struct task_struct *name __maybe_unused = (task)
#define add_wait_queue(head, wait)	BUG()
#define remove_wait_queue(head, wait)	BUG()
#define wake_up(head)			do { } while (0)

#endif
