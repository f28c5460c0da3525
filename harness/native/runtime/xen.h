/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests can set and see of the imitated Xen.
 */
#ifndef _NATIVE_XEN_H
#define _NATIVE_XEN_H

#include <linux/types.h>

struct resource;

/* Pages that the balloon driver can give, and those that it has given. */
extern unsigned long native_balloon_left;
extern unsigned long native_balloon_out;

/* The domain is dom0; otherwise a domU.  The default is dom0. */
extern bool native_initial_domain;

/* Called by arch_xen_unpopulated_init(); -ENODEV if NULL. */
extern int (*native_arch_init)(struct resource **res);

/* The how manieth change of the p2m from now fails; 0: none. */
extern unsigned int native_p2m_fail_nth;
/* The first pfn behind those that xen_alloc_p2m_entry() was called for, or 0. */
extern unsigned long native_p2m_max_pfn;
/* No pfn has a leaf of its own, all are identity. */
void native_p2m_reset(void);
/* What the p2m has for @pfn, and whether that is in a leaf of its own. */
unsigned long native_p2m_entry(unsigned long pfn);
bool native_p2m_has_leaf(unsigned long pfn);

#endif
