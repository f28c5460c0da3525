/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the code of device trees only.  Many of its headers have nothing that the
 * driver and KUnit need.
 */
#ifndef _INCLUDE_OF_H
#define _INCLUDE_OF_H

#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/numa.h>

#include "file.h"
#include "lock.h"

/* ---- <linux/kobject.h> ---- */

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

/* ---- <linux/io.h> ---- */

/* Nothing can be reached. */
#define ioremap(addr, size)		({ BUG(); (void *)NULL; })
#define ioremap_np(addr, size)		({ BUG(); (void *)NULL; })

/* ---- <linux/pci.h> ---- */

/* Ports are where the device tree says. */
#define pci_register_io_range(fwnode, addr, size)			\
	((void)(fwnode), (void)(addr), (void)(size), 0)
#define pci_address_to_pio(addr)	((unsigned long)(addr))

/* ---- <linux/logic_pio.h> ---- */

/* No bus here has ports that are translated. */
struct logic_pio_hwaddr {
	unsigned long	flags;
};

#define LOGIC_PIO_CPU_MMIO	1
#define find_io_range_by_fwnode(fwnode)					\
	((void)(fwnode), (struct logic_pio_hwaddr *)NULL)
#define logic_pio_trans_hwaddr(fwnode, addr, size)			\
	((void)(fwnode), (void)(addr), (void)(size), ~0UL)

/* ---- <linux/dma-direct.h> ---- */

#define dma_default_coherent	false

/* ---- <linux/console.h> ---- */

/* of_console_check() is never called. */
#define console_set_on_cmdline				0
#define add_preferred_console(name, index, options)	({ BUG(); 0; })

#endif
