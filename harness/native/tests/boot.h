/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pool of the kernel, which each case boots anew.
 */
#ifndef _TESTS_BOOT_H
#define _TESTS_BOOT_H

#include <kunit/test.h>
#include <linux/ioport.h>

#include "unpopulated.h"

int initcall_xen_unpopulated_init(void);
int initcall_xen_unpopulated_late_init(void);

/**
 * struct boot_test - the state of a case, kunit->priv
 * @pool: &xen_unpop_pool
 * @unused: 1 GiB of addresses from 4 GiB on, busy in iomem_resource
 * @warnings: number of warnings before the case
 */
struct boot_test {
	struct xen_unpop_pool *pool;
	struct resource unused;
	unsigned int warnings;
};

/* For struct kunit_suite; exit expects that no page is allocated. */
int boot_test_init(struct kunit *test);
void boot_test_exit(struct kunit *test);

/* Run the initcalls; arch_xen_unpopulated_init() calls @hook. */
void boot(struct kunit *test, int (*hook)(struct resource **res));
/* Run the early one only, so that no work item changes the pool. */
void boot_early(struct kunit *test, int (*hook)(struct resource **res));
/* Undo all of it.  No page may be allocated. */
void boot_reset(void);

/* Hooks: use all addresses above 4 GiB; use those of boot_test.unused. */
int hook_has_tree(struct resource **res);
int hook_adds_resource(struct resource **res);

/* Allocate @nr_pages pages and free them. */
void take_and_put(struct kunit *test, unsigned int nr_pages);
/* The file @name in debugfs contains @text. */
bool shows(const char *name, const char *text);

#endif
