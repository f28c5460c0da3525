// SPDX-License-Identifier: GPL-2.0
/*
 * The interpreter of scenarios; see unpopulated_scenario.h.
 */
#include <kunit/resource.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/shrinker.h>

#include "unpopulated_scenario.h"

static const char *const figure_names[NR_OPS] = {
	[PAGES] = "pages", [FREE] = "free pages", [IDLE] = "idle pages",
	[CHUNKS] = "chunks", [ADDED] = "added chunks", [WAITS] = "waits",
	[RELEASED] = "released chunks", [NEXT_CHUNK] = "size of the next chunk",
	[LOW_WATER] = "low water", [ASKED] = "pages to release",
	[FALLBACKS] = "fallbacks", [MISUSES] = "misuses",
	[STARTED] = "background work",
};

struct run {
	struct kunit *test;
	struct unpop_test *ctx;
	/* All pages that were ever allocated; those that are still. */
	struct page **pages;
	unsigned long *allocated;
	unsigned int nr_pages;
	struct page *referenced;
	struct resource ram;
	bool held;
	/* For the thread of TAKE_UNLOCKED. */
	unsigned int wanted;
	int ret;
	struct completion done;
};

typedef int (*alloc_t)(struct xen_unpop_pool *pool, unsigned int nr_pages,
		       struct page **pages);

static int request_by(alloc_t alloc, struct run *run, unsigned int nr_pages)
{
	int ret = -E2BIG;

	if (run->nr_pages + nr_pages <= MAX_SCENARIO_PAGES)
		ret = alloc(run->ctx->pool, nr_pages, run->pages + run->nr_pages);
	if (!ret) {
		bitmap_set(run->allocated, run->nr_pages, nr_pages);
		run->nr_pages += nr_pages;
	}

	return ret;
}

static int request(struct run *run, unsigned int nr_pages)
{
	return request_by(xen_unpop_alloc, run, nr_pages);
}

static int request_singly(struct run *run, unsigned int nr_pages)
{
	int ret = 0;

	while (!ret && nr_pages--) {
		ret = request(run, 1);
		if (nr_pages % 32 == 0)
			unpop_settle(run->ctx);
	}

	return ret;
}

static bool is_refused(alloc_t alloc, struct run *run, unsigned int nr_pages)
{
	unsigned long added = run->ctx->pool->grow.added;
	unsigned long free = unpop_nr_free(run->ctx);

	return request_by(alloc, run, nr_pages) == -ENOMEM &&
	       run->ctx->pool->grow.added == added && unpop_nr_free(run->ctx) == free;
}

static int request_in_thread(void *data)
{
	struct run *run = data;

	/* The balloon driver is a fake only for threads of the test. */
	current->kunit_test = run->test;
	run->ret = request(run, run->wanted);
	complete(&run->done);

	return 0;
}

/* Another thread requests pages, while this one has grow.lock. */
static int request_unlocked(struct run *run, unsigned int nr_pages)
{
	struct task_struct *task;
	bool done;

	run->wanted = nr_pages;
	init_completion(&run->done);
	task = kthread_create(request_in_thread, run, "xen-unpop-test");
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);

	unpop_hold_growth(run->ctx);
	wake_up_process(task);
	done = wait_for_completion_timeout(&run->done, msecs_to_jiffies(5000));
	unpop_let_growth(run->ctx);
	if (!done)
		wait_for_completion(&run->done);
	kthread_stop(task);
	put_task_struct(task);

	return done ? run->ret : -ETIMEDOUT;
}

static void free_run(struct run *run, unsigned int first, unsigned int nr_pages)
{
	unpop_put(run->test, nr_pages, run->pages + first);
	bitmap_clear(run->allocated, first, nr_pages);
}

static void free_all(struct run *run)
{
	unsigned int first, end;

	for_each_set_bitrange(first, end, run->allocated, run->nr_pages)
		free_run(run, first, end - first);
}

static void drop_reference(struct run *run)
{
	if (run->referenced)
		put_page(run->referenced);
	run->referenced = NULL;
}

static bool reserve(struct run *run, unsigned int nr_granules)
{
	run->ram = DEFINE_RES_NAMED(0, 0, "System RAM",
				    IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);

	return !xen_unpop_reserve(run->ctx->pool, &run->ram,
				  nr_granules * XEN_UNPOP_GRANULE,
				  XEN_UNPOP_GRANULE);
}

static void unreserve(struct run *run)
{
	if (run->ram.parent)
		xen_unpop_unreserve(run->ctx->pool, &run->ram);
}

static void add_tree(struct run *run, unsigned int nr_granules)
{
	struct range *limits = &run->ctx->pool->grow.limits;

	unpop_add_tree(run->test);
	if (nr_granules)
		limits->end = limits->start + nr_granules * XEN_UNPOP_GRANULE - 1;
}

static void set_low(struct run *run, unsigned int first, unsigned int nr_granules)
{
	struct range *low = &run->ctx->pool->grow.low;

	low->start = run->ctx->window.start + first * XEN_UNPOP_GRANULE;
	low->end = low->start + nr_granules * XEN_UNPOP_GRANULE - 1;
}

KUNIT_DEFINE_ACTION_WRAPPER(free_block, __free_page, struct page *);

static void donate_some(struct kunit *test)
{
	struct page *pages[NR_DONATED];
	unsigned int i;

	for (i = 0; i < NR_DONATED; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    kunit_add_action_or_reset(test, free_block,
							      pages[i]),
				    "page %u", i);
	}
	unpop_donate(test, NR_DONATED, pages);
}

/* Ask the shrinker for the memmap of @nr_pages, or count if that is 0. */
static unsigned long ask_shrinker(struct run *run, unsigned long nr_pages)
{
	const unsigned long per_memmap_page = PAGE_SIZE / sizeof(struct page);
	struct shrinker *shrinker = run->ctx->pool->background.shrinker;
	struct shrink_control sc = { .nr_to_scan = nr_pages / per_memmap_page };
	const unsigned long none = nr_pages ? SHRINK_STOP : SHRINK_EMPTY;
	unsigned long nr;

	nr = nr_pages ? shrinker->scan_objects(shrinker, &sc) :
			shrinker->count_objects(shrinker, &sc);

	if (nr == none)
		return 0;

	return nr ? nr * per_memmap_page : ULONG_MAX;
}

static bool needs_release(const struct step *step)
{
	switch (step->op) {
	case RELEASE:
	case COUNT:
	case SHRINK:
	case SCAN:
		return true;
	case RELEASED:
		return step->a;
	default:
		return false;
	}
}

/* Do a step of a scenario.  Returns false if the outcome is not as expected. */
static bool do_step(struct run *run, const struct step *step)
{
	struct unpop_test *ctx = run->ctx;

	switch (step->op) {
	case REGION:
		unpop_add_region(run->test, step->a, step->b);
		return true;
	case TREE:
		add_tree(run, step->a);
		return true;
	case LOW:
		set_low(run, step->a, step->b);
		return true;
	case UNMAPPABLE:
		ctx->bad_granule = step->a;
		ctx->map_error = -(int)step->b;
		return true;
	case BALLOON:
		ctx->balloon_left = step->a;
		return true;
	case DONATE:
		donate_some(run->test);
		return true;
	case START:
		unpop_start_work(run->test);
		return true;
	case START_ON_GROWTH:
		ctx->pool->background.on_growth = true;
		return true;
	case SETTLE:
		unpop_settle(ctx);
		return true;
	case HOLD:
		unpop_hold_growth(ctx);
		run->held = true;
		return true;
	case LET:
		run->held = false;
		unpop_let_growth(ctx);
		return true;
	case TAKE:
		return !request(run, step->a);
	case TAKE_SINGLY:
		return !request_singly(run, step->a);
	case TAKE_CONTIGUOUS:
		return !request_by(xen_unpop_alloc_contiguous, run, step->a);
	case REFUSED:
		return is_refused(xen_unpop_alloc, run, step->a);
	case REFUSED_CONTIGUOUS:
		return is_refused(xen_unpop_alloc_contiguous, run, step->a);
	case TAKE_UNLOCKED:
		return request_unlocked(run, step->a) == -(int)step->b;
	case PUT:
		free_run(run, step->a, step->b);
		return true;
	case PUT_ALL:
		free_all(run);
		return true;
	case PUT_AGAIN:
		unpop_put(run->test, step->b, run->pages + step->a);
		return true;
	case GET:
		run->referenced = run->pages[step->a];
		get_page(run->referenced);
		return true;
	case UNGET:
		drop_reference(run);
		return true;
	case PROMISE:
		ctx->pool->free.nr_free -= step->a;
		return true;
	case UNPROMISE:
		ctx->pool->free.nr_free += step->a;
		return true;
	case RESERVE:
		return reserve(run, step->a);
	case UNRESERVE:
		unreserve(run);
		return true;
	case RELEASE:
		return xen_unpop_release(ctx->pool, step->a) == step->b;
	case COUNT:
		return ask_shrinker(run, 0) == step->a;
	case SHRINK:
		unpop_shrink_all(run->test);
		return true;
	case SCAN:
		return ask_shrinker(run, step->a) == step->b;
	case ALLOCATED:
		unpop_expect_allocated(run->test, step->a, step->b, step->c);
		return true;
	case MAPPED:
		return unpop_is_mapped(ctx, step->a) == step->b;
	default:
		return false;
	}
}

static void check_figure(struct run *run, const struct step *step,
			 unsigned int nr)
{
	struct xen_unpop_pool *pool = run->ctx->pool;
	struct xen_unpop_count count = xen_unpop_count(pool);
	const unsigned long figures[NR_OPS] = {
		[PAGES] = count.unpopulated,
		[FREE] = count.nr_free,
		[IDLE] = count.idle,
		[CHUNKS] = list_count_nodes(&pool->grow.chunks),
		[ADDED] = pool->grow.added,
		[WAITS] = pool->grow.waits,
		[RELEASED] = pool->grow.released,
		[NEXT_CHUNK] = pool->grow.chunk_pages,
		[LOW_WATER] = pool->free.low_water,
		[ASKED] = atomic_long_read(&pool->background.to_release),
		[FALLBACKS] = atomic_long_read(&pool->fallbacks),
		[MISUSES] = atomic_long_read(&pool->misuses),
		[STARTED] = !!pool->background.workqueue,
	};

	KUNIT_EXPECT_EQ_MSG(run->test, figures[step->op], step->a,
			    "step %u: %s", nr, figure_names[step->op]);
}

static unsigned long walk_idle(struct run *run)
{
	struct xen_unpop_chunk *chunk;
	unsigned long idle = 0;

	list_for_each_entry(chunk, &run->ctx->pool->grow.chunks, list)
		idle += chunk->nr_free == chunk->nr_pages ? chunk->nr_pages : 0;

	return idle;
}

/* The shrinker relies on the count, which is kept without a walk. */
static void check_idle(struct run *run, unsigned int nr)
{
	unsigned long idle, counted;

	if (!run->held)
		unpop_hold_growth(run->ctx);
	idle = walk_idle(run);
	counted = xen_unpop_count(run->ctx->pool).idle;
	if (!run->held)
		unpop_let_growth(run->ctx);

	KUNIT_EXPECT_EQ_MSG(run->test, counted, idle, "step %u", nr);
}

void unpop_run_scenario(struct kunit *test, const struct scenario *scenario)
{
	const struct step *step;
	struct run *run;
	unsigned int nr;

	for (step = scenario->steps; step->op != NO_STEP; step++) {
		if (needs_release(step))
			unpop_skip_without_release(test);
	}

	run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run);
	run->test = test;
	run->ctx = test->priv;
	run->pages = unpop_new_array(test, MAX_SCENARIO_PAGES);
	run->allocated = kunit_kcalloc(test, BITS_TO_LONGS(MAX_SCENARIO_PAGES),
				       sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run->allocated);

	step = scenario->steps;
	for (nr = 1; step->op != NO_STEP && test->status == KUNIT_SUCCESS;
	     nr++, step++) {
		if (figure_names[step->op])
			check_figure(run, step, nr);
		else
			KUNIT_EXPECT_TRUE_MSG(test, do_step(run, step),
					      "step %u", nr);
		check_idle(run, nr);
	}

	if (run->held)
		unpop_let_growth(run->ctx);
	drop_reference(run);
	unreserve(run);
	free_all(run);
	unpop_settle(run->ctx);
	unpop_expect_all_free(test);
}
