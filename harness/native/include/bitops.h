/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations on bits.  Only <linux/bitops.h> includes this, half way.
 */
#ifndef _INCLUDE_BITOPS_H
#define _INCLUDE_BITOPS_H

#ifndef _LINUX_BITOPS_H
#error only <linux/bitops.h> can be included directly
#endif

#include <linux/compiler.h>

#include <asm-generic/bitops/builtin-__ffs.h>
#include <asm-generic/bitops/builtin-ffs.h>
#include <asm-generic/bitops/builtin-__fls.h>
#include <asm-generic/bitops/builtin-fls.h>
#include <asm-generic/bitops/ffz.h>
#include <asm-generic/bitops/fls64.h>
#include <asm-generic/bitops/sched.h>
#include <asm-generic/bitops/const_hweight.h>

#define __arch_hweight8(w)	((unsigned int)__builtin_popcount((w) & 0xff))
#define __arch_hweight16(w)	((unsigned int)__builtin_popcount((w) & 0xffff))
#define __arch_hweight32(w)	((unsigned int)__builtin_popcount(w))
#define __arch_hweight64(w)	((unsigned long)__builtin_popcountl(w))

#include <asm-generic/bitops/non-atomic.h>

static __always_inline void set_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

static __always_inline void clear_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr),
			   __ATOMIC_RELAXED);
}

static __always_inline bool test_and_set_bit(long nr,
					     volatile unsigned long *addr)
{
	return __atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr),
				 __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static __always_inline bool test_and_clear_bit(long nr,
					       volatile unsigned long *addr)
{
	return __atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

#include <asm-generic/bitops/le.h>

#endif
