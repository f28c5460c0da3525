/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory: pages, allocations, the memmap.
 */
#ifndef _INCLUDE_MEMORY_H
#define _INCLUDE_MEMORY_H

#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp_types.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/range.h>
#include <linux/sizes.h>

#include "../runtime/mm.h"
#include "print.h"
#include "processor.h"
#include "thread.h"

/* ---- <linux/mm_types.h> ---- */

struct dev_pagemap;

/* As large as the real one, and what a driver may see at its place. */
struct page {
	unsigned long		flags;
	union {
		struct list_head	lru;
		struct {
			struct dev_pagemap	*pgmap;
			void			*zone_device_data;
		};
	};
	void			*mapping;
	unsigned long		index;
	unsigned long		private;
	atomic_t		_mapcount;
	atomic_t		_refcount;
	unsigned long		memcg_data;
} __aligned(64);

/* ---- <linux/mmzone.h> ---- */

/* As x86 has it, and arm64 with pages of 4, 16 and 64 KiB. */
#if PAGE_SHIFT == 16
#define SECTION_SIZE_BITS	29
#else
#define SECTION_SIZE_BITS	27
#endif
#define PFN_SECTION_SHIFT	(SECTION_SIZE_BITS - PAGE_SHIFT)
#define PAGES_PER_SECTION	(1UL << PFN_SECTION_SHIFT)

#define SUBSECTION_SHIFT	21
#define SUBSECTION_SIZE		(1UL << SUBSECTION_SHIFT)
#define PFN_SUBSECTION_SHIFT	(SUBSECTION_SHIFT - PAGE_SHIFT)
#define PAGES_PER_SUBSECTION	(1UL << PFN_SUBSECTION_SHIFT)

bool pfn_valid(unsigned long pfn);

/* ---- <linux/gfp.h> ---- */

static inline bool gfpflags_allow_blocking(const gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

struct page;

struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
#define alloc_page(gfp)		alloc_pages(gfp, 0)
#define __free_page(page)	__free_pages(page, 0)

/* ---- <linux/slab.h> ---- */

/* Where allocations are accounted. */
#define alloc_hooks(allocation)		(allocation)

struct kmem_cache;
struct list_lru;

void *kmalloc(size_t size, gfp_t gfp);
void *krealloc(const void *p, size_t size, gfp_t gfp);
void kfree(const void *p);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc(size_mul(n, size), gfp);
}

static inline void *kmalloc_array_node(size_t n, size_t size, gfp_t gfp,
				       int node)
{
	return kmalloc_array(n, size, gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

#define kmalloc_obj(object, gfp...)					\
	((typeof(object) *)kmalloc(sizeof(object), __native_gfp(gfp)))
#define kzalloc_obj(object, gfp...)					\
	((typeof(object) *)kzalloc(sizeof(object), __native_gfp(gfp)))
#define kmalloc_objs(object, n, gfp...)					\
	((typeof(object) *)kmalloc_array(n, sizeof(object), __native_gfp(gfp)))
#define kzalloc_objs(object, n, gfp...)					\
	((typeof(object) *)kcalloc(n, sizeof(object), __native_gfp(gfp)))
#define __native_gfp(gfp...)						\
	(((gfp_t[]){ GFP_KERNEL, ##gfp })					\
	 [sizeof((gfp_t[]){ GFP_KERNEL, ##gfp }) / sizeof(gfp_t) - 1])

#define kvzalloc_objs(object, n, gfp...)	kzalloc_objs(object, n, ##gfp)
#define kvrealloc(p, size, gfp)		krealloc(p, size, gfp)
#define kvmalloc(size, gfp)		kmalloc(size, gfp)
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)

static inline void kvfree(const void *p)
{
	kfree(p);
}

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   gfp_t gfp);

/* ---- <linux/mm.h> ---- */

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

/* ---- <linux/sched/mm.h> ---- */

static inline unsigned int memalloc_noio_save(void)
{
	unsigned int old = current->flags & PF_MEMALLOC_NOIO;

	current->flags |= PF_MEMALLOC_NOIO;
	return old;
}

static inline void memalloc_noio_restore(unsigned int old)
{
	current->flags = (current->flags & ~PF_MEMALLOC_NOIO) | old;
}

#define might_alloc(gfp)	might_sleep_if(gfpflags_allow_blocking(gfp))

/* ---- <linux/memremap.h> ---- */

enum memory_type {
	MEMORY_DEVICE_PRIVATE = 1,
	MEMORY_DEVICE_COHERENT,
	MEMORY_DEVICE_FS_DAX,
	MEMORY_DEVICE_GENERIC,
	MEMORY_DEVICE_PCI_P2PDMA,
};

struct dev_pagemap {
	enum memory_type	type;
	unsigned int		flags;
	void			*owner;
	int			nr_range;
	struct range		range;
};

void *memremap_pages(struct dev_pagemap *pgmap, int nid);
void memunmap_pages(struct dev_pagemap *pgmap);

/* ---- <linux/memory_hotplug.h> ---- */

struct range mhp_get_pluggable_range(bool need_mapping);

/* ---- <linux/swiotlb.h> ---- */

extern bool native_bounce_buffers;

static inline bool is_swiotlb_allocated(void)
{
	return native_bounce_buffers;
}

/* ---- <linux/shrinker.h> ---- */

#define SHRINK_STOP	(~0UL)
#define SHRINK_EMPTY	(~0UL - 1)

struct shrink_control {
	gfp_t		gfp_mask;
	int		nid;
	unsigned long	nr_to_scan;
	unsigned long	nr_scanned;
};

struct shrinker {
	unsigned long	(*count_objects)(struct shrinker *shrinker,
					 struct shrink_control *sc);
	unsigned long	(*scan_objects)(struct shrinker *shrinker,
					struct shrink_control *sc);
	void		*private_data;
};

__printf(2, 3)
struct shrinker *shrinker_alloc(unsigned int flags, const char *fmt, ...);
void shrinker_register(struct shrinker *shrinker);
void shrinker_free(struct shrinker *shrinker);

/* The one that was registered last, or NULL.  For threads: smp_load_acquire(). */
extern struct shrinker *native_shrinker;

#endif
