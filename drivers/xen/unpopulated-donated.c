// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: pages that the architecture donates.
 *
 * x86 has struct pages for RAM that a PV guest could get later, but has not got.
 * It frees them into the allocator while the kernel boots.  They are recorded by
 * granule, in chunks with a bitmap of members, and are used before any addresses
 * are turned into pages: they have their memmap already.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "unpopulated.h"

static struct xen_unpop_chunk *find_chunk(struct xen_unpop_pool *pool,
					  struct page *first)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_chunk *chunk;

	/* Pages are donated in the order of their addresses. */
	list_for_each_entry_reverse(chunk, &pool->grow.donated, list) {
		if (chunk->first == first)
			return chunk;
	}

	return NULL;
}

static struct xen_unpop_chunk *new_chunk(struct xen_unpop_pool *pool,
					 struct page *first)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_chunk *chunk;

	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return NULL;

	chunk->first = first;
	chunk->nr_pages = XEN_UNPOP_GRANULE_PAGES;
	chunk->members = bitmap_zalloc(chunk->nr_pages, GFP_KERNEL);
	chunk->allocated = bitmap_zalloc(chunk->nr_pages, GFP_KERNEL);
	if (!chunk->members || !chunk->allocated) {
		xen_unpop_free_chunk(chunk);
		return NULL;
	}
	list_add_tail(&chunk->list, &pool->grow.donated);

	return chunk;
}

/* Returns -EEXIST if @page, or others of its granule, are in use already. */
static int donate_page(struct xen_unpop_pool *pool, struct page *page)
	__must_hold(&pool->grow.lock)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long offset = pfn % XEN_UNPOP_GRANULE_PAGES;
	struct xen_unpop_chunk *chunk;

	if (xa_load(&pool->chunks, pfn / XEN_UNPOP_GRANULE_PAGES))
		return -EEXIST;

	chunk = find_chunk(pool, page - offset);
	if (!chunk)
		chunk = new_chunk(pool, page - offset);
	if (!chunk)
		return -ENOMEM;
	if (__test_and_set_bit(offset, chunk->members))
		return -EEXIST;
	pool->grow.nr_donated++;
	xen_unpop_add_room(pool, 1);

	return 0;
}

/* Record @pages as donated, up to the first that is already; returns how many. */
unsigned int xen_unpop_donate(struct xen_unpop_pool *pool, unsigned int nr_pages,
			      struct page **pages)
{
	unsigned int i;
	int ret;

	guard(growth)(pool);

	for (i = 0; i < nr_pages; i++) {
		ret = donate_page(pool, pages[i]);
		if (ret == -ENOMEM)
			pr_warn_once("no memory to record donated pages\n");
		else if (ret)
			break;
	}

	return i;
}

/**
 * xen_unpop_use_donated() - let the donated pages of one more granule be allocated
 * @pool: the pool
 *
 * A PV guest pays for their p2m only now.
 *
 * Context: May sleep.  grow.lock is held.
 * Return: 0, -ENOSPC if there are no more, or -ENOMEM.
 */
int xen_unpop_use_donated(struct xen_unpop_pool *pool)
	__must_hold(&pool->grow.lock)
{
	struct xen_unpop_chunk *chunk;
	int ret;

	lockdep_assert_held(&pool->grow.lock);

	chunk = list_first_entry_or_null(&pool->grow.donated,
					 struct xen_unpop_chunk, list);
	if (!chunk)
		return -ENOSPC;

	/* Before others can look the chunk up. */
	bitmap_complement(chunk->allocated, chunk->members, chunk->nr_pages);
	ret = xen_unpop_p2m_prepare(page_to_pfn(chunk->first), chunk->nr_pages);
	if (!ret)
		ret = xen_unpop_index(pool, chunk);
	if (ret)
		return ret;

	list_del(&chunk->list);
	pool->grow.nr_donated -= bitmap_weight(chunk->members, chunk->nr_pages);
	xen_unpop_publish(pool, chunk, 0);

	return 0;
}
