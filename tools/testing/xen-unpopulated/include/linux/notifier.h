/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_NOTIFIER_H
#define _LINUX_NOTIFIER_H

struct notifier_block {
	int	(*notifier_call)(struct notifier_block *nb,
				 unsigned long action, void *data);
	int	priority;
};

#define NOTIFY_OK		1
#define notifier_to_errno(ret)	({ (void)(ret); 0; })

/* Nobody wants to be notified of anything. */
struct blocking_notifier_head { };
#define BLOCKING_NOTIFIER_HEAD(name)	struct blocking_notifier_head name
#define blocking_notifier_chain_register(head, nb)	({ BUG(); 0; })
#define blocking_notifier_chain_unregister(head, nb)	({ BUG(); 0; })
#define blocking_notifier_call_chain(head, action, data)			\
	((void)(head), (void)(action), (void)(data), NOTIFY_OK)

#endif
