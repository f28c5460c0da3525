/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The uapi headers xen/gntdev.h and xen/privcmd.h use types of Xen's public
 * interface, and privcmd.h includes <xen/interface/xen.h> for them, a header
 * that the kernel does not export. These are the types.
 */
#ifndef SELFTEST_XEN_INTERFACE_XEN_H
#define SELFTEST_XEN_INTERFACE_XEN_H

#include <linux/types.h>

typedef __u16 domid_t;
typedef __u32 grant_ref_t;

/* A machine word on x86, 64 bits on every Arm. */
#if defined(__arm__) || __SIZEOF_LONG__ == 8
typedef __u64 xen_pfn_t;
#else
typedef __u32 xen_pfn_t;
#endif

#endif
