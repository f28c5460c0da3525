// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of unpopulated pages with consecutive addresses.
 */
#include <linux/limits.h>

#include "unpopulated_test.h"

static const unsigned long size_rows[] = {
	1, 2, 3, 8, 63, 64, 65,
	GRANULE_PAGES - 1, GRANULE_PAGES, GRANULE_PAGES + 1,
	3 * GRANULE_PAGES,
	PAGES_PER_SECTION - 1, PAGES_PER_SECTION,
};

KUNIT_ARRAY_PARAM(size, size_rows, unpop_describe_nr_pages);

/*
 * Any number of pages is had, up to a section, next to others and wherever
 * sections end.  The pages can be freed like all others.
 */
static void size(struct kunit *test)
{
	const unsigned long nr_pages = *(unsigned long *)test->param_value;
	struct page **pages = unpop_new_array(test, 2 * nr_pages + 1);
	struct unpop_test *ctx = test->priv;

	/* Room for three sections and more, from no section on. */
	unpop_add_region(test, 3, WINDOW_GRANULES - 3);
	unpop_take(test, 1, pages + 2 * nr_pages);
	unpop_take_contiguous(test, nr_pages, pages);
	unpop_take_contiguous(test, nr_pages, pages + nr_pages);
	unpop_expect_allocated(test, 2 * nr_pages + 1, 0, 0);
	unpop_expect_unused(test);

	unpop_put(test, nr_pages, pages);
	unpop_expect_allocated(test, nr_pages + 1, 0, 0);
	unpop_take_contiguous(test, nr_pages, pages);
	unpop_shuffle(ctx, 2 * nr_pages + 1, pages);
	unpop_put(test, nr_pages / 2, pages);
	unpop_put(test, 2 * nr_pages + 1 - nr_pages / 2, pages + nr_pages / 2);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 0);
}

/*
 * Two ranges of free pages in chunks of one, two and one granule, and where a
 * request of @nr_pages gets its own.
 */
struct place {
	unsigned long	free_at[2], nr_free[2];
	unsigned long	nr_pages;
	long		at;
};

#define GRANULE GRANULE_PAGES
#define NOWHERE (-1L)

static const struct place place_rows[] = {
	/* The lowest place, aligned. */
	{ { 4, 32 },	{ 8, 8 },	8,	32 },
	{ { 4, 32 },	{ 8, 8 },	4,	4 },
	{ { 4, 32 },	{ 8, 8 },	3,	4 },
	{ { 5, 60 },	{ 3, 12 },	8,	64 },
	{ { 5, 8 },	{ 2, 3 },	3,	8 },
	{ { 5, 9 },	{ 2, 6 },	3,	12 },
	{ { 5, 9 },	{ 2, 4 },	3,	NOWHERE },
	{ { GRANULE - 2, GRANULE },	{ 1, 2 },	2,	GRANULE },
	/* The oldest chunk. */
	{ { 0, 3 * GRANULE },		{ GRANULE, GRANULE },	GRANULE, 0 },
	{ { 64, 3 * GRANULE },		{ 64, GRANULE },	64,	64 },
	{ { 64, 3 * GRANULE },		{ 64, GRANULE },	65,
	  3 * GRANULE },
	/* Inside of a chunk, from granule to granule. */
	{ { GRANULE },			{ 2 * GRANULE },
	  2 * GRANULE,			GRANULE },
	{ { GRANULE },			{ 2 * GRANULE },
	  GRANULE + 1,			GRANULE },
	{ { GRANULE + 1 },		{ 2 * GRANULE - 1 },
	  GRANULE,			2 * GRANULE },
	{ { GRANULE + 1 },		{ 2 * GRANULE - 1 },
	  GRANULE + 1,			NOWHERE },
	/* Not from two chunks. */
	{ { GRANULE / 2 },		{ GRANULE },
	  GRANULE / 2,			GRANULE / 2 },
	{ { 2 * GRANULE, 3 * GRANULE },	{ GRANULE, 1 },
	  GRANULE + 1,			NOWHERE },
};

static void place_desc(const struct place *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu of %lu at %lu, %lu at %lu",
		 row->nr_pages, row->nr_free[0], row->free_at[0],
		 row->nr_free[1], row->free_at[1]);
}

KUNIT_ARRAY_PARAM(place, place_rows, place_desc);

/* The pages come from the oldest chunk that has so many in a row. */
static void place(struct kunit *test)
{
	const unsigned int nr_all = 4 * GRANULE_PAGES;
	struct page **all = unpop_new_array(test, nr_all);
	struct page **pages = unpop_new_array(test, 2 * GRANULE_PAGES);
	const struct place *row = test->param_value;
	struct unpop_test *ctx = test->priv;
	unsigned int i;
	int ret;

	unpop_add_region(test, 0, 4);
	unpop_take_singly(test, nr_all, all);
	KUNIT_ASSERT_EQ(test, unpop_count_chunks(ctx), 3);
	KUNIT_ASSERT_EQ(test, unpop_count_runs(test, nr_all, all), 1);
	for (i = 0; i < ARRAY_SIZE(row->free_at); i++)
		unpop_put(test, row->nr_free[i], all + row->free_at[i]);

	ret = unpop_try_contiguous(test, row->nr_pages, pages);
	KUNIT_EXPECT_EQ(test, ret, row->at == NOWHERE ? -ENOMEM : 0);
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), row->at == NOWHERE);
	if (!ret) {
		KUNIT_EXPECT_EQ(test, pages[0] - all[0], row->at);
		unpop_put(test, row->nr_pages, pages);
	}
	unpop_expect_allocated(test, nr_all - row->nr_free[0] - row->nr_free[1], 0,
			       0);
}

/*
 * Granules of a region, and of a request.  A page of the first granule is
 * allocated before, and stays so or is freed again.
 */
struct hole {
	unsigned long	nr, request;
	bool		keep;
	int		error;
	unsigned int	nr_chunks;
};

static const struct hole hole_rows[] = {
	{ 2, 1, false,	0,		1 },
	{ 2, 1, true,	0,		2 },
	{ 2, 2, false,	0,		1 },
	{ 2, 2, true,	-ENOMEM,	1 },
	{ 8, 7, false,	0,		2 },
	{ 8, 7, true,	0,		2 },
	{ 8, 8, false,	0,		1 },
	{ 8, 8, true,	-ENOMEM,	1 },
};

static void hole_desc(const struct hole *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE,
		 "%lu of %lu granules, one is %s", row->request, row->nr,
		 row->keep ? "allocated" : "idle");
}

KUNIT_ARRAY_PARAM(hole, hole_rows, hole_desc);

/* A hole is used, and if all that splits it is an idle chunk, this is released. */
static void hole(struct kunit *test)
{
	const struct hole *row = test->param_value;
	const unsigned long nr_pages = row->request * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, row->nr);
	unpop_take(test, 1, &page);
	if (!row->keep)
		unpop_put(test, 1, &page);

	KUNIT_ASSERT_EQ(test, unpop_try_contiguous(test, nr_pages, pages),
			row->error);
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), row->nr_chunks);
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), !!row->error);
	unpop_expect_unused(test);
	if (!row->error)
		unpop_put(test, nr_pages, pages);
	if (row->keep)
		unpop_put(test, 1, &page);
	unpop_expect_all_free(test);
}

/* The pages never cross the end of a section, so some holes are of no use. */
static void section_end(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, PAGES_PER_SECTION);
	struct unpop_test *ctx = test->priv;
	struct page *page;

	/* A granule before the end of a section, and less than a section. */
	unpop_add_region(test, SECTION_GRANULES - 1, SECTION_GRANULES);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			unpop_try_contiguous(test, PAGES_PER_SECTION, pages));
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 0);

	unpop_take_contiguous(test, GRANULE_PAGES + 1, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), SECTION_GRANULES);
	unpop_take_contiguous(test, 1, &page);
	unpop_put(test, 1, &page);
	unpop_put(test, GRANULE_PAGES + 1, pages);
	unpop_expect_all_free(test);

	/* And a whole section. */
	unpop_renew_pool(test);
	unpop_add_region(test, SECTION_GRANULES - 1, SECTION_GRANULES + 1);
	unpop_take_contiguous(test, PAGES_PER_SECTION, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), SECTION_GRANULES);
	unpop_take_contiguous(test, 1, &page);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, page), SECTION_GRANULES - 1);
	unpop_put(test, 1, &page);
	unpop_put(test, PAGES_PER_SECTION, pages);
	unpop_expect_all_free(test);
}

/* Pages are not taken across RAM of the balloon driver, nor where it is. */
static void around_ram(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 4 * GRANULE_PAGES);
	struct resource ram = DEFINE_RES_MEM_NAMED(0, 0, "System RAM");
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 8);
	unpop_take(test, 1, pages);
	KUNIT_ASSERT_EQ(test, 0, xen_unpop_reserve(ctx->pool, &ram,
						   2 * XEN_UNPOP_GRANULE,
						   2 * XEN_UNPOP_GRANULE));
	unpop_put(test, 1, pages);
	unpop_take_contiguous(test, 3 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 4);
	unpop_put(test, 3 * GRANULE_PAGES, pages);
	xen_unpop_unreserve(ctx->pool, &ram);
	unpop_expect_unused(test);
}

/* Addresses that memremap_pages() refuses are not tried twice. */
static void unmappable(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 2 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 3);
	unpop_add_region(test, 4, 2);
	ctx->bad_granule = 1;
	ctx->map_error = -EEXIST;
	unpop_take_contiguous(test, 2 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 4);
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 1);
	unpop_expect_unused(test);
	unpop_put(test, 2 * GRANULE_PAGES, pages);
}

/* A request tries no more holes than XEN_UNPOP_MAX_REFUSED. */
static void unmappable_holes(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_region(test, 0, 2 * XEN_UNPOP_MAX_REFUSED);
	ctx->bad_granule = EVERY_GRANULE;
	ctx->map_error = -EEXIST;
	KUNIT_EXPECT_EQ(test, -ENOMEM, unpop_try_contiguous(test, 1, &page));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 1);
	unpop_expect_unused(test);

	ctx->map_error = 0;
	unpop_take_contiguous(test, 1, &page);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, page), XEN_UNPOP_MAX_REFUSED);
	unpop_put(test, 1, &page);
	unpop_expect_all_free(test);
}

/* The free pages of a chunk can all be promised to another request. */
static void promised(struct kunit *test)
{
	const unsigned long nr_promised = GRANULE_PAGES - 1;
	struct unpop_test *ctx = test->priv;
	struct page *page, *pages[2];

	unpop_add_region(test, 0, 2);
	unpop_take(test, 1, &page);
	KUNIT_ASSERT_EQ(test, unpop_nr_free(ctx), nr_promised);

	/* As if a thread was between the promise and the allocation. */
	ctx->pool->free.nr_free -= nr_promised;
	unpop_take_contiguous(test, 2, pages);
	ctx->pool->free.nr_free += nr_promised;

	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, page), 0);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 1);
	unpop_put(test, 2, pages);
	unpop_put(test, 1, &page);
	unpop_expect_all_free(test);
}

/* Nor is an idle chunk released whose pages are. */
static void promised_idle(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 2 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 2);
	unpop_take(test, 1, pages);
	unpop_put(test, 1, pages);

	ctx->pool->free.nr_free--;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			unpop_try_contiguous(test, 2 * GRANULE_PAGES, pages));
	ctx->pool->free.nr_free++;
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), GRANULE_PAGES);
	unpop_expect_all_free(test);
}

/* Without memory for a memmap, nothing is released to no purpose. */
static void no_memory(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 2 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 8);
	unpop_take(test, 1, pages);
	unpop_put(test, 1, pages);
	ctx->map_error = -ENOMEM;
	ctx->bad_granule = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			unpop_try_contiguous(test, 2 * GRANULE_PAGES, pages));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 1);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 1);
	unpop_expect_unused(test);
	unpop_expect_all_free(test);
}

/* Donated and ballooned pages do not make up for a hole that is too small. */
static void no_hole(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, GRANULE_PAGES + 1);
	struct unpop_test *ctx = test->priv;
	struct page *block, *donated[8];

	block = unpop_alloc_every_other(donated);
	unpop_donate(test, 8, donated);
	unpop_take(test, 1, donated);
	ctx->balloon_left = 2 * GRANULE_PAGES;

	/* A domain without any addresses can do without such pages. */
	KUNIT_EXPECT_EQ(test, -ENODEV, unpop_try_contiguous(test, 1, pages));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 0);

	unpop_add_region(test, 0, 1);
	unpop_add_region(test, 2, 1);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			unpop_try_contiguous(test, GRANULE_PAGES + 1, pages));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 1);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->balloon_calls, 0);
	unpop_expect_allocated(test, 0, 1, 0);

	unpop_take_contiguous(test, 1, pages);
	unpop_expect_allocated(test, 1, 1, 0);
	unpop_put(test, 1, pages);
	unpop_put(test, 1, donated);
	unpop_expect_all_free(test);
	__free_pages(block, 4);
}

/* A shared tree serves as well, with chunks that are aligned to their size. */
static void shared_tree(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 3 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_tree(test);
	unpop_take(test, 1, &page);
	unpop_take_contiguous(test, 3 * GRANULE_PAGES, pages);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), 4 * GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 4);
	unpop_put(test, 1, &page);
	unpop_put(test, 3 * GRANULE_PAGES, pages);
	unpop_expect_all_free(test);
}

/* Requests without pages, without an array, and for more than a section. */
static void bad_requests(struct kunit *test)
{
	static const struct {
		unsigned int	nr_pages;
		bool		has_array;
		int		error;
	} rows[] = {
		{ 0,			true,	-EINVAL },
		{ 0,			false,	-EINVAL },
		{ 1,			false,	-EINVAL },
		{ PAGES_PER_SECTION + 1, true,	-EINVAL },
		{ UINT_MAX,		true,	-EINVAL },
	};
	struct unpop_test *ctx = test->priv;
	struct page *page = NULL;
	unsigned int i;

	unpop_add_region(test, 0, WINDOW_GRANULES);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, rows[i].error,
				    xen_unpop_alloc_contiguous(ctx->pool,
							       rows[i].nr_pages,
							       rows[i].has_array ?
							       &page : NULL),
				    "round %u", i);
		KUNIT_EXPECT_NULL_MSG(test, page, "round %u", i);
	}
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 0);
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 0);
}

static struct kunit_case contig_cases[] = {
	KUNIT_CASE_PARAM(size, size_gen_params),
	KUNIT_CASE_PARAM(place, place_gen_params),
	KUNIT_CASE_PARAM(hole, hole_gen_params),
	KUNIT_CASE(section_end),
	KUNIT_CASE(around_ram),
	KUNIT_CASE(unmappable),
	KUNIT_CASE(unmappable_holes),
	KUNIT_CASE(promised),
	KUNIT_CASE(promised_idle),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(no_hole),
	KUNIT_CASE(shared_tree),
	KUNIT_CASE(bad_requests),
	{}
};

static struct kunit_suite contig_suite = {
	.name = "xen_unpopulated_contig",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = contig_cases,
};

kunit_test_suite(contig_suite);
