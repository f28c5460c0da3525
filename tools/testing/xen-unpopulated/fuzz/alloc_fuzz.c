// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: sequences of operations on an allocator.
 *
 * The input says what the allocator is given (regions, a tree that others use as
 * well, donated and ballooned pages, a PV guest), and then what is done: pages
 * and blocks are taken and freed, in any order and wrongly as well, chunks are
 * released, addresses reserved, and whatever can fail does.  A model knows who
 * has each page, and from that whether a request can be served.
 */
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "../native/xen.h"
#include "fuzz.h"

#define GRANULE_PAGES	XEN_SCRATCH_GRANULE_PAGES
#define NR_GRANULES	12
#define NR_PAGES	(NR_GRANULES * GRANULE_PAGES)
/* The window begins as many granules before the end of a section. */
#define BEFORE_SECTION	5
#define MAX_REQUEST	(4 * GRANULE_PAGES)
#define NR_SLOTS	8
#define NR_DONATED	16
#define NR_DEVICES	4
#define MAX_OPERATIONS	200

static struct xen_scratch_pool pool = XEN_SCRATCH_POOL_INIT(pool);

/* Who has a page; others are those of slots. */
enum { NOBODY = NR_SLOTS, NEVER };

struct slot {
	bool		block;
	unsigned int	nr_pages;
	struct page	*pages[MAX_REQUEST];
};

static struct fuzz {
	struct resource	window, devices[NR_DEVICES], ram;
	bool		tree, pv;
	unsigned long	first_pfn;
	u8		owner[NR_PAGES];
	struct page	*donated;
	u8		donated_owner[NR_DONATED];
	unsigned long	scratch_used, donated_used, ballooned_used;
	unsigned int	misuses, failures;
} fuzz;

/* Not cleared each time. */
static struct slot slots[NR_SLOTS];

static void fake_misuse(struct page *page)
{
	fuzz.misuses++;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	kunit_activate_static_stub(fuzz_test(), xen_scratch_misuse,
				   fake_misuse);
	return 0;
}

/* ---- the model ---- */

/* Where it is noted who has @page; NULL: it is ballooned. */
static u8 *owner_of(struct page *page)
{
	unsigned long index = page_to_pfn(page) - fuzz.first_pfn;

	if (index < NR_PAGES)
		return &fuzz.owner[index];
	index = page - fuzz.donated;
	if (index < NR_DONATED)
		return &fuzz.donated_owner[index];

	return NULL;
}

static struct page *first_page(const struct resource *res)
{
	return pfn_to_page(PHYS_PFN(res->start));
}

static unsigned long *used_of(u8 *owner)
{
	if (!owner)
		return &fuzz.ballooned_used;
	if (owner >= fuzz.owner && owner < fuzz.owner + NR_PAGES)
		return &fuzz.scratch_used;

	return &fuzz.donated_used;
}

static unsigned long count(const u8 *owners, unsigned int nr, u8 who)
{
	unsigned long found = 0;

	while (nr--)
		found += *owners++ == who;

	return found;
}

static bool has_block(unsigned int nr_pages)
{
	unsigned long align = min(roundup_pow_of_two(nr_pages), GRANULE_PAGES);
	unsigned long start, nr;

	for (start = 0; start + nr_pages <= NR_PAGES; start += align) {
		for (nr = 0; fuzz.owner[start + nr] == NOBODY; nr++) {
			if (nr == nr_pages - 1)
				return true;
		}
	}

	return false;
}

/* What belongs to nobody is @who's from now on. */
static void take(struct slot *slot, unsigned int nr_pages)
{
	u8 who = slot - slots;
	unsigned int i;

	slot->nr_pages = nr_pages;
	for (i = 0; i < nr_pages; i++) {
		u8 *owner = owner_of(slot->pages[i]);

		if (owner) {
			CHECK(*owner == NOBODY);
			*owner = who;
		}
		++*used_of(owner);
		slot->pages[i]->zone_device_data = slot;
	}
}

/* The last @nr_pages of a slot are nobody's again. */
static void drop(struct slot *slot, unsigned int nr_pages)
{
	u8 who = slot - slots;

	while (nr_pages--) {
		struct page *page = slot->pages[--slot->nr_pages];
		u8 *owner = owner_of(page);

		CHECK(page->zone_device_data == slot);
		if (owner) {
			CHECK(*owner == who);
			*owner = NOBODY;
		}
		--*used_of(owner);
	}
}

static void check(unsigned int misuses)
{
	struct xen_scratch_count count = xen_scratch_count(&pool);

	CHECK(count.scratch_used == fuzz.scratch_used);
	CHECK(count.donated_used == fuzz.donated_used);
	CHECK(count.ballooned_used == fuzz.ballooned_used);
	CHECK(native_balloon_out == fuzz.ballooned_used);
	CHECK(fuzz.misuses == misuses);
	CHECK(pool.failures == fuzz.failures);
	CHECK(pool.nr_free >= count.scratch - count.scratch_used);
	CHECK(!preempt_count());
}

/* What could not be mapped cannot be had any more. */
static void find_unmappable(void)
{
	struct resource *region = fuzz.window.child, *chunk;

	/* In the tree, chunks are beside devices, not inside of regions. */
	for (; region; region = region->sibling) {
		for (chunk = fuzz.tree ? region : region->child; chunk;
		     chunk = fuzz.tree ? NULL : chunk->sibling) {
			if (strcmp(chunk->name, "Xen scratch (unmappable)"))
				continue;
			CHECK(resource_size(chunk) == XEN_SCRATCH_GRANULE);
			memset(owner_of(first_page(chunk)), NEVER,
			       GRANULE_PAGES);
		}
	}
}

/* Invalid in the p2m is what is a chunk, and nothing else. */
static void check_p2m(void)
{
	unsigned long pfn;

	if (!fuzz.pv)
		return;
	for (pfn = fuzz.first_pfn; pfn < fuzz.first_pfn + NR_PAGES; pfn++)
		CHECK(native_p2m_entry(pfn) ==
		      (pfn_valid(pfn) ? INVALID_P2M_ENTRY :
		       IDENTITY_FRAME(pfn)));
}

/* ---- the operations ---- */

static bool something_fails(void)
{
	return native_fail_nth || native_fail_map_nth || native_p2m_fail_nth;
}

static void stop_failing(void)
{
	native_fail_nth = 0;
	native_fail_map_nth = 0;
	native_p2m_fail_nth = 0;
}

static unsigned int get_size(struct bytes *bytes)
{
	unsigned int size = get_u8(bytes);

	/* Up to 128 by one, and then about the sizes of granules. */
	if (size < 128)
		return size + 1;

	return 1 + (size - 128) * (MAX_REQUEST - 1) / 127;
}

static void alloc(struct bytes *bytes, struct slot *slot)
{
	unsigned int nr_pages = get_size(bytes);
	unsigned long addresses = count(fuzz.owner, NR_PAGES, NOBODY);
	unsigned long donated = count(fuzz.donated_owner, NR_DONATED, NOBODY);
	unsigned long ballooned = fuzz.ballooned_used;
	bool fails = something_fails();
	int expect, ret;

	if (slot->nr_pages)
		return;

	slot->block = false;
	ballooned += nr_pages - min(nr_pages, addresses + donated);
	expect = ballooned - fuzz.ballooned_used <= native_balloon_left ? 0 :
									 -ENOMEM;
	ret = xen_scratch_alloc(&pool, nr_pages, slot->pages);
	stop_failing();
	CHECK(ret == expect || (fails && (!ret || ret == -ENOMEM)));
	fuzz.failures += !!ret;
	if (!ret)
		take(slot, nr_pages);
	if (fails) {
		find_unmappable();
		check_p2m();
	} else {
		CHECK(ret || fuzz.ballooned_used == ballooned);
	}
}

static void alloc_block(struct bytes *bytes, struct slot *slot)
{
	unsigned int nr_pages = get_size(bytes), i;
	unsigned long align = min(roundup_pow_of_two(nr_pages), GRANULE_PAGES);
	unsigned long failures = pool.failures;
	bool fails = something_fails();
	bool exists = has_block(nr_pages);
	int ret;

	if (slot->nr_pages)
		return;

	slot->block = true;
	ret = xen_scratch_alloc_block(&pool, nr_pages, slot->pages);
	stop_failing();
	/* It may be that nobody counts: no memory, nor addresses at all. */
	fuzz.failures += pool.failures - failures;
	CHECK(pool.failures - failures <= !!ret);
	if (fails) {
		CHECK(!ret || ret == -ENOMEM || ret == -ENODEV);
		find_unmappable();
		check_p2m();
	} else if (list_empty(&pool.regions)) {
		CHECK(ret == -ENODEV);
	} else if (!fuzz.tree) {
		CHECK(ret == (exists ? 0 : -ENOMEM));
	} else {
		/* A hole may be too small that free pages are next to. */
		CHECK(ret == -ENOMEM || (!ret && exists));
	}
	if (ret)
		return;

	CHECK(IS_ALIGNED(page_to_pfn(slot->pages[0]), align));
	for (i = 0; i < nr_pages; i++)
		CHECK(page_to_pfn(slot->pages[i]) ==
		      page_to_pfn(slot->pages[0]) + i);
	take(slot, nr_pages);
}

static void shuffle(struct bytes *bytes, struct slot *slot)
{
	u32 seed = get_u8(bytes);
	unsigned int i;

	for (i = slot->nr_pages - 1; seed && i; i--) {
		seed = seed * 1103515245 + 12345;
		swap(slot->pages[i], slot->pages[(seed >> 8) % (i + 1)]);
	}
}

static void free(struct bytes *bytes, struct slot *slot)
{
	unsigned int nr_pages = slot->nr_pages;

	if (!nr_pages)
		return;

	if (slot->block) {
		drop(slot, nr_pages);
		xen_scratch_free_block(&pool, nr_pages, slot->pages);
	} else {
		shuffle(bytes, slot);
		nr_pages = min(nr_pages, get_size(bytes));
		drop(slot, nr_pages);
		xen_scratch_free(&pool, nr_pages, slot->pages + slot->nr_pages);
	}
	stop_failing();
}

/* Frees what must not be freed; returns how often that is to be told. */
static unsigned int free_wrongly(struct bytes *bytes, struct slot *slot)
{
	unsigned int nr = 0, i = get_u8(bytes);
	struct page *pages[4];

	switch (get_u8(bytes) % 5) {
	case 0:
		/* RAM, that is not even in use. */
		pages[0] = virt_to_page(&pool);
		xen_scratch_free(&pool, 1, pages);
		return 1;
	case 1:
		/* A page that nobody has, chunk or not. */
		i = i * 251 % NR_PAGES;
		if (fuzz.owner[i] != NOBODY)
			return 0;
		pages[0] = pfn_to_page(fuzz.first_pfn + i);
		pages[1] = pages[0];
		xen_scratch_free(&pool, 2, pages);
		return 2;
	case 2:
		/* A part of a block, and one of its pages alone. */
		if (!slot->block || slot->nr_pages < 2)
			return 0;
		i %= slot->nr_pages - 1;
		xen_scratch_free_block(&pool, i + 1, slot->pages);
		xen_scratch_free(&pool, 1, slot->pages + i);
		return 2;
	case 3:
		/* Twice the same page, with others around it. */
		if (slot->block || slot->nr_pages < 3)
			return 0;
		nr = slot->nr_pages;
		pages[0] = slot->pages[nr - 3];
		pages[1] = slot->pages[nr - 2];
		pages[2] = slot->pages[nr - 2];
		pages[3] = slot->pages[nr - 1];
		drop(slot, 3);
		xen_scratch_free(&pool, 4, pages);
		return 1;
	default:
		/* What is no block. */
		if (slot->block || !slot->nr_pages)
			return 0;
		xen_scratch_free_block(&pool, 1, slot->pages);
		return 1;
	}
}

/* Afterwards, no chunk is without a page that somebody has, but for a granule. */
static void release(struct bytes *bytes)
{
	struct resource *region = fuzz.window.child, *chunk;
	unsigned int nr = get_u8(bytes), idle = 0;
	unsigned long released;

	released = xen_scratch_release(&pool, nr < 128 ? nr * 8 : ULONG_MAX);
	if (fuzz.pv)
		CHECK(!released);
	if (fuzz.pv || nr < 128 || fuzz.tree)
		return;

	for (; region; region = region->sibling) {
		for (chunk = region->child; chunk; chunk = chunk->sibling) {
			u8 *owner = owner_of(first_page(chunk));
			unsigned long nr_pages = PHYS_PFN(resource_size(chunk));

			if (strcmp(chunk->name, "Xen scratch") ||
			    memchr_inv(owner, NOBODY, nr_pages))
				continue;
			CHECK(nr_pages == GRANULE_PAGES);
			idle++;
		}
	}
	CHECK(idle <= 1);
}

/* What the work item would do if the shrinker had asked for it. */
static void work(struct bytes *bytes)
{
	unsigned long to_release = get_u8(bytes) * 16;

	pool.to_release = fuzz.pv ? 0 : to_release;
	xen_scratch_work(&pool.work);
	stop_failing();
	CHECK(!pool.to_release);
	find_unmappable();
	check_p2m();
}

/* Memory comes where there is no page, or goes again. */
static void reserve(struct bytes *bytes)
{
	u64 size = (1 + get_u8(bytes) % 4) * XEN_SCRATCH_GRANULE;
	unsigned long index, nr_pages;
	int ret;

	if (fuzz.ram.parent) {
		index = PHYS_PFN(fuzz.ram.start) - fuzz.first_pfn;
		nr_pages = PHYS_PFN(resource_size(&fuzz.ram));
		memset(fuzz.owner + index, NOBODY, nr_pages);
		release_resource(&fuzz.ram);
		return;
	}

	fuzz.ram = DEFINE_RES_MEM_NAMED(0, 0, "System RAM");
	ret = xen_scratch_reserve(&pool, &fuzz.ram, size, XEN_SCRATCH_GRANULE);
	if (ret) {
		fuzz.ram.parent = NULL;
		CHECK(ret == (fuzz.tree || list_empty(&pool.regions) ?
			      -ENODEV : -EBUSY));
		return;
	}
	CHECK(!fuzz.tree);
	index = PHYS_PFN(fuzz.ram.start) - fuzz.first_pfn;
	nr_pages = PHYS_PFN(resource_size(&fuzz.ram));
	CHECK(index + nr_pages <= NR_PAGES);
	CHECK(!memchr_inv(fuzz.owner + index, NOBODY, nr_pages));
	CHECK(!pfn_valid(fuzz.first_pfn + index));
	memset(fuzz.owner + index, NEVER, nr_pages);
}

static void fail(struct bytes *bytes)
{
	unsigned int what = get_u8(bytes), nth = 1 + get_u8(bytes);

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
		if (fuzz.pv)
			native_p2m_fail_nth = nth * 4 - what / 64;
	}
}

/* ---- the run ---- */

static void add_region(unsigned int first, unsigned int end)
{
	struct rb_root_cached nothing = RB_ROOT_CACHED;
	struct range all = { .end = U64_MAX }, range;

	range.start = fuzz.window.start + first * XEN_SCRATCH_GRANULE;
	range.end = fuzz.window.start + end * XEN_SCRATCH_GRANULE - 1;
	CHECK(xen_scratch_claim_regions(&pool.regions, &fuzz.window, &all,
					&nothing, &range, 1) == 1);
}

/* Where a bit of @mask is set there is nothing else. */
static void set_up(struct bytes *bytes, unsigned int mask)
{
	unsigned int i, first = 0, device = 0;
	bool unused, before = false;

	for (i = 0; i <= NR_GRANULES; i++) {
		unused = i < NR_GRANULES && mask & BIT(i);
		if (i < NR_GRANULES)
			memset(fuzz.owner + i * GRANULE_PAGES,
			       unused ? NOBODY : NEVER, GRANULE_PAGES);
		if (fuzz.tree && !unused && i < NR_GRANULES) {
			struct resource *res = &fuzz.devices[device++];

			*res = DEFINE_RES_MEM_NAMED(fuzz.window.start +
						    i * XEN_SCRATCH_GRANULE,
						    XEN_SCRATCH_GRANULE,
						    "device");
			CHECK(!request_resource(&fuzz.window, res));
		} else if (!fuzz.tree && unused != before) {
			if (unused)
				first = i;
			else
				add_region(first, i);
		}
		before = unused;
	}

	if (fuzz.tree) {
		struct xen_scratch_region *region;

		region = kzalloc(sizeof(*region), GFP_KERNEL);
		region->parent = &fuzz.window;
		region->res = fuzz.window;
		list_add(&region->list, &pool.regions);
	}
}

static void donate(unsigned int mask)
{
	struct page *page;
	unsigned int i;

	fuzz.donated = alloc_pages(GFP_KERNEL, ilog2(NR_DONATED));
	memset(fuzz.donated_owner, NEVER, NR_DONATED);
	pool.donating = true;
	for (i = 0; i < NR_DONATED; i++) {
		if (!(mask & BIT(i)))
			continue;
		page = fuzz.donated + i;
		xen_scratch_free(&pool, 1, &page);
		fuzz.donated_owner[i] = NOBODY;
	}
	pool.donating = false;
}

static void tear_down(void)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		struct slot *slot = &slots[i];
		unsigned int nr_pages = slot->nr_pages;

		drop(slot, nr_pages);
		if (slot->block)
			xen_scratch_free_block(&pool, nr_pages, slot->pages);
		else
			xen_scratch_free(&pool, nr_pages, slot->pages);
	}
	check(fuzz.misuses);
	check_p2m();
	CHECK(RB_EMPTY_ROOT(&pool.blocks.rb_root));

	if (fuzz.ram.parent)
		release_resource(&fuzz.ram);
	xen_scratch_pool_destroy(&pool);
	for (i = 0; i < NR_DEVICES; i++) {
		if (fuzz.devices[i].parent)
			release_resource(&fuzz.devices[i]);
	}
	CHECK(!fuzz.window.child);
	release_resource(&fuzz.window);
	__free_pages(fuzz.donated, ilog2(NR_DONATED));
	pool = (struct xen_scratch_pool)XEN_SCRATCH_POOL_INIT(pool);
	native_p2m_reset();
	rcu_barrier();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const u64 section = (u64)PAGES_PER_SECTION * PAGE_SIZE;
	struct bytes bytes = { data, size };
	unsigned int mask, misuses, i;
	u8 flags;

	memset(&fuzz, 0, sizeof(fuzz));
	flags = get_u8(&bytes);
	fuzz.pv = flags & 1;
	fuzz.tree = flags & 2;
	mask = get_u16(&bytes);
	if (fuzz.tree)
		mask |= BIT(NR_GRANULES - NR_DEVICES) - 1;
	xen_domain_type = fuzz.pv ? XEN_PV_DOMAIN : XEN_HVM_DOMAIN;
	native_balloon_left = get_u8(&bytes) * 4;
	fuzz.window = DEFINE_RES_MEM_NAMED(64 * section - BEFORE_SECTION *
					   XEN_SCRATCH_GRANULE,
					   NR_GRANULES * XEN_SCRATCH_GRANULE,
					   "window");
	CHECK(!request_resource(&iomem_resource, &fuzz.window));
	fuzz.first_pfn = PHYS_PFN(fuzz.window.start);
	set_up(&bytes, mask);
	donate(flags & 4 ? get_u16(&bytes) : 0);

	for (i = 0; bytes.left && i < MAX_OPERATIONS; i++) {
		u8 operation = get_u8(&bytes);
		struct slot *slot = &slots[operation / 16 % NR_SLOTS];

		misuses = fuzz.misuses;
		switch (operation % 16) {
		case 0 ... 3:
			alloc(&bytes, slot);
			break;
		case 4 ... 5:
			alloc_block(&bytes, slot);
			break;
		case 6 ... 9:
			free(&bytes, slot);
			break;
		case 10:
			release(&bytes);
			break;
		case 11:
			work(&bytes);
			break;
		case 12:
			reserve(&bytes);
			break;
		case 13:
			misuses += free_wrongly(&bytes, slot);
			break;
		default:
			fail(&bytes);
		}
		check(misuses);
	}
	stop_failing();
	tear_down();

	return 0;
}
