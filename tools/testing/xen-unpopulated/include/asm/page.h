/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_ASM_PAGE_H
#define _NATIVE_ASM_PAGE_H

#include <linux/const.h>

/* Of the kernel that is imitated, whatever pages the machine has. */
#ifndef PAGE_SHIFT
#define PAGE_SHIFT	12
#endif
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#endif
