/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool for KUnit cases, with a window of unused physical addresses in which
 * chunks are added for real, and with a fake balloon driver.
 *
 * Addresses are in granules from the start of the window.
 */
#ifndef _XEN_UNPOPULATED_TEST_H
#define _XEN_UNPOPULATED_TEST_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/prandom.h>

#include "../unpopulated.h"

#define GRANULE_PAGES		XEN_UNPOP_GRANULE_PAGES
#define SECTION_BYTES		(PAGES_PER_SECTION * PAGE_SIZE)
#define SECTION_GRANULES	(PAGES_PER_SECTION / GRANULE_PAGES)

/* Room for a few sections; with 64 KiB pages a section is 512 MiB. */
#define WINDOW_GRANULES		(4 * SECTION_GRANULES)

#define EVERY_GRANULE		UINT_MAX

/**
 * struct unpop_test - the state of a case, kunit->priv
 * @pool: the pool under test
 * @window: addresses that the case can use, busy in iomem_resource
 * @rnd: random numbers, the same in each run
 * @balloon_pages: the pages of the fake balloon driver; NULL: it allocates them
 * @balloon_left: number of pages that it still has
 * @balloon_out: number of pages that it has given away
 * @balloon_calls: how often it was asked for pages
 * @balloon_noio: every call of it was in a noio scope
 * @bad_granule: mapping a chunk that has this granule fails with @map_error;
 *		  EVERY_GRANULE: mapping any chunk fails
 * @map_error: 0: no mapping fails
 */
struct unpop_test {
	struct xen_unpop_pool *pool;
	struct resource window;
	struct rnd_state rnd;
	struct page **balloon_pages;
	unsigned long balloon_left;
	unsigned long balloon_out;
	unsigned int balloon_calls;
	bool balloon_noio;
	unsigned int bad_granule;
	int map_error;
};

/* For struct kunit_suite; exit expects that nothing is left of the pool. */
int unpop_test_init(struct kunit *test);
void unpop_test_exit(struct kunit *test);
/* Free all that @pool has.  No page may be allocated. */
void unpop_pool_destroy(struct xen_unpop_pool *pool);
/* Replace the pool by an empty one.  No page may be allocated. */
void unpop_renew_pool(struct kunit *test);

/* Give the pool @nr granules from @first on, or all the window as a shared tree. */
void unpop_add_region(struct kunit *test, unsigned long first, unsigned long nr);
void unpop_add_tree(struct kunit *test);

/* An array of page pointers that is freed with the case. */
struct page **unpop_new_array(struct kunit *test, unsigned int nr_pages);

/* Allocate, which must succeed, and write to the pages as callers may; free. */
void unpop_take(struct kunit *test, unsigned int nr_pages, struct page **pages);
void unpop_put(struct kunit *test, unsigned int nr_pages, struct page **pages);
/* Allocate @nr_pages pages one by one. */
void unpop_take_singly(struct kunit *test, unsigned int nr_pages, struct page **pages);
/* Allocate contiguous pages and check them; returns an error, or must succeed. */
int unpop_try_contiguous(struct kunit *test, unsigned int nr_pages,
			 struct page **pages);
void unpop_take_contiguous(struct kunit *test, unsigned int nr_pages,
			   struct page **pages);
/* Free the pages as the architecture does at boot. */
void unpop_donate(struct kunit *test, unsigned int nr_pages, struct page **pages);
/* Have 16 pages of RAM, to be freed with order 4; the odd ones are in @odd. */
struct page *unpop_alloc_every_other(struct page *odd[8]);

void unpop_shuffle(struct unpop_test *ctx, unsigned int nr_pages,
		   struct page **pages);

unsigned long unpop_granule_of(struct unpop_test *ctx, struct page *page);
bool unpop_is_mapped(struct unpop_test *ctx, unsigned long granule);
/* Number of runs of consecutive pfns; expects that the pages ascend. */
unsigned int unpop_count_runs(struct kunit *test, unsigned int nr_pages,
			      struct page **pages);
/* Chunks of the first region. */
unsigned int unpop_count_chunks(struct unpop_test *ctx);
/* Unpopulated pages, free or allocated. */
unsigned long unpop_unpopulated_pages(struct unpop_test *ctx);
unsigned long unpop_nr_free(struct unpop_test *ctx);
unsigned long unpop_misuses(struct unpop_test *ctx);
unsigned long unpop_failures(struct unpop_test *ctx);

void unpop_expect_allocated(struct kunit *test, unsigned long unpopulated,
			    unsigned long donated, unsigned long ballooned);
/* Expect that no page is allocated, and that each is free. */
void unpop_expect_all_free(struct kunit *test);
/* Expect that the pool counts as unused the holes of its regions, no more. */
void unpop_expect_unused(struct kunit *test);
/*
 * Expect this content of the first region, granule by granule: chunks are 'a', 'b'
 * and so on by address, 'X' is unmappable, 'R' is RAM, '.' is a hole.
 */
void unpop_expect_layout(struct kunit *test, const char *expected);
/* A PV guest releases no chunk; skip cases that need this. */
static inline void unpop_skip_without_release(struct kunit *test)
{
	if (xen_pv_domain())
		kunit_skip(test, "a PV guest releases nothing");
}

/* For KUNIT_ARRAY_PARAM() with numbers of pages. */
static inline void unpop_describe_nr_pages(const unsigned long *nr_pages, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages", *nr_pages);
}

/* Start the background work of the pool; wait until it has nothing to do. */
void unpop_start_work(struct kunit *test);
void unpop_settle(struct unpop_test *ctx);
/*
 * Keep the background work and other requests from growing.  An assertion that
 * fails meanwhile leaves the lock held: expect, do not assert.
 */
void unpop_hold_growth(struct unpop_test *ctx);
void unpop_let_growth(struct unpop_test *ctx);
/* Have the shrinker release all that it counts, and settle. */
void unpop_shrink_all(struct kunit *test);

/* Number of pages that the holes of the pool's regions have room for. */
static inline unsigned long unpop_unused_pages(struct unpop_test *ctx)
{
	return ctx->pool->free.room - ctx->pool->grow.nr_donated;
}

#endif /* _XEN_UNPOPULATED_TEST_H */
