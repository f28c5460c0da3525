/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages and warnings; their text goes to runtime/log.c.
 */
#ifndef _INCLUDE_PRINT_H
#define _INCLUDE_PRINT_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/kern_levels.h>
#include <linux/stdarg.h>
#include <linux/types.h>

/* ---- <linux/printk.h> ---- */

struct va_format {
	const char	*fmt;
	va_list		*va;
};

__printf(1, 2) int _printk(const char *fmt, ...);
#define printk(fmt, ...)	_printk(fmt, ##__VA_ARGS__)

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

#define pr_err(fmt, ...)	printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)	printk(KERN_CONT fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)						\
	do { if (0) printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__); } while (0)
#define pr_warn_once(fmt, ...)						\
({									\
	static bool __warned;						\
									\
	if (!__atomic_exchange_n(&__warned, true, __ATOMIC_RELAXED))	\
		pr_warn(fmt, ##__VA_ARGS__);				\
})

/* ---- <linux/sprintf.h> ---- */

/* The C library has functions of these names, and needs them itself. */
#define snprintf	native_snprintf
#define vsnprintf	native_vsnprintf

/* The kernel's own */
#include <include/linux/sprintf.h>

/* ---- <linux/bug.h> ---- */

__printf(3, 4) void native_warn(const char *file, int line, const char *fmt,
				...);
void __noreturn native_bug(const char *file, int line, const char *what);

#define BUG()		native_bug(__FILE__, __LINE__, "BUG")
#define BUG_ON(condition)						\
do {									\
	if (unlikely(condition))					\
		native_bug(__FILE__, __LINE__, #condition);		\
} while (0)

#define WARN(condition, format...)					\
({									\
	bool __ret_warn_on = !!(condition);				\
									\
	if (unlikely(__ret_warn_on))					\
		native_warn(__FILE__, __LINE__, format);		\
	unlikely(__ret_warn_on);					\
})
#define WARN_ON(condition)	WARN(condition, "%s\n", #condition)

#define WARN_ONCE(condition, format...)					\
({									\
	static bool __warned;						\
	bool __ret_warn_once = !!(condition);				\
									\
	if (unlikely(__ret_warn_once) &&				\
	    !__atomic_exchange_n(&__warned, true, __ATOMIC_RELAXED))	\
		native_warn(__FILE__, __LINE__, format);		\
	unlikely(__ret_warn_once);					\
})
#define WARN_ON_ONCE(condition)	WARN_ONCE(condition, "%s\n", #condition)

#endif
