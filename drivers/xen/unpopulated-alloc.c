// SPDX-License-Identifier: GPL-2.0
/*
 * Scratch pages: struct pages to map other domains' memory at.
 *
 * A grant or foreign mapping needs a guest physical address, and its users
 * want a struct page for it.  Taking that page out of the domain's own RAM
 * (ballooning) wastes the RAM.  A scratch page has an address that no RAM is
 * behind until Xen maps another domain's frame there.
 *
 *	region   |============================|     |=================|
 *		 addresses that stay unused, claimed at boot (see
 *		 unpopulated-regions.c); when there are none left, and where
 *		 the architecture allows it, holes in a tree that is shared
 *
 *	chunks   |--|----|--------|
 *		    |    |	  pieces of a region that memremap_pages() has
 *		    |    |	  made struct pages for
 *	pages    |..##.#..|	  each chunk knows its free pages by a bitmap:
 *				  '.' free, '#' handed out
 *
 * Chunks are made when free pages run short: one granule (2 MiB with 4 KiB
 * pages, which costs 32 KiB of memmap) at first, twice as much each time up to
 * a section, so that a domain pays for about what it uses.  No chunk reaches
 * from one section into the next.  A work item makes the first one at boot and
 * the others ahead of need; a request that finds too little makes them itself.
 *
 * A request is taken from the lowest free pages, from as many chunks as it
 * needs: neither order nor contiguity is promised, but both come cheaply and
 * keep what is in use dense.  What a page is never depends on what is written
 * in it: that belongs to whoever has the page (gnttab_page_cache links pages
 * through it).  Who does need consecutive pfns asks for a contiguous block,
 * which is recorded until it is freed as a whole.
 *
 * A chunk that no page is out of is released again when memory is short, or on
 * request: its memmap is freed, and its addresses can be used for a new chunk.
 *
 * There are two other kinds of pages, found by what is recorded about them, so
 * that any mix of pages can be freed together:
 *
 *  - Donated pages are ordinary struct pages without RAM that x86 frees into
 *    the allocator at boot.  They are handed out before any chunk is made, and
 *    live in chunks of their own whose bitmap of members has their pages only.
 *
 *  - Ballooned pages serve the part of a request that no addresses are left
 *    for.  They go back to the balloon driver as soon as they are freed; the
 *    next request tries addresses first again.
 *
 * What is done for each page under the lock is kept short.  Pages are taken and
 * put back a word of the bitmap at a time, or all at once if they are
 * consecutive.  What is only needed now and then is found out then (which
 * chunks are idle), or kept up late (which have free pages), and one comparison
 * with @watch tells that it is time to look at anything else.
 *
 * Locking: @lock of the pool is a spinlock that is held to mark pages as taken
 * or free, never while anything sleeps.  Chunks are made under @grow_lock,
 * which no thread takes that finds enough free pages.  Block I/O may wait for
 * @grow_lock, so memory is allocated under it without waiting for I/O.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/interval_tree.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include <xen/balloon.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "unpopulated.h"

#define CREATE_TRACE_POINTS
#include <trace/events/xen_unpopulated.h>

/* Set on the entry @index of a chunk that is @available. */
#define XEN_SCRATCH_AVAILABLE	XA_MARK_0

/* How many granules that cannot be mapped one growth tries before giving up. */
#define MAX_UNMAPPABLE		8

/* How many pages are taken or freed before others may have the lock. */
#define PAGES_PER_HOLD		1024U

/* How many struct pages one page of memmap holds. */
#define PAGES_PER_MEMMAP_PAGE	(PAGE_SIZE / sizeof(struct page))

/**
 * struct xen_scratch_chunk - a range of pfns with struct pages
 * @first: page of the first pfn; the following are @first + 1, ...
 * @index: the entry of this chunk in &xen_scratch_pool.chunks that is marked;
 *	of hot-added chunks the first one
 * @nr_pages: number of pfns in the range
 * @nr_free: number of bits set in @free
 * @available: may have a free page, so that whoever needs one looks here
 * @lowest_word: no bit is set in @free before this word
 * @nr_blocks: contiguous blocks that are out and have pages of this chunk
 * @free: the pages that can be handed out
 * @members: donated chunks only: the pages that were donated, all that may ever
 *	be handed out; NULL: every page of the range
 * @nr_ready: only pages below this one can be free or in use: some of a donated
 *	chunk, all of a hot-added one, none of one that is being released
 * @list: entry in &xen_scratch_pool.hot_added, &xen_scratch_pool.dormant or
 *	&xen_scratch_pool.unmappable
 * @res: hot-added chunks only: the addresses, a child of their region
 * @pgmap: hot-added chunks only: the mapping
 */
struct xen_scratch_chunk {
	/* What is used for every request comes first, to be in one cacheline. */
	struct page		*first;
	unsigned long		nr_free;
	unsigned long		lowest_word;
	unsigned long		*free;
	unsigned long		*members;
	unsigned long		nr_ready;
	unsigned long		nr_blocks;
	bool			available;

	unsigned long		index;
	unsigned long		nr_pages;
	struct list_head	list;
	struct resource		res;
	struct dev_pagemap	pgmap;
};

static struct xen_scratch_pool xen_scratch_pool =
	XEN_SCRATCH_POOL_INIT(xen_scratch_pool);

/*
 * Pages of the physmap that have no RAM behind them, for the balloon driver's
 * idea of how much memory there is.  The architecture adds what it donates.
 */
unsigned long xen_unpopulated_pages;

/* For whoever allocates under @grow_lock, that block I/O may wait for. */
DEFINE_LOCK_GUARD_1(grow, struct xen_scratch_pool,
		    _T->noio = memalloc_noio_save();
		    mutex_lock(&_T->lock->grow_lock),
		    mutex_unlock(&_T->lock->grow_lock);
		    memalloc_noio_restore(_T->noio),
		    unsigned int noio)

/* What the pool remembers is allocated here, where KUnit can let it fail. */
VISIBLE_IF_KUNIT void *xen_scratch_zalloc(size_t size)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_zalloc, size);

	return kzalloc(size, GFP_KERNEL);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_zalloc);

VISIBLE_IF_KUNIT int xen_scratch_insert(struct xarray *xa, unsigned long index,
					void *entry)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_insert, xa, index, entry);

	return xa_insert(xa, index, entry, GFP_KERNEL);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_insert);

static unsigned long *zalloc_bits(unsigned long nr_bits)
{
	return xen_scratch_zalloc(BITS_TO_LONGS(nr_bits) * sizeof(long));
}

VISIBLE_IF_KUNIT int xen_scratch_map(struct dev_pagemap *pgmap)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_map, pgmap);

	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_map);

VISIBLE_IF_KUNIT int xen_scratch_balloon_alloc(unsigned int nr_pages,
					       struct page **pages)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_balloon_alloc, nr_pages, pages);

	return xen_alloc_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_balloon_alloc);

VISIBLE_IF_KUNIT void xen_scratch_balloon_free(unsigned int nr_pages,
					       struct page **pages)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_balloon_free, nr_pages, pages);

	xen_free_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_balloon_free);

/*
 * A page that is not in use, or not ours, is being freed.  Whoever does it has
 * lost track of its pages: tell once, and leave the page alone.
 */
VISIBLE_IF_KUNIT void xen_scratch_misuse(struct page *page)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_scratch_misuse, page);

	WARN_ONCE(1, "pfn %#lx is freed, but is not in use, not a scratch page, or part of a contiguous block\n",
		  page ? page_to_pfn(page) : 0);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_misuse);

#ifdef CONFIG_XEN_HAVE_PVMMU
/*
 * A PV guest looks up the frame behind a pfn in its p2m.  Give the pfns of a
 * granule a p2m leaf of their own, so that mapping a frame there only has to
 * write the entry.  A leaf covers 512 pfns, as much as a granule, and is never
 * freed again.
 */
static int p2m_prepare(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	int ret;

	BUILD_BUG_ON(XEN_SCRATCH_GRANULE_PAGES % P2M_PER_PAGE);

	if (!xen_pv_domain())
		return 0;

	for (; pfn < end; pfn += P2M_PER_PAGE) {
		ret = xen_alloc_p2m_entry(pfn);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * Until a frame is mapped at them, the linear map must have no entries for
 * these pfns: with the identity that the p2m has for addresses without RAM it
 * would map whatever the host has there.
 */
static int p2m_invalidate(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	if (!xen_pv_domain())
		return 0;

	for (; pfn < end; pfn++) {
		if (!set_phys_to_machine(pfn, INVALID_P2M_ENTRY))
			return -ENOMEM;
	}

	return 0;
}

/* Undo that for addresses that are given back, a device may come there yet. */
static void p2m_restore(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	if (!xen_pv_domain())
		return;

	for (; pfn < end; pfn++)
		set_phys_to_machine(pfn, IDENTITY_FRAME(pfn));
}

static unsigned long p2m_max_pfn(void)
{
	return xen_pv_domain() ? xen_p2m_size : ULONG_MAX;
}
#else
static int p2m_prepare(unsigned long pfn, unsigned long nr_pages)
{
	return 0;
}

static int p2m_invalidate(unsigned long pfn, unsigned long nr_pages)
{
	return 0;
}

static void p2m_restore(unsigned long pfn, unsigned long nr_pages)
{
}

static unsigned long p2m_max_pfn(void)
{
	return ULONG_MAX;
}
#endif

/* Whether the page at @offset from the first one of @chunk is one of its own. */
static __always_inline bool chunk_has(const struct xen_scratch_chunk *chunk,
				      unsigned long offset)
{
	return offset < chunk->nr_ready &&
	       (likely(!chunk->members) || test_bit(offset, chunk->members));
}

/* Where a chunk that has @page is remembered. */
static struct xen_scratch_chunk **recent_chunk(struct xen_scratch_pool *pool,
					       struct page *page)
{
	unsigned long granule = (unsigned long)page /
				(XEN_SCRATCH_GRANULE_PAGES * sizeof(*page));

	return &pool->recent[granule % ARRAY_SIZE(pool->recent)];
}

static noinline struct xen_scratch_chunk *
find_chunk(struct xen_scratch_pool *pool, struct page *page)
{
	struct xen_scratch_chunk **recent = recent_chunk(pool, page);
	struct xen_scratch_chunk *chunk = *recent;

	if (!chunk || !chunk_has(chunk, page - chunk->first)) {
		chunk = xa_load(&pool->chunks, page_to_pfn(page) /
					       XEN_SCRATCH_GRANULE_PAGES);
		if (!chunk || !chunk_has(chunk, page - chunk->first))
			return NULL;
		*recent = chunk;
	}
	pool->last = chunk;

	return chunk;
}

/* @chunk is going away. */
static void forget_chunk(struct xen_scratch_pool *pool,
			 const struct xen_scratch_chunk *chunk)
{
	unsigned int i;

	lockdep_assert_held(&pool->lock);

	if (pool->last == chunk)
		pool->last = NULL;
	for (i = 0; i < ARRAY_SIZE(pool->recent); i++) {
		if (pool->recent[i] == chunk)
			pool->recent[i] = NULL;
	}
}

/*
 * The chunk that @page can be freed to.  NULL if there is none, because the
 * page is ballooned, has never been handed out, or is not ours at all.
 */
static __always_inline struct xen_scratch_chunk *
chunk_of(struct xen_scratch_pool *pool, struct page *page)
{
	struct xen_scratch_chunk *chunk = pool->last;

	lockdep_assert_held(&pool->lock);

	if (likely(chunk) && chunk_has(chunk, page - chunk->first))
		return chunk;

	return find_chunk(pool, page);
}

/* Whether @chunk is hot-added and no page of it is out. */
static bool chunk_is_idle(const struct xen_scratch_chunk *chunk)
{
	return chunk->nr_free == chunk->nr_pages && !chunk->members;
}

static noinline void make_available(struct xen_scratch_pool *pool,
				    struct xen_scratch_chunk *chunk)
{
	xa_set_mark(&pool->chunks, chunk->index, XEN_SCRATCH_AVAILABLE);
	chunk->available = true;
	if (!pool->lowest || chunk->index < pool->lowest->index)
		pool->lowest = chunk;
}

static noinline void make_unavailable(struct xen_scratch_pool *pool,
				      struct xen_scratch_chunk *chunk)
{
	unsigned long index = chunk->index;

	xa_clear_mark(&pool->chunks, index, XEN_SCRATCH_AVAILABLE);
	chunk->available = false;
	if (pool->lowest == chunk)
		pool->lowest = xa_find_after(&pool->chunks, &index, ULONG_MAX,
					     XEN_SCRATCH_AVAILABLE);
}

/*
 * The lowest chunk that has a free page, or NULL.  Only here one without stops
 * to be available: before that, pages may have come back.
 */
static struct xen_scratch_chunk *lowest_chunk(struct xen_scratch_pool *pool)
{
	lockdep_assert_held(&pool->lock);

	while (pool->lowest && unlikely(!pool->lowest->nr_free))
		make_unavailable(pool, pool->lowest);

	return pool->lowest;
}

/*
 * @nr_pages more bits are set in the bitmap of @chunk, none of them in a word
 * before @word.
 */
static void add_free_pages(struct xen_scratch_pool *pool,
			   struct xen_scratch_chunk *chunk,
			   unsigned long word, unsigned long nr_pages)
{
	lockdep_assert_held(&pool->lock);

	if (unlikely(!chunk->available))
		make_available(pool, chunk);
	chunk->lowest_word = min(chunk->lowest_word, word);
	chunk->nr_free += nr_pages;
	pool->nr_free += nr_pages;
}

/* @nr_pages fewer bits are set in the bitmap of @chunk. */
static void remove_free_pages(struct xen_scratch_pool *pool,
			      struct xen_scratch_chunk *chunk,
			      unsigned long nr_pages)
{
	lockdep_assert_held(&pool->lock);

	chunk->nr_free -= nr_pages;
	pool->nr_free -= nr_pages;
}

/* Not too low, even if @used_max could not be reached. */
static void set_watch(struct xen_scratch_pool *pool)
{
	unsigned long nr_pages = pool->nr_pages + pool->ballooned_used;

	lockdep_assert_held(&pool->lock);

	pool->watch = nr_pages - min(nr_pages, pool->used_max);
	if (pool->workqueue && !pool->growing_ahead)
		pool->watch = max(pool->watch, pool->low_water);
}

static void update_used_max(struct xen_scratch_pool *pool)
{
	pool->used_max = max(pool->used_max,
			     pool->nr_pages - pool->nr_free +
			     pool->ballooned_used);
	set_watch(pool);
}

/*
 * Pages have been taken.  Returns whether few are left and @work has not been
 * told yet.  It is even if they come back at once: more are used now and then.
 */
static __always_inline bool few_left(struct xen_scratch_pool *pool)
{
	lockdep_assert_held(&pool->lock);

	if (likely(pool->nr_free >= pool->watch))
		return false;

	update_used_max(pool);
	if (pool->nr_free >= pool->low_water || !pool->workqueue ||
	    pool->growing_ahead)
		return false;

	pool->growing_ahead = true;
	set_watch(pool);

	return true;
}

/*
 * The loops over pages are unrolled: there is little else to do for a page, and
 * it is done with the lock held.
 */
static __always_inline void store_8(struct page **p, struct page *page)
{
	p[0] = page;
	p[1] = page + 1;
	p[2] = page + 2;
	p[3] = page + 3;
	p[4] = page + 4;
	p[5] = page + 5;
	p[6] = page + 6;
	p[7] = page + 7;
}

static __always_inline struct page **
store_run(struct page **pages, struct page *page, unsigned long run)
{
	for (; run >= 16; run -= 16, page += 16, pages += 16) {
		store_8(pages, page);
		store_8(pages + 8, page + 8);
	}
	while (run--)
		*pages++ = page++;

	return pages;
}

/* Whether each of the 8 @p is higher than the one before, the first than @prev. */
static __always_inline bool ascend_from(const struct page *prev,
					struct page **p)
{
	const struct page *p0 = p[0], *p1 = p[1], *p2 = p[2], *p3 = p[3];
	const struct page *p4 = p[4], *p5 = p[5], *p6 = p[6], *p7 = p[7];

	return prev < p0 && p0 < p1 && p1 < p2 && p2 < p3 && p3 < p4 &&
	       p4 < p5 && p5 < p6 && p6 < p7;
}

/* Whether the first of @pages look as if they were many consecutive ones. */
static __always_inline bool starts_run(struct page **pages,
				       unsigned long nr_pages)
{
	return nr_pages >= BITS_PER_LONG &&
	       pages[BITS_PER_LONG - 1] == pages[0] + BITS_PER_LONG - 1;
}

/*
 * Whether @pages are consecutive.  If the last is as far from the first as it
 * should be, those between are if they ascend: nothing less can be asked about
 * each of them.
 */
static __always_inline bool is_run(struct page **pages, unsigned long nr_pages)
{
	const struct page *prev = pages[0] - 1;

	if (pages[nr_pages - 1] != pages[0] + nr_pages - 1)
		return false;

	for (; nr_pages >= 32; nr_pages -= 32, pages += 32) {
		if (!ascend_from(prev, pages) ||
		    !ascend_from(pages[7], pages + 8) ||
		    !ascend_from(pages[15], pages + 16) ||
		    !ascend_from(pages[23], pages + 24))
			return false;
		prev = pages[31];
	}
	for (; nr_pages; nr_pages--, pages++) {
		if (prev >= pages[0])
			return false;
		prev = pages[0];
	}

	return true;
}

/*
 * Take up to @nr_pages free pages of @chunk, lowest first; returns how many.
 * The bitmap is gone through word by word, as this is what all mappings wait
 * for.
 */
static unsigned long take_from_chunk(struct xen_scratch_pool *pool,
				     struct xen_scratch_chunk *chunk,
				     unsigned long nr_pages,
				     struct page **pages)
{
	unsigned long word = chunk->lowest_word;
	unsigned long left, bits;
	struct page *first;

	nr_pages = min(nr_pages, chunk->nr_free);

	for (left = nr_pages; ; word++) {
		bits = chunk->free[word];
		first = chunk->first + word * BITS_PER_LONG;

		if (!~bits && left >= BITS_PER_LONG) {
			pages = store_run(pages, first, BITS_PER_LONG);
			left -= BITS_PER_LONG;
			bits = 0;
		}
		for (; bits && left; left--) {
			*pages++ = first + __ffs(bits);
			bits &= bits - 1;
		}

		chunk->free[word] = bits;
		if (!left)
			break;
	}

	chunk->lowest_word = word;
	pool->last = chunk;
	remove_free_pages(pool, chunk, nr_pages);

	return nr_pages;
}

static void grow_ahead(struct xen_scratch_pool *pool)
{
	queue_work(pool->workqueue, &pool->work);
}

/*
 * Take up to @nr_pages free pages, lowest first; returns how many.  If few are
 * left then, have more made; if there are not enough, that is for the caller.
 */
static unsigned int take_free_pages(struct xen_scratch_pool *pool,
				    unsigned int nr_pages, struct page **pages)
{
	struct xen_scratch_chunk *chunk;
	unsigned int taken = 0;
	bool few = false;

	spin_lock(&pool->lock);
	while ((chunk = lowest_chunk(pool))) {
		taken += take_from_chunk(pool, chunk,
					 min(nr_pages - taken, PAGES_PER_HOLD),
					 pages + taken);
		if (taken == nr_pages) {
			few = few_left(pool);
			break;
		}
		update_used_max(pool);
		cond_resched_lock(&pool->lock);
	}
	spin_unlock(&pool->lock);

	if (unlikely(few))
		grow_ahead(pool);

	return taken;
}

/*
 * A single page is what is taken and freed most often, by block backends.  As
 * long as its chunk and the pool have others, there is little to do.  If not,
 * or if anything else is special, return false and leave it to the general way.
 */
static bool take_one_page(struct xen_scratch_pool *pool, struct page **page)
{
	struct xen_scratch_chunk *chunk;
	unsigned long bits = 0;

	spin_lock(&pool->lock);
	chunk = pool->lowest;
	if (likely(chunk) && likely(chunk->nr_free > 1) &&
	    likely(pool->nr_free > pool->watch))
		bits = chunk->free[chunk->lowest_word];
	if (likely(bits)) {
		*page = chunk->first + chunk->lowest_word * BITS_PER_LONG +
			__ffs(bits);
		chunk->free[chunk->lowest_word] = bits & (bits - 1);
		chunk->nr_free--;
		pool->nr_free--;
		pool->last = chunk;
	}
	spin_unlock(&pool->lock);

	return bits;
}

static bool put_one_page(struct xen_scratch_pool *pool, struct page *page)
{
	struct xen_scratch_chunk *chunk;
	unsigned long offset, word, bit;
	bool put = false;

	spin_lock(&pool->lock);
	chunk = pool->last;
	if (likely(chunk) && likely(chunk->available) && likely(!chunk->members) &&
	    likely(!chunk->nr_blocks)) {
		offset = page - chunk->first;
		word = offset / BITS_PER_LONG;
		bit = BIT(offset % BITS_PER_LONG);
		put = offset < chunk->nr_ready && !(chunk->free[word] & bit);
	}
	if (likely(put)) {
		chunk->free[word] |= bit;
		chunk->lowest_word = min(chunk->lowest_word, word);
		chunk->nr_free++;
		pool->nr_free++;
	}
	spin_unlock(&pool->lock);

	return put;
}

/*
 * A search for the lowest @nr_pages consecutive pages or addresses, the first
 * of them aligned as xen_alloc_unpopulated_contiguous_pages() says.  What was
 * seen last are the pfns from @start to before @end.
 */
struct search {
	unsigned long	nr_pages;
	unsigned long	align;
	unsigned long	start;
	unsigned long	end;
};

static struct search search_for(unsigned long nr_pages)
{
	return (struct search) {
		.nr_pages	= nr_pages,
		.align		= min(roundup_pow_of_two(nr_pages),
				      XEN_SCRATCH_GRANULE_PAGES),
	};
}

/* There are @nr_pages more, from @pfn on; returns true if that is enough. */
static bool search_on(struct search *search, unsigned long pfn,
		      unsigned long nr_pages)
{
	if (pfn != search->end)
		search->start = ALIGN(pfn, search->align);
	search->end = pfn + nr_pages;

	return search->end >= search->start + search->nr_pages;
}

/* Of the aligned runs of the searched length in a word, keep the first bits. */
static unsigned long starts_in_word(const struct search *search,
				    unsigned long bits)
{
	unsigned long have, step;

	for (have = 1; have < search->nr_pages; have += step) {
		step = min(have, search->nr_pages - have);
		bits &= bits >> step;
	}

	return bits & ~0UL / (BIT(search->align) - 1);
}

/*
 * Search on among the free pages of @chunk.  A word at a time, as the lock is
 * held: due to the alignment, a run is either inside of one or starts with one.
 */
static bool search_chunk(struct search *search,
			 const struct xen_scratch_chunk *chunk)
{
	unsigned long word = chunk->lowest_word, bits;
	unsigned long pfn = page_to_pfn(chunk->first) + word * BITS_PER_LONG;

	for (; word < BITS_TO_LONGS(chunk->nr_pages);
	     word++, pfn += BITS_PER_LONG) {
		bits = chunk->free[word];
		if (search->align < BITS_PER_LONG) {
			bits = starts_in_word(search, bits);
			if (!bits)
				continue;
			search->start = pfn + __ffs(bits);
			return true;
		}
		if (search_on(search, pfn,
			      ~bits ? __ffs(~bits) : BITS_PER_LONG))
			return true;
	}

	return false;
}

/* The first pfn of the lowest block of free pages, not donated ones; or 0. */
static unsigned long find_block(struct xen_scratch_pool *pool,
				unsigned long nr_pages)
{
	struct search search = search_for(nr_pages);
	struct xen_scratch_chunk *chunk;
	unsigned long index;

	lockdep_assert_held(&pool->lock);

	xa_for_each_marked(&pool->chunks, index, chunk, XEN_SCRATCH_AVAILABLE) {
		if (!chunk->members && search_chunk(&search, chunk))
			return search.start;
	}

	return 0;
}

/* Take a contiguous block, and record it as @block. */
static bool take_block(struct xen_scratch_pool *pool, unsigned int nr_pages,
		       struct page **pages, struct interval_tree_node *block)
{
	struct xen_scratch_chunk *chunk;
	unsigned long taken = 0, nr;
	unsigned long pfn, offset;
	bool few;

	spin_lock(&pool->lock);

	pfn = find_block(pool, nr_pages);
	if (!pfn) {
		spin_unlock(&pool->lock);
		return false;
	}

	for (; taken < nr_pages; taken += nr) {
		chunk = chunk_of(pool, pfn_to_page(pfn + taken));
		offset = pfn + taken - page_to_pfn(chunk->first);
		nr = min(chunk->nr_pages - offset, nr_pages - taken);
		bitmap_clear(chunk->free, offset, nr);
		store_run(pages + taken, chunk->first + offset, nr);
		remove_free_pages(pool, chunk, nr);
		chunk->nr_blocks++;
	}
	few = few_left(pool);

	block->start = pfn;
	block->last = pfn + nr_pages - 1;
	interval_tree_insert(block, &pool->blocks);

	spin_unlock(&pool->lock);

	if (unlikely(few))
		grow_ahead(pool);

	return true;
}

/*
 * How many of @run pages from the one at @offset of @chunk on may be freed one
 * by one: they are no part of a contiguous block, and donated, if not hot-added.
 */
static noinline unsigned long
may_be_freed(struct xen_scratch_pool *pool, struct xen_scratch_chunk *chunk,
	     unsigned long offset, unsigned long run)
{
	unsigned long pfn = page_to_pfn(chunk->first) + offset;
	struct interval_tree_node *block;

	if (chunk->members)
		run = find_next_zero_bit(chunk->members, offset + run, offset) -
		      offset;

	block = interval_tree_iter_first(&pool->blocks, pfn, pfn + run - 1);
	if (!block)
		return run;

	return block->start > pfn ? block->start - pfn : 0;
}

/*
 * Put back as many of @pages as are consecutive, from the page at @offset of
 * @chunk on, and in use; returns how many.
 */
static noinline unsigned long
put_run(struct xen_scratch_pool *pool, struct xen_scratch_chunk *chunk,
	unsigned long offset, unsigned long nr_pages, struct page **pages)
{
	unsigned long run = min(nr_pages, chunk->nr_ready - offset);

	/* All or, as far as that is worth while, some; or this one. */
	if (!is_run(pages, run)) {
		run = min(run, BITS_PER_LONG);
		if (!is_run(pages, run))
			run = 1;
	}
	run = may_be_freed(pool, chunk, offset, run);
	run = find_next_bit(chunk->free, offset + run, offset) - offset;
	bitmap_set(chunk->free, offset, run);

	return run;
}

/*
 * Put back as many of @pages as are in the same word of the bitmap as the first,
 * at @offset of @chunk, in any order.  Returns 0 if not all of them are in use:
 * then it has to be found out which.
 */
static unsigned long put_to_word(struct xen_scratch_chunk *chunk,
				 unsigned long offset, unsigned long nr_pages,
				 struct page **pages)
{
	unsigned long word = offset / BITS_PER_LONG, bit, mask = 0, nr = 0;
	struct page *first = chunk->first + word * BITS_PER_LONG;

	offset %= BITS_PER_LONG;
	do {
		bit = BIT(offset);
		if (unlikely(mask & bit))
			return 0;
		mask |= bit;
		if (++nr == nr_pages)
			break;
		offset = pages[nr] - first;
	} while (offset < BITS_PER_LONG);

	if (unlikely(chunk->free[word] & mask))
		return 0;
	chunk->free[word] |= mask;

	return nr;
}

/*
 * Put @pages back into @chunk, which has the first of them, as far as they are
 * in it; returns for how many that was done.  Pages that are not in use are left
 * out.
 */
static unsigned long put_to_chunk(struct xen_scratch_pool *pool,
				  struct xen_scratch_chunk *chunk,
				  unsigned long nr_pages, struct page **pages)
{
	const bool special = chunk->members || chunk->nr_blocks;
	unsigned long i, left, offset, run;
	unsigned long lowest = ULONG_MAX, nr_freed = 0;

	for (i = 0; i < nr_pages; i += run) {
		offset = pages[i] - chunk->first;
		if (!chunk_has(chunk, offset))
			break;

		left = nr_pages - i;
		run = 0;
		if (likely(!special) && !starts_run(pages + i, left))
			run = put_to_word(chunk, offset, left, pages + i);
		if (!run)
			run = put_run(pool, chunk, offset, left, pages + i);
		if (unlikely(!run)) {
			xen_scratch_misuse(pages[i]);
			run = 1;
			continue;
		}

		nr_freed += run;
		lowest = min(lowest, offset / BITS_PER_LONG);
	}

	if (likely(nr_freed))
		add_free_pages(pool, chunk, lowest, nr_freed);

	return i;
}

/*
 * Make the next @nr_pages of @chunk that are not ready yet available.  Returns
 * how many of them there are.
 */
static unsigned long make_ready(struct xen_scratch_pool *pool,
				struct xen_scratch_chunk *chunk,
				unsigned long nr_pages)
{
	unsigned long start = chunk->nr_ready;
	unsigned long nr_free = nr_pages;

	spin_lock(&pool->lock);

	if (chunk->members) {
		/* Granules are whole words of the bitmaps. */
		BUILD_BUG_ON(XEN_SCRATCH_GRANULE_PAGES % BITS_PER_LONG);
		bitmap_copy(chunk->free + BIT_WORD(start),
			    chunk->members + BIT_WORD(start), nr_pages);
		nr_free = bitmap_weight(chunk->free + BIT_WORD(start),
					nr_pages);
	} else {
		bitmap_set(chunk->free, start, nr_pages);
	}

	chunk->nr_ready += nr_pages;
	pool->nr_pages += nr_free;
	if (chunk->members)
		pool->donated_ready += nr_free;
	if (nr_free)
		add_free_pages(pool, chunk, BIT_WORD(start), nr_free);
	set_watch(pool);

	spin_unlock(&pool->lock);

	return nr_free;
}

static void free_chunk(struct xen_scratch_chunk *chunk)
{
	kfree(chunk->members);
	kfree(chunk->free);
	kfree(chunk);
}

/*
 * Record a donated page, in a chunk for the section that it is in.  The page
 * becomes available later, by use_donated_pages().  -EEXIST: it already is one.
 */
static int donate_page(struct xen_scratch_pool *pool, struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long start = ALIGN_DOWN(pfn, PAGES_PER_SECTION);
	unsigned long index = pfn / XEN_SCRATCH_GRANULE_PAGES;
	struct xen_scratch_chunk *chunk;
	int ret;

	/* Backwards: whoever donates goes from page to page. */
	list_for_each_entry_reverse(chunk, &pool->dormant, list) {
		if (page_to_pfn(chunk->first) == start)
			goto found;
	}

	chunk = xen_scratch_zalloc(sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;

	chunk->first = pfn_to_page(start);
	chunk->index = index;
	chunk->nr_pages = PAGES_PER_SECTION;
	chunk->free = zalloc_bits(PAGES_PER_SECTION);
	chunk->members = zalloc_bits(PAGES_PER_SECTION);
	ret = -ENOMEM;
	if (chunk->free && chunk->members)
		ret = xen_scratch_insert(&pool->chunks, index, chunk);
	if (ret) {
		free_chunk(chunk);
		return ret;
	}
	list_add_tail(&chunk->list, &pool->dormant);

found:
	if (xa_load(&pool->chunks, index) != chunk) {
		ret = xen_scratch_insert(&pool->chunks, index, chunk);
		if (ret)
			return ret;
	}
	/* Nobody looks at members that are not ready. */
	if (__test_and_set_bit(pfn - start, chunk->members))
		return -EEXIST;
	pool->donated_pages++;

	return 0;
}

static noinline void donate_pages(struct xen_scratch_pool *pool,
				  unsigned int nr_pages, struct page **pages)
{
	unsigned int i;

	guard(grow)(pool);

	for (i = 0; i < nr_pages; i++) {
		switch (donate_page(pool, pages[i])) {
		case 0:
			break;
		case -ENOMEM:
			pr_warn_once("no memory to take donated pages\n");
			break;
		default:
			xen_scratch_misuse(pages[i]);
		}
	}
}

/*
 * Make the donated pages of one more granule available.  Only now, so that a
 * PV guest pays for their p2m leaf when it needs them.
 */
static int use_donated_pages(struct xen_scratch_pool *pool)
{
	struct xen_scratch_chunk *chunk;
	unsigned long start, end;
	int ret;

	do {
		chunk = list_first_entry_or_null(&pool->dormant,
						 struct xen_scratch_chunk,
						 list);
		if (!chunk)
			return -ENOSPC;

		start = chunk->nr_ready;
		end = start + XEN_SCRATCH_GRANULE_PAGES;
		if (find_next_bit(chunk->members, end, start) < end) {
			ret = p2m_prepare(page_to_pfn(chunk->first) + start,
					  XEN_SCRATCH_GRANULE_PAGES);
			if (ret)
				return ret;
		}
		if (end == chunk->nr_pages)
			list_del_init(&chunk->list);
	} while (!make_ready(pool, chunk, XEN_SCRATCH_GRANULE_PAGES));

	return 0;
}

/* Half a chunk, in whole granules; 0 if it is a granule already. */
static unsigned long halve(unsigned long nr_pages)
{
	return round_down(nr_pages / 2, XEN_SCRATCH_GRANULE_PAGES);
}

static const struct range anywhere = { .end = U64_MAX };

/* Whether @region is ours alone, not a part of a tree that others use as well. */
static bool is_claimed(const struct xen_scratch_region *region)
{
	return region->parent == &region->res;
}

/*
 * Reserve the lowest hole of @size bytes inside of @limits and of @region.  What
 * is in a claimed region changes under @grow_lock only.
 *
 * Not by allocate_resource(): on x86 that keeps off everything that is in the
 * firmware's memory map, and so off a region that comes from there.
 */
static bool reserve_in_claimed(struct xen_scratch_region *region,
			       struct resource *res, u64 size, u64 align,
			       const struct range *limits)
{
	u64 start = max_t(u64, region->res.start, limits->start);
	u64 limit = min_t(u64, region->res.end, limits->end);
	struct resource *child;
	u64 last;

	for (child = region->res.child; ; child = child->sibling) {
		start = ALIGN(start, align);
		last = child ? min_t(u64, child->start - 1, limit) : limit;
		if (start <= last && last - start >= size - 1) {
			res->start = start;
			res->end = start + size - 1;
			return !request_resource(&region->res, res);
		}
		if (!child)
			return false;
		start = max_t(u64, start, child->end + 1);
	}
}

/* The same where anything may turn up at any time. */
static bool reserve_in_shared(struct xen_scratch_region *region,
			      struct resource *res, u64 size, u64 align,
			      const struct range *limits)
{
	resource_size_t start = max_t(u64, region->res.start, limits->start);
	resource_size_t end = min_t(u64, region->res.end, limits->end);

	return start < end &&
	       !allocate_resource(region->parent, res, size, start, end, align,
				  NULL, NULL);
}

/*
 * Reserve the lowest hole of @nr_pages that there is inside of @limits and in
 * any region that is claimed, or in any that is not.
 */
static bool reserve_hole(struct xen_scratch_pool *pool, struct resource *res,
			 unsigned long nr_pages, const struct range *limits,
			 bool claimed)
{
	u64 size = PFN_PHYS(nr_pages), align = XEN_SCRATCH_GRANULE;
	struct xen_scratch_region *region;

	lockdep_assert_held(&pool->grow_lock);

	list_for_each_entry(region, &pool->regions, list) {
		if (is_claimed(region) != claimed)
			continue;
		if (claimed ?
		    reserve_in_claimed(region, res, size, align, limits) :
		    reserve_in_shared(region, res, size, align, limits))
			return true;
	}

	return false;
}

/* Reserve a hole of @nr_pages, or of half of that, and so on. */
static bool reserve_some_hole(struct xen_scratch_pool *pool,
			      struct resource *res, unsigned long nr_pages,
			      const struct range *limits, bool claimed)
{
	for (; nr_pages; nr_pages = halve(nr_pages)) {
		if (reserve_hole(pool, res, nr_pages, limits, claimed))
			return true;
	}

	return false;
}

/*
 * Reserve the lowest free addresses inside of @limits for @nr_pages, or for as
 * large a part of them as there is a hole for, but not beyond the end of a
 * section: a whole one is mapped with huge pages, and one that is added in
 * part is not removed again if the next one fails.  What is claimed is used up
 * before anything is taken that others may need.  Returns for how many pages,
 * 0 if there is no room for a granule.
 */
static unsigned long reserve_chunk(struct xen_scratch_pool *pool,
				   struct resource *res, unsigned long nr_pages,
				   const struct range *limits)
{
	const resource_size_t section = PFN_PHYS(PAGES_PER_SECTION);
	resource_size_t room;

	if (!reserve_some_hole(pool, res, nr_pages, limits, true) &&
	    !reserve_some_hole(pool, res, nr_pages, limits, false))
		return 0;

	room = section - res->start % section;
	if (room < resource_size(res))
		adjust_resource(res, res->start, room);

	return PHYS_PFN(resource_size(res));
}

static void unindex_chunk(struct xen_scratch_pool *pool,
			  struct xen_scratch_chunk *chunk)
{
	unsigned long i, last;

	last = chunk->index +
	       (chunk->nr_pages - 1) / XEN_SCRATCH_GRANULE_PAGES;

	/* Under the lock, chunk_of() may have it for a page that is not out. */
	spin_lock(&pool->lock);
	for (i = chunk->index; i <= last; i++) {
		if (xa_load(&pool->chunks, i) == chunk)
			xa_erase(&pool->chunks, i);
	}
	spin_unlock(&pool->lock);
}

static int index_chunk(struct xen_scratch_pool *pool,
		       struct xen_scratch_chunk *chunk)
{
	unsigned long i;
	int ret;

	for (i = 0; i < chunk->nr_pages / XEN_SCRATCH_GRANULE_PAGES; i++) {
		ret = xen_scratch_insert(&pool->chunks, chunk->index + i,
					 chunk);
		if (ret) {
			unindex_chunk(pool, chunk);
			return ret;
		}
	}

	return 0;
}

/* Turn the addresses that @chunk has reserved into pages. */
static int map_chunk(struct xen_scratch_pool *pool,
		     struct xen_scratch_chunk *chunk)
{
	unsigned long pfn = PHYS_PFN(chunk->res.start);
	int ret;

	chunk->first = pfn_to_page(pfn);
	chunk->index = pfn / XEN_SCRATCH_GRANULE_PAGES;
	chunk->nr_pages = PHYS_PFN(resource_size(&chunk->res));
	chunk->pgmap.type = MEMORY_DEVICE_GENERIC;
	chunk->pgmap.range.start = chunk->res.start;
	chunk->pgmap.range.end = chunk->res.end;
	chunk->pgmap.nr_range = 1;

	chunk->free = zalloc_bits(chunk->nr_pages);
	if (!chunk->free)
		return -ENOMEM;

	/* Harmless so early: no page of it is ready. */
	ret = index_chunk(pool, chunk);
	if (ret)
		goto free_bitmap;

	ret = p2m_prepare(pfn, chunk->nr_pages);
	if (ret)
		goto unindex;
	ret = p2m_invalidate(pfn, chunk->nr_pages);
	if (!ret)
		ret = xen_scratch_map(&chunk->pgmap);
	if (ret)
		goto restore;

	return 0;

restore:
	p2m_restore(pfn, chunk->nr_pages);
unindex:
	unindex_chunk(pool, chunk);
free_bitmap:
	kfree(chunk->free);
	chunk->free = NULL;
	return ret;
}

/* What is grown ahead of need, and when, follows from the size of chunks. */
static void set_chunk_pages(struct xen_scratch_pool *pool,
			    unsigned long nr_pages)
{
	WRITE_ONCE(pool->chunk_pages,
		   clamp(nr_pages, XEN_SCRATCH_GRANULE_PAGES,
			 PAGES_PER_SECTION));

	spin_lock(&pool->lock);
	pool->low_water = pool->chunk_pages / 4;
	set_watch(pool);
	spin_unlock(&pool->lock);
}

/* Do not look for large holes, or ahead of need, in vain. */
static void stop_growing_ahead(struct xen_scratch_pool *pool)
{
	set_chunk_pages(pool, 0);

	spin_lock(&pool->lock);
	pool->low_water = 0;
	pool->growing_ahead = false;
	set_watch(pool);
	spin_unlock(&pool->lock);
}

/*
 * Hot-add a chunk of @nr_pages, less if inside of @limits there is no such hole
 * or not enough memory for its memmap.
 *
 * Addresses that cannot be mapped though they are free should not exist.  They
 * are narrowed down to one granule, which stays reserved so that it is not
 * tried again.
 */
static struct xen_scratch_chunk *add_chunk(struct xen_scratch_pool *pool,
					   unsigned long nr_pages,
					   const struct range *limits)
{
	unsigned int unmappable = 0;
	struct xen_scratch_chunk *chunk;
	unsigned long wanted;
	int ret;

	wanted = round_up(min(nr_pages, PAGES_PER_SECTION),
			  XEN_SCRATCH_GRANULE_PAGES);

	while (unmappable < MAX_UNMAPPABLE) {
		chunk = xen_scratch_zalloc(sizeof(*chunk));
		if (!chunk)
			return ERR_PTR(-ENOMEM);
		chunk->res.name = "Xen scratch";
		chunk->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;

		nr_pages = reserve_chunk(pool, &chunk->res, wanted, limits);
		if (!nr_pages) {
			kfree(chunk);
			break;
		}

		ret = map_chunk(pool, chunk);
		trace_xen_unpopulated_grow(PHYS_PFN(chunk->res.start), nr_pages,
					   ret);
		if (!ret) {
			make_ready(pool, chunk, nr_pages);
			list_add(&chunk->list, &pool->hot_added);
			pool->grows++;
			return chunk;
		}

		if (ret != -ENOMEM && nr_pages == XEN_SCRATCH_GRANULE_PAGES) {
			pr_warn("%pR cannot be mapped: %d\n", &chunk->res, ret);
			chunk->res.name = "Xen scratch (unmappable)";
			list_add_tail(&chunk->list, &pool->unmappable);
			unmappable++;
			continue;
		}

		release_resource(&chunk->res);
		kfree(chunk);
		wanted = halve(nr_pages);
		if (!wanted)
			return ERR_PTR(ret);
	}

	return ERR_PTR(-ENOSPC);
}

/* A request that is refused in the end must not eat up all memory. */
static bool memmap_fits(unsigned long nr_pages)
{
	return nr_pages / PAGES_PER_MEMMAP_PAGE <= si_mem_available() / 2;
}

/*
 * Make at least one more page available, and @wanted if possible, of which
 * somebody needs @needed.  As chunks double, there are never many of them.
 */
static int provide_pages(struct xen_scratch_pool *pool, unsigned long needed,
			 unsigned long wanted)
{
	struct xen_scratch_chunk *chunk;

	lockdep_assert_held(&pool->grow_lock);

	if (!use_donated_pages(pool))
		goto grown;

	/* What is not asked for yet is not worth all memory. */
	while (wanted > needed && !memmap_fits(wanted) && halve(wanted))
		wanted = halve(wanted);

	chunk = add_chunk(pool, wanted, &anywhere);
	if (IS_ERR(chunk)) {
		stop_growing_ahead(pool);
		return PTR_ERR(chunk);
	}
	set_chunk_pages(pool, 2 * pool->chunk_pages);

grown:
	spin_lock(&pool->lock);
	pool->growing_ahead = false;
	set_watch(pool);
	spin_unlock(&pool->lock);

	return 0;
}

/*
 * Make more pages available to a thread that needs @nr_pages more than there
 * are, and no more than that if @exactly.  Returns 0 if there are free pages to
 * be had now, not necessarily enough.
 */
static int grow(struct xen_scratch_pool *pool, unsigned long nr_pages,
		bool exactly)
{
	unsigned long wanted = nr_pages;
	int ret;

	/* The first is for domains that live on ballooned pages. */
	if (list_empty(&pool->regions) && list_empty(&pool->dormant))
		return -ENODEV;
	if (!memmap_fits(nr_pages))
		return -ENOMEM;

	guard(grow)(pool);

	/* Another thread has grown, or freed, for us while we waited? */
	if (READ_ONCE(pool->nr_free))
		return 0;

	if (!exactly)
		wanted = max(wanted, pool->chunk_pages);
	ret = provide_pages(pool, nr_pages, wanted);
	if (!ret)
		pool->waits++;

	return ret;
}

/*
 * Search for a block in what a region has: free pages, and addresses that are
 * neither pages yet nor memory of the balloon driver.  What is in a claimed
 * region changes under @grow_lock only.
 */
static bool search_region(struct xen_scratch_pool *pool, struct search *search,
			  const struct xen_scratch_region *region)
{
	unsigned long pfn = PHYS_PFN(region->res.start), next;
	struct xen_scratch_chunk *chunk;
	struct resource *res;
	bool found = false;

	lockdep_assert_held(&pool->grow_lock);

	for (res = region->res.child; ; res = res->sibling) {
		next = PHYS_PFN(res ? res->start : region->res.end + 1);
		if (next > pfn && search_on(search, pfn, next - pfn))
			return true;
		if (!res)
			return false;
		pfn = PHYS_PFN(res->end + 1);

		chunk = xa_load(&pool->chunks, next / XEN_SCRATCH_GRANULE_PAGES);
		if (!chunk)
			continue;
		spin_lock(&pool->lock);
		if (chunk->nr_free)
			found = search_chunk(search, chunk);
		spin_unlock(&pool->lock);
		if (found)
			return true;
	}
}

/* The addresses of a block that only lacks some pages which can be added. */
static bool find_span(struct xen_scratch_pool *pool, unsigned long nr_pages,
		      struct range *span)
{
	struct search search = search_for(nr_pages);
	struct xen_scratch_region *region;
	struct resource hole = {
		.name	= "Xen scratch",
		.flags	= IORESOURCE_MEM | IORESOURCE_BUSY,
	};

	list_for_each_entry(region, &pool->regions, list) {
		if (is_claimed(region) &&
		    search_region(pool, &search, region)) {
			span->start = PFN_PHYS(search.start);
			span->end = PFN_PHYS(search.start + nr_pages) - 1;
			goto found;
		}
	}

	/* In a tree that others use as well, only a hole of that size will do. */
	if (!reserve_hole(pool, &hole,
			  round_up(nr_pages, XEN_SCRATCH_GRANULE_PAGES),
			  &anywhere, false))
		return false;
	release_resource(&hole);
	span->start = hole.start;
	span->end = hole.end;

found:
	span->start = ALIGN_DOWN(span->start, XEN_SCRATCH_GRANULE);
	span->end = ALIGN(span->end + 1, XEN_SCRATCH_GRANULE) - 1;
	return true;
}

/*
 * Make more pages available to a thread that needs a contiguous block, if that
 * completes one.
 */
static int grow_for_block(struct xen_scratch_pool *pool, unsigned long nr_pages)
{
	struct xen_scratch_chunk *chunk;
	unsigned int grown = 0;
	struct range span;
	bool found;

	if (!memmap_fits(nr_pages))
		return -ENOMEM;

	guard(grow)(pool);

	/* Another thread has grown for us while we waited? */
	spin_lock(&pool->lock);
	found = find_block(pool, nr_pages);
	spin_unlock(&pool->lock);
	if (found)
		return 0;

	if (!find_span(pool, nr_pages, &span))
		return -ENOSPC;

	while (!IS_ERR(chunk = add_chunk(pool, PHYS_PFN(range_len(&span)),
					 &span)))
		grown++;
	pool->waits += grown;

	return grown ? 0 : PTR_ERR(chunk);
}

/*
 * Detach @chunk, so that no page of it can be taken or freed any more, if none
 * is out.  The last free granule stays, for whoever comes next; not so a larger
 * chunk, in place of which a granule is made.  What the pages count for the
 * shrinker is taken off at the same time, or it would see them twice: as asked
 * for, and as gone.  @owed is how much that was.
 */
static bool detach_idle_chunk(struct xen_scratch_pool *pool,
			      struct xen_scratch_chunk *chunk,
			      unsigned long *owed)
{
	bool detach;

	spin_lock(&pool->lock);
	detach = chunk_is_idle(chunk) &&
		 pool->nr_free >= 2 * XEN_SCRATCH_GRANULE_PAGES;
	if (detach) {
		remove_free_pages(pool, chunk, chunk->nr_pages);
		make_unavailable(pool, chunk);
		chunk->nr_ready = 0;
		pool->nr_pages -= chunk->nr_pages;
		*owed = min(pool->to_release, chunk->nr_pages);
		pool->to_release -= *owed;
		forget_chunk(pool, chunk);
	}
	spin_unlock(&pool->lock);

	return detach;
}

/* Whoever still has a reference to a page may come back to it. */
static bool chunk_is_referenced(const struct xen_scratch_chunk *chunk)
{
	unsigned long i;

	for (i = 0; i < chunk->nr_pages; i++) {
		if (page_ref_count(chunk->first + i) != 1)
			return true;
		cond_resched();
	}

	return false;
}

/* Turn the pages of a detached chunk back into plain addresses. */
static void remove_chunk(struct xen_scratch_pool *pool,
			 struct xen_scratch_chunk *chunk)
{
	trace_xen_unpopulated_release(page_to_pfn(chunk->first),
				      chunk->nr_pages);
	memunmap_pages(&chunk->pgmap);
	release_resource(&chunk->res);
	free_chunk(chunk);
}

/*
 * Release the newest chunk that can be released; returns how many pages it had.
 * Unmapping waits for grace periods.  A request that finds no free page waits
 * for that as well, rather than to fail for want of these addresses.
 */
static unsigned long release_chunk(struct xen_scratch_pool *pool)
{
	struct xen_scratch_chunk *chunk;
	unsigned long nr_pages, owed;

	guard(grow)(pool);

	list_for_each_entry(chunk, &pool->hot_added, list) {
		if (!detach_idle_chunk(pool, chunk, &owed))
			continue;
		if (chunk_is_referenced(chunk)) {
			make_ready(pool, chunk, chunk->nr_pages);
			spin_lock(&pool->lock);
			pool->to_release += owed;
			spin_unlock(&pool->lock);
			continue;
		}

		nr_pages = chunk->nr_pages;
		unindex_chunk(pool, chunk);
		list_del(&chunk->list);
		remove_chunk(pool, chunk);
		pool->releases++;
		/* Start small, or what was released would be grown at once. */
		set_chunk_pages(pool, 0);

		return nr_pages;
	}

	return 0;
}

/*
 * A PV guest cannot give pages back: x86 frees the page tables of the linear
 * map and of the memmap without paravirt_release_pte() and the like, so they
 * would stay pinned in Xen and read-only, and the next user of that RAM would
 * fault.  (What was released would besides have to get back its identity in the
 * p2m, as a device may come there.)
 */
static bool can_release(void)
{
	return !xen_pv_domain();
}

/*
 * Whether to grow after a release.  If the only chunk was a large one, a small
 * one is to take its place.  But a growth that was due before and has not begun
 * would only bring back what has just been released.
 */
static bool few_after_release(struct xen_scratch_pool *pool)
{
	bool few;

	spin_lock(&pool->lock);
	pool->growing_ahead = false;
	set_watch(pool);
	few = few_left(pool);
	spin_unlock(&pool->lock);

	return few;
}

/*
 * Release chunks that no page is out of until they are @nr_pages or more, the
 * newest first; returns how many.
 */
VISIBLE_IF_KUNIT unsigned long xen_scratch_release(struct xen_scratch_pool *pool,
						   unsigned long nr_pages)
{
	unsigned long released = 0, nr;

	if (!can_release())
		return 0;

	while (released < nr_pages && (nr = release_chunk(pool)))
		released += nr;

	if (released && few_after_release(pool))
		grow_ahead(pool);

	return released;
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_release);

/* What is done in the background: release what is too much, grow ahead. */
void xen_scratch_work(struct work_struct *work)
{
	struct xen_scratch_pool *pool =
		container_of(work, struct xen_scratch_pool, work);
	bool released = false;

	while (READ_ONCE(pool->to_release)) {
		if (release_chunk(pool)) {
			released = true;
			continue;
		}
		/* There is less that can be released than there was. */
		spin_lock(&pool->lock);
		pool->to_release = 0;
		spin_unlock(&pool->lock);
	}
	if (released)
		few_after_release(pool);

	guard(grow)(pool);
	if (READ_ONCE(pool->growing_ahead))
		provide_pages(pool, 0, pool->chunk_pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_work);

/*
 * Which pages there are, and what becomes of them.  Some of it is found out only
 * now: nobody who takes or frees pages is to pay for that.
 */
static struct xen_scratch_count count_pages(struct xen_scratch_pool *pool)
{
	struct xen_scratch_count count = {
		.scratch	= pool->nr_pages - pool->donated_ready,
		.donated	= pool->donated_pages,
		.ballooned_used	= pool->ballooned_used,
	};
	unsigned long index, donated_free = 0;
	struct xen_scratch_chunk *chunk;

	lockdep_assert_held(&pool->lock);

	xa_for_each_marked(&pool->chunks, index, chunk, XEN_SCRATCH_AVAILABLE) {
		if (chunk->members)
			donated_free += chunk->nr_free;
		else if (chunk_is_idle(chunk))
			count.scratch_idle += chunk->nr_pages;
	}
	count.scratch_used = count.scratch - (pool->nr_free - donated_free);
	count.donated_used = pool->donated_ready - donated_free;

	return count;
}

/*
 * Shrinker: the objects are pages of memmap.  Hot-removing memory takes locks
 * that whoever is reclaiming may have, so it is left to the work item.
 */
static unsigned long memmap_to_release(struct xen_scratch_pool *pool)
{
	/* The reserve, see detach_idle_chunk(), and what is underway. */
	unsigned long keep = XEN_SCRATCH_GRANULE_PAGES + pool->to_release;
	unsigned long nr_idle = count_pages(pool).scratch_idle;

	if (nr_idle <= keep)
		return 0;

	return (nr_idle - keep) / PAGES_PER_MEMMAP_PAGE;
}

static unsigned long shrink_count(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	struct xen_scratch_pool *pool = shrinker->private_data;
	unsigned long nr;

	spin_lock(&pool->lock);
	nr = memmap_to_release(pool);
	spin_unlock(&pool->lock);

	return nr ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	struct xen_scratch_pool *pool = shrinker->private_data;
	unsigned long nr;

	spin_lock(&pool->lock);
	nr = min(sc->nr_to_scan, memmap_to_release(pool));
	pool->to_release += nr * PAGES_PER_MEMMAP_PAGE;
	spin_unlock(&pool->lock);
	if (!nr)
		return SHRINK_STOP;

	queue_work(pool->workqueue, &pool->work);
	return nr;
}

/* From now on, grow ahead of need and release under memory pressure. */
VISIBLE_IF_KUNIT void xen_scratch_start_work(struct xen_scratch_pool *pool)
{
	struct workqueue_struct *workqueue;
	bool few;

	/* It may keep a processor busy for long. */
	workqueue = alloc_workqueue("xen-unpopulated", WQ_UNBOUND, 1);
	if (!workqueue)
		return;

	mutex_lock(&pool->grow_lock);
	set_chunk_pages(pool, pool->chunk_pages);
	mutex_unlock(&pool->grow_lock);

	spin_lock(&pool->lock);
	pool->workqueue = workqueue;
	set_watch(pool);
	few = few_left(pool);
	spin_unlock(&pool->lock);
	if (few)
		grow_ahead(pool);

	if (!can_release())
		return;
	pool->shrinker = shrinker_alloc(0, "xen-unpopulated");
	if (!pool->shrinker)
		return;
	pool->shrinker->count_objects = shrink_count;
	pool->shrinker->scan_objects = shrink_scan;
	pool->shrinker->private_data = pool;
	shrinker_register(pool->shrinker);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_start_work);

/*
 * Where it is remembered which pages of a section are ballooned; @new: make room
 * for that if need be.
 */
static unsigned long *ballooned_bits(struct xen_scratch_pool *pool,
				     unsigned long section, bool new)
{
	unsigned long *bits = xa_load(&pool->ballooned, section);

	if (bits || !new)
		return bits;

	bits = zalloc_bits(PAGES_PER_SECTION);
	if (bits && xen_scratch_insert(&pool->ballooned, section, bits)) {
		/* Out of memory, or another thread was faster. */
		kfree(bits);
		bits = xa_load(&pool->ballooned, section);
	}

	return bits;
}

/*
 * Remember that @pages are ballooned (@out), until there is no memory for that,
 * or that they are no longer, until one has not been; returns how many that was
 * done for.
 */
static unsigned int mark_ballooned(struct xen_scratch_pool *pool,
				   unsigned int nr_pages, struct page **pages,
				   bool out)
{
	unsigned long pfn, section = ULONG_MAX, *bits = NULL;
	unsigned int i;

	for (i = 0; i < nr_pages; i++) {
		pfn = page_to_pfn(pages[i]);
		if (pfn / PAGES_PER_SECTION != section) {
			section = pfn / PAGES_PER_SECTION;
			bits = ballooned_bits(pool, section, out);
		}
		if (!bits)
			break;
		if (out)
			set_bit(pfn % PAGES_PER_SECTION, bits);
		else if (!test_and_clear_bit(pfn % PAGES_PER_SECTION, bits))
			break;
	}

	return i;
}

static int take_ballooned_pages(struct xen_scratch_pool *pool,
				unsigned int nr_pages, struct page **pages)
{
	unsigned int marked;
	int ret;

	ret = xen_scratch_balloon_alloc(nr_pages, pages);
	if (ret)
		return ret;

	marked = mark_ballooned(pool, nr_pages, pages, true);
	if (marked < nr_pages) {
		mark_ballooned(pool, marked, pages, false);
		xen_scratch_balloon_free(nr_pages, pages);
		return -ENOMEM;
	}

	spin_lock(&pool->lock);
	pool->ballooned_used += nr_pages;
	update_used_max(pool);
	spin_unlock(&pool->lock);

	return 0;
}

/* Give back the leading ballooned pages of @pages; returns how many. */
static noinline unsigned int
put_ballooned_pages(struct xen_scratch_pool *pool, unsigned int nr_pages,
		    struct page **pages)
{
	unsigned int nr = mark_ballooned(pool, nr_pages, pages, false);

	if (!nr)
		return 0;

	/* First, as somebody else may get them at once. */
	spin_lock(&pool->lock);
	pool->ballooned_used -= nr;
	spin_unlock(&pool->lock);

	xen_scratch_balloon_free(nr, pages);

	return nr;
}

/* Many a caller has an int; more pages than that holds are a mistake. */
static bool is_bad_array(unsigned int nr_pages, struct page **pages)
{
	return (int)nr_pages <= 0 || !pages;
}

/* Put back the leading ones of @pages that are in chunks; returns how many. */
static unsigned int put_to_chunks(struct xen_scratch_pool *pool,
				  unsigned int nr_pages, struct page **pages)
{
	struct xen_scratch_chunk *chunk;
	unsigned int i = 0;

	spin_lock(&pool->lock);
	while (i < nr_pages && (chunk = chunk_of(pool, pages[i])))
		i += put_to_chunk(pool, chunk, nr_pages - i, pages + i);
	spin_unlock(&pool->lock);

	return i;
}

/* Put back any mix of pages. */
static noinline void put_pages(struct xen_scratch_pool *pool,
			       unsigned int nr_pages, struct page **pages)
{
	unsigned int nr;

	for (;;) {
		nr = put_to_chunks(pool, min(nr_pages, PAGES_PER_HOLD), pages);
		if (likely(nr == nr_pages))
			return;
		if (!nr) {
			nr = put_ballooned_pages(pool, nr_pages, pages);
			if (!nr) {
				xen_scratch_misuse(pages[0]);
				nr = 1;
			}
			if (nr == nr_pages)
				return;
		}
		nr_pages -= nr;
		pages += nr;
		cond_resched();
	}
}

VISIBLE_IF_KUNIT void xen_scratch_free(struct xen_scratch_pool *pool,
				       unsigned int nr_pages,
				       struct page **pages)
{
	might_sleep();

	/* Before it is known whether pages are donated: until then none is out. */
	if (nr_pages == 1 && pages && put_one_page(pool, pages[0]))
		return;

	if (unlikely(is_bad_array(nr_pages, pages))) {
		if (nr_pages)
			xen_scratch_misuse(pages ? pages[0] : NULL);
	} else if (unlikely(pool->donating)) {
		donate_pages(pool, nr_pages, pages);
	} else {
		put_pages(pool, nr_pages, pages);
	}
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_free);

/*
 * Get the rest of a request that not enough pages were free for: @taken of
 * @nr_pages are there.
 */
static noinline int complete_request(struct xen_scratch_pool *pool,
				     unsigned int nr_pages, unsigned int taken,
				     struct page **pages)
{
	/* What is larger than the next chunk waits for each page of it. */
	bool large = nr_pages - taken > READ_ONCE(pool->chunk_pages);
	int ret;

	while (taken < nr_pages && !grow(pool, nr_pages - taken, large))
		taken += take_free_pages(pool, nr_pages - taken,
					 pages + taken);
	if (taken == nr_pages)
		return 0;

	ret = take_ballooned_pages(pool, nr_pages - taken, pages + taken);
	if (ret) {
		trace_xen_unpopulated_exhausted(nr_pages, nr_pages - taken);
		xen_scratch_free(pool, taken, pages);
	} else {
		trace_xen_unpopulated_fallback(nr_pages, nr_pages - taken);
	}

	spin_lock(&pool->lock);
	if (ret)
		pool->failures++;
	else
		pool->fallbacks++;
	spin_unlock(&pool->lock);

	return ret;
}

VISIBLE_IF_KUNIT int xen_scratch_alloc(struct xen_scratch_pool *pool,
				       unsigned int nr_pages,
				       struct page **pages)
{
	unsigned int taken;

	might_sleep();

	if (nr_pages == 1 && pages && take_one_page(pool, pages))
		return 0;

	if (unlikely(is_bad_array(nr_pages, pages)))
		return -EINVAL;

	taken = take_free_pages(pool, nr_pages, pages);
	if (likely(taken == nr_pages))
		return 0;

	return complete_request(pool, nr_pages, taken, pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_alloc);

VISIBLE_IF_KUNIT int xen_scratch_alloc_block(struct xen_scratch_pool *pool,
					     unsigned int nr_pages,
					     struct page **pages)
{
	struct interval_tree_node *block;
	bool taken;

	might_sleep();

	if (is_bad_array(nr_pages, pages))
		return -EINVAL;

	/* Not a failure: such a domain has no use for the function. */
	if (list_empty(&pool->regions))
		return -ENODEV;

	block = xen_scratch_zalloc(sizeof(*block));
	if (!block)
		return -ENOMEM;

	taken = take_block(pool, nr_pages, pages, block);
	while (!taken && !grow_for_block(pool, nr_pages))
		taken = take_block(pool, nr_pages, pages, block);
	if (taken)
		return 0;

	kfree(block);
	trace_xen_unpopulated_exhausted(nr_pages, nr_pages);
	spin_lock(&pool->lock);
	pool->failures++;
	spin_unlock(&pool->lock);

	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_alloc_block);

/* From now on the pages of @block can be freed one by one. */
static void forget_block(struct xen_scratch_pool *pool,
			 struct interval_tree_node *block)
{
	struct xen_scratch_chunk *chunk;
	unsigned long pfn = block->start;

	interval_tree_remove(block, &pool->blocks);
	while (pfn <= block->last) {
		chunk = chunk_of(pool, pfn_to_page(pfn));
		chunk->nr_blocks--;
		pfn = page_to_pfn(chunk->first) + chunk->nr_pages;
	}
}

VISIBLE_IF_KUNIT void xen_scratch_free_block(struct xen_scratch_pool *pool,
					     unsigned int nr_pages,
					     struct page **pages)
{
	struct interval_tree_node *block;
	unsigned long pfn;
	unsigned int i;

	might_sleep();

	if (!nr_pages)
		return;
	if (is_bad_array(nr_pages, pages))
		goto misuse;

	pfn = page_to_pfn(pages[0]);
	for (i = 1; i < nr_pages; i++) {
		if (page_to_pfn(pages[i]) != pfn + i)
			goto misuse;
	}

	spin_lock(&pool->lock);
	block = interval_tree_iter_first(&pool->blocks, pfn, pfn);
	if (block && block->start == pfn && block->last == pfn + nr_pages - 1)
		forget_block(pool, block);
	else
		block = NULL;
	spin_unlock(&pool->lock);
	if (!block)
		goto misuse;

	kfree(block);
	xen_scratch_free(pool, nr_pages, pages);
	return;

misuse:
	xen_scratch_misuse(pages ? pages[0] : NULL);
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_free_block);

VISIBLE_IF_KUNIT int xen_scratch_reserve(struct xen_scratch_pool *pool,
					 struct resource *res,
					 resource_size_t size,
					 resource_size_t align)
{
	struct xen_scratch_region *region;
	int ret = -ENODEV;

	might_sleep();

	guard(mutex)(&pool->grow_lock);

	for (; size; size = ALIGN_DOWN(size / 2, align)) {
		list_for_each_entry(region, &pool->regions, list) {
			/* Elsewhere, anything may turn up. */
			if (!is_claimed(region))
				continue;
			if (reserve_in_claimed(region, res, size, align,
					       &anywhere))
				return 0;
			ret = -EBUSY;
		}
	}

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_reserve);

#if IS_ENABLED(CONFIG_KUNIT)
struct xen_scratch_count xen_scratch_count(struct xen_scratch_pool *pool)
{
	struct xen_scratch_count count;

	spin_lock(&pool->lock);
	count = count_pages(pool);
	spin_unlock(&pool->lock);

	return count;
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_count);

/* Take apart a pool that no page is out of. */
void xen_scratch_pool_destroy(struct xen_scratch_pool *pool)
{
	struct xen_scratch_region *region, *next_region;
	struct xen_scratch_chunk *chunk, *next;
	unsigned long index, *bits;

	shrinker_free(pool->shrinker);
	if (pool->workqueue)
		destroy_workqueue(pool->workqueue);

	list_for_each_entry_safe(chunk, next, &pool->unmappable, list) {
		release_resource(&chunk->res);
		free_chunk(chunk);
	}

	list_for_each_entry_safe(chunk, next, &pool->hot_added, list) {
		unindex_chunk(pool, chunk);
		remove_chunk(pool, chunk);
	}

	xa_for_each(&pool->chunks, index, chunk) {
		unindex_chunk(pool, chunk);
		free_chunk(chunk);
	}
	xa_destroy(&pool->chunks);
	xa_for_each(&pool->ballooned, index, bits)
		kfree(bits);
	xa_destroy(&pool->ballooned);

	list_for_each_entry_safe(region, next_region, &pool->regions, list) {
		if (is_claimed(region))
			release_resource(&region->res);
		kfree(region);
	}
}
EXPORT_SYMBOL_IF_KUNIT(xen_scratch_pool_destroy);
#endif

/**
 * xen_alloc_unpopulated_pages() - get pages to map foreign memory at
 * @nr_pages: number of pages
 * @pages: array that they are returned in, @nr_pages long
 *
 * The pages have no RAM behind them and must not be accessed before something
 * has been mapped there.  They are scratch pages as long as there are unused
 * addresses, and ballooned pages beyond that; the caller need not know.  They
 * may be scattered, and may be freed in any order and together with pages of
 * other requests.  The caller may use zone_device_data, private and PG_private
 * of a page, but must not drop its reference.
 *
 * Context: Process context, may sleep, but starts no I/O to get memory for
 *	growth.
 * Return: 0, or with no page taken -EINVAL for a request that makes no sense
 *	and -ENOMEM if neither addresses nor pages to balloon out are left.
 */
int xen_alloc_unpopulated_pages(unsigned int nr_pages, struct page **pages)
{
	return xen_scratch_alloc(&xen_scratch_pool, nr_pages, pages);
}
EXPORT_SYMBOL(xen_alloc_unpopulated_pages);

/**
 * xen_free_unpopulated_pages() - give back pages of xen_alloc_unpopulated_pages()
 * @nr_pages: number of pages
 * @pages: the pages, in any order, from any number of requests
 *
 * Nothing may be mapped at the pages any more.  A page that is not in use is
 * warned about once and otherwise left alone.
 *
 * Context: Process context, may sleep.
 */
void xen_free_unpopulated_pages(unsigned int nr_pages, struct page **pages)
{
	xen_scratch_free(&xen_scratch_pool, nr_pages, pages);
}
EXPORT_SYMBOL(xen_free_unpopulated_pages);

/**
 * xen_alloc_unpopulated_contiguous_pages() - get consecutive pages to map at
 * @nr_pages: number of pages
 * @pages: array that they are returned in, @nr_pages long
 *
 * As xen_alloc_unpopulated_pages(), but the pages have consecutive guest
 * physical addresses (pfns), for a device or a mapping that needs that.  The
 * first pfn is aligned to the smallest power of two that is not less than
 * @nr_pages, as with the DMA API, but at most to a granule (2 MiB with 4 KiB
 * pages).  There may be any number of pages, as long as there is such a hole.
 * They are never ballooned pages, which nothing keeps together.
 *
 * Whether a device can reach the addresses is for the caller to find out, as
 * always when a page is mapped for DMA.
 *
 * Context: Process context, may sleep, but starts no I/O to get memory for
 *	growth.
 * Return: 0, or with no page taken -EINVAL for a request that makes no sense,
 *	-ENODEV if no unused addresses are known, and -ENOMEM if there is no such
 *	hole, or no memory.
 */
int xen_alloc_unpopulated_contiguous_pages(unsigned int nr_pages,
					   struct page **pages)
{
	return xen_scratch_alloc_block(&xen_scratch_pool, nr_pages, pages);
}

/**
 * xen_free_unpopulated_contiguous_pages() - give back a contiguous block
 * @nr_pages: number of pages, as it was asked for
 * @pages: the pages, as they were returned
 *
 * Nothing may be mapped at the pages any more.  A part of a block cannot be
 * freed, neither here nor by xen_free_unpopulated_pages(): that is warned about
 * once, and the pages stay in use.
 *
 * Context: Process context, may sleep.
 */
void xen_free_unpopulated_contiguous_pages(unsigned int nr_pages,
					   struct page **pages)
{
	xen_scratch_free_block(&xen_scratch_pool, nr_pages, pages);
}

/**
 * xen_unpopulated_reserve() - get unused addresses to add memory at
 * @res: what will be there, with name and flags
 * @size: how many bytes, a multiple of @align
 * @align: alignment of the first address, and the fewest bytes that are of use
 *
 * For the balloon driver on Arm.  Memory that a domain gets while it runs must
 * not be placed over a device, or where Xen maps something of its own.  Where the
 * firmware advertises addresses that stay unused, these are for it as well as
 * for foreign mappings.  No scratch page is made of what is reserved.  It must
 * not be merged with what is next to it; xen_unpopulated_unreserve() gives it
 * back.
 *
 * Context: Process context, may sleep, also until memory has been added: the
 *	caller must not hold a lock that bringing memory online takes.
 * Return: 0 with @res in the resource tree, of @size bytes or, if there is no
 *	such hole, of half of that, and so on; -ENODEV if no unused addresses are
 *	known, and -EBUSY if there is not even a hole of @align bytes.
 */
int xen_unpopulated_reserve(struct resource *res, resource_size_t size,
			    resource_size_t align)
{
	return xen_scratch_reserve(&xen_scratch_pool, res, size, align);
}

/**
 * xen_unpopulated_unreserve() - give back what xen_unpopulated_reserve() has got
 * @res: the addresses, that nothing may be at any more
 *
 * Context: As for xen_unpopulated_reserve().
 */
void xen_unpopulated_unreserve(struct resource *res)
{
	guard(mutex)(&xen_scratch_pool.grow_lock);

	release_resource(res);
}

/* What memremap_pages() can map, and on PV what the p2m has room for. */
static struct range __init mappable_range(void)
{
	struct range range = mhp_get_pluggable_range(true);

	range.end = min_t(u64, range.end, PFN_PHYS(p2m_max_pfn()) - 1);

	return range;
}

/*
 * Claim what is usable of the advertised @ranges inside of @root: see
 * xen_scratch_claim_regions().  Returns 0 if there is something.
 */
int __init xen_scratch_add_regions(struct resource *root,
				   struct rb_root_cached *taken,
				   struct range *ranges, unsigned int nr_ranges)
{
	struct xen_scratch_pool *pool = &xen_scratch_pool;
	struct range mappable = mappable_range();
	int ret;

	guard(grow)(pool);

	ret = xen_scratch_claim_regions(&pool->regions, root, &mappable, taken,
					ranges, nr_ranges);
	if (!list_empty(&pool->regions))
		return 0;

	return ret < 0 ? ret : -ENODEV;
}

/**
 * xen_unpopulated_add_resource() - use the addresses of a resource
 * @res: addresses that stay unused for the life of the domain, without children
 *
 * For arch_xen_unpopulated_init(), where the memory map says which addresses
 * these are and has them busy already.  What the driver has of them appears
 * inside of @res.
 *
 * Context: During boot, may sleep.
 * Return: 0 if there are addresses to use, now or from before, -ENODEV if not,
 *	or -ENOMEM.
 */
int __init xen_unpopulated_add_resource(struct resource *res)
{
	struct rb_root_cached nothing_taken = RB_ROOT_CACHED;
	struct range range = { .start = res->start, .end = res->end };

	return xen_scratch_add_regions(res, &nothing_taken, &range, 1);
}

/*
 * Without knowledge of what stays unused, any hole in @tree has to do, as on
 * x86.  Not below 4 GiB: a driver that is loaded late may need a hole there,
 * however small, for a device.
 */
static int __init add_tree(struct xen_scratch_pool *pool,
			   struct resource *tree)
{
	struct range mappable = mappable_range();
	struct xen_scratch_region *region;

	mappable.start = max_t(u64, mappable.start, SZ_4G);
	if (mappable.start > mappable.end)
		return -ENODEV;

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return -ENOMEM;

	region->parent = tree;
	region->res.name = tree->name;
	region->res.start = mappable.start;
	region->res.end = mappable.end;

	guard(mutex)(&pool->grow_lock);
	list_add_tail(&region->list, &pool->regions);

	return 0;
}

static void __init report_regions(struct xen_scratch_pool *pool)
{
	struct xen_scratch_region *region;
	u64 bytes = 0;

	if (list_empty(&pool->regions)) {
		pr_info("no unused addresses known, foreign mappings will take RAM\n");
		return;
	}

	list_for_each_entry(region, &pool->regions, list) {
		if (is_claimed(region))
			bytes += resource_size(&region->res);
	}
	if (bytes)
		pr_info("%llu MiB of unused addresses for foreign mappings\n",
			bytes >> 20);
}

static int __init xen_unpopulated_init(void)
{
	struct xen_scratch_pool *pool = &xen_scratch_pool;
	struct resource *tree = NULL;
	int ret;

	if (!xen_domain())
		return 0;

	pool->donating = true;
	ret = arch_xen_unpopulated_init(&tree);
	pool->donating = false;
	if (!ret && tree)
		ret = add_tree(pool, tree);

	report_regions(pool);

	return ret == -ENODEV ? 0 : ret;
}
early_initcall(xen_unpopulated_init);

static int stats_show(struct seq_file *m, void *unused)
{
	struct xen_scratch_pool *pool = m->private;
	struct xen_scratch_count count;

	guard(mutex)(&pool->grow_lock);
	spin_lock(&pool->lock);
	count = count_pages(pool);

	seq_printf(m, "scratch_free %lu\n",
		   count.scratch - count.scratch_used);
	seq_printf(m, "scratch_used %lu\n", count.scratch_used);
	seq_printf(m, "donated_free %lu\n",
		   count.donated - count.donated_used);
	seq_printf(m, "donated_used %lu\n", count.donated_used);
	seq_printf(m, "ballooned_used %lu\n", count.ballooned_used);
	seq_printf(m, "used_max %lu\n", pool->used_max);
	seq_printf(m, "grows %lu\n", pool->grows);
	seq_printf(m, "waits %lu\n", pool->waits);
	seq_printf(m, "releases %lu\n", pool->releases);
	seq_printf(m, "fallbacks %lu\n", pool->fallbacks);
	seq_printf(m, "failures %lu\n", pool->failures);

	spin_unlock(&pool->lock);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int regions_show(struct seq_file *m, void *unused)
{
	struct xen_scratch_pool *pool = m->private;
	struct xen_scratch_region *region;

	guard(mutex)(&pool->grow_lock);

	list_for_each_entry(region, &pool->regions, list)
		seq_printf(m, "%016llx-%016llx %s\n",
			   (u64)region->res.start, (u64)region->res.end,
			   region->res.name);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

static int chunks_show(struct seq_file *m, void *unused)
{
	struct xen_scratch_pool *pool = m->private;
	struct xen_scratch_chunk *chunk;
	unsigned long index;

	/* Only growth changes which chunks there are. */
	guard(mutex)(&pool->grow_lock);

	xa_for_each(&pool->chunks, index, chunk) {
		u64 start = PFN_PHYS(page_to_pfn(chunk->first));

		if (index != chunk->index)
			continue;
		seq_printf(m, "%016llx-%016llx %lu %lu %s\n", start,
			   start + PFN_PHYS(chunk->nr_pages) - 1,
			   chunk->nr_pages, READ_ONCE(chunk->nr_free),
			   chunk->members ? "donated" : "scratch");
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(chunks);

/* Writing 1 releases whatever can be released. */
static int release_set(void *data, u64 value)
{
	struct xen_scratch_pool *pool = data;

	if (value != 1)
		return -EINVAL;
	xen_scratch_release(pool, ULONG_MAX);

	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(release_fops, NULL, release_set, "%llu\n");

static void __init add_debugfs(struct xen_scratch_pool *pool)
{
	struct dentry *xen, *dir;

	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		return;

	/* x86 has made this directory for files of its own. */
	xen = debugfs_lookup("xen", NULL);
	dir = debugfs_create_dir("unpopulated",
				 xen ?: debugfs_create_dir("xen", NULL));
	dput(xen);

	debugfs_create_file("stats", 0400, dir, pool, &stats_fops);
	debugfs_create_file("regions", 0400, dir, pool, &regions_fops);
	debugfs_create_file("chunks", 0400, dir, pool, &chunks_fops);
	if (can_release())
		debugfs_create_file_unsafe("release", 0200, dir, pool,
					   &release_fops);
}

static int __init xen_unpopulated_late_init(void)
{
	struct xen_scratch_pool *pool = &xen_scratch_pool;

	if (!xen_domain())
		return 0;

	add_debugfs(pool);
	if (!list_empty(&pool->regions))
		xen_scratch_start_work(pool);

	return 0;
}
late_initcall(xen_unpopulated_late_init);
