/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unpopulated pages for foreign mappings: declarations shared by the files
 * unpopulated-*.c and their KUnit suites.  The interface for the rest of the
 * kernel is in <xen/xen.h>; the head of unpopulated-alloc.c describes the design.
 *
 * Glossary:
 *
 *   unpopulated page	a struct page for a pfn without RAM, until Xen maps a
 *			frame of another domain there
 *   donated page	a struct page without RAM that x86 frees into the
 *			allocator while the kernel boots
 *   ballooned page	a page of RAM that was given back to Xen, so that its
 *			pfn can be mapped over: the fallback
 *   allocated, free	the two states of a page
 *   granule		the smallest range of addresses that becomes pages
 *   chunk		a range of pfns whose pages share one bitmap: a multiple
 *			of a granule from one memremap_pages(), or a granule
 *			with donated pages
 *   region		a range of addresses that the firmware promises to leave
 *			unused, claimed in iomem_resource at boot; or a section
 *			of a shared tree that nothing used when it was claimed
 *   hole		addresses of a region that are neither a chunk nor lent
 *			to the balloon driver, or unused ones of a shared tree
 *   occupied		said of addresses that a device or another resource has
 *   idle		said of a chunk without an allocated page
 *
 * Locks, in the order in which they are taken:
 *
 *   xen_unpop_pool.grow.lock	a mutex: which chunks there are.  Block I/O can
 *				wait for it, so memory is allocated under it
 *				without I/O: use guard(growth).
 *   xen_unpop_pool.regions.lock	a mutex: which addresses of regions are holes.
 *				The balloon driver takes it with balloon_mutex
 *				held.  Growth waits for mem_hotplug_lock, whose
 *				holder can wait for balloon_mutex, so nothing is
 *				waited for under it.
 *   xen_unpop_pool.free.lock	a spinlock: which pages are free
 *
 * A file calls functions of the files above it in this header only.
 */
#ifndef _XEN_UNPOPULATED_H
#define _XEN_UNPOPULATED_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/interval_tree.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/range.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <xen/xen.h>

/*
 * Size of a granule in bytes; regions and chunks are aligned to it.
 * memremap_pages() takes whole subsections.  The memmap of a granule has to fill
 * whole pages as well, or unmapping one granule would free a page that its
 * neighbour still needs: 2 MiB with 4 KiB pages, 4 MiB with 16 KiB pages, 64 MiB
 * with 64 KiB pages.
 */
#define XEN_UNPOP_GRANULE						\
	MAX(SUBSECTION_SIZE,						\
	    PAGE_SIZE * (PAGE_SIZE /					\
			 (sizeof(struct page) & -sizeof(struct page))))
#define XEN_UNPOP_GRANULE_PAGES	(XEN_UNPOP_GRANULE / PAGE_SIZE)
static_assert(XEN_UNPOP_GRANULE_PAGES * sizeof(struct page) % PAGE_SIZE == 0);
static_assert(XEN_UNPOP_GRANULE_PAGES % BITS_PER_LONG == 0);

/* Number of holes that memremap_pages() can refuse before a request gives up. */
#define XEN_UNPOP_MAX_REFUSED		8

/* Number of pages that are allocated or freed in one hold of free.lock. */
#define XEN_UNPOP_PAGES_PER_HOLD	1024U

/**
 * struct xen_unpop_region - a claimed range of unused addresses
 * @list: entry in &xen_unpop_pool.regions.list
 * @res: the range; its children are chunks and memory of the balloon driver
 */
struct xen_unpop_region {
	struct list_head	list;
	struct resource		res;
};

/**
 * struct xen_unpop_occupied - advertised addresses that are not unused
 * @node: first and last address, in bytes
 * @name: the device or resource that has them
 */
struct xen_unpop_occupied {
	struct interval_tree_node	node;
	const char			*name;
};

/**
 * struct xen_unpop_chunk - a range of pfns with struct pages
 * @first: page of the first pfn; fixed
 * @nr_pages: number of pfns; fixed
 * @members: donated chunks only: bitmap of the pages that were donated; NULL:
 *	every page of the range belongs to the pool; fixed once in the pool
 * @allocated: bitmap of the pages that cannot be allocated: those that are, and
 *	those that are no members; protected by free.lock
 * @nr_free: number of clear bits in @allocated; protected by free.lock
 * @lowest_word: no bit of @allocated is clear before this word; protected by
 *	free.lock
 * @available: the chunk has the mark XEN_UNPOP_AVAILABLE; protected by free.lock
 * @list: entry in &xen_unpop_pool.grow.chunks, .donated or .unmappable; protected
 *	by grow.lock
 * @res: the addresses, a child of their region; not for donated chunks
 * @pgmap: the mapping; not for donated chunks
 */
struct xen_unpop_chunk {
	struct page		*first;
	unsigned long		nr_pages;
	unsigned long		*members;
	unsigned long		*allocated;
	unsigned long		nr_free;
	unsigned long		lowest_word;
	bool			available;

	struct list_head	list;
	struct resource		res;
	struct dev_pagemap	pgmap;
};

/* Mark on the first entry of a chunk in &xen_unpop_pool.chunks. */
#define XEN_UNPOP_AVAILABLE	XA_MARK_0

/**
 * struct xen_unpop_pool - an allocator of unpopulated pages
 * @free: the free pages; protected by @free.lock
 * @free.lock: innermost lock, never held across anything that sleeps
 * @free.lowest: no chunk below this one has a free page; NULL: no chunk has
 * @free.last: the chunk of the page that was allocated or freed last; can be NULL
 * @free.nr_free: free pages that are not promised to a request
 * @free.low_water: with fewer free pages than this, @background.work is queued;
 *	0: it is not
 * @free.nr_pages: unpopulated pages and donated pages in use, free or allocated
 * @free.nr_idle: unpopulated pages in idle chunks
 * @free.nr_ballooned: ballooned pages that are allocated
 * @free.allocated_max: the most pages of all kinds that were allocated at once
 * @free.nr_donated: donated pages in use, free or allocated
 * @free.donated_free: of these, free
 * @free.room: pages that growth can add: of the holes of regions, and donated
 *	ones that are not in use yet.  Also of a chunk that is not published yet.
 * @free.tree_open: @grow.tree can have a hole: none was searched for in vain since
 *	a chunk was released there.  Holes of others are not noticed.
 * @free.grow_wanted: @background.work has to add a chunk
 * @regions: where chunks are, and addresses lent to the balloon driver
 * @regions.lock: protects the list and the children of the regions' resources
 * @regions.list: list of &struct xen_unpop_region.  After boot, it changes only with
 *	@grow.lock held as well.
 * @grow: the chunks; protected by @grow.lock
 * @grow.lock: serializes growth and release; taken before the other locks
 * @grow.tree: resource tree, shared with others, with holes that can be used if
 *	no region has one; NULL: none
 * @grow.limits: first and last address to use in @grow.tree
 * @grow.low: where to make sections of @grow.tree regions, ahead of other holes of
 *	the tree; the end is 0 if pages below 4 GiB are not needed
 * @grow.nr_donated: donated pages that are not in use yet
 * @grow.chunks: chunks of unpopulated pages, the newest first
 * @grow.donated: chunks of donated pages that are not in use yet
 * @grow.unmappable: chunks that memremap_pages() has refused
 * @grow.chunk_pages: size of the next chunk, in pages, unless more are needed
 * @grow.added: chunks of unpopulated pages that were added
 * @grow.waits: chunks of @grow.added that a request had to wait for
 * @grow.released: chunks that were released
 * @chunks: chunks by pfn / granule, one entry for each granule.  Changed with
 *	@grow.lock, entries are erased with @free.lock as well; read with either.
 * @ballooned: the ballooned pages that are allocated, by pfn; has its own lock
 * @background: growth ahead of need, and release
 * @background.workqueue: for @background.work; NULL: not started yet
 * @background.work: adds chunks ahead of need, releases idle ones
 * @background.to_release: pages that the shrinker has asked for; without @grow.lock,
 *	it is only added to
 * @background.shrinker: asks for releases when memory is short
 * @background.on_growth: start with the first growth, as nothing has used the
 *	pool yet
 * @donating: pages that are freed are donated; set only while the init hook of
 *	the architecture runs
 * @fallbacks: requests that needed ballooned pages
 * @failures: requests that failed
 * @misuses: pages that were freed although they were not allocated
 */
struct xen_unpop_pool {
	/* The fields that every request uses share a cacheline. */
	struct {
		/* Protects which pages are free. */
		spinlock_t		lock;
		struct xen_unpop_chunk	*lowest;
		struct xen_unpop_chunk	*last;
		unsigned long		nr_free;
		unsigned long		low_water;
		unsigned long		nr_pages;
		unsigned long		nr_ballooned;
		unsigned long		allocated_max;
		unsigned long		nr_idle;
		unsigned long		nr_donated;
		unsigned long		donated_free;
		unsigned long		room;
		bool			tree_open;
		bool			grow_wanted;
	} free ____cacheline_aligned_in_smp;

	struct {
		/* Protects which addresses of the regions are holes. */
		struct mutex		lock;
		struct list_head	list;
	} regions;

	struct {
		/* Protects which chunks there are. */
		struct mutex		lock;
		struct resource		*tree;
		struct range		limits;
		struct range		low;
		unsigned long		nr_donated;
		struct list_head	chunks;
		struct list_head	donated;
		struct list_head	unmappable;
		unsigned long		chunk_pages;
		unsigned long		added;
		unsigned long		waits;
		unsigned long		released;
	} grow;

	struct xarray			chunks;
	struct xarray			ballooned;

	struct {
		struct workqueue_struct	*workqueue;
		struct work_struct	work;
		atomic_long_t		to_release;
		struct shrinker		*shrinker;
		bool			on_growth;
	} background;

	bool				donating;

	atomic_long_t			fallbacks;
	atomic_long_t			failures;
	atomic_long_t			misuses;
};

#define XEN_UNPOP_POOL_INIT(name) {					\
	.free.lock	= __SPIN_LOCK_UNLOCKED(name.free.lock),		\
	.regions.lock	= __MUTEX_INITIALIZER(name.regions.lock),	\
	.regions.list	= LIST_HEAD_INIT(name.regions.list),		\
	.grow.lock	= __MUTEX_INITIALIZER(name.grow.lock),		\
	.grow.chunks	= LIST_HEAD_INIT(name.grow.chunks),		\
	.grow.donated	= LIST_HEAD_INIT(name.grow.donated),		\
	.grow.unmappable = LIST_HEAD_INIT(name.grow.unmappable),	\
	.grow.chunk_pages = XEN_UNPOP_GRANULE_PAGES,			\
	.chunks		= XARRAY_INIT(name.chunks, 0),			\
	.ballooned	= XARRAY_INIT(name.ballooned, 0),		\
	.background.work = __WORK_INITIALIZER(name.background.work,	\
					      xen_unpop_work),		\
}

/* The pool of <xen/xen.h>; KUnit suites have pools of their own. */
extern struct xen_unpop_pool xen_unpop_pool;

/* grow.lock, in a scope in which allocating memory starts no I/O. */
DEFINE_LOCK_GUARD_1(growth, struct xen_unpop_pool,
		    _T->noio = memalloc_noio_save();
		    mutex_lock(&_T->lock->grow.lock),
		    mutex_unlock(&_T->lock->grow.lock);
		    memalloc_noio_restore(_T->noio),
		    unsigned int noio)

/**
 * struct xen_unpop_count - pages of a pool by kind
 * @unpopulated: unpopulated pages
 * @unpopulated_allocated: of these, allocated
 * @donated: donated pages
 * @donated_allocated: of these, allocated
 * @ballooned_allocated: ballooned pages, all of them allocated
 * @idle: unpopulated pages in idle chunks
 * @allocated_max: the most pages of all kinds that were allocated at once
 * @nr_free: free pages that can be allocated without growth
 */
struct xen_unpop_count {
	unsigned long	unpopulated;
	unsigned long	unpopulated_allocated;
	unsigned long	donated;
	unsigned long	donated_allocated;
	unsigned long	ballooned_allocated;
	unsigned long	idle;
	unsigned long	allocated_max;
	unsigned long	nr_free;
};

static inline void xen_unpop_queue_work(struct xen_unpop_pool *pool)
{
	queue_work(pool->background.workqueue, &pool->background.work);
}

/* Whether the addresses of @chunk are a hole of the shared tree. */
static inline bool xen_unpop_is_in_tree(struct xen_unpop_pool *pool,
					struct xen_unpop_chunk *chunk)
{
	return pool->grow.tree && chunk->res.parent == pool->grow.tree;
}

/* Whether the domain has addresses for unpopulated pages; known at boot. */
static inline bool xen_unpop_has_addresses(struct xen_unpop_pool *pool)
{
	return pool->grow.tree || !list_empty(&pool->regions.list);
}

/* unpopulated-p2m.c */
#ifdef CONFIG_XEN_HAVE_PVMMU
int xen_unpop_p2m_prepare(unsigned long pfn, unsigned long nr_pages);
int xen_unpop_p2m_invalidate(unsigned long pfn, unsigned long nr_pages);
void xen_unpop_p2m_restore(unsigned long pfn, unsigned long nr_pages);
unsigned long xen_unpop_p2m_max_pfn(void);
#else
static inline int xen_unpop_p2m_prepare(unsigned long pfn,
					unsigned long nr_pages)
{
	return 0;
}

static inline int xen_unpop_p2m_invalidate(unsigned long pfn,
					   unsigned long nr_pages)
{
	return 0;
}

static inline void xen_unpop_p2m_restore(unsigned long pfn,
					 unsigned long nr_pages)
{
}

static inline unsigned long xen_unpop_p2m_max_pfn(void)
{
	return ULONG_MAX;
}
#endif

/* unpopulated-regions.c */
int xen_unpop_claim_regions(struct list_head *regions, struct resource *root,
			    const struct range *mappable,
			    struct rb_root_cached *occupied,
			    struct range *ranges, unsigned int nr_ranges);
struct range xen_unpop_mappable_range(void);

/* unpopulated-pages.c */
unsigned int xen_unpop_take(struct xen_unpop_pool *pool, unsigned int nr_pages,
			    struct page **pages, unsigned long *room);
unsigned int xen_unpop_put(struct xen_unpop_pool *pool, unsigned int nr_pages,
			   struct page **pages);
struct page *xen_unpop_take_span(struct xen_unpop_pool *pool,
				 struct xen_unpop_chunk *chunk,
				 unsigned int nr_pages, unsigned long align);
void xen_unpop_publish(struct xen_unpop_pool *pool,
		       struct xen_unpop_chunk *chunk,
		       unsigned int nr_allocated);
bool xen_unpop_detach_idle(struct xen_unpop_pool *pool,
			   struct xen_unpop_chunk *chunk, unsigned long keep);
void xen_unpop_arm(struct xen_unpop_pool *pool, unsigned long low_water);
void xen_unpop_grow_if_low(struct xen_unpop_pool *pool);
void xen_unpop_count_ballooned(struct xen_unpop_pool *pool, long nr_pages);
void xen_unpop_add_room(struct xen_unpop_pool *pool, long nr_pages);
void xen_unpop_set_tree_open(struct xen_unpop_pool *pool, bool open);

/* unpopulated-holes.c */
int xen_unpop_add_regions(struct xen_unpop_pool *pool, struct resource *root,
			  struct rb_root_cached *occupied,
			  struct range *ranges, unsigned int nr_ranges);
int xen_unpop_add_tree(struct xen_unpop_pool *pool, struct resource *tree);
bool xen_unpop_reserve_hole(struct xen_unpop_pool *pool, struct resource *res,
			    u64 min, u64 max);
void xen_unpop_release_hole(struct xen_unpop_pool *pool, struct resource *res);
int xen_unpop_reserve(struct xen_unpop_pool *pool, struct resource *res,
		      resource_size_t size, resource_size_t align);
void xen_unpop_unreserve(struct xen_unpop_pool *pool, struct resource *res);

/* unpopulated-chunk.c */
void xen_unpop_free_chunk(struct xen_unpop_chunk *chunk);
int xen_unpop_index(struct xen_unpop_pool *pool, struct xen_unpop_chunk *chunk);
struct xen_unpop_chunk *xen_unpop_add_chunk(struct xen_unpop_pool *pool,
					    unsigned long nr_pages,
					    bool contiguous);
void xen_unpop_remove_chunk(struct xen_unpop_pool *pool,
			    struct xen_unpop_chunk *chunk);
struct xen_unpop_count xen_unpop_count(struct xen_unpop_pool *pool);
struct xen_unpop_count xen_unpop_count_all(struct xen_unpop_pool *pool);

/* unpopulated-ballooned.c */
int xen_unpop_take_ballooned(struct xen_unpop_pool *pool, unsigned int nr_pages,
			     struct page **pages);
unsigned int xen_unpop_put_ballooned(struct xen_unpop_pool *pool,
				     unsigned int nr_pages, struct page **pages);

/* unpopulated-donated.c */
unsigned int xen_unpop_donate(struct xen_unpop_pool *pool, unsigned int nr_pages,
			      struct page **pages);
int xen_unpop_use_donated(struct xen_unpop_pool *pool);

/* unpopulated-of.c */
struct device_node;

#ifdef CONFIG_OF_ADDRESS
int xen_unpop_add_node(struct xen_unpop_pool *pool, struct device_node *np,
		       int first);
#else
static inline int xen_unpop_add_node(struct xen_unpop_pool *pool,
				     struct device_node *np, int first)
{
	return -ENODEV;
}
#endif

/* unpopulated-grow.c */
int xen_unpop_grow(struct xen_unpop_pool *pool, unsigned int nr_pages,
		   struct page **pages);
void xen_unpop_start_on_growth(struct xen_unpop_pool *pool);
bool xen_unpop_memmap_fits(unsigned long nr_pages);
bool xen_unpop_can_release(void);
unsigned long xen_unpop_release_chunk(struct xen_unpop_pool *pool,
				      unsigned long keep);
unsigned long xen_unpop_release(struct xen_unpop_pool *pool,
				unsigned long nr_pages);
void xen_unpop_start_work(struct xen_unpop_pool *pool);
void xen_unpop_work(struct work_struct *work);

/* unpopulated-contig.c */
int xen_unpop_alloc_contiguous(struct xen_unpop_pool *pool,
			       unsigned int nr_pages, struct page **pages);

/* unpopulated-debugfs.c */
void xen_unpop_add_debugfs(struct xen_unpop_pool *pool);

#if IS_ENABLED(CONFIG_KUNIT)
/* Functions that KUnit calls directly, and those that it replaces. */
int xen_unpop_alloc(struct xen_unpop_pool *pool, unsigned int nr_pages,
		    struct page **pages);
void xen_unpop_free(struct xen_unpop_pool *pool, unsigned int nr_pages,
		    struct page **pages);
int xen_unpop_map(struct dev_pagemap *pgmap);
int xen_unpop_balloon_alloc(unsigned int nr_pages, struct page **pages);
void xen_unpop_balloon_free(unsigned int nr_pages, struct page **pages);
void xen_unpop_warn_misuse(struct page *page);
void xen_unpop_report_unused(u64 start, u64 end, const char *why,
			     const char *name);

void xen_unpop_report_entry(struct device_node *np, int entry, const char *why);
int xen_unpop_read_node(struct device_node *np, int first,
			struct range **ranges);
int xen_unpop_find_occupied(struct rb_root_cached *occupied,
			    struct device_node *hypervisor, int first,
			    const struct range *ranges, int nr_ranges);
void xen_unpop_free_occupied(struct rb_root_cached *occupied);
#endif

#endif /* _XEN_UNPOPULATED_H */
