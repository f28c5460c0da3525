// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the growth and the release of a pool: when chunks come and go,
 * and how large they are.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/log2.h>

#include "unpopulated_scenario.h"

/* Units of the scenarios, in pages; a section has at least eight granules. */
#define G		GRANULE_PAGES
#define SECTION		PAGES_PER_SECTION
#define WINDOW		(WINDOW_GRANULES * GRANULE_PAGES)
#define ALL		ULONG_MAX

static const struct scenario scenarios[] = {
	/* Sizes of chunks */
	{ "the first page costs a granule", {
		{ REGION, 0, 8 }, { TAKE, 1 }, { PAGES, G }, { CHUNKS, 1 },
		{ NEXT_CHUNK, 2 * G }, { WAITS, 1 } } },
	{ "chunks double", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 1 }, { PAGES, G },
		{ TAKE_SINGLY, G }, { PAGES, 3 * G },
		{ TAKE_SINGLY, 2 * G }, { PAGES, 7 * G }, { CHUNKS, 3 } } },
	{ "chunks double up to a section", {
		{ REGION, 0, WINDOW_GRANULES }, { TAKE_SINGLY, SECTION },
		{ PAGES, SECTION }, { CHUNKS, ilog2(SECTION / G) + 1 },
		{ NEXT_CHUNK, SECTION },
		{ TAKE_SINGLY, 1 }, { PAGES, 2 * SECTION },
		{ NEXT_CHUNK, SECTION }, { TAKE_SINGLY, SECTION },
		{ PAGES, 3 * SECTION } } },
	{ "a large request grows exactly, in pieces", {
		{ REGION, SECTION_GRANULES - 2, SECTION_GRANULES },
		{ TAKE, G }, { NEXT_CHUNK, 2 * G },
		{ TAKE, 4 * G }, { ADDED, 3 }, { PAGES, 5 * G },
		{ NEXT_CHUNK, 2 * G }, { TAKE, 1 }, { PAGES, 7 * G } } },
	{ "a large request leaves the next chunk small", {
		{ REGION, 0, WINDOW_GRANULES }, { TAKE, 3 * SECTION },
		{ PAGES, 3 * SECTION }, { NEXT_CHUNK, G },
		{ TAKE, 1 }, { PAGES, 3 * SECTION + G } } },
	{ "a large request leaves a small reserve", {
		{ REGION, 0, WINDOW_GRANULES }, { START },
		{ TAKE, 3 * SECTION }, { SETTLE }, { FREE, 2 * G } } },

	{ "contiguous pages leave the next chunk as it is", {
		{ REGION, 0, 8 }, { TAKE_CONTIGUOUS, 4 * G }, { PAGES, 4 * G },
		{ NEXT_CHUNK, G }, { TAKE, 1 }, { PAGES, 5 * G } } },

	/* Shared trees */
	{ "a region stays, unlike a hole of a shared tree", {
		{ TREE }, { REGION, 0, 8 }, { TAKE, 9 * G }, { PUT_ALL },
		{ RELEASE, ALL, 9 * G }, { RESERVE, 8 } } },
	{ "nor is a shared tree given back for a section of it", {
		{ TREE }, { LOW, 0, 1 }, { TAKE, 2 * G }, { PUT_ALL },
		{ RELEASE, ALL, 2 * G }, { TAKE, 2 * G }, { MAPPED, 0, 1 } } },
	{ "a section that is given back can be used again", {
		{ TREE }, { LOW, 0, WINDOW_GRANULES }, { TAKE, WINDOW },
		{ REFUSED, 1 }, { PUT_ALL }, { RELEASE, 1, SECTION },
		{ TAKE, WINDOW }, { ALLOCATED, WINDOW, 0, 0 } } },
	{ "a hole that is too small for contiguous pages serves others", {
		{ TREE, 3 }, { TAKE, 1 }, { REFUSED_CONTIGUOUS, 2 * G },
		{ PAGES, G }, { TAKE, 2 * G }, { PAGES, 3 * G } } },

	/* Holes that cannot be mapped */
	{ "the next hole serves as many pages as one that cannot be mapped", {
		{ REGION, 0, 8 }, { UNMAPPABLE, 0, EEXIST }, { TAKE, 2 * G },
		{ MAPPED, 1, 0 }, { MAPPED, 2, 1 }, { ADDED, 1 } } },

	/* Requests that cannot be served */
	{ "a request that cannot be served takes and grows nothing", {
		{ REGION, 0, 4 }, { TAKE, 1 }, { REFUSED, 4 * G },
		{ PAGES, G }, { TAKE, 4 * G - 1 }, { REFUSED, 1 } } },
	{ "... nor if ballooned pages are too few", {
		{ REGION, 0, 2 }, { BALLOON, 4 }, { REFUSED, 2 * G + 5 },
		{ PAGES, 0 }, { TAKE, 2 * G + 4 }, { ALLOCATED, 2 * G, 0, 4 } } },
	{ "... nor if donated pages are too few", {
		{ REGION, 0, 1 }, { DONATE }, { REFUSED, G + NR_DONATED + 1 },
		{ PAGES, 0 }, { TAKE, G + NR_DONATED },
		{ ALLOCATED, G, NR_DONATED, 0 } } },
	{ "... nor does it release an idle chunk", {
		{ REGION, 0, 4 }, { TAKE, 2 * G }, { PUT_ALL },
		{ REFUSED, 4 * G + 1 }, { PAGES, 2 * G }, { RELEASED, 0 } } },
	{ "only pages that no address is left for are ballooned", {
		{ REGION, 0, 2 }, { BALLOON, 5 }, { TAKE, 1 },
		{ TAKE, 2 * G + 4 }, { ALLOCATED, 2 * G, 0, 5 },
		{ FALLBACKS, 1 }, { PUT_ALL }, { TAKE, 2 * G },
		{ ALLOCATED, 2 * G, 0, 0 }, { FALLBACKS, 1 } } },

	/* Without addresses, a request does not wait for grow.lock. */
	{ "exhaustion is remembered", {
		{ REGION, 0, 2 }, { TAKE, 2 * G }, { TAKE_UNLOCKED, 1, ENOMEM },
		{ BALLOON, 5 }, { TAKE_UNLOCKED, 5 },
		{ ALLOCATED, 2 * G, 0, 5 } } },
	{ "... also if some pages are free", {
		{ REGION, 0, 2 }, { TAKE, 2 * G }, { PUT, 7, 3 },
		{ TAKE_UNLOCKED, 4, ENOMEM }, { BALLOON, 1 },
		{ TAKE_UNLOCKED, 4 }, { ALLOCATED, 2 * G, 0, 1 } } },
	{ "... of a shared tree, once no hole was found", {
		{ TREE }, { TAKE, WINDOW }, { REFUSED, 1 },
		{ TAKE_UNLOCKED, 1, ENOMEM } } },
	{ "... until a chunk is released", {
		{ REGION, 0, 2 }, { BALLOON, G }, { TAKE_SINGLY, 2 * G },
		{ PUT_ALL }, { RELEASE, ALL, G }, { TAKE, 2 * G },
		{ ALLOCATED, 2 * G, 0, 0 }, { FALLBACKS, 0 } } },
	{ "... or released to a shared tree", {
		{ TREE }, { BALLOON, 1 }, { TAKE, WINDOW }, { TAKE, 1 },
		{ ALLOCATED, WINDOW, 0, 1 }, { PUT_ALL },
		{ RELEASE, 1, SECTION }, { TAKE, WINDOW },
		{ ALLOCATED, WINDOW, 0, 0 }, { FALLBACKS, 1 } } },
	{ "... or given back by the balloon driver", {
		{ REGION, 0, 4 }, { BALLOON, 1 }, { RESERVE, 2 },
		{ TAKE, 2 * G }, { TAKE_UNLOCKED, 1 },
		{ ALLOCATED, 2 * G, 0, 1 }, { UNRESERVE }, { TAKE, 2 * G },
		{ ALLOCATED, 4 * G, 0, 1 }, { FALLBACKS, 1 } } },

	/* Growth ahead of need */
	{ "small requests never wait for growth ahead of need", {
		{ REGION, 0, 7 }, { START }, { PAGES, G }, { NEXT_CHUNK, 2 * G },
		{ TAKE, 1 }, { SETTLE }, { PAGES, G },
		{ TAKE_SINGLY, 7 * G - 1 }, { SETTLE }, { PAGES, 7 * G },
		{ ADDED, 3 }, { WAITS, 0 } } },
	{ "nor does a request for contiguous pages", {
		{ REGION, 0, 7 }, { START }, { TAKE_CONTIGUOUS, G }, { SETTLE },
		{ PAGES, 3 * G }, { ADDED, 2 }, { WAITS, 0 } } },
	{ "it is noticed that few are left, wherever the free pages are", {
		{ REGION, 0, 8 }, { START }, { TAKE, G / 2 }, { PUT, 10, 1 },
		{ PUT, 20, 1 }, { TAKE_CONTIGUOUS, 2 }, { SETTLE }, { PAGES, G },
		{ FREE, G / 2 }, { LOW_WATER, G / 2 }, { TAKE, 1 }, { SETTLE },
		{ PAGES, 3 * G }, { WAITS, 0 } } },
	{ "a request for more than is free waits", {
		{ REGION, 0, 8 }, { START }, { TAKE, G + 1 }, { WAITS, 1 } } },
	{ "a peak that is over grows ahead, once", {
		{ REGION, 0, WINDOW_GRANULES }, { START }, { HOLD },
		{ TAKE, G }, { LOW_WATER, 0 }, { PUT_ALL }, { TAKE, G },
		{ PUT_ALL }, { LET }, { SETTLE }, { PAGES, 3 * G }, { WAITS, 0 },
		{ TAKE, G }, { PUT_ALL }, { SETTLE }, { PAGES, 3 * G } } },
	{ "growth ahead of need ends with the addresses", {
		{ REGION, 0, 1 }, { START }, { TAKE, G }, { SETTLE },
		{ ADDED, 1 }, { LOW_WATER, 0 }, { NEXT_CHUNK, G } } },
	{ "growth ahead of need goes on after donated pages", {
		{ DONATE }, { REGION, 0, 8 }, { START }, { TAKE, NR_DONATED },
		{ SETTLE }, { ALLOCATED, 0, NR_DONATED, 0 }, { PAGES, G },
		{ WAITS, 0 } } },
	{ "... and after a release for contiguous pages", {
		{ REGION, 0, 4 }, { REGION, 5, 1 }, { START }, { PAGES, G },
		{ TAKE_CONTIGUOUS, 4 * G }, { RELEASED, 1 }, { SETTLE },
		{ FREE, G }, { WAITS, 1 } } },
	{ "contiguous pages are aligned to no more than a granule", {
		{ REGION, 0, 8 }, { TAKE_CONTIGUOUS, 4 * G }, { PUT, G, 2 * G },
		{ TAKE_CONTIGUOUS, 2 * G }, { PAGES, 4 * G } } },
	{ "contiguous pages add no more granules than they need", {
		{ REGION, 0, 8 }, { TAKE_CONTIGUOUS, 16 }, { PAGES, G },
		{ FREE, G - 16 }, { TAKE_CONTIGUOUS, 16 }, { PAGES, G } } },
	{ "contiguous pages release the newest idle chunks, no more than it takes", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { PUT_ALL }, { CHUNKS, 3 },
		{ TAKE_CONTIGUOUS, 4 * G }, { RELEASED, 0 }, { PUT_ALL },
		{ TAKE_CONTIGUOUS, 5 * G }, { RELEASED, 1 }, { CHUNKS, 3 },
		{ MAPPED, 2, 1 }, { PUT_ALL }, { TAKE_CONTIGUOUS, 8 * G },
		{ RELEASED, 4 }, { CHUNKS, 1 } } },
	{ "growth ahead of need goes on after a release", {
		{ REGION, 0, 2 }, { START }, { TAKE, G }, { SETTLE },
		{ TAKE, G }, { SETTLE }, { LOW_WATER, 0 }, { PUT_ALL },
		{ RELEASE, ALL, G }, { TAKE, G }, { SETTLE },
		{ PAGES, 2 * G } } },
	{ "the background work starts with the first growth", {
		{ REGION, 0, 8 }, { START_ON_GROWTH }, { SETTLE },
		{ STARTED, 0 }, { REFUSED, 8 * G + 1 }, { SETTLE },
		{ STARTED, 0 }, { TAKE, G }, { SETTLE }, { STARTED, 1 },
		{ PAGES, 3 * G }, { WAITS, 1 } } },
	{ "... but not with one that fails", {
		{ REGION, 0, 8 }, { START_ON_GROWTH }, { UNMAPPABLE, 0, ENOMEM },
		{ REFUSED, 1 }, { SETTLE }, { STARTED, 0 } } },
	{ "... also if that is for contiguous pages", {
		{ REGION, 0, 8 }, { START_ON_GROWTH }, { TAKE_CONTIGUOUS, G },
		{ SETTLE }, { STARTED, 1 }, { WAITS, 1 }, { PAGES, 2 * G } } },
	{ "... also if the request needs ballooned pages as well", {
		{ TREE }, { BALLOON, 5 }, { START_ON_GROWTH },
		{ TAKE, WINDOW_GRANULES * G + 5 }, { SETTLE }, { STARTED, 1 },
		{ FALLBACKS, 1 } } },

	/* Release */
	{ "only an idle chunk is released", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { RELEASE, ALL, 0 },
		/* All but the first, a middle, the last page of a chunk */
		{ PUT, 1, G - 1 }, { PUT, G, 100 }, { PUT, G + 101, 2 * G - 101 },
		{ PUT, 3 * G, 4 * G - 1 }, { RELEASE, ALL, 0 }, { IDLE, 0 },
		{ PUT, G + 100, 1 }, { IDLE, 2 * G }, { RELEASE, ALL, 2 * G },
		{ MAPPED, 0, 1 }, { MAPPED, 1, 0 }, { MAPPED, 2, 0 },
		{ MAPPED, 3, 1 }, { PAGES, 5 * G }, { FREE, 5 * G - 2 } } },
	{ "the hole of a released chunk is filled again", {
		{ REGION, 0, 7 }, { TAKE_SINGLY, 7 * G }, { PUT, G, 2 * G + 5 },
		{ RELEASE, ALL, 2 * G }, { MAPPED, 1, 0 },
		{ TAKE, 2 * G + 5 }, { MAPPED, 1, 1 }, { PAGES, 7 * G },
		{ PUT_ALL }, { RELEASE, ALL, 6 * G }, { PAGES, G },
		{ CHUNKS, 1 }, { RELEASED, 3 } } },
	{ "no more is released than asked for, the newest first", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { PUT_ALL },
		{ RELEASE, 1, 4 * G }, { MAPPED, 2, 1 }, { MAPPED, 3, 0 },
		{ RELEASE, 2 * G, 2 * G }, { MAPPED, 0, 1 },
		/* Growth begins anew with a granule. */
		{ TAKE, G + 1 }, { PAGES, 2 * G } } },
	{ "... if that is a whole chunk", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { PUT_ALL },
		{ RELEASE, 4 * G, 4 * G }, { PAGES, 3 * G } } },
	{ "a large last chunk is released", {
		{ REGION, 0, 8 }, { TAKE, 4 * G }, { PUT_ALL },
		{ RELEASE, ALL, 4 * G }, { CHUNKS, 0 }, { TAKE, 1 },
		{ PAGES, G } } },
	{ "a large last chunk is replaced by a granule", {
		{ REGION, 0, 8 }, { TAKE, 4 * G }, { PUT_ALL }, { START },
		{ PAGES, 4 * G }, { RELEASE, ALL, 4 * G }, { SETTLE },
		{ PAGES, G }, { WAITS, 1 } } },
	{ "a last granule stays", {
		{ REGION, 0, 8 }, { TAKE, 1 }, { PUT_ALL },
		{ RELEASE, ALL, 0 }, { PAGES, G }, { IDLE, G } } },
	{ "a chunk with a page that is referenced stays", {
		{ REGION, 0, 8 }, { TAKE, 2 * G }, { GET, G + 7 }, { PUT_ALL },
		{ RELEASE, ALL, 0 }, { IDLE, 2 * G }, { TAKE, 2 * G },
		{ ADDED, 1 }, { UNGET }, { GET, 4 * G - 1 }, { PUT_ALL },
		{ RELEASE, ALL, 0 }, { UNGET }, { RELEASE, ALL, 2 * G } } },
	{ "... but older ones are released", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { GET, 7 * G - 1 },
		{ PUT_ALL }, { RELEASE, ALL, 3 * G }, { PAGES, 4 * G },
		{ IDLE, 4 * G } } },
	{ "... or if the pages of the newest are promised", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { PUT_ALL },
		{ PROMISE, 4 * G }, { RELEASE, ALL, 2 * G }, { UNPROMISE, 4 * G },
		{ PAGES, 5 * G } } },
	{ "a page of a released chunk cannot be freed", {
		{ REGION, 0, 8 }, { TAKE, 4 * G }, { PUT_ALL },
		{ RELEASE, ALL, 4 * G }, { PUT_AGAIN, 7, 2 }, { MISUSES, 2 },
		{ FREE, 0 } } },
	{ "donated pages are not released", {
		{ DONATE }, { REGION, 0, 4 }, { TAKE, NR_DONATED },
		{ PUT_ALL }, { RELEASE, ALL, 0 }, { TAKE, NR_DONATED },
		{ ALLOCATED, 0, NR_DONATED, 0 }, { ADDED, 0 } } },

	{ "an idle chunk is released for contiguous pages", {
		{ REGION, 0, 4 }, { TAKE, 2 * G }, { PUT_ALL },
		{ TAKE_CONTIGUOUS, 4 * G }, { RELEASED, 1 }, { PAGES, 4 * G },
		{ FREE, 0 } } },

	/* The shrinker */
	{ "the shrinker leaves a granule", {
		{ REGION, 0, 8 }, { START }, { COUNT, 0 }, { TAKE, 3 * G },
		{ SETTLE }, { COUNT, 3 * G }, { PUT_ALL }, { COUNT, 6 * G },
		{ SHRINK }, { PAGES, G }, { ASKED, 0 }, { COUNT, 0 } } },
	{ "the shrinker counts nothing if less than a granule is idle", {
		{ REGION, 0, 8 }, { START }, { TAKE, 1 }, { SETTLE },
		{ IDLE, 0 }, { COUNT, 0 } } },
	{ "the shrinker releases no more than asked for", {
		{ REGION, 0, 7 }, { START }, { TAKE_SINGLY, 7 * G },
		{ PUT_ALL }, { COUNT, 6 * G }, { SCAN, G, G }, { SETTLE },
		{ RELEASED, 1 }, { PAGES, 3 * G }, { COUNT, 2 * G } } },
	{ "the shrinker promises pages once", {
		{ REGION, 0, 8 }, { TAKE, 4 * G }, { PUT_ALL }, { START },
		{ HOLD }, { SCAN, 2 * G, 2 * G }, { COUNT, G },
		{ SCAN, 2 * G, G }, { COUNT, 0 }, { SCAN, G, 0 },
		{ ASKED, 3 * G }, { LET }, { SETTLE }, { PAGES, G },
		{ RELEASED, 1 }, { ASKED, 0 } } },
	{ "the shrinker forgets pages that cannot be released", {
		{ REGION, 0, 8 }, { TAKE, 2 * G }, { GET, 0 }, { PUT_ALL },
		{ START }, { COUNT, G }, { SHRINK }, { PAGES, 2 * G },
		{ ASKED, 0 }, { COUNT, G } } },
	{ "a page that is referenced does not count as released", {
		{ REGION, 0, 8 }, { TAKE_SINGLY, 7 * G }, { GET, 7 * G - 1 },
		{ PUT_ALL }, { START }, { SCAN, 3 * G, 3 * G }, { SETTLE },
		{ ASKED, 0 }, { PAGES, 4 * G } } },
	{ "a granule replaces the large last chunk for the shrinker, too", {
		{ REGION, 0, 8 }, { TAKE, 4 * G }, { PUT_ALL }, { START },
		{ SHRINK }, { RELEASED, 1 }, { PAGES, G }, { WAITS, 1 } } },
	{ "growth that was due is off after a release", {
		{ REGION, 0, 8 }, { START }, { TAKE, G }, { PUT_ALL },
		{ SETTLE }, { PAGES, 3 * G }, { HOLD }, { SCAN, 2 * G, 2 * G },
		{ TAKE, 3 * G }, { PUT_ALL }, { LET }, { SETTLE },
		{ RELEASED, 1 }, { PAGES, G },
		/* It grows again when there is need. */
		{ TAKE, G }, { PUT_ALL }, { SETTLE }, { PAGES, 2 * G } } },
};

KUNIT_ARRAY_PARAM_DESC(scenario, scenarios, name);

static void grow_test_scenario(struct kunit *test)
{
	unpop_run_scenario(test, test->param_value);
}

/* The pages that another thread frees while a hole is tried. */
static struct page **freed_meanwhile;

static int free_and_fail(struct dev_pagemap *pgmap)
{
	unpop_put(kunit_get_current_test(), 2 * G, freed_meanwhile);

	return -EEXIST;
}

/*
 * A request for contiguous pages releases no more than was idle when it began, or
 * others that free pages could keep it busy for ever.
 */
static void grow_test_idle_meanwhile(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 7 * G);
	struct unpop_test *ctx = test->priv;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, 3);
	unpop_take_singly(test, 3 * G, pages);
	KUNIT_ASSERT_EQ(test, unpop_count_chunks(ctx), 2);
	unpop_put(test, G, pages);
	freed_meanwhile = pages + G;

	unpop_add_region(test, 4, 4);
	kunit_activate_static_stub(test, xen_unpop_map, free_and_fail);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			unpop_try_contiguous(test, 4 * G, pages + 3 * G));
	KUNIT_EXPECT_EQ(test, ctx->pool->grow.released, 1);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), G);
	unpop_expect_all_free(test);
}

static struct kunit_case grow_test_cases[] = {
	KUNIT_CASE_PARAM(grow_test_scenario, scenario_gen_params),
	KUNIT_CASE(grow_test_idle_meanwhile),
	{}
};

static struct kunit_suite grow_test_suite = {
	.name = "xen_unpopulated_grow",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = grow_test_cases,
};

kunit_test_suite(grow_test_suite);
