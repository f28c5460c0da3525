/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The type of the domain, which tests choose, and the p2m of a PV guest.
 */
#ifndef _INCLUDE_XEN_H
#define _INCLUDE_XEN_H

#include <xen/features.h>

#include "lock.h"
#include "memory.h"

/* ---- <xen/xen.h> ---- */

/* The kernel's own */
#include <include/xen/xen.h>

/* Newer kernels ask the processor; here tests say what it is. */
#undef xen_pv_domain
#define xen_pv_domain()	(xen_domain_type == XEN_PV_DOMAIN)

#undef xen_initial_domain
#define xen_initial_domain()	(xen_domain() && native_initial_domain)

extern bool native_initial_domain;

/* ---- <xen/page.h> ---- */

/* The p2m as arch/x86 has it; see runtime/xen.c. */
typedef unsigned long xen_pfn_t;

#define INVALID_P2M_ENTRY	(~0UL)
#define IDENTITY_FRAME_BIT	(1UL << (BITS_PER_LONG - 2))
#define IDENTITY_FRAME(mfn)	((mfn) | IDENTITY_FRAME_BIT)
#define P2M_PER_PAGE		(PAGE_SIZE / sizeof(unsigned long))

extern unsigned long xen_p2m_size;

int xen_alloc_p2m_entry(unsigned long pfn);
bool set_phys_to_machine(unsigned long pfn, unsigned long mfn);

#endif
