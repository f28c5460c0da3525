/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scratch pages for foreign mappings: what the allocator (unpopulated-alloc.c),
 * the region code (unpopulated-regions.c) and their KUnit suites share.
 *
 * The interface for the rest of the kernel is in <xen/xen.h>.
 */
#ifndef _XEN_UNPOPULATED_H
#define _XEN_UNPOPULATED_H

#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/range.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

/*
 * The granule is the smallest range that is turned into scratch pages, in
 * bytes; regions and chunks are aligned to it.  memremap_pages() takes whole
 * subsections, and the memmap of a granule has to fill whole pages, or
 * unmapping one granule would free a page that its neighbour still needs:
 * 2 MiB with 4 KiB pages, 4 MiB with 16 KiB pages, 64 MiB with 64 KiB pages.
 */
#define XEN_SCRATCH_GRANULE						\
	MAX(SUBSECTION_SIZE,						\
	    PAGE_SIZE * (PAGE_SIZE / roundup_pow_of_two(sizeof(struct page))))
#define XEN_SCRATCH_GRANULE_PAGES	(XEN_SCRATCH_GRANULE / PAGE_SIZE)

/**
 * struct xen_scratch_region - addresses that chunks may be carved from
 * @list: entry in &xen_scratch_pool.regions
 * @parent: the resource whose children the chunks become: @res itself if the
 *	region has been claimed, else the tree that @res sets bounds in
 * @res: first and last address, in bytes
 */
struct xen_scratch_region {
	struct list_head	list;
	struct resource		*parent;
	struct resource		res;
};

/**
 * struct xen_scratch_pool - one allocator of scratch pages
 * @lock: protects the free pages: the bitmaps and counts of all chunks, the
 *	XEN_SCRATCH_AVAILABLE marks, @lowest, @nr_free and the counters of pages
 *	in use and of requests.  Never held across anything that can sleep.
 * @chunks: the chunk that a page belongs to, by pfn / granule; several
 *	consecutive entries may hold the same chunk.  Changed by growth only.
 * @lowest: no chunk below this one has a free page; NULL: none has
 * @nr_free: pages that can be handed out without growing
 * @grow_lock: serializes growth; protects @regions, @dormant, @unmappable,
 *	@chunk_pages, @scratch_pages, @donated_pages and @grows.  Taken before @lock.
 * @regions: list of &struct xen_scratch_region
 * @dormant: chunks of donated pages not all of which are in use yet
 * @unmappable: chunks that have an address but could not be mapped
 * @chunk_pages: size of the next chunk, in pages, unless more are needed
 * @donating: pages that are freed without having been handed out are gifts;
 *	set only while the architecture's init hook runs
 * @ballooned: the ballooned pages that are handed out, by pfn
 * @scratch_pages: hot-added pages, free or not
 * @donated_pages: donated pages, free or not
 * @scratch_used: hot-added pages that are handed out
 * @donated_used: donated pages that are handed out
 * @ballooned_used: ballooned pages that are handed out
 * @used_max: the most pages that were ever taken at once, also for requests
 *	that were refused in the end
 * @grows: chunks that were hot-added
 * @fallbacks: requests that needed ballooned pages
 * @failures: requests that were refused
 */
struct xen_scratch_pool {
	/* Protects which pages are free. */
	spinlock_t			lock;
	struct xarray			chunks;
	struct xen_scratch_chunk	*lowest;
	unsigned long			nr_free;

	/* Protects which chunks there are. */
	struct mutex			grow_lock;
	struct list_head		regions;
	struct list_head		dormant;
	struct list_head		unmappable;
	unsigned long			chunk_pages;
	bool				donating;

	struct xarray			ballooned;

	unsigned long			scratch_pages;
	unsigned long			donated_pages;
	unsigned long			scratch_used;
	unsigned long			donated_used;
	unsigned long			ballooned_used;
	unsigned long			used_max;
	unsigned long			grows;
	unsigned long			fallbacks;
	unsigned long			failures;
};

#define XEN_SCRATCH_POOL_INIT(name) {					\
	.lock		= __SPIN_LOCK_UNLOCKED(name.lock),		\
	.chunks		= XARRAY_INIT(name.chunks, 0),			\
	.grow_lock	= __MUTEX_INITIALIZER(name.grow_lock),		\
	.regions	= LIST_HEAD_INIT(name.regions),			\
	.dormant	= LIST_HEAD_INIT(name.dormant),			\
	.unmappable	= LIST_HEAD_INIT(name.unmappable),		\
	.chunk_pages	= XEN_SCRATCH_GRANULE_PAGES,			\
	.ballooned	= XARRAY_INIT(name.ballooned, 0),		\
}

int xen_scratch_claim_regions(struct list_head *regions, struct resource *root,
			      const struct range *mappable,
			      struct range *ranges, unsigned int nr_ranges);

#if IS_ENABLED(CONFIG_KUNIT)
/* What KUnit calls, on pools of its own, and what it replaces. */
struct dev_pagemap;

int xen_scratch_alloc(struct xen_scratch_pool *pool, unsigned int nr_pages,
		      struct page **pages);
void xen_scratch_free(struct xen_scratch_pool *pool, unsigned int nr_pages,
		      struct page **pages);
void xen_scratch_pool_destroy(struct xen_scratch_pool *pool);

int xen_scratch_map(struct dev_pagemap *pgmap);
int xen_scratch_balloon_alloc(unsigned int nr_pages, struct page **pages);
void xen_scratch_balloon_free(unsigned int nr_pages, struct page **pages);
void xen_scratch_misuse(struct page *page);
void xen_scratch_report_unused(u64 start, u64 end, const char *why,
			       const char *who);
#endif

#endif /* _XEN_UNPOPULATED_H */
