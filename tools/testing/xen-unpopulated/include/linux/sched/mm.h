/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SCHED_MM_H
#define _LINUX_SCHED_MM_H

#include <linux/gfp.h>
#include <linux/sched.h>

static inline unsigned int memalloc_noio_save(void)
{
	unsigned int old = current->flags & PF_MEMALLOC_NOIO;

	current->flags |= PF_MEMALLOC_NOIO;
	return old;
}

static inline void memalloc_noio_restore(unsigned int old)
{
	current->flags = (current->flags & ~PF_MEMALLOC_NOIO) | old;
}

#define might_alloc(gfp)	might_sleep_if(gfpflags_allow_blocking(gfp))

#endif
