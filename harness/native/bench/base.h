/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What comes before the base kernel's file: headers that it gets from others,
 * and its mutex where the kernel has it.  That is initialised to more than
 * zeroes, so it does not share a cache line with the variables that it protects,
 * and who waits for it does not take that line from its owner.
 */
#include <linux/memory_hotplug.h>
#include <linux/mutex.h>

#undef DEFINE_MUTEX
#define DEFINE_MUTEX(name)	struct mutex name __section(".data")
