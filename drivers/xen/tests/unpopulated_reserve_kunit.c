// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of unpopulated pages: addresses that the balloon driver gets.
 */
#include <linux/ioport.h>

#include "unpopulated_test.h"

/* Reserve granules for the balloon driver; @align can be less than a granule. */
static int try_reserve(struct kunit *test, struct resource *res,
		       unsigned long nr, unsigned long align)
{
	struct unpop_test *ctx = test->priv;

	*res = DEFINE_RES_NAMED(0, 0, "System RAM",
				IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);
	return xen_unpop_reserve(ctx->pool, res, nr * XEN_UNPOP_GRANULE,
				 align * XEN_UNPOP_GRANULE ?: PAGE_SIZE);
}

/* In granules: a region, the size to reserve, and the range expected. */
struct reserve {
	unsigned long	first, nr;
	unsigned long	size, align;
	int		error;
	unsigned long	start, got;
};

#define SECTION SECTION_GRANULES

static const struct reserve reserve_rows[] = {
	{ 0, 4 * SECTION,	SECTION, SECTION,	0, 0, SECTION },
	{ 1, 2 * SECTION - 1,	SECTION, SECTION,	0, SECTION, SECTION },
	{ 1, 3 * SECTION - 1,	2 * SECTION, SECTION,	0, SECTION, 2 * SECTION },
	{ 1, 3 * SECTION - 1,	3 * SECTION, SECTION,	0, SECTION, SECTION },
	{ 1, 3 * SECTION - 1,	5 * SECTION, SECTION,	0, SECTION, 2 * SECTION },
	{ 1, 2 * SECTION - 2,	SECTION, SECTION,	-EBUSY },
	{ 0, 4, 4, 2,	0, 0, 4 },
	{ 1, 4, 4, 2,	0, 2, 2 },
	{ 1, 2, 2, 2,	-EBUSY },
	{ 1, 1, 1, 0,	0, 1, 1 },
	{ 1, 2, 3, 0,	0, 1, 1 },
};

static void reserve_desc(const struct reserve *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu aligned to %lu at %lu of %lu",
		 row->size, row->align, row->first, row->nr);
}

KUNIT_ARRAY_PARAM(reserve, reserve_rows, reserve_desc);

/* The lowest hole is reserved, aligned; half as much if there is none, and so on. */
static void reserve(struct kunit *test)
{
	const struct reserve *row = test->param_value;
	struct unpop_test *ctx = test->priv;
	struct resource res;

	KUNIT_EXPECT_EQ(test, -ENODEV,
			try_reserve(test, &res, row->size, row->align));
	unpop_add_region(test, row->first, row->nr);
	KUNIT_ASSERT_EQ(test, row->error,
			try_reserve(test, &res, row->size, row->align));
	unpop_expect_unused(test);
	if (row->error)
		return;

	KUNIT_EXPECT_PTR_EQ(test, res.parent, ctx->window.child);
	KUNIT_EXPECT_EQ(test, res.start,
			ctx->window.start + row->start * XEN_UNPOP_GRANULE);
	KUNIT_EXPECT_EQ(test, resource_size(&res),
			row->got * XEN_UNPOP_GRANULE);
	xen_unpop_unreserve(ctx->pool, &res);
	KUNIT_EXPECT_NULL(test, ctx->window.child->child);
	unpop_expect_unused(test);
}

/* Part of a granule is of no use for the rest of it. */
static void reserve_part(struct kunit *test)
{
	struct resource res = DEFINE_RES_NAMED(0, 0, "System RAM",
					       IORESOURCE_SYSTEM_RAM |
					       IORESOURCE_BUSY);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 2);
	KUNIT_EXPECT_EQ(test, -EBUSY,
			xen_unpop_reserve(ctx->pool, &res, XEN_UNPOP_GRANULE / 2,
					  PAGE_SIZE));
	unpop_expect_layout(test, "..");
}

/* The size that is asked for, if any region has it. */
static void reserve_in_any(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct resource res;

	unpop_add_region(test, 0, 2);
	unpop_add_region(test, 3, 4);
	KUNIT_ASSERT_EQ(test, 0, try_reserve(test, &res, 4, 1));
	KUNIT_EXPECT_EQ(test, res.start,
			ctx->window.start + 3 * XEN_UNPOP_GRANULE);
	KUNIT_EXPECT_EQ(test, resource_size(&res), 4 * XEN_UNPOP_GRANULE);
	xen_unpop_unreserve(ctx->pool, &res);
	unpop_expect_unused(test);
}

/* The balloon driver and the chunks share the addresses. */
static void reserve_and_take(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 8 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	struct resource res, none;

	unpop_add_region(test, 0, 8);
	unpop_take(test, 1, pages);
	KUNIT_ASSERT_EQ(test, 0, try_reserve(test, &res, 4, 2));
	unpop_expect_layout(test, "a.RRRR..");
	KUNIT_EXPECT_EQ(test, -EBUSY, try_reserve(test, &none, 4, 4));

	/* It is known how many pages there is room for. */
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, 4 * GRANULE_PAGES,
					pages + 1));
	unpop_expect_layout(test, "a.RRRR..");
	unpop_take(test, 4 * GRANULE_PAGES - 1, pages + 1);
	unpop_expect_layout(test, "abRRRRcc");
	KUNIT_EXPECT_EQ(test, -EBUSY, try_reserve(test, &none, 2, 1));

	xen_unpop_unreserve(ctx->pool, &res);
	unpop_expect_layout(test, "ab....cc");
	unpop_take(test, 4 * GRANULE_PAGES, pages + 4 * GRANULE_PAGES);
	unpop_expect_layout(test, "abccccdd");
	unpop_put(test, 8 * GRANULE_PAGES, pages);
	unpop_expect_all_free(test);
}

/*
 * The balloon driver holds balloon_mutex.  Growth can wait for that, so the balloon
 * driver must not wait for growth.
 */
static void reserve_during_growth(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct resource res;

	unpop_add_region(test, 0, 4);
	unpop_hold_growth(ctx);
	KUNIT_EXPECT_EQ(test, 0, try_reserve(test, &res, 4, 2));
	unpop_expect_layout(test, "RRRR");
	xen_unpop_unreserve(ctx->pool, &res);
	unpop_let_growth(ctx);
	unpop_expect_unused(test);
}

/* The balloon driver gets no addresses of a shared tree. */
static void reserve_in_tree(struct kunit *test)
{
	struct resource res;

	unpop_add_tree(test);
	KUNIT_EXPECT_EQ(test, -ENODEV, try_reserve(test, &res, 1, 1));
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE_PARAM(reserve, reserve_gen_params),
	KUNIT_CASE(reserve_part),
	KUNIT_CASE(reserve_in_any),
	KUNIT_CASE(reserve_in_tree),
	KUNIT_CASE(reserve_and_take),
	KUNIT_CASE(reserve_during_growth),
	{}
};

static struct kunit_suite reserve_suite = {
	.name = "xen_unpopulated_reserve",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = reserve_cases,
};

kunit_test_suite(reserve_suite);
