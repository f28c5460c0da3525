/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scratch pages for foreign mappings: what the allocator (unpopulated-alloc.c),
 * the region code (unpopulated-regions.c), what reads the device tree
 * (unpopulated-of.c) and their KUnit suites share.
 *
 * The interface for the rest of the kernel is in <xen/xen.h>.
 */
#ifndef _XEN_UNPOPULATED_H
#define _XEN_UNPOPULATED_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/range.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
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
	    PAGE_SIZE * (PAGE_SIZE /					\
			 (sizeof(struct page) & -sizeof(struct page))))
#define XEN_SCRATCH_GRANULE_PAGES	(XEN_SCRATCH_GRANULE / PAGE_SIZE)
static_assert(XEN_SCRATCH_GRANULE_PAGES * sizeof(struct page) % PAGE_SIZE == 0);

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
 * struct xen_scratch_taken - addresses that are advertised, but not unused
 * @node: first and last address, in bytes
 * @name: what they are used for
 */
struct xen_scratch_taken {
	struct interval_tree_node	node;
	const char			*name;
};

/**
 * struct xen_scratch_pool - one allocator of scratch pages
 * @lock: protects the free pages: the bitmaps and counts of all chunks, the
 *	XEN_SCRATCH_AVAILABLE marks, the counts of pages, @lowest, @last,
 *	@recent, @blocks, @to_release, @used_max, @low_water, @growing_ahead,
 *	@watch, @workqueue, @fallbacks and @failures.  Never held across
 *	anything that can sleep.
 * @chunks: the chunk that a page belongs to, by pfn / granule; several
 *	consecutive entries may hold the same chunk.  Changed by growth and
 *	release only.
 * @lowest: no chunk below this one has a free page; NULL: none has at all
 * @last: the chunk that was used last, likely to be used next; may be NULL
 * @recent: chunks that pages were looked up in, to be found faster than in
 *	@chunks: by granule of the page, modulo the size; may be NULL
 * @nr_pages: scratch and donated pages, free or handed out, but for donated
 *	ones that are not ready
 * @nr_free: those of @nr_pages that are free
 * @donated_pages: donated pages
 * @donated_ready: those of @donated_pages that are in @nr_pages
 * @ballooned_used: ballooned pages that are handed out
 * @used_max: the most pages that were ever taken at once, also for requests
 *	that were refused in the end
 * @low_water: with fewer free pages than this @work grows; 0: growth failed
 * @growing_ahead: @work has been told to grow
 * @watch: with fewer free pages than this there is more to do than to take them:
 *	@used_max is exceeded, or @low_water is reached
 * @blocks: the contiguous blocks that are out, by pfn
 * @to_release: pages that the shrinker wants to be released
 * @grow_lock: serializes growth and release; protects
 *	@regions, @hot_added, @dormant, @unmappable, @chunk_pages,
 *	@donated_pages, @grows, @waits and @releases.  Taken before @lock.
 * @regions: list of &struct xen_scratch_region
 * @hot_added: hot-added chunks, the newest first
 * @dormant: chunks of donated pages not all of which are in use yet
 * @unmappable: chunks that have an address but could not be mapped
 * @chunk_pages: size of the next chunk, in pages, unless more are needed
 * @donating: pages that are freed without having been handed out are gifts;
 *	set only while the architecture's init hook runs
 * @ballooned: a bitmap of the ballooned pages that are handed out, by section
 * @workqueue: for @work; NULL: not yet
 * @work: grows ahead of need, releases what the shrinker asked for
 * @shrinker: asks for releases when memory is short
 * @grows: chunks that were hot-added
 * @waits: chunks of @grows that a request had to wait for
 * @releases: chunks that were released
 * @fallbacks: requests that needed ballooned pages
 * @failures: requests that were refused
 */
struct xen_scratch_pool {
	/*
	 * Protects which pages are free.  What is used for every request is in
	 * the same cacheline.
	 */
	spinlock_t			lock ____cacheline_aligned_in_smp;
	struct xen_scratch_chunk	*lowest;
	struct xen_scratch_chunk	*last;
	unsigned long			nr_free;
	unsigned long			watch;

	struct xen_scratch_chunk	*recent[16];
	struct xarray			chunks;
	unsigned long			nr_pages;
	unsigned long			donated_pages;
	unsigned long			donated_ready;
	unsigned long			ballooned_used;
	unsigned long			used_max;
	unsigned long			low_water;
	bool				growing_ahead;
	struct rb_root_cached		blocks;
	unsigned long			to_release;

	/* Protects which chunks there are. */
	struct mutex			grow_lock;
	struct list_head		regions;
	struct list_head		hot_added;
	struct list_head		dormant;
	struct list_head		unmappable;
	unsigned long			chunk_pages;
	bool				donating;

	struct xarray			ballooned;

	struct workqueue_struct		*workqueue;
	struct work_struct		work;
	struct shrinker			*shrinker;

	unsigned long			grows;
	unsigned long			waits;
	unsigned long			releases;
	unsigned long			fallbacks;
	unsigned long			failures;
};

#define XEN_SCRATCH_POOL_INIT(name) {					\
	.lock		= __SPIN_LOCK_UNLOCKED(name.lock),		\
	.chunks		= XARRAY_INIT(name.chunks, 0),			\
	.blocks		= RB_ROOT_CACHED,				\
	.grow_lock	= __MUTEX_INITIALIZER(name.grow_lock),		\
	.regions	= LIST_HEAD_INIT(name.regions),			\
	.hot_added	= LIST_HEAD_INIT(name.hot_added),		\
	.dormant	= LIST_HEAD_INIT(name.dormant),			\
	.unmappable	= LIST_HEAD_INIT(name.unmappable),		\
	.chunk_pages	= XEN_SCRATCH_GRANULE_PAGES,			\
	.ballooned	= XARRAY_INIT(name.ballooned, 0),		\
	.work		= __WORK_INITIALIZER(name.work, xen_scratch_work), \
}

/**
 * struct xen_scratch_count - pages of a pool by origin
 * @scratch: hot-added pages
 * @scratch_used: those of @scratch that are handed out
 * @scratch_idle: those of @scratch in chunks that no page is out of
 * @donated: donated pages
 * @donated_used: those of @donated that are handed out
 * @ballooned_used: ballooned pages that are handed out
 */
struct xen_scratch_count {
	unsigned long	scratch;
	unsigned long	scratch_used;
	unsigned long	scratch_idle;
	unsigned long	donated;
	unsigned long	donated_used;
	unsigned long	ballooned_used;
};

void xen_scratch_work(struct work_struct *work);

int xen_scratch_claim_regions(struct list_head *regions, struct resource *root,
			      const struct range *mappable,
			      struct rb_root_cached *taken,
			      struct range *ranges, unsigned int nr_ranges);
int xen_scratch_add_regions(struct resource *root, struct rb_root_cached *taken,
			    struct range *ranges, unsigned int nr_ranges);

#if IS_ENABLED(CONFIG_KUNIT)
/* What KUnit calls, on pools of its own, and what it replaces. */
struct dev_pagemap;
struct device_node;

int xen_scratch_alloc(struct xen_scratch_pool *pool, unsigned int nr_pages,
		      struct page **pages);
void xen_scratch_free(struct xen_scratch_pool *pool, unsigned int nr_pages,
		      struct page **pages);
int xen_scratch_alloc_block(struct xen_scratch_pool *pool,
			    unsigned int nr_pages, struct page **pages);
void xen_scratch_free_block(struct xen_scratch_pool *pool,
			    unsigned int nr_pages, struct page **pages);
unsigned long xen_scratch_release(struct xen_scratch_pool *pool,
				  unsigned long nr_pages);
int xen_scratch_reserve(struct xen_scratch_pool *pool, struct resource *res,
			resource_size_t size, resource_size_t align);
void xen_scratch_start_work(struct xen_scratch_pool *pool);
struct xen_scratch_count xen_scratch_count(struct xen_scratch_pool *pool);
void xen_scratch_pool_destroy(struct xen_scratch_pool *pool);

void *xen_scratch_zalloc(size_t size);
int xen_scratch_insert(struct xarray *xa, unsigned long index, void *entry);
int xen_scratch_map(struct dev_pagemap *pgmap);
int xen_scratch_balloon_alloc(unsigned int nr_pages, struct page **pages);
void xen_scratch_balloon_free(unsigned int nr_pages, struct page **pages);
void xen_scratch_misuse(struct page *page);
void xen_scratch_report_unused(u64 start, u64 end, const char *why,
			       const char *who);

void xen_scratch_report_entry(struct device_node *np, int entry,
			      const char *why);
int xen_scratch_read_node(struct device_node *np, int first,
			  struct range **ranges);
int xen_scratch_find_taken(struct rb_root_cached *taken,
			   struct device_node *hypervisor, int first,
			   const struct range *ranges, int nr_ranges);
void xen_scratch_free_taken(struct rb_root_cached *taken);
#endif

#endif /* _XEN_UNPOPULATED_H */
