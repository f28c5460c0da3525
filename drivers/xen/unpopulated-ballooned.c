// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: ballooned pages, for requests that find no addresses.
 *
 * They go back to the balloon driver as soon as they are freed; the next request
 * tries addresses first again.  Nothing in such a page tells that it is
 * ballooned, so the pool remembers their pfns.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include <xen/balloon.h>

#include "unpopulated.h"

VISIBLE_IF_KUNIT int xen_unpop_balloon_alloc(unsigned int nr_pages,
					     struct page **pages)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_balloon_alloc, nr_pages, pages);

	return xen_alloc_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_balloon_alloc);

VISIBLE_IF_KUNIT void xen_unpop_balloon_free(unsigned int nr_pages,
					     struct page **pages)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_balloon_free, nr_pages, pages);

	xen_free_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_balloon_free);

/* Forget the leading ballooned pages of @pages; returns how many there are. */
static unsigned int forget(struct xen_unpop_pool *pool, unsigned int nr_pages,
			   struct page **pages)
{
	unsigned int i;

	for (i = 0; i < nr_pages; i++) {
		if (!xa_erase(&pool->ballooned, page_to_pfn(pages[i])))
			break;
		cond_resched();
	}

	return i;
}

/**
 * xen_unpop_take_ballooned() - allocate ballooned pages, all or none
 * @pool: the pool
 * @nr_pages: number of pages
 * @pages: array for the pages
 *
 * Context: May sleep, for memory and for balloon_mutex.
 * Return: 0, or an error of the balloon driver, or -ENOMEM.
 */
int xen_unpop_take_ballooned(struct xen_unpop_pool *pool, unsigned int nr_pages,
			     struct page **pages)
{
	unsigned int i;
	int ret;

	ret = xen_unpop_balloon_alloc(nr_pages, pages);
	if (ret)
		return ret;

	for (i = 0; i < nr_pages; i++) {
		ret = xa_insert(&pool->ballooned, page_to_pfn(pages[i]),
				xa_mk_value(0), GFP_KERNEL);
		if (ret) {
			forget(pool, i, pages);
			xen_unpop_balloon_free(nr_pages, pages);
			return ret;
		}
		cond_resched();
	}
	xen_unpop_count_ballooned(pool, nr_pages);

	return 0;
}

/**
 * xen_unpop_put_ballooned() - free ballooned pages
 * @pool: the pool
 * @nr_pages: number of pages
 * @pages: the pages; stop at the first that is not ballooned
 *
 * Context: May sleep, for balloon_mutex.
 * Return: the number of leading ballooned pages.
 */
unsigned int xen_unpop_put_ballooned(struct xen_unpop_pool *pool,
				     unsigned int nr_pages, struct page **pages)
{
	unsigned int nr = forget(pool, nr_pages, pages);

	if (!nr)
		return 0;

	/* Before another request can get them. */
	xen_unpop_count_ballooned(pool, -(long)nr);
	xen_unpop_balloon_free(nr, pages);

	return nr;
}
