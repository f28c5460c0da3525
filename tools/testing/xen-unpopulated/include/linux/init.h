/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>
#include <linux/stringify.h>
#include <linux/types.h>

struct module;

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

#endif
