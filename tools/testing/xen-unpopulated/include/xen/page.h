/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The p2m of a PV guest, as arch/x86 has it: see native/xen.c.
 */
#ifndef _XEN_PAGE_H
#define _XEN_PAGE_H

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <xen/features.h>

typedef unsigned long xen_pfn_t;

#define INVALID_P2M_ENTRY	(~0UL)
#define IDENTITY_FRAME_BIT	(1UL << (BITS_PER_LONG - 2))
#define IDENTITY_FRAME(mfn)	((mfn) | IDENTITY_FRAME_BIT)
#define P2M_PER_PAGE		(PAGE_SIZE / sizeof(unsigned long))

extern unsigned long xen_p2m_size;

int xen_alloc_p2m_entry(unsigned long pfn);
bool set_phys_to_machine(unsigned long pfn, unsigned long mfn);

#endif
