// SPDX-License-Identifier: GPL-2.0
/*
 * The model of a pool; see unpopulated_model.h.
 */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/stringify.h>
#include <linux/xarray.h>

#include <xen/xen.h>

#include "unpopulated_model.h"

#define EXPECT(model, condition)					\
	expect(model, condition, "line " __stringify(__LINE__) ": " #condition)

static void expect(struct model *model, bool is_met, const char *condition)
{
	if (!is_met && !model->wrong)
		model->wrong = condition;
}

static bool can_release(void)
{
	return !xen_pv_domain();
}

/* The owner of @page, NULL if ballooned, and the number of those like it. */
static u8 *owner_of(struct model *model, struct page *page,
		    unsigned long **allocated)
{
	unsigned long index = page_to_pfn(page) - model->first_pfn;

	*allocated = &model->unpopulated;
	if (index < model->nr_pages)
		return &model->owner[index];

	*allocated = &model->donated_allocated;
	index = page_to_pfn(page) - page_to_pfn(model->donated);
	if (index < MODEL_DONATED && model->donated_owner[index] != MODEL_NEVER)
		return &model->donated_owner[index];

	*allocated = &model->ballooned;
	return NULL;
}

static u8 *owners_of(struct model *model, const struct xen_unpop_chunk *chunk)
{
	return model->owner + (page_to_pfn(chunk->first) - model->first_pfn);
}

static u8 *owners_of_ram(struct model *model)
{
	return model->owner + (PHYS_PFN(model->ram.start) - model->first_pfn);
}

static unsigned long count_free(const u8 *owners, unsigned long nr)
{
	unsigned long found = 0;

	while (nr--)
		found += *owners++ == MODEL_FREE;

	return found;
}

/* Up to 128 pages by one, and then about the sizes of granules. */
static unsigned int request_size(struct model *model)
{
	unsigned int size = model->random(model, 256);

	if (size < 128)
		return size + 1;

	return 1 + (size - 128) * (model->max_request - 1) / 127;
}

/* The @nr_pages pages that @slot has got are its own from now on. */
static void record_alloc(struct model *model, struct model_slot *slot,
			 unsigned int nr_pages)
{
	unsigned long *allocated;
	unsigned int i;
	u8 *owner;

	slot->nr_pages = nr_pages;
	for (i = 0; i < nr_pages; i++) {
		owner = owner_of(model, slot->pages[i], &allocated);
		if (owner) {
			EXPECT(model, *owner == MODEL_FREE);
			*owner = slot - model->slots;
		}
		++*allocated;
		slot->pages[i]->zone_device_data = slot;
	}
}

/* The last @nr_pages of @slot are free; returns the end of @batch with them. */
static struct page **record_free(struct model *model, struct model_slot *slot,
				 unsigned int nr_pages, struct page **batch)
{
	unsigned long *allocated;
	struct page *page;
	u8 *owner;

	while (nr_pages--) {
		page = slot->pages[--slot->nr_pages];
		EXPECT(model, page->zone_device_data == slot);
		owner = owner_of(model, page, &allocated);
		if (owner) {
			EXPECT(model, *owner == slot - model->slots);
			*owner = MODEL_FREE;
		}
		--*allocated;
		*batch++ = page;
	}

	return batch;
}

/* Whether @granule is a hole, or can become one by the release of @idle chunks. */
static bool is_hole(struct model *model, unsigned long granule, bool idle)
{
	unsigned long index = granule + model->first_pfn / GRANULE_PAGES;
	struct xen_unpop_chunk *chunk = xa_load(&model->pool->chunks, index);

	if (chunk)
		return idle && !memchr_inv(owners_of(model, chunk),
					   MODEL_FREE, chunk->nr_pages);

	return model->owner[granule * GRANULE_PAGES] == MODEL_FREE;
}

/* Whether there are @nr granules in a row that are holes. */
static bool has_hole(struct model *model, unsigned long nr, bool idle,
		     bool in_section)
{
	unsigned long first = model->first_pfn / GRANULE_PAGES, start, i;

	for (start = 0; start + nr <= model->nr_pages / GRANULE_PAGES; start++) {
		if (model->tree && (first + start) % roundup_pow_of_two(nr))
			continue;
		if (in_section &&
		    (first + start) / SECTION_GRANULES !=
		    (first + start + nr - 1) / SECTION_GRANULES)
			continue;
		for (i = 0; i < nr; i++) {
			if (!is_hole(model, start + i, idle))
				break;
		}
		if (i == nr)
			return true;
	}

	return false;
}

/* Whether there is a place for a contiguous request. */
static bool has_place(struct model *model, unsigned int nr_pages)
{
	unsigned long align = min(roundup_pow_of_two(nr_pages), GRANULE_PAGES);
	struct xen_unpop_chunk *chunk;
	unsigned long start;
	u8 *owners;

	list_for_each_entry(chunk, &model->pool->grow.chunks, list) {
		owners = owners_of(model, chunk);
		for (start = 0; start + nr_pages <= chunk->nr_pages;
		     start += align) {
			if (!memchr_inv(owners + start, MODEL_FREE, nr_pages))
				return true;
		}
	}

	return has_hole(model, DIV_ROUND_UP(nr_pages, GRANULE_PAGES),
			can_release(), true);
}

/* Addresses that could not be mapped are lost. */
static void lose_unmappable(struct model *model)
{
	struct xen_unpop_chunk *chunk;
	u8 *owners;

	list_for_each_entry(chunk, &model->pool->grow.unmappable, list) {
		owners = owners_of(model, chunk);
		EXPECT(model, *owners == MODEL_FREE || *owners == MODEL_NEVER);
		EXPECT(model, !memchr_inv(owners, *owners, chunk->nr_pages));
		memset(owners, MODEL_NEVER, chunk->nr_pages);
		model->tree_lost |= model->tree;
	}
}

static void check_chunks(struct model *model)
{
	struct xen_unpop_pool *pool = model->pool;
	unsigned long free = 0, idle = 0, allocated, unused;
	struct xen_unpop_chunk *chunk;
	u8 *owners;

	list_for_each_entry(chunk, &pool->grow.chunks, list) {
		owners = owners_of(model, chunk);
		free += chunk->nr_free;
		if (chunk->nr_free == chunk->nr_pages)
			idle += chunk->nr_pages;
		EXPECT(model, chunk->nr_free ==
			      count_free(owners, chunk->nr_pages));
		allocated = bitmap_weight(chunk->allocated, chunk->nr_pages);
		EXPECT(model, chunk->nr_free == chunk->nr_pages - allocated);
	}
	EXPECT(model, pool->free.nr_idle == idle);
	EXPECT(model, pool->free.nr_free - pool->free.donated_free == free);

	unused = count_free(model->owner, model->nr_pages) - free;
	EXPECT(model, pool->free.room - pool->grow.nr_donated ==
	       (model->tree ? 0 : unused));
}

void unpop_model_check(struct model *model)
{
	struct xen_unpop_pool *pool = model->pool;
	struct xen_unpop_count count = xen_unpop_count(pool);

	EXPECT(model, count.unpopulated_allocated == model->unpopulated);
	EXPECT(model, count.donated_allocated == model->donated_allocated);
	EXPECT(model, count.ballooned_allocated == model->ballooned);
	EXPECT(model, atomic_long_read(&pool->misuses) == model->misuses);
	EXPECT(model, atomic_long_read(&pool->failures) == model->failures);
	EXPECT(model, atomic_long_read(&pool->fallbacks) == model->fallbacks);
	check_chunks(model);
}

void unpop_model_alloc(struct model *model, struct model_slot *slot)
{
	unsigned long free = count_free(model->owner, model->nr_pages) +
			     count_free(model->donated_owner, MODEL_DONATED);
	bool certain = !model->fails && !model->tree_lost;
	struct xen_unpop_pool *pool = model->pool;
	unsigned int nr_pages = request_size(model);
	unsigned long ballooned = model->ballooned;
	unsigned long nr_free = pool->free.nr_free;
	unsigned long added = pool->grow.added;
	bool fits, unchanged;
	int ret;

	if (slot->nr_pages)
		return;

	ret = xen_unpop_alloc(pool, nr_pages, slot->pages);
	EXPECT(model, !ret || ret == -ENOMEM);
	if (!ret) {
		record_alloc(model, slot, nr_pages);
		model->fallbacks += model->ballooned > ballooned;
	} else {
		model->failures++;
		/* In a shared tree, only the attempt tells how much there is. */
		unchanged = pool->grow.added == added &&
			    pool->free.nr_free == nr_free;
		EXPECT(model, model->fails || model->tree || unchanged);
	}
	lose_unmappable(model);

	ballooned += nr_pages - min(nr_pages, free);
	fits = ballooned <= model->balloon_size;
	EXPECT(model, !certain || !ret == fits);
	EXPECT(model, !certain || ret || model->ballooned == ballooned);
}

void unpop_model_alloc_contiguous(struct model *model, struct model_slot *slot)
{
	unsigned int nr_pages = request_size(model), i;
	unsigned long align = min(roundup_pow_of_two(nr_pages), GRANULE_PAGES);
	bool certain = !model->fails && !model->tree_lost;
	bool place = has_place(model, nr_pages);
	unsigned long pfn;
	int ret;

	if (slot->nr_pages)
		return;

	ret = xen_unpop_alloc_contiguous(model->pool, nr_pages, slot->pages);
	if (!xen_unpop_has_addresses(model->pool)) {
		EXPECT(model, ret == -ENODEV);
		return;
	}
	EXPECT(model, !ret || ret == -ENOMEM);
	EXPECT(model, ret || place);
	EXPECT(model, !certain || !ret || !place);
	if (ret) {
		model->failures++;
		lose_unmappable(model);
		return;
	}

	pfn = page_to_pfn(slot->pages[0]);
	EXPECT(model, IS_ALIGNED(pfn, align));
	EXPECT(model, pfn / PAGES_PER_SECTION ==
		      (pfn + nr_pages - 1) / PAGES_PER_SECTION);
	for (i = 0; i < nr_pages; i++)
		EXPECT(model, page_to_pfn(slot->pages[i]) == pfn + i);
	EXPECT(model, pfn - model->first_pfn < model->nr_pages);
	record_alloc(model, slot, nr_pages);
	lose_unmappable(model);
}

void unpop_model_free(struct model *model, struct model_slot *slot)
{
	struct model_slot *other = NULL;
	u32 seed = model->random(model, 256);
	struct page **end = model->batch;
	unsigned int i;

	if (seed % 4 == 3)
		other = &model->slots[seed / 4 % model->nr_slots];
	end = record_free(model, slot, min(slot->nr_pages, request_size(model)),
			  end);
	if (other)
		end = record_free(model, other, other->nr_pages, end);
	for (i = end - model->batch; seed && i > 1; i--) {
		seed = seed * 1103515245 + 12345;
		swap(model->batch[i - 1], model->batch[(seed >> 8) % i]);
	}

	xen_unpop_free(model->pool, end - model->batch, model->batch);
}

void unpop_model_misuse(struct model *model, struct model_slot *slot)
{
	unsigned long index = model->random(model, 256) * 251 % model->nr_pages;
	struct xen_unpop_pool *pool = model->pool;
	struct page *pages[4];

	switch (model->random(model, 5)) {
	case 0:
		pages[0] = virt_to_page(model->owner);
		xen_unpop_free(pool, 1, pages);
		model->misuses++;
		break;
	case 1:
		if (model->owner[index] != MODEL_FREE)
			break;
		pages[0] = pfn_to_page(model->first_pfn + index);
		pages[1] = pages[0];
		xen_unpop_free(pool, 2, pages);
		model->misuses += 2;
		break;
	case 2:
		EXPECT(model, !xen_unpop_alloc(pool, 0, pages));
		EXPECT(model, xen_unpop_alloc_contiguous(pool, 0, pages) ==
		       -EINVAL);
		xen_unpop_free(pool, 0, NULL);
		break;
	case 3:
		/* The same page twice, among others. */
		if (slot->nr_pages < 3)
			break;
		record_free(model, slot, 3, pages);
		pages[3] = pages[1];
		xen_unpop_free(pool, 4, pages);
		model->misuses++;
		break;
	default:
		EXPECT(model, xen_unpop_alloc(pool, 1, NULL) == -EINVAL);
		xen_unpop_free(pool, UINT_MAX, model->batch);
		model->misuses++;
	}
}

void unpop_model_release(struct model *model, unsigned long nr_pages)
{
	unsigned long idle = model->pool->free.nr_idle, released;

	released = xen_unpop_release(model->pool, nr_pages);
	if (!can_release()) {
		EXPECT(model, !released);
		return;
	}
	EXPECT(model, model->pool->free.nr_idle == idle - released);
	EXPECT(model, released || idle < 2 * GRANULE_PAGES);
	if (released < nr_pages)
		EXPECT(model, idle - released <= GRANULE_PAGES);
}

void unpop_model_work(struct model *model, unsigned long asked)
{
	atomic_long_set(&model->pool->background.to_release,
			can_release() ? asked : 0);
	model->pool->free.grow_wanted = true;
	xen_unpop_work(&model->pool->background.work);
	EXPECT(model, !atomic_long_read(&model->pool->background.to_release));
	lose_unmappable(model);
}

static void reserve(struct model *model, unsigned long nr)
{
	bool has_region = !list_empty(&model->pool->regions.list);
	u64 size = nr * XEN_UNPOP_GRANULE;
	u8 *owners;
	int ret;

	while (nr && !has_hole(model, nr, false, false))
		nr /= 2;
	model->ram = DEFINE_RES_MEM_NAMED(0, 0, "System RAM");
	ret = xen_unpop_reserve(model->pool, &model->ram, size,
				XEN_UNPOP_GRANULE);
	if (!nr || !has_region) {
		EXPECT(model, ret == (has_region ? -EBUSY : -ENODEV));
		return;
	}

	EXPECT(model, !ret);
	EXPECT(model, resource_size(&model->ram) == nr * XEN_UNPOP_GRANULE);
	owners = owners_of_ram(model);
	EXPECT(model, !memchr_inv(owners, MODEL_FREE, nr * GRANULE_PAGES));
	memset(owners, MODEL_LENT, nr * GRANULE_PAGES);
}

void unpop_model_reserve(struct model *model, unsigned long nr)
{
	if (!model->ram.parent) {
		reserve(model, nr);
		return;
	}

	memset(owners_of_ram(model), MODEL_FREE,
	       PHYS_PFN(resource_size(&model->ram)));
	xen_unpop_unreserve(model->pool, &model->ram);
}

void unpop_model_free_all(struct model *model)
{
	struct model_slot *slot;
	struct page **end;

	for (slot = model->slots; slot < model->slots + model->nr_slots; slot++) {
		end = record_free(model, slot, slot->nr_pages, model->batch);
		xen_unpop_free(model->pool, end - model->batch, model->batch);
	}
	if (model->ram.parent)
		unpop_model_reserve(model, 0);
	unpop_model_check(model);
	EXPECT(model, model->pool->free.nr_idle ==
		      model->pool->free.nr_pages -
		      model->pool->free.nr_donated);
}
