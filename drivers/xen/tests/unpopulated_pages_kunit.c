// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of unpopulated pages: which pages are free.
 */
#include <linux/limits.h>

#include "unpopulated_test.h"

/* The first page costs one granule, the lowest. */
static void first_page(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct resource *region;
	struct page *page;

	unpop_add_region(test, 2, 2 * SECTION_GRANULES);
	unpop_take(test, 1, &page);

	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, page), 2);
	KUNIT_EXPECT_TRUE(test, is_zone_device_page(page));
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	unpop_expect_allocated(test, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), GRANULE_PAGES);

	region = ctx->window.child;
	KUNIT_ASSERT_EQ(test, unpop_count_chunks(ctx), 1);
	KUNIT_EXPECT_STREQ(test, region->child->name, "Xen scratch");
	KUNIT_EXPECT_TRUE(test, region->child->flags & IORESOURCE_BUSY);
	KUNIT_EXPECT_EQ(test, region->child->start, region->start);
	KUNIT_EXPECT_EQ(test, resource_size(region->child), XEN_UNPOP_GRANULE);

	unpop_put(test, 1, &page);
	unpop_expect_all_free(test);
}

static const unsigned long batch_sizes[] = {
	1, 2, 8, 63, 64, 65,
	GRANULE_PAGES - 1, GRANULE_PAGES, GRANULE_PAGES + 1,
	3 * GRANULE_PAGES,
	PAGES_PER_SECTION - 1, PAGES_PER_SECTION, PAGES_PER_SECTION + 1,
	3 * PAGES_PER_SECTION + 7,
};

KUNIT_ARRAY_PARAM(batch, batch_sizes, unpop_describe_nr_pages);

/*
 * A batch is one run and takes no more granules than it needs.  Its pages are all
 * free afterwards, in whatever order they are freed, and are allocated again.
 */
static void batch(struct kunit *test)
{
	const unsigned long nr_pages = *(unsigned long *)test->param_value;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	struct page *first = NULL;
	unsigned int round;

	unpop_add_region(test, 0, WINDOW_GRANULES);
	for (round = 0; round < 3; round++) {
		unpop_take(test, nr_pages, pages);
		KUNIT_EXPECT_EQ_MSG(test, unpop_count_runs(test, nr_pages, pages), 1,
				    "round %u", round);
		if (first)
			KUNIT_EXPECT_PTR_EQ_MSG(test, pages[0], first,
						"round %u", round);
		first = pages[0];
		unpop_expect_allocated(test, nr_pages, 0, 0);
		if (nr_pages <= PAGES_PER_SECTION)
			KUNIT_EXPECT_EQ_MSG(test, unpop_unpopulated_pages(ctx),
					    round_up(nr_pages, GRANULE_PAGES),
					    "round %u", round);
		KUNIT_EXPECT_LT_MSG(test, unpop_unpopulated_pages(ctx),
				    nr_pages + 2 * PAGES_PER_SECTION,
				    "round %u", round);

		if (round)
			unpop_shuffle(ctx, nr_pages, pages);
		unpop_put(test, nr_pages, pages);
		unpop_expect_all_free(test);
	}
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 0);
}

/* The lowest free pages are allocated, in ascending order, from all chunks. */
static void lowest_first(struct kunit *test)
{
	const unsigned int nr_pages = 3 * GRANULE_PAGES;
	/* Chunks of one and two granules; the first and last words of each. */
	const unsigned int lowest[] = {
		7, 8, 66, GRANULE_PAGES - 1, GRANULE_PAGES,
		GRANULE_PAGES + 64, nr_pages - 1,
	};
	const unsigned int freed_as[] = { 6, 1, 4, 0, 3, 5, 2 };
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	struct page *again[7];
	unsigned int i;

	unpop_add_region(test, 0, 8);
	unpop_take_singly(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, unpop_count_runs(test, nr_pages, pages), 1);

	for (i = 0; i < ARRAY_SIZE(lowest); i++)
		unpop_put(test, 1, &pages[lowest[freed_as[i]]]);
	unpop_take(test, 3, again);
	unpop_take_singly(test, 4, again + 3);
	for (i = 0; i < ARRAY_SIZE(lowest); i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, again[i], pages[lowest[i]],
					"round %u", i);
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 2);

	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
}

/*
 * Two pages of a batch change places: all are freed.  One page stands in place of
 * another: that is counted, and the other stays allocated.
 */
static void free_orders(struct kunit *test)
{
	const unsigned int nr_pages = 2 * BITS_PER_LONG;
	struct unpop_test *ctx = test->priv;
	struct page **pages, *missing;
	unsigned int i;

	pages = unpop_new_array(test, nr_pages);
	unpop_add_region(test, 0, 1);
	for (i = 0; i < nr_pages; i++) {
		unpop_take(test, nr_pages, pages);
		KUNIT_ASSERT_EQ_MSG(test, unpop_count_runs(test, nr_pages, pages), 1,
				    "round %u", i);
		swap(pages[i], pages[(i * 37 + 11) % nr_pages]);
		unpop_put(test, nr_pages, pages);
		KUNIT_ASSERT_EQ_MSG(test, unpop_nr_free(ctx), GRANULE_PAGES,
				    "round %u", i);
		KUNIT_ASSERT_EQ_MSG(test, unpop_misuses(ctx), i, "round %u", i);

		unpop_take(test, nr_pages, pages);
		missing = pages[i];
		pages[i] = pages[(i + 1) % nr_pages];
		unpop_put(test, nr_pages, pages);
		KUNIT_ASSERT_EQ_MSG(test, unpop_nr_free(ctx), GRANULE_PAGES - 1,
				    "round %u", i);
		KUNIT_ASSERT_EQ_MSG(test, unpop_misuses(ctx), i + 1, "round %u", i);
		unpop_put(test, 1, &missing);
		KUNIT_ASSERT_EQ_MSG(test, unpop_nr_free(ctx), GRANULE_PAGES,
				    "round %u", i);
	}
	unpop_expect_all_free(test);
}

/*
 * Pages that are freed, a letter each: 'a' to 'h' are allocated, 'i' to 'z' are
 * the free pages behind them, '+' is the first page behind the chunk, '?' a page
 * of the kernel, '0' is NULL.
 */
struct misuse {
	const char	*name;
	const char	*calls[2];
	unsigned int	misuses;
	unsigned int	allocated;
};

static const struct misuse misuse_rows[] = {
	{ "none",			{ "abcdefgh" },		0, 0 },
	{ "never allocated",		{ "i" },		1, 8 },
	{ "one of a run",		{ "ghij" },		2, 6 },
	{ "before those of a run",	{ "zyhg" },		2, 6 },
	{ "twice in a row",		{ "aab" },		1, 6 },
	{ "twice, others between",	{ "cddec" },		2, 5 },
	{ "all twice in one call",	{ "abcdefghabcdefgh" },	8, 0 },
	{ "twice in two calls",		{ "d", "d" },		1, 7 },
	{ "middle of a run",		{ "cde", "abcdefgh" },	3, 0 },
	{ "behind the chunk",		{ "a+b" },		1, 6 },
	{ "page of the kernel",		{ "a?b" },		1, 6 },
	{ "NULL",			{ "a0b" },		1, 6 },
	{ "many kinds in a row",	{ "??00+ii" },		7, 8 },
	{ "all kinds between others",	{ "a?b0c+did", "e" },	5, 3 },
};

static void misuse_desc(const struct misuse *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(misuse, misuse_rows, misuse_desc);

static void free_letters(struct kunit *test, const char *letters,
			 struct page *first)
{
	struct page *pages[16];
	unsigned int nr;

	for (nr = 0; letters && letters[nr]; nr++) {
		KUNIT_ASSERT_LT_MSG(test, nr, ARRAY_SIZE(pages), "letter %u",
				    nr);
		switch (letters[nr]) {
		case '+':
			pages[nr] = first + GRANULE_PAGES;
			break;
		case '?':
			pages[nr] = virt_to_page(test->priv);
			break;
		case '0':
			pages[nr] = NULL;
			break;
		default:
			pages[nr] = first + (letters[nr] - 'a');
		}
	}
	unpop_put(test, nr, pages);
}

/* A page that is not allocated is counted, and nothing else happens to it. */
static void misuse(struct kunit *test)
{
	const struct misuse *row = test->param_value;
	struct unpop_test *ctx = test->priv;
	struct page *pages[8];
	unsigned int i;

	unpop_add_region(test, 0, 1);
	unpop_take(test, 8, pages);
	KUNIT_ASSERT_EQ(test, unpop_count_runs(test, 8, pages), 1);

	for (i = 0; i < ARRAY_SIZE(row->calls); i++)
		free_letters(test, row->calls[i], pages[0]);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), row->misuses);
	unpop_expect_allocated(test, row->allocated, 0, 0);
	KUNIT_EXPECT_EQ(test, unpop_nr_free(ctx), GRANULE_PAGES - row->allocated);

	/* Those that are free already are misuses, too. */
	unpop_put(test, 8, pages);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), row->misuses + 8 - row->allocated);
	unpop_expect_all_free(test);
}

/* A page that is not allocated, next to where the lock is dropped. */
static void misuse_between_holds(struct kunit *test)
{
	const unsigned int nr_pages = XEN_UNPOP_PAGES_PER_HOLD + 2;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	struct page *missing;
	unsigned int i, at;

	unpop_add_region(test, 0, SECTION_GRANULES);
	for (i = 0; i < 4; i++) {
		at = XEN_UNPOP_PAGES_PER_HOLD - 2 + i;
		unpop_take(test, nr_pages, pages);
		missing = pages[at];
		pages[at] = i % 2 ? virt_to_page(ctx) : pages[0];
		unpop_put(test, nr_pages, pages);
		KUNIT_EXPECT_EQ_MSG(test, unpop_misuses(ctx), i + 1, "round %u", i);
		KUNIT_EXPECT_EQ_MSG(test, unpop_nr_free(ctx),
				    unpop_unpopulated_pages(ctx) - 1, "round %u", i);
		unpop_put(test, 1, &missing);
	}
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 4);
	unpop_expect_all_free(test);
}

/* The pages of a chunk that was released have no memmap any more. */
static void misuse_of_released(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 4 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, 8);
	unpop_take(test, 4 * GRANULE_PAGES, pages);
	unpop_put(test, 4 * GRANULE_PAGES, pages);
	KUNIT_ASSERT_EQ(test, xen_unpop_release(ctx->pool, ULONG_MAX),
			4 * GRANULE_PAGES);
	KUNIT_ASSERT_FALSE(test, unpop_is_mapped(ctx, 0));

	unpop_put(test, 2, pages);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 2);
	KUNIT_EXPECT_EQ(test, unpop_nr_free(ctx), 0);

	/* The address is of use again, and only the pages that are had. */
	unpop_take(test, 1, pages);
	unpop_put(test, 1, pages + 1);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 3);
	unpop_put(test, 1, pages + GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 4);
	unpop_put(test, 1, pages);
	unpop_expect_all_free(test);
}

/* Requests without pages, without an array, and too large for an int. */
static void bad_requests(struct kunit *test)
{
	static const struct {
		unsigned int	nr_pages;
		bool		has_array;
		int		error;
		unsigned int	misuses;
	} rows[] = {
		{ 0,		true,	0,		0 },
		{ 0,		false,	0,		0 },
		{ 1,		false,	-EINVAL,	1 },
		{ INT_MAX,	false,	-EINVAL,	1 },
		{ INT_MAX + 1U,	true,	-EINVAL,	1 },
		{ UINT_MAX,	true,	-EINVAL,	1 },
		{ UINT_MAX,	false,	-EINVAL,	1 },
	};
	struct unpop_test *ctx = test->priv;
	struct page *mine, *page = NULL;
	unsigned int i, expected = 0;

	unpop_add_region(test, 0, 1);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, rows[i].error,
				    xen_unpop_alloc(ctx->pool, rows[i].nr_pages,
						    rows[i].has_array ?
						    &page : NULL),
				    "round %u", i);
		KUNIT_EXPECT_NULL_MSG(test, page, "round %u", i);
	}
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 0);
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 0);

	unpop_take(test, 1, &mine);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		xen_unpop_free(ctx->pool, rows[i].nr_pages,
			       rows[i].has_array ? &mine : NULL);
		expected += rows[i].misuses;
		KUNIT_EXPECT_EQ_MSG(test, unpop_misuses(ctx), expected, "round %u",
				    i);
	}
	unpop_expect_allocated(test, 1, 0, 0);
	unpop_put(test, 1, &mine);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), expected);
}

/* A request gets all its pages, or takes and grows none. */
static void all_or_none(struct kunit *test)
{
	const unsigned int nr_pages = 2 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages + 1);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 2);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, nr_pages + 1, pages));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 1);
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), 0);

	unpop_take(test, 3, pages);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, nr_pages - 2, pages + 3));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 2);
	unpop_expect_allocated(test, 3, 0, 0);

	unpop_take(test, nr_pages - 3, pages + 3);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, 1, pages + nr_pages));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 3);
	unpop_expect_allocated(test, nr_pages, 0, 0);

	unpop_put(test, 1, pages);
	unpop_take(test, 1, pages);
	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 3);
}

static void expect_max(struct kunit *test, unsigned long nr_pages)
{
	struct unpop_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, xen_unpop_count(ctx->pool).allocated_max,
			nr_pages);
}

/* Pages of all kinds count, those of a request that fails do not. */
static void allocated_max(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 2 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	struct page *block, *donated[8];

	ctx->balloon_left = 4;
	unpop_take(test, 2, pages);
	unpop_put(test, 2, pages);
	expect_max(test, 2);

	unpop_add_region(test, 0, 1);
	unpop_take_singly(test, 3, pages);
	unpop_put(test, 3, pages);
	expect_max(test, 3);

	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, GRANULE_PAGES + 5, pages));
	expect_max(test, 3);

	unpop_take(test, 2, pages);
	unpop_put(test, 2, pages);
	expect_max(test, 3);

	unpop_take_contiguous(test, 5, pages);
	expect_max(test, 5);
	unpop_put(test, 5, pages);

	block = unpop_alloc_every_other(donated);
	unpop_donate(test, 8, donated);
	unpop_take(test, GRANULE_PAGES + 8 + 4, pages);
	expect_max(test, GRANULE_PAGES + 8 + 4);
	unpop_put(test, GRANULE_PAGES + 8 + 4, pages);
	expect_max(test, GRANULE_PAGES + 8 + 4);
	unpop_expect_all_free(test);
	__free_pages(block, 4);

	/* Contiguous pages of a chunk that is added for them. */
	unpop_renew_pool(test);
	unpop_add_region(test, 0, 1);
	unpop_take_contiguous(test, 5, pages);
	expect_max(test, 5);
	unpop_put(test, 5, pages);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(first_page),
	KUNIT_CASE_PARAM(batch, batch_gen_params),
	KUNIT_CASE(lowest_first),
	KUNIT_CASE(free_orders),
	KUNIT_CASE_PARAM(misuse, misuse_gen_params),
	KUNIT_CASE(misuse_between_holds),
	KUNIT_CASE(misuse_of_released),
	KUNIT_CASE(bad_requests),
	KUNIT_CASE(all_or_none),
	KUNIT_CASE(allocated_max),
	{}
};

static struct kunit_suite pages_suite = {
	.name = "xen_unpopulated_pages",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = pages_cases,
};

kunit_test_suite(pages_suite);
