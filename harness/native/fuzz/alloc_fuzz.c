// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: sequences of operations on a pool.
 *
 * The input begins with the addresses and pages of the pool: regions or a tree
 * that others use as well, donated and ballooned pages; and with the kind of guest.
 * Then come the operations: a byte for slot and kind, and their operands.  Memory,
 * mapping and the p2m can fail.  The model of the KUnit suites knows the outcomes.
 */
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "tests/unpopulated_model.h"

#include "../runtime/xen.h"
#include "fuzz.h"

#define NR_GRANULES	12
#define NR_PAGES	(NR_GRANULES * GRANULE_PAGES)
/* The window begins as many granules before the end of a section. */
#define BEFORE_SECTION	5
#define MAX_REQUEST	(4 * GRANULE_PAGES)
#define NR_SLOTS	8
#define NR_DEVICES	4
#define MAX_OPERATIONS	200

static struct xen_unpop_pool pool = XEN_UNPOP_POOL_INIT(pool);

static struct resource window, devices[NR_DEVICES];
static struct page *slot_pages[NR_SLOTS][MAX_REQUEST];
static struct page *batch[2 * MAX_REQUEST];
static u8 owner[NR_PAGES];
static struct bytes bytes;

static void ignore_misuse(struct page *page)
{
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	kunit_activate_static_stub(fuzz_test(), xen_unpop_warn_misuse,
				   ignore_misuse);
	return 0;
}

static u32 get_random(struct model *model, u32 limit)
{
	return get_u8(&bytes) % limit;
}

/* ---- the pool ---- */

static void claim_region(unsigned int first, unsigned int end)
{
	struct rb_root_cached none_occupied = RB_ROOT_CACHED;
	struct range range = {
		.start	= window.start + first * XEN_UNPOP_GRANULE,
		.end	= window.start + end * XEN_UNPOP_GRANULE - 1,
	};

	CHECK(!xen_unpop_add_regions(&pool, &window, &none_occupied, &range, 1));
}

static void claim_regions(unsigned int mask)
{
	unsigned int first, end;

	for_each_set_bitrange(first, end, (unsigned long []){ mask }, NR_GRANULES)
		claim_region(first, end);
}

/* A tree, with a device wherever a bit of @mask is clear. */
static void share_tree(unsigned int mask)
{
	struct resource *device = devices;
	unsigned int i;

	for_each_clear_bit(i, (unsigned long []){ mask }, NR_GRANULES) {
		*device = DEFINE_RES_MEM_NAMED(window.start +
					       i * XEN_UNPOP_GRANULE,
					       XEN_UNPOP_GRANULE, "device");
		CHECK(!request_resource(&window, device++));
	}
	CHECK(!xen_unpop_add_tree(&pool, &window));
}

static void donate_pages(struct model *model, unsigned int mask)
{
	struct page *page;
	unsigned int i;

	model->donated = alloc_pages(GFP_KERNEL, ilog2(MODEL_DONATED));
	memset(model->donated_owner, MODEL_NEVER, MODEL_DONATED);
	pool.donating = true;
	for (i = 0; i < MODEL_DONATED; i++) {
		if (!(mask & BIT(i)))
			continue;
		page = model->donated + i;
		xen_unpop_free(&pool, 1, &page);
		model->donated_owner[i] = MODEL_FREE;
	}
	pool.donating = false;
}

static void set_up(struct model *model, struct model_slot *slots)
{
	u8 flags = get_u8(&bytes);
	unsigned int mask = get_u16(&bytes) % BIT(NR_GRANULES), i;

	*model = (struct model) {
		.pool		= &pool,
		.random		= get_random,
		.first_pfn	= 64 * PAGES_PER_SECTION -
				  BEFORE_SECTION * GRANULE_PAGES,
		.nr_pages	= NR_PAGES,
		.owner		= owner,
		.slots		= slots,
		.nr_slots	= NR_SLOTS,
		.max_request	= MAX_REQUEST,
		.batch		= batch,
		.tree		= flags & 2,
		.balloon_size	= get_u8(&bytes) * 4,
	};
	for (i = 0; i < NR_SLOTS; i++)
		slots[i] = (struct model_slot){ .pages = slot_pages[i] };

	xen_domain_type = flags & 1 ? XEN_PV_DOMAIN : XEN_HVM_DOMAIN;
	native_balloon_left = model->balloon_size;
	window = DEFINE_RES_MEM_NAMED(PFN_PHYS(model->first_pfn),
				      NR_GRANULES * XEN_UNPOP_GRANULE, "window");
	CHECK(!request_resource(&iomem_resource, &window));

	if (model->tree)
		mask |= BIT(NR_GRANULES - NR_DEVICES) - 1;
	for (i = 0; i < NR_GRANULES; i++)
		memset(owner + i * GRANULE_PAGES,
		       mask & BIT(i) ? MODEL_FREE : MODEL_NEVER, GRANULE_PAGES);
	if (model->tree)
		share_tree(mask);
	else
		claim_regions(mask);
	donate_pages(model, flags & 4 ? get_u16(&bytes) : 0);
}

/* ---- the operations ---- */

static void start_failing(struct model *model)
{
	unsigned int what = get_u8(&bytes), nth = 1 + get_u8(&bytes);

	model->fails = true;
	switch (what % 4) {
	case 0:
		native_fail_nth = nth;
		break;
	case 1:
		native_map_error = -ENOMEM;
		native_fail_map_nth = 1 + nth % 4;
		break;
	case 2:
		native_map_error = -EEXIST;
		native_fail_map_nth = 1 + nth % 4;
		break;
	default:
		if (xen_pv_domain())
			native_p2m_fail_nth = nth * 4 - what / 64;
	}
}

static void stop_failing(struct model *model)
{
	model->fails = false;
	native_fail_nth = 0;
	native_fail_map_nth = 0;
	native_p2m_fail_nth = 0;
}

static void do_operation(struct model *model, struct model_slot *slot,
			 unsigned int operation)
{
	unsigned int nr;

	switch (operation) {
	case 0 ... 3:
		unpop_model_alloc(model, slot);
		break;
	case 4 ... 5:
		unpop_model_alloc_contiguous(model, slot);
		break;
	case 6 ... 9:
		if (slot->nr_pages)
			unpop_model_free(model, slot);
		break;
	case 10:
		nr = get_u8(&bytes);
		unpop_model_release(model, nr < 128 ? nr * 8 : ULONG_MAX);
		break;
	case 11:
		unpop_model_work(model, get_u8(&bytes) * 16);
		break;
	case 12:
		unpop_model_reserve(model, 1 + get_u8(&bytes) % 4);
		break;
	case 13:
		unpop_model_misuse(model, slot);
		break;
	default:
		start_failing(model);
		return;
	}
	stop_failing(model);
}

/* The p2m entry of a page that is not mapped is invalid, any other is identity. */
static void check_p2m(struct model *model)
{
	unsigned long pfn;

	if (!xen_pv_domain())
		return;
	for (pfn = model->first_pfn; pfn < model->first_pfn + NR_PAGES; pfn++)
		CHECK(native_p2m_entry(pfn) ==
		      (pfn_valid(pfn) ? INVALID_P2M_ENTRY :
		       IDENTITY_FRAME(pfn)));
}

static void check(struct model *model)
{
	unpop_model_check(model);
	if (model->wrong)
		pr_err("%s\n", model->wrong);
	CHECK(!model->wrong);
	CHECK(native_balloon_out == model->ballooned);
	CHECK(!preempt_count());
}

static void tear_down(struct model *model)
{
	unsigned int i;

	stop_failing(model);
	unpop_model_free_all(model);
	check(model);
	check_p2m(model);

	unpop_pool_destroy(&pool);
	for (i = 0; i < NR_DEVICES; i++) {
		if (devices[i].parent)
			release_resource(&devices[i]);
	}
	CHECK(!window.child);
	release_resource(&window);
	__free_pages(model->donated, ilog2(MODEL_DONATED));
	pool = (struct xen_unpop_pool)XEN_UNPOP_POOL_INIT(pool);
	native_p2m_reset();
	rcu_barrier();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct model_slot slots[NR_SLOTS];
	struct model model;
	unsigned int i;
	bool failed;
	u8 operation;

	bytes = (struct bytes){ data, size };
	set_up(&model, slots);

	for (i = 0; bytes.left && i < MAX_OPERATIONS; i++) {
		operation = get_u8(&bytes);
		failed = model.fails;
		do_operation(&model, &slots[operation / 16 % NR_SLOTS],
			     operation % 16);
		check(&model);
		if (failed)
			check_p2m(&model);
	}
	tear_down(&model);

	return 0;
}
