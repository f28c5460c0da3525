// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages with consecutive addresses.
 *
 * They come from one chunk: the oldest one with so many free pages in a row, or a
 * new one.  grow.lock is held until the new chunk has its pages allocated, so that
 * no other request grows into the same hole.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/log2.h>

#include <kunit/visibility.h>

#include <trace/events/xen_unpopulated.h>

#include "unpopulated.h"

static struct page *take_from_chunks(struct xen_unpop_pool *pool,
				     unsigned int nr_pages)
	__must_hold(&pool->grow.lock)
{
	unsigned long align = min(roundup_pow_of_two(nr_pages),
				  XEN_UNPOP_GRANULE_PAGES);
	struct xen_unpop_chunk *chunk;
	struct page *first;

	list_for_each_entry_reverse(chunk, &pool->grow.chunks, list) {
		first = xen_unpop_take_span(pool, chunk, nr_pages, align);
		if (first)
			return first;
	}

	return NULL;
}

/* Add a chunk that begins with the pages. */
static struct page *take_new_chunk(struct xen_unpop_pool *pool,
				   unsigned int nr_pages)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_chunk *chunk;

	if (!xen_unpop_memmap_fits(nr_pages))
		return ERR_PTR(-ENOMEM);

	chunk = xen_unpop_add_chunk(pool, nr_pages, true);
	if (IS_ERR(chunk))
		return ERR_CAST(chunk);

	xen_unpop_publish(pool, chunk, nr_pages);
	pool->grow.waits++;
	xen_unpop_start_on_growth(pool);

	return chunk->first;
}

static struct page *take_contiguous(struct xen_unpop_pool *pool,
				    unsigned int nr_pages)
{
	/* Do not release chunks that others add meanwhile, or this may never end. */
	unsigned long idle = READ_ONCE(pool->free.nr_idle);
	unsigned int refused = 0;
	unsigned long released;
	struct page *first;

	/* A release takes long: let those who wait for grow.lock have it between. */
	for (;;) {
		guard(growth)(pool);

		first = take_from_chunks(pool, nr_pages);
		if (!first)
			first = take_new_chunk(pool, nr_pages);
		if (!IS_ERR(first) || PTR_ERR(first) == -ENOMEM)
			return first;
		if (PTR_ERR(first) != -ENOSPC) {
			if (++refused == XEN_UNPOP_MAX_REFUSED)
				return first;
			continue;
		}
		/* An idle chunk can be all that splits a hole. */
		released = idle ? xen_unpop_release_chunk(pool, 0) : 0;
		if (!released)
			return first;
		idle -= min(idle, released);
	}
}

/* See xen_alloc_unpopulated_contiguous_pages(). */
int xen_unpop_alloc_contiguous(struct xen_unpop_pool *pool,
			       unsigned int nr_pages, struct page **pages)
{
	struct page *first;
	unsigned int i;

	might_sleep();

	if (!nr_pages || nr_pages > PAGES_PER_SECTION || !pages)
		return -EINVAL;

	/* Not counted as a failure: the callers have a fallback. */
	if (!xen_unpop_has_addresses(pool))
		return -ENODEV;

	first = take_contiguous(pool, nr_pages);
	xen_unpop_grow_if_low(pool);
	if (IS_ERR(first)) {
		trace_xen_unpopulated_exhausted(nr_pages, nr_pages);
		atomic_long_inc(&pool->failures);
		return -ENOMEM;
	}

	for (i = 0; i < nr_pages; i++)
		pages[i] = first + i;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_alloc_contiguous);
