/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is compared: two drivers in one program, the base kernel's with other
 * names (see bench.mk), for a benchmark that is compiled against the C library.
 */
#ifndef _BENCH_H
#define _BENCH_H

struct page;

int xen_alloc_unpopulated_pages(unsigned int nr_pages, struct page **pages);
void xen_free_unpopulated_pages(unsigned int nr_pages, struct page **pages);
int base_alloc_pages(unsigned int nr_pages, struct page **pages);
void base_free_pages(unsigned int nr_pages, struct page **pages);

/* Both drivers, with addresses from the same resource tree. */
void bench_start(void);
unsigned long bench_sizeof_page(void);
/* Warnings that the drivers have had to print. */
extern unsigned int native_warnings;

#endif
