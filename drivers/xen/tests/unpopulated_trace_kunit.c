// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of unpopulated pages: the tracepoints.
 */
#include <kunit/resource.h>
#include <kunit/test-bug.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "unpopulated_test.h"

/* How often a tracepoint was passed, and its arguments of the last time. */
struct seen {
	unsigned long times;
	unsigned long args[3];
};

static void seen_grow(void *data, unsigned long pfn, unsigned long nr_pages,
		      int error)
{
	struct seen *seen = data;

	*seen = (struct seen){ seen->times + 1, { pfn, nr_pages, -error } };
}

/* The third one is how much the shrinker still waits for. */
static void seen_release(void *data, unsigned long pfn, unsigned long nr_pages)
{
	struct kunit *test = kunit_get_current_test();
	struct seen *seen = data;
	struct unpop_test *ctx;

	/* The kernel's own pool can release a chunk as well. */
	if (!test)
		return;
	ctx = test->priv;
	*seen = (struct seen){
		seen->times + 1,
		{ pfn, nr_pages,
		  atomic_long_read(&ctx->pool->background.to_release) },
	};
}

static void seen_missing(void *data, unsigned int nr_pages,
			 unsigned int missing)
{
	struct seen *seen = data;

	*seen = (struct seen){ seen->times + 1, { nr_pages, missing } };
}

enum { GROW, RELEASE, FALLBACK, EXHAUSTED };

static struct probe {
	const char *name;
	void *function;
	struct tracepoint *tracepoint;
	struct seen seen;
} probes[] = {
	[GROW]		= { "xen_unpopulated_grow", seen_grow },
	[RELEASE]	= { "xen_unpopulated_release", seen_release },
	[FALLBACK]	= { "xen_unpopulated_fallback", seen_missing },
	[EXHAUSTED]	= { "xen_unpopulated_exhausted", seen_missing },
};

#define EXPECT_SEEN(test, which, ...)					\
	do {								\
		const struct seen expected = { __VA_ARGS__ };		\
									\
		KUNIT_EXPECT_MEMEQ(test, &probes[which].seen, &expected, \
				   sizeof(expected));			\
	} while (0)

static void remove_probes(void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (probes[i].tracepoint)
			tracepoint_probe_unregister(probes[i].tracepoint,
						    probes[i].function,
						    &probes[i].seen);
		probes[i].tracepoint = NULL;
	}
	tracepoint_synchronize_unregister();
}

/* By name, as tracepoints are not exported to modules one by one. */
static void add_probe(struct tracepoint *tracepoint, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (strcmp(tracepoint->name, probes[i].name))
			continue;
		probes[i].seen = (struct seen){};
		if (!tracepoint_probe_register(tracepoint, probes[i].function,
					       &probes[i].seen))
			probes[i].tracepoint = tracepoint;
	}
}

static void add_probes(struct kunit *test)
{
	unsigned int i;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "no tracepoints in this kernel");

	for_each_kernel_tracepoint(add_probe, NULL);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, remove_probes, NULL));
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		KUNIT_ASSERT_NOT_NULL_MSG(test, probes[i].tracepoint, "%s",
					  probes[i].name);
}

/* Each event is traced once, with its figures. */
static void traced(struct kunit *test)
{
	const unsigned int nr_pages = 2 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages + 6);
	struct unpop_test *ctx = test->priv;
	unsigned long pfn = PHYS_PFN(ctx->window.start);

	add_probes(test);
	unpop_add_region(test, 0, 2);
	ctx->map_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 1, pages));
	EXPECT_SEEN(test, GROW, 1, { pfn, GRANULE_PAGES, ENOMEM });
	EXPECT_SEEN(test, EXHAUSTED, 1, { 1, 1 });
	ctx->map_error = 0;

	unpop_take(test, nr_pages, pages);
	EXPECT_SEEN(test, GROW, 2, { pfn, nr_pages, 0 });
	EXPECT_SEEN(test, FALLBACK, 0);
	unpop_put(test, nr_pages, pages);

	ctx->balloon_left = 5;
	unpop_take(test, nr_pages + 5, pages);
	EXPECT_SEEN(test, FALLBACK, 1, { nr_pages + 5, 5 });
	unpop_put(test, nr_pages + 5, pages);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, nr_pages + 6, pages));
	EXPECT_SEEN(test, EXHAUSTED, 2, { nr_pages + 6, 6 });

	EXPECT_SEEN(test, RELEASE, 0);
	if (xen_pv_domain())
		return;
	xen_unpop_release(ctx->pool, ULONG_MAX);
	EXPECT_SEEN(test, RELEASE, 1, { pfn, nr_pages });
	EXPECT_SEEN(test, EXHAUSTED, 2, { nr_pages + 6, 6 });

	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc_contiguous(ctx->pool, nr_pages + 1,
						   pages));
	EXPECT_SEEN(test, EXHAUSTED, 3, { nr_pages + 1, nr_pages + 1 });
}

/* No address is left for pages that were ballooned before the request failed. */
static void traced_ballooned(struct kunit *test)
{
	const unsigned int nr_pages = GRANULE_PAGES + 5;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;

	add_probes(test);
	unpop_add_region(test, 0, 1);
	ctx->map_error = -ENOMEM;
	ctx->balloon_left = 5;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, nr_pages, pages));
	KUNIT_EXPECT_EQ(test, ctx->balloon_calls, 2);
	EXPECT_SEEN(test, EXHAUSTED, 1, { nr_pages, nr_pages });
	unpop_expect_all_free(test);
}

/* Pages that are being released are not waited for any more: they are not idle. */
static void traced_asked(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;

	unpop_skip_without_release(test);
	add_probes(test);
	unpop_add_region(test, 0, 4);
	unpop_take(test, nr_pages, pages);
	unpop_put(test, nr_pages, pages);
	atomic_long_set(&ctx->pool->background.to_release, 3 * GRANULE_PAGES);
	xen_unpop_work(&ctx->pool->background.work);
	EXPECT_SEEN(test, RELEASE, 1,
		    { PHYS_PFN(ctx->window.start), nr_pages, 0 });
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(traced),
	KUNIT_CASE(traced_ballooned),
	KUNIT_CASE(traced_asked),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "xen_unpopulated_trace",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = trace_cases,
};

kunit_test_suite(trace_suite);
