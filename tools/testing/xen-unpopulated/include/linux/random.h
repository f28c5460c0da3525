/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_RANDOM_H
#define _LINUX_RANDOM_H

#include <linux/bug.h>
#include <linux/prandom.h>

/* All random numbers here can be had again, from their seed. */
#define get_random_bytes(buf, len)	BUG()
#define get_random_u32_below(limit)	({ BUG(); (u32)(limit); })

#endif
