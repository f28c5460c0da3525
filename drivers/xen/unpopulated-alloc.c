// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: struct pages to map memory of other domains at.
 *
 * A grant or foreign mapping needs a guest physical address, and its users need a
 * struct page for it.  Ballooning takes both from the RAM of the domain, which
 * wastes the RAM.  An unpopulated page has an address without RAM instead:
 *
 *	region	|============================|     |=================|
 *		addresses that stay unused, claimed at boot
 *	chunks	|--|----|--------|
 *		parts of a region that memremap_pages() has made struct
 *		pages for, added when free pages run short
 *	pages	|..##.#..|
 *		free (.) or allocated (#), by a bitmap in each chunk
 *
 * One subject a file, each of which calls those above it only:
 *
 *	unpopulated-p2m.c	 the p2m of a PV guest
 *	unpopulated-regions.c	 the addresses that the firmware offers
 *	unpopulated-pages.c	 which pages are free
 *	unpopulated-holes.c	 which addresses can become pages
 *	unpopulated-chunk.c	 addresses become pages, and addresses again
 *	unpopulated-ballooned.c	 the fallback
 *	unpopulated-donated.c	 pages that x86 has at boot
 *	unpopulated-of.c	 the addresses that a device tree offers
 *	unpopulated-grow.c	 when chunks are added and released, how large
 *	unpopulated-contig.c	 consecutive pages
 *	unpopulated-debugfs.c	 figures
 *	unpopulated-alloc.c	 the interface, and boot
 *
 * A request is served from the lowest free pages of as many chunks as it takes.
 * If these are too few, it uses donated pages, then new chunks, and ballooned pages
 * for the rest.  It allocates no page of a chunk before all its pages can be had,
 * so a request that fails has not kept a page from another one.
 *
 * Nothing of this is stored in struct page.  While a page is allocated, its fields
 * belong to the caller; gnttab_page_cache, for one, links pages through them.  So
 * the kind of a page is looked up when it is freed, and pages of any kind can be
 * freed together.
 *
 * The head of unpopulated.h has a glossary and the order of locks.
 */
#define pr_fmt(fmt) "xen/unpopulated: " fmt

#include <linux/bug.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include <xen/xen.h>

#include <trace/events/xen_unpopulated.h>

#include "unpopulated.h"

struct xen_unpop_pool xen_unpop_pool = XEN_UNPOP_POOL_INIT(xen_unpop_pool);

/*
 * Pages of the physmap without RAM, for the balloon driver's idea of how much
 * memory there is.  The architecture adds those that it donates.
 */
unsigned long xen_unpopulated_pages;

/* The caller frees a page that it does not have: warn once, ignore the page. */
VISIBLE_IF_KUNIT void xen_unpop_warn_misuse(struct page *page)
{
	KUNIT_STATIC_STUB_REDIRECT(xen_unpop_warn_misuse, page);

	WARN_ONCE(1, "xen/unpopulated: pfn %#lx is freed, but is not allocated here\n",
		  page ? page_to_pfn(page) : 0);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_warn_misuse);

static void report_misuse(struct xen_unpop_pool *pool, struct page *page)
{
	atomic_long_inc(&pool->misuses);
	xen_unpop_warn_misuse(page);
}

/* No request, or a mistake: callers count in int. */
static bool is_void(unsigned int nr_pages, struct page **pages)
{
	return (int)nr_pages <= 0 || !pages;
}

static void put_pages(struct xen_unpop_pool *pool, unsigned int nr_pages,
		      struct page **pages)
{
	unsigned int nr;

	while (nr_pages) {
		if (unlikely(pool->donating))
			nr = xen_unpop_donate(pool, nr_pages, pages);
		else
			nr = xen_unpop_put(pool, min(nr_pages,
						     XEN_UNPOP_PAGES_PER_HOLD),
					   pages);
		if (likely(nr == nr_pages))
			return;

		if (!nr)
			nr = xen_unpop_put_ballooned(pool, nr_pages, pages);
		if (!nr) {
			nr = 1;
			report_misuse(pool, pages[0]);
		}
		nr_pages -= nr;
		pages += nr;
		cond_resched();
	}
}

/*
 * Grow, then fall back to ballooned pages.  Block I/O of a guest can wait for this,
 * so allocate memory without I/O.
 */
static noinline int alloc_slowly(struct xen_unpop_pool *pool,
				 unsigned int nr_pages, struct page **pages)
{
	unsigned int noio = memalloc_noio_save();
	unsigned int nr = nr_pages, missing = 0;
	int ret;

	/* Fill the tail of @pages with ballooned pages, as addresses run out. */
	while ((ret = nr ? xen_unpop_grow(pool, nr, pages) : 0) > 0) {
		missing = ret;
		ret = -ENOMEM;
		if (xen_unpop_take_ballooned(pool, missing,
					     pages + nr - missing))
			break;
		nr -= missing;
		missing = 0;
	}

	if (ret) {
		if (missing)
			missing += nr_pages - nr;
		trace_xen_unpopulated_exhausted(nr_pages, missing);
		atomic_long_inc(&pool->failures);
		put_pages(pool, nr_pages - nr, pages + nr);
	} else if (nr < nr_pages) {
		trace_xen_unpopulated_fallback(nr_pages, nr_pages - nr);
		atomic_long_inc(&pool->fallbacks);
	}
	memalloc_noio_restore(noio);

	return ret;
}

VISIBLE_IF_KUNIT int xen_unpop_alloc(struct xen_unpop_pool *pool,
				     unsigned int nr_pages, struct page **pages)
{
	unsigned long room;

	might_sleep();

	if (unlikely(is_void(nr_pages, pages)))
		return nr_pages ? -EINVAL : 0;

	if (likely(!xen_unpop_take(pool, nr_pages, pages, &room)))
		return 0;

	return alloc_slowly(pool, nr_pages, pages);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_alloc);

VISIBLE_IF_KUNIT void xen_unpop_free(struct xen_unpop_pool *pool,
				     unsigned int nr_pages, struct page **pages)
{
	might_sleep();

	if (likely(!is_void(nr_pages, pages)))
		put_pages(pool, nr_pages, pages);
	else if (nr_pages)
		report_misuse(pool, pages ? pages[0] : NULL);
}
EXPORT_SYMBOL_IF_KUNIT(xen_unpop_free);

/**
 * xen_alloc_unpopulated_pages() - allocate pages to map memory of others at
 * @nr_pages: number of pages
 * @pages: array for them
 *
 * The pages have no RAM: do not access one before something is mapped there.
 * They are unpopulated pages as long as there are unused addresses, and ballooned
 * pages beyond that; they can be scattered.  They can be freed in any order, and
 * together with pages of other requests.  The caller can use zone_device_data,
 * private and PG_private of a page, but must not drop its reference.
 *
 * Context: Process context, may sleep.  Allocates memory without I/O, but can
 *	wait for memory hotplug and the balloon driver, which do not all do so.
 * Return:
 * * 0		- all pages are allocated, also if @nr_pages is 0
 * * -EINVAL	- @nr_pages is above INT_MAX, or @pages is NULL
 * * -ENOMEM	- neither addresses nor memory for all pages: none is allocated
 */
int xen_alloc_unpopulated_pages(unsigned int nr_pages, struct page **pages)
{
	return xen_unpop_alloc(&xen_unpop_pool, nr_pages, pages);
}
EXPORT_SYMBOL(xen_alloc_unpopulated_pages);

/**
 * xen_free_unpopulated_pages() - free pages to map memory of others at
 * @nr_pages: number of pages
 * @pages: the pages, of xen_alloc_unpopulated_pages() or
 *	xen_alloc_unpopulated_contiguous_pages(), in any order
 *
 * Nothing may be mapped at the pages any more.  A page that is not allocated is
 * warned about once, and ignored.
 *
 * Context: Process context, may sleep.
 */
void xen_free_unpopulated_pages(unsigned int nr_pages, struct page **pages)
{
	xen_unpop_free(&xen_unpop_pool, nr_pages, pages);
}
EXPORT_SYMBOL(xen_free_unpopulated_pages);

/**
 * xen_alloc_unpopulated_contiguous_pages() - allocate consecutive pages to map at
 * @nr_pages: number of pages, at most a section (128 MiB with 4 KiB pages)
 * @pages: array for them
 *
 * As xen_alloc_unpopulated_pages(), but the pages have consecutive pfns, for a
 * device or a mapping that needs them.  The first pfn is aligned to the smallest
 * power of two that is not less than @nr_pages, as with the DMA API, but at most
 * to a granule (2 MiB with 4 KiB pages).  The pages are never ballooned ones.
 *
 * A device may be unable to reach the addresses: map the pages for DMA and see.
 *
 * Context: Process context, may sleep; see xen_alloc_unpopulated_pages().
 * Return:
 * * 0		- all pages are allocated
 * * -EINVAL	- @nr_pages is 0 or more than a section, or @pages is NULL
 * * -ENODEV	- the domain has no unused addresses
 * * -ENOMEM	- there is no such hole, or no memory; no page is allocated
 */
int xen_alloc_unpopulated_contiguous_pages(unsigned int nr_pages,
					   struct page **pages)
{
	return xen_unpop_alloc_contiguous(&xen_unpop_pool, nr_pages, pages);
}

/**
 * xen_unpopulated_reserve() - borrow unused addresses to add memory at
 * @res: resource for them, with name and flags
 * @size: number of bytes, a multiple of @align
 * @align: alignment of the first address, and the fewest bytes that are of use
 *
 * For the balloon driver on Arm, which must not add memory at the addresses of a
 * device.  No page is made of the addresses meanwhile.  @res must not be merged
 * with its neighbours.  If there is no hole of @size bytes, @res gets half of that,
 * and so on.  Give it back with xen_unpopulated_unreserve().
 *
 * Context: Process context, may sleep.  Allocates no memory, and does not wait for
 *	growth: the caller can hold a lock that onlining memory takes.
 * Return:
 * * 0		- @res is in the resource tree
 * * -ENODEV	- no unused addresses are advertised
 * * -EBUSY	- there is no hole of @align bytes
 */
int xen_unpopulated_reserve(struct resource *res, resource_size_t size,
			    resource_size_t align)
{
	return xen_unpop_reserve(&xen_unpop_pool, res, size, align);
}

/**
 * xen_unpopulated_unreserve() - give back addresses of xen_unpopulated_reserve()
 * @res: the addresses; their memory has been removed
 *
 * Context: As for xen_unpopulated_reserve().
 */
void xen_unpopulated_unreserve(struct resource *res)
{
	xen_unpop_unreserve(&xen_unpop_pool, res);
}

/**
 * xen_unpopulated_get_count() - count the pages for foreign mappings
 *
 * Context: Process context, may sleep.
 * Return: the numbers.
 */
struct xen_unpopulated_count xen_unpopulated_get_count(void)
{
	struct xen_unpop_count count;
	unsigned long allocated;

	scoped_guard(mutex, &xen_unpop_pool.grow.lock)
		count = xen_unpop_count_all(&xen_unpop_pool);
	allocated = count.unpopulated_allocated + count.donated_allocated;

	return (struct xen_unpopulated_count) {
		.allocated = allocated,
		.free = count.unpopulated + count.donated - allocated,
		.ballooned = count.ballooned_allocated,
		.failures = atomic_long_read(&xen_unpop_pool.failures),
	};
}

/**
 * xen_unpopulated_add_resource() - use the addresses of a resource
 * @res: addresses that stay unused for the life of the domain, without children
 *
 * For arch_xen_unpopulated_init(), where the memory map says which addresses these
 * are, and has them busy already.  Chunks appear inside of @res.
 *
 * Context: Boot, process context, may sleep.
 * Return:
 * * 0		- there are addresses to use, of @res or others
 * * -ENODEV	- there are none
 * * -ENOMEM	- there is no memory, and no addresses to use
 */
int __init xen_unpopulated_add_resource(struct resource *res)
{
	struct rb_root_cached none_occupied = RB_ROOT_CACHED;
	struct range range = { .start = res->start, .end = res->end };

	return xen_unpop_add_regions(&xen_unpop_pool, res, &none_occupied,
				     &range, 1);
}

/**
 * xen_unpopulated_add_node() - use the extended regions in the device tree
 * @np: the hypervisor node
 * @first: index of the first extended region in its reg property
 *
 * For arch_xen_unpopulated_init().  The promises of the node are in
 * Documentation/devicetree/bindings/arm/.
 *
 * Context: Boot, process context, may sleep.
 * Return: 0 if there are usable addresses, else -ENODEV or -ENOMEM.
 */
int __init xen_unpopulated_add_node(struct device_node *np, int first)
{
	return xen_unpop_add_node(&xen_unpop_pool, np, first);
}

static int __init xen_unpopulated_init(void)
{
	struct xen_unpop_pool *pool = &xen_unpop_pool;
	struct resource *tree = NULL;
	unsigned long nr_pages;
	int ret;

	if (!xen_domain())
		return 0;

	pool->donating = true;
	ret = arch_xen_unpopulated_init(&tree);
	pool->donating = false;
	if (!ret && tree)
		ret = xen_unpop_add_tree(pool, tree);

	nr_pages = pool->free.room - pool->grow.nr_donated;
	if (nr_pages)
		pr_info("%lu MiB of unused addresses for foreign mappings\n",
			nr_pages >> (20 - PAGE_SHIFT));
	else if (!xen_unpop_has_addresses(pool))
		pr_info("no unused addresses known, foreign mappings will take RAM\n");

	return ret == -ENODEV ? 0 : ret;
}
early_initcall(xen_unpopulated_init);

/*
 * A dom0 is going to map memory of its guests: have pages ready.  Any other
 * domain may never map any, and pays for nothing until it does.
 */
static int __init xen_unpopulated_late_init(void)
{
	struct xen_unpop_pool *pool = &xen_unpop_pool;

	if (!xen_domain())
		return 0;

	xen_unpop_add_debugfs(pool);
	if (!xen_unpop_has_addresses(pool))
		return 0;

	scoped_guard(growth, pool) {
		pool->background.on_growth = !xen_initial_domain() &&
					     !pool->grow.added;
		if (pool->background.on_growth)
			return 0;
	}
	xen_unpop_start_work(pool);

	return 0;
}
late_initcall(xen_unpopulated_late_init);
