/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVICE_H_
#define _DEVICE_H_

#include <linux/bug.h>
#include <linux/ioport.h>
#include <linux/math.h>
#include <linux/printk.h>
#include <linux/types.h>

struct device {
	const char *name;
};

/* Nothing here is bound to a device. */
#define devm_add_action_or_reset(dev, action, data)	({ BUG(); 0; })
#define devres_alloc(release, size, gfp)		({ BUG(); (void *)NULL; })
#define devres_add(dev, res)				BUG()
#define devres_free(res)				BUG()
#define devres_destroy(dev, release, match, data)	({ BUG(); 0; })
#define devres_release(dev, release, match, data)	({ BUG(); 0; })
#define dev_err(dev, fmt, ...)				pr_err(fmt, ##__VA_ARGS__)
#define dev_name(dev)					((dev)->name)

#endif
