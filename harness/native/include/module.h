/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file declares to the rest of the kernel, or wants from it at large.
 */
#ifndef _INCLUDE_MODULE_H
#define _INCLUDE_MODULE_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/prandom.h>
#include <linux/types.h>

#include "print.h"
#include "processor.h"

/* ---- <linux/export.h> ---- */

#define EXPORT_SYMBOL(symbol)
#define EXPORT_SYMBOL_GPL(symbol)
#define EXPORT_SYMBOL_NS(symbol, namespace)
#define EXPORT_SYMBOL_NS_GPL(symbol, namespace)

/* ---- <linux/init.h> ---- */

#define THIS_MODULE	((struct module *)NULL)

#define __init
#define __exit
#define __initdata

/* Nothing runs by itself: whoever wants it calls initcall_NAME(). */
#define native_initcall(function)					\
	int initcall_##function(void);					\
	int initcall_##function(void) { return function(); }
#define early_initcall(function)	native_initcall(function)
#define late_initcall(function)		native_initcall(function)

/* No parameters of the kernel. */
#define __setup(string, function)					\
	static int (*const setup_##function)(char *) __maybe_unused = function

/* ---- <linux/module.h> ---- */

/* There are none; KUnit would run suites in them. */
enum module_state {
	MODULE_STATE_LIVE,
	MODULE_STATE_COMING,
	MODULE_STATE_GOING,
	MODULE_STATE_UNFORMED,
};

#define register_module_notifier(nb)	((void)(nb), 0)
#define unregister_module_notifier(nb)	((void)(nb))

struct kunit_suite;
struct module {
	struct kunit_suite	**kunit_suites;
	struct kunit_suite	**kunit_init_suites;
	int			num_kunit_suites;
	int			num_kunit_init_suites;
};

#define MODULE_DESCRIPTION(text)	static_assert(true)
#define MODULE_LICENSE(text)		static_assert(true)
#define MODULE_INFO(tag, info)		static_assert(true)
#define module_exit(function)		static_assert(true)

/* ---- <linux/moduleparam.h> ---- */

/* For main() to set. */
#define module_param_named(name, value, type, perm)			\
	typeof(value) *native_param_##name = &(value)
#define core_param(name, value, type, perm)				\
	typeof(value) *native_param_##name = &(value)
#define MODULE_PARM_DESC(name, text)	static_assert(true)

/* ---- <linux/notifier.h> ---- */

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

/* ---- <linux/random.h> ---- */

/* All random numbers here can be had again, from their seed. */
#define get_random_bytes(buf, len)	BUG()
#define get_random_u32_below(limit)	({ BUG(); (u32)(limit); })

/* ---- <linux/reboot.h> ---- */

/* For the executor of KUnit, that could shut the machine down. */
#define kernel_power_off()	BUG()
#define kernel_halt()		BUG()
#define kernel_restart(cmd)	BUG()

#endif
