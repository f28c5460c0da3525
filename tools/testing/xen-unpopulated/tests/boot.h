/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pool that the kernel has one of, for tests to boot anew.
 */
#ifndef _TESTS_BOOT_H
#define _TESTS_BOOT_H

#include "unpopulated.h"

int initcall_xen_unpopulated_init(void);
int initcall_xen_unpopulated_late_init(void);

/* The pool, as it is before boot. */
struct xen_scratch_pool *boot_pool(void);
/* Make it so again; no page may be out. */
void boot_reset(void);

#endif
