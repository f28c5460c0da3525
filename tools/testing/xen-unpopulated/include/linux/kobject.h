/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KOBJECT_H_
#define _KOBJECT_H_

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/numa.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct kobject;

struct kobj_type {
	void	(*release)(struct kobject *kobj);
};

/* Counted and released, but in no sysfs. */
struct kobject {
	struct kref		kref;
	const struct kobj_type	*ktype;
};

void kobject_init(struct kobject *kobj, const struct kobj_type *ktype);
struct kobject *kobject_get(struct kobject *kobj);
void kobject_put(struct kobject *kobj);

struct bin_attribute { };
#define firmware_kobj				((struct kobject *)NULL)
#define kset_create_and_add(name, ops, parent)	((struct kset *)NULL)

#endif
