/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_XEN_XEN_H
#define _NATIVE_XEN_XEN_H

#include_next <xen/xen.h>

/* Newer kernels ask the processor; here tests say what it is. */
#undef xen_pv_domain
#define xen_pv_domain()	(xen_domain_type == XEN_PV_DOMAIN)

#endif
