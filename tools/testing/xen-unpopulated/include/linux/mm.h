/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/align.h>
#include <linux/math.h>

#include "../../native/mm.h"

#define PAGE_ALIGN(addr)	ALIGN(addr, PAGE_SIZE)

/* As with SPARSEMEM_VMEMMAP; where there is no memmap, it cannot be accessed. */
#define vmemmap			native_vmemmap
#define page_to_pfn(page)	((unsigned long)((page) - vmemmap))
#define pfn_to_page(pfn)	(vmemmap + (pfn))

struct page *virt_to_page(const void *addr);
#define virt_addr_valid(addr)	((void)(addr), true)
#define virt_to_head_page(addr)	virt_to_page(addr)
#define PageSlab(page)		((void)(page), true)

static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline int page_count(const struct page *page)
{
	return page_ref_count(page);
}

static inline void get_page(struct page *page)
{
	BUG_ON(page_ref_count(page) <= 0);
	atomic_inc(&page->_refcount);
}

/* Nobody here has the last reference. */
static inline void put_page(struct page *page)
{
	BUG_ON(atomic_dec_return(&page->_refcount) <= 0);
}

static inline bool is_zone_device_page(const struct page *page)
{
	return page->pgmap;
}

long si_mem_available(void);

enum {
	REGION_INTERSECTS,
	REGION_DISJOINT,
	REGION_MIXED,
};

#endif
