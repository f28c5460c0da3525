/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of a pool: an array with the owner of each page, from which the outcome
 * of a request follows.
 *
 * Each operation below is done to the pool and to the model, and compared.  The
 * caller chooses the operations: a KUnit suite at random, a fuzzer by its input.
 *
 * The model reads from the pool the places of its chunks, not the owners of pages.
 */
#ifndef _XEN_UNPOPULATED_MODEL_H
#define _XEN_UNPOPULATED_MODEL_H

#include <linux/ioport.h>
#include <linux/types.h>

#include "unpopulated_test.h"

/* A page belongs to the slot of that number, or to one of these. */
enum {
	MODEL_FREE = 0xfd,
	/* To the balloon driver. */
	MODEL_LENT,
	/* It is no page of the pool, or its addresses cannot be mapped. */
	MODEL_NEVER,
};

#define MODEL_DONATED	16

/**
 * struct model_slot - pages that are allocated
 * @nr_pages: number of pages
 * @pages: array of @max_request of the model
 */
struct model_slot {
	unsigned int nr_pages;
	struct page **pages;
};

/**
 * struct model - the model of a pool
 * @pool: the pool
 * @random: a number below @limit
 * @first_pfn: the first pfn that the pool can have, at the start of a granule
 * @nr_pages: number of pfns from there on
 * @owner: the owners of these pages
 * @donated: the first of %MODEL_DONATED pages that can be donated
 * @donated_owner: the owners of these pages
 * @slots: the slots
 * @nr_slots: number of slots, below %MODEL_FREE
 * @max_request: number of pages that a request is for, at most
 * @batch: array for twice @max_request pages
 * @tree: the pool has a shared tree, no regions
 * @fails: memory or mapping can fail in the next operation
 * @tree_lost: mapping failed in a shared tree, so that the pool gives it up
 * @balloon_size: number of pages that can be ballooned
 * @ram: addresses that the balloon driver has borrowed
 * @unpopulated: unpopulated pages that are allocated
 * @donated_allocated: donated pages that are allocated
 * @ballooned: ballooned pages that are allocated
 * @misuses: pages that were freed wrongly
 * @failures: requests that failed
 * @fallbacks: requests that got ballooned pages
 * @wrong: the first expectation that was not met
 */
struct model {
	struct xen_unpop_pool *pool;
	u32 (*random)(struct model *model, u32 limit);

	unsigned long first_pfn;
	unsigned long nr_pages;
	u8 *owner;
	struct page *donated;
	u8 donated_owner[MODEL_DONATED];

	struct model_slot *slots;
	unsigned int nr_slots;
	unsigned int max_request;
	struct page **batch;

	bool tree;
	bool fails;
	bool tree_lost;
	unsigned long balloon_size;
	struct resource ram;

	unsigned long unpopulated;
	unsigned long donated_allocated;
	unsigned long ballooned;
	unsigned long misuses;
	unsigned long failures;
	unsigned long fallbacks;
	const char *wrong;
};

/* Allocate pages for @slot, if it has none. */
void unpop_model_alloc(struct model *model, struct model_slot *slot);
void unpop_model_alloc_contiguous(struct model *model, struct model_slot *slot);
/* Free some pages of @slot, or with them those of another one, in any order. */
void unpop_model_free(struct model *model, struct model_slot *slot);
void unpop_model_free_all(struct model *model);
/* Free pages that must not be freed, and make requests that are none. */
void unpop_model_misuse(struct model *model, struct model_slot *slot);
/* Release idle chunks. */
void unpop_model_release(struct model *model, unsigned long nr_pages);
/* Do the background work: @asked pages have to be released, a chunk is due. */
void unpop_model_work(struct model *model, unsigned long asked);
/* Lend up to @nr granules to the balloon driver, or take back those that are. */
void unpop_model_reserve(struct model *model, unsigned long nr);
/* Compare the figures of the pool. */
void unpop_model_check(struct model *model);

#endif /* _XEN_UNPOPULATED_MODEL_H */
