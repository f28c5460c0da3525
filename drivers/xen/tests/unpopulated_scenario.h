/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios: KUnit cases that are a list of operations on a pool, and of the
 * figures that are expected between them.
 */
#ifndef _XEN_UNPOPULATED_SCENARIO_H
#define _XEN_UNPOPULATED_SCENARIO_H

#include "unpopulated_test.h"

/* Number of pages that DONATE donates. */
#define NR_DONATED		8
/* A scenario can allocate so many pages in all, freed ones included. */
#define MAX_SCENARIO_PAGES	(4 * WINDOW_GRANULES * GRANULE_PAGES)

enum op {
	NO_STEP,
	/*
	 * Give the pool b granules from granule a on, a granules of a shared tree
	 * (0: all), other pages.
	 */
	REGION, TREE, BALLOON, DONATE,
	/* Where sections of the tree become regions: b granules from a on. */
	LOW,
	/* Mapping granule a fails with the error b. */
	UNMAPPABLE,
	/* Start the background work: now, with the first growth; wait for it. */
	START, START_ON_GROWTH, SETTLE,
	/* Keep the background work from growing and releasing, or let it. */
	HOLD, LET,
	/* Allocate a pages: at once, one by one, with consecutive pfns. */
	TAKE, TAKE_SINGLY, TAKE_CONTIGUOUS,
	/* A request for a pages, scattered or not, fails, with no other effect. */
	REFUSED, REFUSED_CONTIGUOUS,
	/* Without grow.lock, a pages are allocated, or the error b comes. */
	TAKE_UNLOCKED,
	/* Free b of the pages that were allocated, from the a-th on. */
	PUT, PUT_ALL,
	/* The same with pages that are not allocated. */
	PUT_AGAIN,
	/* Take a reference to the a-th page, drop it again. */
	GET, UNGET,
	/* A request of another thread has a free pages promised, gives them up. */
	PROMISE, UNPROMISE,
	/* Borrow a granules, give them back. */
	RESERVE, UNRESERVE,
	/* Ask for the release of a pages, b are released. */
	RELEASE,
	/* The shrinker counts the memmap of a pages; it releases them all. */
	COUNT, SHRINK,
	/* Asked for the memmap of a pages, the shrinker promises that of b. */
	SCAN,
	/* Unpopulated, donated, ballooned pages that are allocated. */
	ALLOCATED,
	/* Granule a is mapped, or is not if b is 0. */
	MAPPED,
	/* Figures, each of which is a. */
	PAGES, FREE, IDLE, CHUNKS, ADDED, WAITS, RELEASED, NEXT_CHUNK,
	LOW_WATER, ASKED, FALLBACKS, MISUSES, STARTED,
	NR_OPS,
};

/**
 * struct scenario - a case
 * @name: sentence that the case tests
 * @steps: operations with their operands, up to NO_STEP
 */
struct scenario {
	const char *name;
	struct step {
		enum op op;
		unsigned long a, b, c;
	} steps[28];
};

/*
 * Run @scenario.  After each step, the count of idle pages has to be that of a
 * walk over all chunks.  Stop at the first step with another outcome.
 */
void unpop_run_scenario(struct kunit *test, const struct scenario *scenario);

#endif /* _XEN_UNPOPULATED_SCENARIO_H */
