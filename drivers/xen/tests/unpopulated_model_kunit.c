// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test that compares a pool with a model of it, for random operations.
 */
#include <kunit/resource.h>
#include <kunit/test-bug.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "unpopulated_model.h"

/* KCSAN delays accesses to catch another thread meanwhile: there is none here. */
#define NR_ROUNDS	(IS_ENABLED(CONFIG_KCSAN) ? 2000 : 20000)
#define NR_SLOTS	24
#define MAX_REQUEST	(2 * GRANULE_PAGES)
#define NR_BALLOONED	300

/* In granules: there is the end of a section, and a gap in the addresses. */
#define NR_GRANULES	13
#define FIRST		(SECTION_GRANULES - 4)
#define GAP		5
#define NR_PAGES	(NR_GRANULES * GRANULE_PAGES)

static u32 model_random(struct model *model, u32 limit)
{
	struct kunit *test = kunit_get_current_test();
	struct unpop_test *ctx = test->priv;

	return prandom_u32_state(&ctx->rnd) % limit;
}

static struct model *new_model(struct kunit *test)
{
	struct unpop_test *ctx = test->priv;
	struct model_slot *slot;
	struct model *model;

	model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	model->pool = ctx->pool;
	model->random = model_random;
	model->first_pfn = PHYS_PFN(ctx->window.start) + FIRST * GRANULE_PAGES;
	model->nr_pages = NR_PAGES;
	model->owner = kunit_kzalloc(test, NR_PAGES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->owner);
	memset(model->owner, MODEL_FREE, NR_PAGES);
	memset(model->owner + GAP * GRANULE_PAGES, MODEL_NEVER, GRANULE_PAGES);

	model->nr_slots = NR_SLOTS;
	model->max_request = MAX_REQUEST;
	model->slots = kunit_kcalloc(test, NR_SLOTS, sizeof(*slot), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->slots);
	for (slot = model->slots; slot < model->slots + NR_SLOTS; slot++)
		slot->pages = unpop_new_array(test, MAX_REQUEST);
	model->batch = unpop_new_array(test, 2 * MAX_REQUEST);

	return model;
}

static void free_block(void *block)
{
	__free_pages(block, 4);
}

static void give_pages(struct kunit *test, struct model *model)
{
	struct unpop_test *ctx = test->priv;
	struct page *odd[MODEL_DONATED / 2];
	unsigned int i;

	model->donated = unpop_alloc_every_other(odd);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_block,
						  model->donated));
	for (i = 0; i < MODEL_DONATED; i++)
		model->donated_owner[i] = i % 2 ? MODEL_FREE : MODEL_NEVER;
	unpop_donate(test, ARRAY_SIZE(odd), odd);

	model->balloon_size = NR_BALLOONED;
	ctx->balloon_left = NR_BALLOONED;
}

/* Rare operations are those that take long, or after which little is left. */
static void do_operation(struct model *model)
{
	struct model_slot *slot = &model->slots[model->random(model, NR_SLOTS)];
	u32 operation = model->random(model, 1000);

	if (operation < 3)
		unpop_model_release(model, ULONG_MAX);
	else if (operation < 6)
		unpop_model_work(model, model->random(model, NR_PAGES));
	else if (operation < 16)
		unpop_model_reserve(model, 1 + model->random(model, 6));
	else if (operation < 50)
		unpop_model_misuse(model, slot);
	else if (slot->nr_pages)
		unpop_model_free(model, slot);
	else if (operation < 700)
		unpop_model_alloc(model, slot);
	else
		unpop_model_alloc_contiguous(model, slot);
}

static void run(struct kunit *test, struct model *model)
{
	struct unpop_test *ctx = test->priv;
	struct xen_unpop_pool *pool = ctx->pool;
	unsigned int i;

	for (i = 0; i < NR_ROUNDS; i++) {
		do_operation(model);
		unpop_model_check(model);
		KUNIT_ASSERT_NULL_MSG(test, (void *)model->wrong,
				      "round %u: %s", i, model->wrong);
		KUNIT_ASSERT_EQ_MSG(test, ctx->balloon_out, model->ballooned,
				    "round %u", i);
	}

	/* Each kind of outcome was had. */
	kunit_info(test, "%lu failures, %lu fallbacks, %lu added, %lu released\n",
		   model->failures, model->fallbacks, pool->grow.added,
		   pool->grow.released);
	KUNIT_EXPECT_GT(test, model->failures, NR_ROUNDS / 1000);
	KUNIT_EXPECT_GT(test, model->fallbacks, NR_ROUNDS / 1000);
	KUNIT_EXPECT_GT(test, pool->grow.released, NR_ROUNDS / 1000);
	KUNIT_EXPECT_GT(test, model->misuses, NR_ROUNDS / 1000);

	unpop_model_free_all(model);
	KUNIT_EXPECT_NULL_MSG(test, (void *)model->wrong, "at the end: %s",
			      model->wrong);
	unpop_expect_all_free(test);
}

static void model_test_regions(struct kunit *test)
{
	struct model *model = new_model(test);

	unpop_add_region(test, FIRST, GAP);
	unpop_add_region(test, FIRST + GAP + 1, NR_GRANULES - GAP - 1);
	give_pages(test, model);

	run(test, model);
}

/* Devices have the rest of the tree. */
static void model_test_tree(struct kunit *test)
{
	static const unsigned int ends[][2] = {
		{ 0, FIRST },
		{ FIRST + GAP, FIRST + GAP + 1 },
		{ FIRST + NR_GRANULES, WINDOW_GRANULES },
	};
	static struct resource devices[ARRAY_SIZE(ends)];
	struct model *model = new_model(test);
	struct unpop_test *ctx = test->priv;
	unsigned int i;

	unpop_add_tree(test);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		devices[i] = DEFINE_RES_MEM_NAMED(ctx->window.start +
						  ends[i][0] * XEN_UNPOP_GRANULE,
						  (ends[i][1] - ends[i][0]) *
						  XEN_UNPOP_GRANULE, "device");
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    request_resource(&ctx->window, &devices[i]),
				    "device %u", i);
	}
	model->tree = true;
	give_pages(test, model);

	run(test, model);

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		release_resource(&devices[i]);
}

static struct kunit_case model_test_cases[] = {
	KUNIT_CASE_SLOW(model_test_regions),
	KUNIT_CASE_SLOW(model_test_tree),
	{}
};

static struct kunit_suite model_test_suite = {
	.name = "xen_unpopulated_model",
	.init = unpop_test_init,
	.exit = unpop_test_exit,
	.test_cases = model_test_cases,
};

kunit_test_suite(model_test_suite);
