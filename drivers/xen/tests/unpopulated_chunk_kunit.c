// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of unpopulated pages: which addresses become chunks.
 */
#include <linux/limits.h>

#include "unpopulated_test.h"

/*
 * Page by page, each chunk is twice as large as the one before, up to a section.
 * Of the first section, these leave one granule.
 */
static void chunks_double(struct kunit *test)
{
	const unsigned int nr_pages = PAGES_PER_SECTION + 1;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	struct resource *chunk;
	u64 expected = XEN_UNPOP_GRANULE;

	unpop_add_region(test, 0, WINDOW_GRANULES);
	unpop_take_singly(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, unpop_count_runs(test, nr_pages, pages), 1);

	for (chunk = ctx->window.child->child; chunk; chunk = chunk->sibling) {
		KUNIT_EXPECT_EQ_MSG(test, resource_size(chunk),
				    min(expected, SECTION_BYTES - chunk->start %
						  SECTION_BYTES),
				    "%pR", chunk);
		expected = min(2 * expected, SECTION_BYTES);
	}
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), 2 * PAGES_PER_SECTION);
	unpop_expect_unused(test);

	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
}

static const unsigned long section_starts[] = { 0, 1, 3, SECTION_GRANULES - 1 };

static void start_desc(const unsigned long *first, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from granule %lu", *first);
}

KUNIT_ARRAY_PARAM(section, section_starts, start_desc);

/* No chunk crosses the end of a section, and no granule before it is left out. */
static void section_ends(struct kunit *test)
{
	const unsigned long first = *(unsigned long *)test->param_value;
	const unsigned int nr_pages = 2 * PAGES_PER_SECTION;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;
	struct resource *chunk;

	unpop_add_region(test, first, WINDOW_GRANULES - first);
	unpop_take(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, unpop_count_runs(test, nr_pages, pages), 1);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), first);
	KUNIT_EXPECT_EQ(test, unpop_count_chunks(ctx), first ? 3 : 2);

	for (chunk = ctx->window.child->child; chunk; chunk = chunk->sibling)
		KUNIT_EXPECT_EQ_MSG(test, chunk->start / SECTION_BYTES,
				    chunk->end / SECTION_BYTES, "%pR", chunk);
	unpop_expect_unused(test);

	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
}

/* One request is served from holes that are each too small for it. */
static void small_regions(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 1, 1);
	unpop_add_region(test, 3, 1);
	unpop_add_region(test, 6, 2);

	unpop_take(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, unpop_count_runs(test, nr_pages, pages), 3);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 1);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[nr_pages - 1]), 7);
	unpop_expect_unused(test);
	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
}

/* The lowest hole is filled first, with a smaller chunk if it has no more room. */
static void lowest_hole(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 7 * GRANULE_PAGES);
	struct page **more = unpop_new_array(test, 3 * GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;

	unpop_skip_without_release(test);
	unpop_add_region(test, 0, 8);
	unpop_take_singly(test, 7 * GRANULE_PAGES, pages);
	unpop_expect_layout(test, "abbcccc.");
	unpop_put(test, 2 * GRANULE_PAGES, pages + GRANULE_PAGES);
	KUNIT_EXPECT_EQ(test, xen_unpop_release(ctx->pool, ULONG_MAX),
			2 * GRANULE_PAGES);
	unpop_expect_layout(test, "a..bbbb.");

	unpop_take(test, 3 * GRANULE_PAGES, more);
	unpop_expect_layout(test, "abbccccd");
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, more[0]), 1);
	unpop_put(test, 3 * GRANULE_PAGES, more);
	unpop_put(test, GRANULE_PAGES, pages);
	unpop_put(test, 4 * GRANULE_PAGES, pages + 3 * GRANULE_PAGES);
	unpop_expect_all_free(test);
}

/*
 * A tree that others use as well serves only requests that claimed regions have
 * no room for, however small their holes and large its own are.
 */
static void claimed_first(struct kunit *test)
{
	const unsigned int nr_claimed = 3 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_claimed + 1);
	struct unpop_test *ctx = test->priv;

	unpop_add_tree(test);
	unpop_add_region(test, 2, 1);
	unpop_add_region(test, 5, 2);

	unpop_take(test, nr_claimed, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 2);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[nr_claimed - 1]), 6);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), nr_claimed);
	unpop_expect_unused(test);

	unpop_take(test, 1, pages + nr_claimed);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[nr_claimed]), 0);
	unpop_expect_unused(test);
	unpop_put(test, nr_claimed + 1, pages);
	unpop_expect_all_free(test);
}

static void add_device(struct kunit *test, struct resource *device,
		       unsigned long first, unsigned long end)
{
	struct unpop_test *ctx = test->priv;

	*device = DEFINE_RES_MEM_NAMED(ctx->window.start +
				       first * XEN_UNPOP_GRANULE,
				       (end - first) * XEN_UNPOP_GRANULE,
				       "device");
	KUNIT_ASSERT_EQ(test, 0, request_resource(&ctx->window, device));
}

/*
 * In a shared tree, pages are had around the addresses of devices.  When the tree
 * is full, a release makes room again.
 */
static void shared_tree(struct kunit *test)
{
	const unsigned int nr_pages = 4 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages + 1);
	struct unpop_test *ctx = test->priv;
	struct resource devices[2];
	unsigned int i;

	unpop_skip_without_release(test);
	unpop_add_tree(test);
	add_device(test, &devices[0], 1, 3);
	add_device(test, &devices[1], 6, WINDOW_GRANULES);

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ_MSG(test, -ENOMEM,
				    xen_unpop_alloc(ctx->pool, nr_pages + 1,
						    pages), "round %u", i);
		unpop_take(test, nr_pages, pages);
		KUNIT_EXPECT_EQ_MSG(test, unpop_count_runs(test, nr_pages, pages), 2,
				    "round %u", i);
		unpop_put(test, nr_pages, pages);
		KUNIT_EXPECT_EQ_MSG(test, nr_pages,
				    xen_unpop_release(ctx->pool, ULONG_MAX),
				    "round %u", i);
	}
	release_resource(&devices[0]);
	release_resource(&devices[1]);
}

/* Pages that are needed below 4 GiB are in sections without a device. */
static void low_sections(struct kunit *test)
{
	const unsigned int nr_pages = PAGES_PER_SECTION;
	struct page **pages = unpop_new_array(test, nr_pages + 1);
	struct unpop_test *ctx = test->priv;
	struct resource device, *section;

	unpop_add_tree(test);
	add_device(test, &device, SECTION_GRANULES - 2, SECTION_GRANULES - 1);
	ctx->pool->grow.low.start = ctx->window.start;
	ctx->pool->grow.low.end = ctx->window.start +
				  2 * SECTION_GRANULES * XEN_UNPOP_GRANULE - 1;

	unpop_take(test, 1, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), SECTION_GRANULES);
	KUNIT_EXPECT_EQ(test, unpop_unpopulated_pages(ctx), GRANULE_PAGES);
	section = device.sibling;
	KUNIT_ASSERT_NOT_NULL(test, section);
	KUNIT_EXPECT_STREQ(test, section->name, "Xen unused section");
	KUNIT_EXPECT_TRUE(test, section->flags & IORESOURCE_BUSY);
	KUNIT_EXPECT_EQ(test, section->start, ctx->window.start + SECTION_BYTES);
	KUNIT_EXPECT_EQ(test, resource_size(section),
			SECTION_GRANULES * XEN_UNPOP_GRANULE);
	unpop_expect_unused(test);

	unpop_take(test, nr_pages - 1, pages + 1);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[nr_pages - 1]),
			2 * SECTION_GRANULES - 1);
	/* There is no second one: take any hole. */
	unpop_take(test, 1, pages + nr_pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[nr_pages]), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&ctx->pool->regions.list), 1);
	unpop_expect_unused(test);
	unpop_put(test, nr_pages + 1, pages);
	unpop_expect_all_free(test);
	release_resource(&device);
}

/* They are given back with the last chunk, and can be claimed again. */
static void low_section_released(struct kunit *test)
{
	const unsigned int nr_pages = PAGES_PER_SECTION;
	struct page **pages = unpop_new_array(test, nr_pages + 1);
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	unpop_skip_without_release(test);
	unpop_add_tree(test);
	ctx->pool->grow.low.start = ctx->window.start;
	ctx->pool->grow.low.end = ctx->window.end;

	unpop_take(test, 1, pages);
	for (i = 0; i < 2; i++) {
		unpop_take(test, nr_pages, pages + 1);
		KUNIT_EXPECT_EQ_MSG(test, list_count_nodes(&ctx->pool->regions.list),
				    2, "round %u", i);
		unpop_put(test, nr_pages, pages + 1);
		xen_unpop_release(ctx->pool, ULONG_MAX);
		KUNIT_EXPECT_EQ_MSG(test, list_count_nodes(&ctx->pool->regions.list),
				    1, "round %u", i);
		KUNIT_EXPECT_NULL(test, ctx->window.child->sibling);
		unpop_expect_unused(test);
	}
	unpop_put(test, 1, pages);
	unpop_expect_all_free(test);
}

/* It is given back at once if there is no memory for its first chunk. */
static void low_section_without_memory(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_tree(test);
	ctx->pool->grow.low.start = ctx->window.start;
	ctx->pool->grow.low.end = ctx->window.end;
	ctx->map_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 1, &page));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->pool->regions.list));
	KUNIT_EXPECT_NULL(test, ctx->window.child);
	KUNIT_EXPECT_EQ(test, ctx->pool->free.room, 0);
}

/* Addresses of a shared tree that cannot be mapped are not used. */
static void tree_limits(struct kunit *test)
{
	const unsigned int nr_pages = 2 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages + 1);
	struct unpop_test *ctx = test->priv;

	unpop_add_tree(test);
	ctx->pool->grow.limits.start = ctx->window.start + XEN_UNPOP_GRANULE;
	ctx->pool->grow.limits.end = ctx->window.start +
				     3 * XEN_UNPOP_GRANULE - 1;
	unpop_take(test, nr_pages, pages);
	KUNIT_EXPECT_EQ(test, unpop_granule_of(ctx, pages[0]), 1);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, 1, pages + nr_pages));
	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
}

/* Without memory for a memmap, nothing of a chunk is left. */
static void no_memory(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_region(test, 0, 4);
	ctx->map_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 1, &page));
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 1);
	unpop_expect_layout(test, "....");
	/* Its pfns are not looked up, either. */
	page = pfn_to_page(PHYS_PFN(ctx->window.start));
	unpop_put(test, 1, &page);
	KUNIT_EXPECT_EQ(test, unpop_misuses(ctx), 1);

	ctx->map_error = 0;
	unpop_take(test, 1, &page);
	unpop_expect_layout(test, "a...");
	unpop_put(test, 1, &page);
	unpop_expect_all_free(test);
}

/* With little memory for a memmap, a smaller chunk is added. */
static void little_memory(struct kunit *test)
{
	const unsigned int nr_pages = 5 * GRANULE_PAGES;
	struct page **pages = unpop_new_array(test, nr_pages);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 8);
	ctx->bad_granule = 3;
	ctx->map_error = -ENOMEM;
	ctx->balloon_left = 2 * GRANULE_PAGES;

	unpop_take(test, nr_pages, pages);
	unpop_expect_layout(test, "aab.....");
	unpop_expect_allocated(test, 3 * GRANULE_PAGES, 0, 2 * GRANULE_PAGES);
	unpop_put(test, nr_pages, pages);
	unpop_expect_all_free(test);
}

/* A request whose memmap would take most of the memory is refused at once. */
static void too_large(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, GRANULE_PAGES);
	struct unpop_test *ctx = test->priv;
	u64 nr_pages;

	nr_pages = (u64)si_mem_available() * 3 / 4 *
		   (PAGE_SIZE / sizeof(struct page));
	if (nr_pages > INT_MAX)
		kunit_skip(test, "no request is too large for this memory");

	/* Anything can be in the tree, as far as the pool knows. */
	unpop_add_tree(test);
	/* If the request is not refused, it fails without a page in the array. */
	ctx->map_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, nr_pages, pages));
	KUNIT_EXPECT_NULL(test, ctx->window.child);
	KUNIT_EXPECT_EQ(test, ctx->balloon_calls, 0);
}

/*
 * A chunk that memremap_pages() refuses stays reserved as a whole.  Other
 * addresses serve the request.
 */
static void unmappable(struct kunit *test)
{
	struct page **pages = unpop_new_array(test, 4 * GRANULE_PAGES + 1);
	struct unpop_test *ctx = test->priv;

	unpop_add_region(test, 0, 8);
	ctx->bad_granule = 4;
	ctx->map_error = -EEXIST;
	unpop_take_singly(test, 3 * GRANULE_PAGES + 1, pages);
	unpop_expect_layout(test, "abbXXXXc");
	KUNIT_EXPECT_EQ(test, ctx->balloon_calls, 0);

	/* It is not tried again. */
	ctx->map_error = 0;
	unpop_take(test, GRANULE_PAGES - 1, pages + 3 * GRANULE_PAGES + 1);
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			xen_unpop_alloc(ctx->pool, 1,
					pages + 4 * GRANULE_PAGES));
	unpop_expect_layout(test, "abbXXXXc");
	unpop_put(test, 4 * GRANULE_PAGES, pages);
	unpop_expect_all_free(test);
}

/* A request tries no more holes than XEN_UNPOP_MAX_REFUSED. */
static void unmappable_holes(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_region(test, 0, 16);
	ctx->bad_granule = EVERY_GRANULE;
	ctx->map_error = -EEXIST;
	KUNIT_EXPECT_EQ(test, -ENOMEM, xen_unpop_alloc(ctx->pool, 1, &page));
	unpop_expect_layout(test, "XXXXXXXX........");
	KUNIT_EXPECT_EQ(test, unpop_failures(ctx), 1);

	ctx->map_error = 0;
	unpop_take(test, 1, &page);
	unpop_expect_layout(test, "XXXXXXXXa.......");
	unpop_put(test, 1, &page);
	unpop_expect_all_free(test);
}

/* In a shared tree as well, the next hole serves. */
static void unmappable_tree(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct page *page;

	unpop_add_tree(test);
	ctx->map_error = -EEXIST;
	unpop_take(test, 1, &page);
	unpop_expect_allocated(test, 1, 0, 0);
	KUNIT_EXPECT_GE(test, unpop_granule_of(ctx, page), 1);
	KUNIT_ASSERT_NOT_NULL(test, ctx->window.child);
	KUNIT_EXPECT_STREQ(test, ctx->window.child->name,
			   "Xen scratch (unmappable)");
	unpop_put(test, 1, &page);
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(chunks_double),
	KUNIT_CASE_PARAM(section_ends, section_gen_params),
	KUNIT_CASE(small_regions),
	KUNIT_CASE(lowest_hole),
	KUNIT_CASE(claimed_first),
	KUNIT_CASE(shared_tree),
	KUNIT_CASE(low_sections),
	KUNIT_CASE(low_section_released),
	KUNIT_CASE(low_section_without_memory),
	KUNIT_CASE(tree_limits),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(little_memory),
	KUNIT_CASE(too_large),
	KUNIT_CASE(unmappable),
	KUNIT_CASE(unmappable_holes),
	KUNIT_CASE(unmappable_tree),
	{}
};

static struct kunit_suite chunk_suite = {
	.name = "xen_unpopulated_chunk",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = chunk_cases,
};

kunit_test_suite(chunk_suite);
