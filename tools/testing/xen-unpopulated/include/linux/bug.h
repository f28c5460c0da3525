/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

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
