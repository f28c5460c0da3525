// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: how many there are, and when their number changes.
 *
 * Chunks are added when free pages run short: one granule first, then twice as
 * much each time up to a section, so that a domain pays for about as much as it
 * uses.  A work item adds them as soon as fewer pages are free than a quarter of
 * the next chunk.  A request that finds too few free pages adds them itself, one
 * request at a time.  It adds none unless the regions have room for all its pages,
 * so a request that is too large takes nothing from others.  The room of a tree
 * that is shared with others is not known: there, chunks are added until none fits.
 *
 * An idle chunk is released again, the newest first, when memory is short or
 * debugfs asks for it.  One granule stays for the next request.  Contiguous pages
 * can need the addresses of all idle chunks.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/shrinker.h>

#include <kunit/visibility.h>

#include <xen/xen.h>

#include "unpopulated.h"

/* Number of struct pages that one page of memmap holds. */
#define PAGES_PER_MEMMAP_PAGE	(PAGE_SIZE / sizeof(struct page))

/* Do not release a chunk if less than a granule stayed free, or replaced it. */
#define KEEP_PAGES		(2 * XEN_UNPOP_GRANULE_PAGES)

/* Spend no more than half of the available memory on the memmap of a request. */
bool xen_unpop_memmap_fits(unsigned long nr_pages)
{
	return nr_pages / PAGES_PER_MEMMAP_PAGE <= si_mem_available() / 2;
}

static void set_chunk_pages(struct xen_unpop_pool *pool, unsigned long nr_pages)
	__must_hold(&pool->grow.lock)
{
	lockdep_assert_held(&pool->grow.lock);

	pool->grow.chunk_pages = clamp(nr_pages, XEN_UNPOP_GRANULE_PAGES,
				       PAGES_PER_SECTION);
	xen_unpop_arm(pool, pool->grow.chunk_pages / 4);
}

/*
 * Add the next chunk, or as many pages as a request needs.  Growth ahead of need
 * needs none, and gets fewer if memory is short.
 */
static int grow_once(struct xen_unpop_pool *pool, unsigned long needed)
	__must_hold(&pool->grow.lock)
{
	unsigned long nr_pages = max(needed, pool->grow.chunk_pages);
	unsigned long next = pool->grow.chunk_pages;
	struct xen_unpop_chunk *chunk;

	/* These have a memmap already. */
	if (!xen_unpop_use_donated(pool)) {
		set_chunk_pages(pool, next);
		return 0;
	}

	while (nr_pages > needed && !xen_unpop_memmap_fits(nr_pages))
		nr_pages = max(nr_pages / 2, needed);

	chunk = xen_unpop_add_chunk(pool, nr_pages, false);
	if (IS_ERR(chunk)) {
		/* Until a chunk is added or released, do not try ahead of need. */
		set_chunk_pages(pool, 0);
		xen_unpop_arm(pool, 0);
		return PTR_ERR(chunk);
	}
	xen_unpop_publish(pool, chunk, 0);
	if (needed)
		pool->grow.waits++;

	/* A single large request says nothing about the requests to come. */
	set_chunk_pages(pool, needed > next ? next : 2 * next);

	return 0;
}

/**
 * xen_unpop_grow() - allocate pages, adding chunks for them
 * @pool: the pool
 * @nr_pages: number of pages
 * @pages: array for the pages
 *
 * Context: May sleep.  Takes grow.lock, unless there is nothing to add.
 * Return:
 * * 0		- the pages are allocated
 * * positive	- number of pages for which there is no address, or no memory
 * * -ENOMEM	- the struct pages would take most of the memory; ballooned pages
 *		  would take 64 times as much
 */
int xen_unpop_grow(struct xen_unpop_pool *pool, unsigned int nr_pages,
		   struct page **pages)
{
	unsigned int refused = 0;
	unsigned long missing, room;
	int ret;

	/* Once all addresses are used, do not wait for the lock. */
	missing = xen_unpop_take(pool, nr_pages, pages, &room);
	if (!missing || !room)
		return missing;

	guard(growth)(pool);

	while ((missing = xen_unpop_take(pool, nr_pages, pages, &room))) {
		if (missing > room)
			return missing - room;
		if (missing > pool->grow.nr_donated &&
		    !xen_unpop_memmap_fits(missing - pool->grow.nr_donated))
			return -ENOMEM;
		ret = grow_once(pool, missing);
		if (!ret)
			xen_unpop_start_on_growth(pool);
		if (ret == -ENOMEM || ret == -ENOSPC)
			return missing;
		if (ret && ++refused == XEN_UNPOP_MAX_REFUSED)
			return missing;
	}

	return 0;
}

/* The first growth shows that this domain maps memory of others. */
void xen_unpop_start_on_growth(struct xen_unpop_pool *pool)
	__must_hold(&pool->grow.lock)
{
	lockdep_assert_held(&pool->grow.lock);

	if (unlikely(pool->background.on_growth))
		schedule_work(&pool->background.work);
}

/* With another reference to a page, it can still be accessed: keep it mapped. */
static bool is_referenced(const struct xen_unpop_chunk *chunk)
{
	unsigned long i;

	for (i = 0; i < chunk->nr_pages; i++) {
		if (page_ref_count(chunk->first + i) != 1)
			return true;
		cond_resched();
	}

	return false;
}

/**
 * xen_unpop_release_chunk() - release the newest idle chunk
 * @pool: the pool
 * @keep: number of pages that have to be free before; see xen_unpop_release()
 *
 * A request that finds too few pages meanwhile waits for grow.lock, rather than
 * fail or take ballooned pages for want of these addresses.
 *
 * Context: Sleeps for several grace periods.  grow.lock is held.
 * Return: the number of pages released, 0 in a PV domain.
 */
unsigned long xen_unpop_release_chunk(struct xen_unpop_pool *pool,
				      unsigned long keep)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_chunk *chunk;
	unsigned long nr_pages;
	long owed;

	lockdep_assert_held(&pool->grow.lock);

	if (!xen_unpop_can_release())
		return 0;

	list_for_each_entry(chunk, &pool->grow.chunks, list) {
		nr_pages = chunk->nr_pages;
		if (READ_ONCE(chunk->nr_free) != nr_pages)
			continue;

		if (!xen_unpop_detach_idle(pool, chunk, keep))
			continue;
		/*
		 * Not after unmapping: the shrinker would subtract the pages twice,
		 * as they are not idle any more, and promise too little.
		 */
		owed = min_t(long, nr_pages,
			     atomic_long_read(&pool->background.to_release));
		atomic_long_sub(owed, &pool->background.to_release);
		if (!is_referenced(chunk)) {
			xen_unpop_remove_chunk(pool, chunk);
			/* Do not grow at once by as much again. */
			set_chunk_pages(pool, 0);
			return nr_pages;
		}
		atomic_long_add(owed, &pool->background.to_release);
		xen_unpop_publish(pool, chunk, 0);
	}

	return 0;
}

/*
 * Pages of a PV guest cannot be released.  x86 frees the page tables of the
 * linear map and of the memmap without paravirt_release_pte() and the like: they
 * would stay pinned in Xen and read-only, and the next user of that RAM would
 * fault.
 */
bool xen_unpop_can_release(void)
{
	return !xen_pv_domain();
}

/**
 * xen_unpop_release() - release idle chunks
 * @pool: the pool
 * @nr_pages: number of pages to release; more if chunks are larger
 *
 * One granule stays, but no larger chunk: a granule takes its place.
 *
 * Context: Sleeps for several grace periods a chunk.  Takes grow.lock.
 * Return: the number of pages released.
 */
unsigned long xen_unpop_release(struct xen_unpop_pool *pool,
				unsigned long nr_pages)
{
	unsigned long released = 0, nr;

	do {
		scoped_guard(growth, pool)
			nr = xen_unpop_release_chunk(pool, KEEP_PAGES);
		released += nr;
	} while (nr && released < nr_pages);
	if (released)
		xen_unpop_grow_if_low(pool);

	return released;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_release);

/* Pages of memmap that can be released, besides those for @asked pages. */
static unsigned long memmap_to_release(struct xen_unpop_pool *pool, long asked)
{
	unsigned long idle = READ_ONCE(pool->free.nr_idle);
	unsigned long keep = XEN_UNPOP_GRANULE_PAGES + asked;

	return idle > keep ? (idle - keep) / PAGES_PER_MEMMAP_PAGE : 0;
}

static unsigned long shrink_count(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	struct xen_unpop_pool *pool = shrinker->private_data;
	long asked = atomic_long_read(&pool->background.to_release);

	return memmap_to_release(pool, asked) ?: SHRINK_EMPTY;
}

/* Removing memory takes locks that reclaim can be called with: queue it. */
static unsigned long shrink_scan(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	struct xen_unpop_pool *pool = shrinker->private_data;
	long asked = atomic_long_read(&pool->background.to_release);
	unsigned long nr = min(sc->nr_to_scan, memmap_to_release(pool, asked));

	if (!nr || !atomic_long_try_cmpxchg(&pool->background.to_release, &asked,
					    asked + nr * PAGES_PER_MEMMAP_PAGE))
		return SHRINK_STOP;

	xen_unpop_queue_work(pool);
	return nr;
}

/**
 * xen_unpop_start_work() - grow ahead of need, release under memory pressure
 * @pool: the pool
 *
 * Context: May sleep.  Called once for a pool.
 */
void xen_unpop_start_work(struct xen_unpop_pool *pool)
{
	struct workqueue_struct *workqueue;

	/* Unbound, as adding a section keeps a processor busy for long. */
	workqueue = alloc_workqueue("xen-unpopulated",
				    WQ_UNBOUND | WQ_MEM_RECLAIM, 1);
	if (!workqueue)
		return;

	scoped_guard(growth, pool) {
		pool->background.workqueue = workqueue;
		set_chunk_pages(pool, pool->grow.chunk_pages);
	}
	xen_unpop_grow_if_low(pool);

	if (!xen_unpop_can_release())
		return;
	pool->background.shrinker = shrinker_alloc(0, "xen-unpopulated");
	if (!pool->background.shrinker)
		return;
	pool->background.shrinker->count_objects = shrink_count;
	pool->background.shrinker->scan_objects = shrink_scan;
	pool->background.shrinker->private_data = pool;
	shrinker_register(pool->background.shrinker);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_start_work);

/* Release as many pages as the shrinker asked for, then add a chunk ahead of need. */
void xen_unpop_work(struct work_struct *work)
{
	struct xen_unpop_pool *pool = container_of(work, struct xen_unpop_pool,
						   background.work);

	if (pool->background.on_growth) {
		scoped_guard(growth, pool)
			pool->background.on_growth = false;
		/* The work runs on a workqueue of its own from here on. */
		xen_unpop_start_work(pool);
		return;
	}

	while (atomic_long_read(&pool->background.to_release)) {
		if (xen_unpop_release(pool, 1))
			continue;
		/* Fewer chunks can be idle by now. */
		scoped_guard(growth, pool)
			atomic_long_set(&pool->background.to_release, 0);
	}

	guard(growth)(pool);
	if (READ_ONCE(pool->free.grow_wanted))
		grow_once(pool, 0);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_work);
