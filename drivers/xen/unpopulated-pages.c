// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: which pages are free.
 *
 * Each chunk has a bitmap of its allocated pages.  A request takes the lowest
 * free pages, so that allocated pages stay dense and a batch comes in few runs:
 *
 *	|####|##......|##.#####|	chunks; those with a free page have a mark
 *		 ^ lowest_word of the lowest chunk with a free page
 *
 * A request first subtracts its pages from free.nr_free, or fails at once if there
 * are fewer.  Then they are promised: all bitmaps together have a clear bit for each
 * page of free.nr_free and each promised page.  So a large request can drop the lock.
 *
 * Apart from this file, only unpopulated-chunk.c takes free.lock.
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include <kunit/visibility.h>

#include "unpopulated.h"

static unsigned long chunk_index(const struct xen_unpop_chunk *chunk)
{
	return page_to_pfn(chunk->first) / XEN_UNPOP_GRANULE_PAGES;
}

static __always_inline bool chunk_has(const struct xen_unpop_chunk *chunk,
				      const struct page *page)
{
	return (unsigned long)(page - chunk->first) < chunk->nr_pages;
}

/* The chunk that has @page, or NULL. */
static __always_inline struct xen_unpop_chunk *
chunk_of(struct xen_unpop_pool *pool, struct page *page)
	__must_hold(&pool->free.lock)
{
	struct xen_unpop_chunk *chunk = pool->free.last;

	if (likely(chunk) && likely(chunk_has(chunk, page)))
		return chunk;

	chunk = xa_load(&pool->chunks,
			page_to_pfn(page) / XEN_UNPOP_GRANULE_PAGES);
	if (!chunk || !chunk_has(chunk, page))
		return NULL;
	pool->free.last = chunk;

	return chunk;
}

static noinline void make_available(struct xen_unpop_pool *pool,
				    struct xen_unpop_chunk *chunk)
	__must_hold(&pool->free.lock)
{
	xa_set_mark(&pool->chunks, chunk_index(chunk), XEN_UNPOP_AVAILABLE);
	chunk->available = true;
	if (!pool->free.lowest || chunk->first < pool->free.lowest->first)
		pool->free.lowest = chunk;
}

static noinline void make_unavailable(struct xen_unpop_pool *pool,
				      struct xen_unpop_chunk *chunk)
	__must_hold(&pool->free.lock)
{
	unsigned long index = chunk_index(chunk);

	xa_clear_mark(&pool->chunks, index, XEN_UNPOP_AVAILABLE);
	chunk->available = false;
	if (pool->free.lowest == chunk)
		pool->free.lowest = xa_find_after(&pool->chunks, &index,
						  ULONG_MAX,
						  XEN_UNPOP_AVAILABLE);
}

/* @nr_pages bits of @chunk were cleared, none of them before @word. */
static __always_inline void add_free(struct xen_unpop_pool *pool,
				     struct xen_unpop_chunk *chunk,
				     unsigned long word, unsigned long nr_pages)
	__must_hold(&pool->free.lock)
{
	if (unlikely(!chunk->available))
		make_available(pool, chunk);
	chunk->lowest_word = min(chunk->lowest_word, word);
	chunk->nr_free += nr_pages;
	pool->free.nr_free += nr_pages;
	if (unlikely(chunk->members))
		pool->free.donated_free += nr_pages;
	else if (unlikely(chunk->nr_free == chunk->nr_pages))
		pool->free.nr_idle += chunk->nr_pages;
}

/* @nr_pages bits of @chunk are about to be set; they have been promised. */
static __always_inline void remove_free(struct xen_unpop_pool *pool,
					struct xen_unpop_chunk *chunk,
					unsigned long nr_pages)
	__must_hold(&pool->free.lock)
{
	if (unlikely(chunk->members))
		pool->free.donated_free -= nr_pages;
	else if (unlikely(chunk->nr_free == chunk->nr_pages))
		pool->free.nr_idle -= chunk->nr_pages;
	chunk->nr_free -= nr_pages;
}

/* @nr_pages pages of @chunk become addresses, or fewer than none. */
static void count_room(struct xen_unpop_pool *pool,
		       struct xen_unpop_chunk *chunk, long nr_pages)
	__must_hold(&pool->free.lock)
{
	if (xen_unpop_is_in_tree(pool, chunk))
		pool->free.tree_open |= nr_pages > 0;
	else
		pool->free.room += nr_pages;
}

static void update_allocated_max(struct xen_unpop_pool *pool)
	__must_hold(&pool->free.lock)
{
	pool->free.allocated_max = max(pool->free.allocated_max,
				       pool->free.nr_pages -
				       pool->free.nr_free +
				       pool->free.nr_ballooned);
}

/*
 * Promise @nr_pages free pages, of which there are enough.  Returns true if few
 * are left and the caller has to queue the work.  Growth follows even if the
 * pages are freed at once: the peak will recur.
 */
static __always_inline bool promise(struct xen_unpop_pool *pool,
				    unsigned long nr_pages)
	__must_hold(&pool->free.lock)
{
	pool->free.nr_free -= nr_pages;
	update_allocated_max(pool);
	if (likely(pool->free.nr_free >= pool->free.low_water))
		return false;

	pool->free.low_water = 0;
	pool->free.grow_wanted = true;

	return true;
}

/*
 * Allocate up to @nr_pages promised pages of the lowest chunk that has any;
 * returns how many.
 */
static __always_inline unsigned int take_lowest(struct xen_unpop_pool *pool,
						unsigned int nr_pages,
						struct page **pages)
	__must_hold(&pool->free.lock)
{
	struct xen_unpop_chunk *chunk;
	unsigned long word, free, i;
	unsigned int left;
	struct page *first;

	/* A full chunk keeps its mark until here: pages often come back. */
	while (chunk = pool->free.lowest, unlikely(!chunk->nr_free))
		make_unavailable(pool, chunk);

	nr_pages = min(nr_pages, chunk->nr_free);
	remove_free(pool, chunk, nr_pages);

	for (left = nr_pages, word = chunk->lowest_word; ; word++) {
		free = ~chunk->allocated[word];
		first = chunk->first + word * BITS_PER_LONG;
		if (!~free && left >= BITS_PER_LONG) {
			for (i = 0; i < BITS_PER_LONG; i++)
				*pages++ = first + i;
			left -= BITS_PER_LONG;
			free = 0;
		}
		for (; free && left; left--) {
			*pages++ = first + __ffs(free);
			free &= free - 1;
		}
		chunk->allocated[word] = ~free;
		if (!left)
			break;
	}
	chunk->lowest_word = word;
	pool->free.last = chunk;

	return nr_pages;
}

/*
 * Allocate @nr_pages free pages, the lowest ones, or none.  Returns how many pages
 * are missing, and in @room how many growth can add.
 */
unsigned int xen_unpop_take(struct xen_unpop_pool *pool, unsigned int nr_pages,
			    struct page **pages, unsigned long *room)
{
	unsigned int taken = 0, hold = XEN_UNPOP_PAGES_PER_HOLD;
	bool is_low;

	spin_lock(&pool->free.lock);
	if (unlikely(pool->free.nr_free < nr_pages)) {
		nr_pages -= pool->free.nr_free;
		*room = pool->free.tree_open ? ULONG_MAX : pool->free.room;
		spin_unlock(&pool->free.lock);
		return nr_pages;
	}

	is_low = promise(pool, nr_pages);
	for (;;) {
		taken += take_lowest(pool, min(nr_pages, hold) - taken,
				     pages + taken);
		if (likely(taken == nr_pages))
			break;
		if (taken < hold)
			continue;
		spin_unlock(&pool->free.lock);
		cond_resched();
		hold += XEN_UNPOP_PAGES_PER_HOLD;
		spin_lock(&pool->free.lock);
	}
	spin_unlock(&pool->free.lock);

	if (unlikely(is_low))
		xen_unpop_queue_work(pool);

	return 0;
}

/*
 * Free the leading ones of @pages that are consecutive, share a word of the bitmap
 * of @chunk, and are allocated; returns how many there are.
 */
static __always_inline unsigned int put_run(struct xen_unpop_pool *pool,
					    struct xen_unpop_chunk *chunk,
					    unsigned int nr_pages,
					    struct page **pages)
	__must_hold(&pool->free.lock)
{
	unsigned long offset = pages[0] - chunk->first;
	unsigned long word = BIT_WORD(offset), bit = offset % BITS_PER_LONG;
	unsigned long mask, wrong;
	unsigned int nr = 1;

	nr_pages = min(nr_pages, BITS_PER_LONG - bit);
	while (nr < nr_pages && pages[nr] == pages[0] + nr)
		nr++;
	mask = ~0UL >> (BITS_PER_LONG - nr) << bit;

	wrong = mask & ~chunk->allocated[word];
	if (unlikely(chunk->members))
		wrong |= mask & ~chunk->members[word];
	if (unlikely(wrong)) {
		nr = __ffs(wrong) - bit;
		mask &= BIT(bit + nr) - 1;
		if (!nr)
			return 0;
	}

	chunk->allocated[word] &= ~mask;
	add_free(pool, chunk, word, nr);

	return nr;
}

/* Free pages, up to the first that no chunk has or that is not allocated. */
unsigned int xen_unpop_put(struct xen_unpop_pool *pool, unsigned int nr_pages,
			   struct page **pages)
{
	struct xen_unpop_chunk *chunk;
	unsigned int i = 0, nr;

	spin_lock(&pool->free.lock);
	while (i < nr_pages && (chunk = chunk_of(pool, pages[i]))) {
		nr = put_run(pool, chunk, nr_pages - i, pages + i);
		if (unlikely(!nr))
			break;
		i += nr;
	}
	spin_unlock(&pool->free.lock);

	return i;
}

/*
 * Allocate @nr_pages consecutive pages of @chunk, the first pfn aligned to @align,
 * a power of two up to a granule.  Returns the first page, or NULL.
 */
struct page *xen_unpop_take_span(struct xen_unpop_pool *pool,
				 struct xen_unpop_chunk *chunk,
				 unsigned int nr_pages, unsigned long align)
	__must_hold(&pool->grow.lock)
{
	unsigned long offset = 0, end;
	bool enough, found = false, is_low = false;

	lockdep_assert_held(&pool->grow.lock);

	for (; !found; offset += !found) {
		/* The search can take long: look again with the lock held. */
		offset = data_race(bitmap_find_next_zero_area(chunk->allocated,
							      chunk->nr_pages,
							      offset, nr_pages,
							      align - 1));
		end = offset + nr_pages;
		if (end > chunk->nr_pages)
			return NULL;

		spin_lock(&pool->free.lock);
		enough = pool->free.nr_free >= nr_pages;
		if (enough &&
		    find_next_bit(chunk->allocated, end, offset) == end) {
			found = true;
			is_low = promise(pool, nr_pages);
			remove_free(pool, chunk, nr_pages);
			bitmap_set(chunk->allocated, offset, nr_pages);
		}
		spin_unlock(&pool->free.lock);
		if (!enough)
			return NULL;
	}

	if (is_low)
		xen_unpop_queue_work(pool);

	return chunk->first + offset;
}

/*
 * Let the pages of @chunk, which is in @pool->chunks, be allocated.  The first
 * @nr_allocated of them already are.
 */
void xen_unpop_publish(struct xen_unpop_pool *pool,
		       struct xen_unpop_chunk *chunk, unsigned int nr_allocated)
	__must_hold(&pool->grow.lock)
{
	unsigned long nr_pages = chunk->nr_pages;

	lockdep_assert_held(&pool->grow.lock);

	/* The others of a donated chunk are not the pool's. */
	if (chunk->members)
		nr_pages = bitmap_weight(chunk->members, nr_pages);

	spin_lock(&pool->free.lock);
	count_room(pool, chunk, -nr_pages);
	pool->free.nr_pages += nr_pages;
	if (chunk->members)
		pool->free.nr_donated += nr_pages;
	bitmap_set(chunk->allocated, 0, nr_allocated);
	if (nr_pages > nr_allocated)
		add_free(pool, chunk, 0, nr_pages - nr_allocated);
	update_allocated_max(pool);
	spin_unlock(&pool->free.lock);
}

/*
 * Let no page of @chunk be allocated any more, if it is idle and at least @keep
 * pages are free.
 */
bool xen_unpop_detach_idle(struct xen_unpop_pool *pool,
			   struct xen_unpop_chunk *chunk, unsigned long keep)
	__must_hold(&pool->grow.lock)
{
	bool detach;

	lockdep_assert_held(&pool->grow.lock);

	spin_lock(&pool->free.lock);
	/* Pages that are promised are free in the bitmaps, not in nr_free. */
	detach = chunk->nr_free == chunk->nr_pages &&
		 pool->free.nr_free >= max(chunk->nr_pages, keep);
	if (detach) {
		count_room(pool, chunk, chunk->nr_pages);
		pool->free.nr_free -= chunk->nr_pages;
		pool->free.nr_pages -= chunk->nr_pages;
		remove_free(pool, chunk, chunk->nr_pages);
		make_unavailable(pool, chunk);
	}
	spin_unlock(&pool->free.lock);

	return detach;
}

/*
 * Have the background work grow when fewer than @low_water pages are free, 0:
 * not at all.  A growth that was due before is off.
 */
void xen_unpop_arm(struct xen_unpop_pool *pool, unsigned long low_water)
	__must_hold(&pool->grow.lock)
{
	lockdep_assert_held(&pool->grow.lock);

	spin_lock(&pool->free.lock);
	pool->free.grow_wanted = false;
	pool->free.low_water = pool->background.workqueue ? low_water : 0;
	spin_unlock(&pool->free.lock);
}

/* The pool may have few pages now, though none was allocated. */
void xen_unpop_grow_if_low(struct xen_unpop_pool *pool)
{
	bool is_low;

	spin_lock(&pool->free.lock);
	is_low = promise(pool, 0);
	spin_unlock(&pool->free.lock);

	if (is_low)
		xen_unpop_queue_work(pool);
}

/* Account for @nr_pages more, or fewer, ballooned pages that are allocated. */
void xen_unpop_count_ballooned(struct xen_unpop_pool *pool, long nr_pages)
{
	spin_lock(&pool->free.lock);
	pool->free.nr_ballooned += nr_pages;
	update_allocated_max(pool);
	spin_unlock(&pool->free.lock);
}

/* Growth can add @nr_pages more, or fewer, pages. */
void xen_unpop_add_room(struct xen_unpop_pool *pool, long nr_pages)
{
	spin_lock(&pool->free.lock);
	pool->free.room += nr_pages;
	spin_unlock(&pool->free.lock);
}

void xen_unpop_set_tree_open(struct xen_unpop_pool *pool, bool open)
{
	spin_lock(&pool->free.lock);
	pool->free.tree_open = open;
	spin_unlock(&pool->free.lock);
}
