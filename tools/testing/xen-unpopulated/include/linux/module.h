/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/stringify.h>
#include <linux/types.h>

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

#endif
