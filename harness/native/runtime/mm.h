/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_MM_H
#define _NATIVE_MM_H

#include <linux/types.h>
#include <asm/page.h>

struct page;

/* Guest physical addresses have so many bits; RAM is at the lowest. */
#define NATIVE_PHYS_BITS	40
#define NATIVE_NR_PFNS		(1UL << (NATIVE_PHYS_BITS - PAGE_SHIFT))
#define NATIVE_RAM_SIZE		(1UL << 30)
#define NATIVE_RAM_PFNS		(NATIVE_RAM_SIZE >> PAGE_SHIFT)

/* What the linear map would have; nothing can be accessed there. */
#define NATIVE_LINEAR_MAP	0xffff800000000000UL

extern struct page *native_vmemmap;

/*
 * For tests: the how manieth allocation from now fails, in this thread; 0:
 * none.  Allocations with __GFP_NOFAIL do not count.
 */
extern __thread unsigned int native_fail_nth;
/* Each of them fails. */
extern __thread bool native_fail_all;
/* The same for memremap_pages(), in any thread, and what it fails with. */
extern unsigned int native_fail_map_nth;
extern int native_map_error;

/* What si_mem_available() says. */
extern long native_mem_available;
/* Whether DMA has bounce buffers. */
extern bool native_bounce_buffers;

#endif
