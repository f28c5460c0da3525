/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <linux/list.h>
#include <linux/types.h>

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	struct workqueue_struct	*workqueue;
	struct list_head	entry;
	work_func_t		func;
};

#define __WORK_INITIALIZER(name, function) {				\
	.entry	= LIST_HEAD_INIT((name).entry),				\
	.func	= (function),						\
}

#define WQ_UNBOUND	(1 << 1)

__printf(1, 4)
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags,
					 int max_active, ...);
void destroy_workqueue(struct workqueue_struct *workqueue);
bool queue_work(struct workqueue_struct *workqueue, struct work_struct *work);
bool flush_work(struct work_struct *work);

#endif
