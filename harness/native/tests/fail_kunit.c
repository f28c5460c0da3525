// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests in which each allocation of memory fails once, and each mapping: a
 * request fails or is served, and nothing is lost either way.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "tests/unpopulated_test.h"

#include "../runtime/mm.h"

#define NR_DONATED	8
#define MAX_PAGES	(PAGES_PER_SECTION + 8)

/**
 * struct scenario - an operation that can fail
 * @prepare: give the pool addresses and pages
 * @run: do the operation; returns its error
 * @nr_points: failures that there are to try, at least
 * @is_served: the operation succeeds despite each of the failures
 */
struct scenario {
	void (*prepare)(struct kunit *test);
	int (*run)(struct kunit *test, struct page **pages);
	unsigned int nr_points;
	bool is_served;
};

/* Pages that a case can donate. */
static struct page *donated_block, *donated[NR_DONATED];

static int fail_init(struct kunit *test)
{
	donated_block = unpop_alloc_every_other(donated);

	return unpop_test_init(test);
}

static void fail_exit(struct kunit *test)
{
	unpop_test_exit(test);
	__free_pages(donated_block, 4);
}

/* Free the pages that are allocated; those that are not are NULL. */
static void free_some(struct kunit *test, struct page **pages)
{
	unsigned int nr = 0;

	while (pages[nr])
		nr++;
	unpop_put(test, nr, pages);
	memset(pages, 0, MAX_PAGES * sizeof(*pages));
}

/* Run @scenario with the @nth failure.  Returns false if there is none. */
static bool fail_nth(struct kunit *test, const struct scenario *scenario,
		     unsigned int nth, bool mapping, struct page **pages,
		     unsigned int *nr_errors)
{
	struct unpop_test *ctx = test->priv;
	bool failed;
	int ret;

	scenario->prepare(test);
	native_map_error = -ENOMEM;
	if (mapping)
		native_fail_map_nth = nth;
	else
		native_fail_nth = nth;
	ret = scenario->run(test, pages);
	failed = !native_fail_nth && !native_fail_map_nth;
	native_fail_nth = 0;
	native_fail_map_nth = 0;

	KUNIT_EXPECT_TRUE_MSG(test, !ret || (failed && ret == -ENOMEM),
			      "failure %u: %d", nth, ret);
	KUNIT_EXPECT_EQ_MSG(test, unpop_failures(ctx), !!ret, "failure %u", nth);
	*nr_errors += !!ret;
	if (ret)
		memset(pages, 0, MAX_PAGES * sizeof(*pages));
	free_some(test, pages);
	unpop_expect_all_free(test);

	/* Without failures, the same request is served. */
	KUNIT_EXPECT_EQ_MSG(test, 0, scenario->run(test, pages),
			    "after failure %u", nth);
	free_some(test, pages);
	unpop_expect_all_free(test);
	KUNIT_EXPECT_EQ_MSG(test, unpop_misuses(ctx), 0, "failure %u", nth);
	unpop_renew_pool(test);

	return failed;
}

static void with_each_failure(struct kunit *test,
			      const struct scenario *scenario)
{
	struct page **pages = unpop_new_array(test, MAX_PAGES);
	unsigned int nr_points = 0, nr_errors = 0, mapping, nth;

	for (mapping = 0; mapping < 2; mapping++) {
		for (nth = 1; fail_nth(test, scenario, nth, mapping, pages,
				       &nr_errors); nth++) {
			KUNIT_ASSERT_LT(test, nth, 1000);
			nr_points++;
		}
	}
	KUNIT_EXPECT_GE(test, nr_points, scenario->nr_points);
	KUNIT_EXPECT_EQ(test, !nr_errors, scenario->is_served);
}

static void prepare_regions(struct kunit *test)
{
	unpop_add_region(test, 0, 3);
	unpop_add_region(test, 4, 4);
}

static int run_one(struct kunit *test, struct page **pages)
{
	struct unpop_test *ctx = test->priv;

	return xen_unpop_alloc(ctx->pool, 1, pages);
}

static void fail_test_granule(struct kunit *test)
{
	static const struct scenario scenario = {
		.prepare = prepare_regions,
		.run = run_one,
		.nr_points = 4,
	};

	with_each_failure(test, &scenario);
}

static int run_many(struct kunit *test, struct page **pages)
{
	struct unpop_test *ctx = test->priv;

	return xen_unpop_alloc(ctx->pool, 5 * GRANULE_PAGES + 5, pages);
}

/* If there is no memory for a chunk, a smaller one is added. */
static void fail_test_request(struct kunit *test)
{
	static const struct scenario scenario = {
		.prepare = prepare_regions,
		.run = run_many,
		.nr_points = 6,
		.is_served = true,
	};

	with_each_failure(test, &scenario);
}

static void prepare_sections(struct kunit *test)
{
	unpop_add_region(test, SECTION_GRANULES - 1, SECTION_GRANULES + 1);
}

static int run_contiguous(struct kunit *test, struct page **pages)
{
	return unpop_try_contiguous(test, PAGES_PER_SECTION, pages);
}

/* A smaller chunk is no help. */
static void fail_test_contiguous(struct kunit *test)
{
	static const struct scenario scenario = {
		.prepare = prepare_sections,
		.run = run_contiguous,
		.nr_points = 4,
	};

	with_each_failure(test, &scenario);
}

static void prepare_donated(struct kunit *test)
{
	struct page *page;

	unpop_add_region(test, 0, 2);
	unpop_take(test, 1, &page);
	unpop_put(test, 1, &page);
	unpop_donate(test, NR_DONATED, donated);
}

static int run_donated(struct kunit *test, struct page **pages)
{
	struct unpop_test *ctx = test->priv;

	return xen_unpop_alloc(ctx->pool, GRANULE_PAGES + NR_DONATED, pages);
}

/* If donated pages cannot be used, a chunk is added for the rest. */
static void fail_test_donated(struct kunit *test)
{
	static const struct scenario scenario = {
		.prepare = prepare_donated,
		.run = run_donated,
		/* With small pages, donated ones need a node of the XArray. */
		.nr_points = PAGE_SHIFT < 16,
		.is_served = true,
	};

	with_each_failure(test, &scenario);
}

static void prepare_ballooned(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 1);
	ctx->balloon_left = 70;
}

static int run_ballooned(struct kunit *test, struct page **pages)
{
	struct unpop_test *ctx = test->priv;

	return xen_unpop_alloc(ctx->pool, GRANULE_PAGES + 70, pages);
}

/* Neither a page of the balloon driver nor the record of it is lost. */
static void fail_test_ballooned(struct kunit *test)
{
	static const struct scenario scenario = {
		.prepare = prepare_ballooned,
		.run = run_ballooned,
		.nr_points = 6,
	};

	with_each_failure(test, &scenario);
}

/* A page that there is no memory to record is not used, the others are. */
static void fail_test_donation(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *pages[NR_DONATED];
	unsigned int nth, nr;
	bool failed = true;

	for (nth = 1; failed; nth++) {
		KUNIT_ASSERT_LT(test, nth, 100);
		native_fail_nth = nth;
		unpop_donate(test, NR_DONATED, donated);
		failed = !native_fail_nth;
		native_fail_nth = 0;

		nr = NR_DONATED - failed;
		KUNIT_EXPECT_EQ_MSG(test, ctx->pool->grow.nr_donated, nr,
				    "failure %u", nth);
		KUNIT_EXPECT_EQ_MSG(test, -ENOMEM,
				    xen_unpop_alloc(ctx->pool, nr + 1, pages),
				    "failure %u", nth);
		unpop_take(test, nr, pages);
		unpop_expect_allocated(test, 0, nr, 0);
		unpop_put(test, nr, pages);
		KUNIT_EXPECT_EQ_MSG(test, unpop_misuses(ctx), 0, "failure %u", nth);
		unpop_renew_pool(test);
	}
	KUNIT_EXPECT_GT(test, nth, 4);
}

static struct kunit_case fail_test_cases[] = {
	KUNIT_CASE(fail_test_granule),
	KUNIT_CASE(fail_test_request),
	KUNIT_CASE(fail_test_contiguous),
	KUNIT_CASE(fail_test_donated),
	KUNIT_CASE(fail_test_ballooned),
	KUNIT_CASE(fail_test_donation),
	{}
};

static struct kunit_suite fail_test_suite = {
	.name = "xen_unpopulated_fail",
	.init = fail_init,
	.exit = fail_exit,
	.test_cases = fail_test_cases,
};

kunit_test_suite(fail_test_suite);
