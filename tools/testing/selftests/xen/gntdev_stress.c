// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that map and unmap grants as fast as they can, while another one has
 * all idle chunks released again and again. Mapped pages have to keep their data
 * all the while.
 */
#include <pthread.h>
#include <sched.h>

#include "xen_harness.h"

#define THREADS			4

/* Mappings of one thread at the same time, and pages in each at most. */
#define SLOTS			4
#define MAX_PAGES		300
#define MAX_PAGES_BALLOONED	32

/*
 * In each phase every thread maps or unmaps so many times. After a phase
 * nothing is mapped, so that there is a chunk to be released for certain.
 */
#define PHASES_RELEASING	10
#define PHASES_DROPPING		4
#define ROUNDS			32

/*
 * The last of so many rounds is to let go of everything. As all threads do so,
 * there are times when much can be released while they go on.
 */
#define BURST			8

struct stress {
	unsigned int phases;
	unsigned int max_pages;
	bool release;			/* chunks, rather than drop caches only */
	pthread_barrier_t begin, end;	/* of a phase */
	unsigned int working;		/* threads that have not ended theirs */
	unsigned int requests;		/* for memory, during phases */
	unsigned int released;		/* chunks, while threads were at work */
};

struct slot {
	struct shared_pages *own;
	struct grant_mapping map;
	unsigned int count;		/* of pages mapped, 0 if none */
	__u16 seed;			/* of the pattern in them */
};

struct worker {
	pthread_t thread;
	struct stress *stress;
	__u32 random;
	__u16 seed;			/* the last one used */
	int gntdev;
	int gntalloc;
	struct shared_pages own[SLOTS];
	struct slot slots[SLOTS];
	unsigned int mapped;
	const char *failure;
	int err;
};

static bool fails(struct worker *worker, const char *failure, int err)
{
	if (!worker->failure) {
		worker->failure = failure;
		worker->err = err;
	}
	return false;
}

/* Seeds are never 0, the content of pages that were never written to. */
static __u16 next_seed(struct worker *worker)
{
	if (!++worker->seed)
		worker->seed = 1;
	return worker->seed;
}

static bool map_slot(struct worker *worker, struct slot *slot)
{
	unsigned int max = worker->stress->max_pages;
	int err;

	/* As many small ones as large ones. */
	if (random_below(&worker->random, 2))
		max = max / 16 + 1;
	slot->count = 1 + random_below(&worker->random, max);
	slot->seed = next_seed(worker);
	fill_pages(slot->own->addr, slot->seed, slot->count);

	err = map_grants(worker->gntdev, slot->own->refs, slot->count,
			 &slot->map);
	if (err) {
		slot->count = 0;
		return fails(worker, "mapping", err);
	}
	worker->mapped++;

	if (!check_pages(slot->map.addr, slot->seed, slot->count))
		return fails(worker, "the mapping has other data", 0);

	return true;
}

static bool unmap_slot(struct worker *worker, struct slot *slot)
{
	unsigned int count = slot->count;
	int err;

	if (!count)
		return true;

	if (!check_pages(slot->map.addr, slot->seed, count))
		return fails(worker, "the mapping has other data by now", 0);
	slot->seed = next_seed(worker);
	fill_pages(slot->map.addr, slot->seed, count);

	err = release_mapping(worker->gntdev, &slot->map);
	if (err)
		return fails(worker, "unmapping", err);
	slot->count = 0;

	if (!check_pages(slot->own->addr, slot->seed, count))
		return fails(worker, "the owner has other data", 0);

	return true;
}

/* In mixed order. */
static bool unmap_all(struct worker *worker)
{
	unsigned int i, order[SLOTS];

	for (i = 0; i < SLOTS; i++) {
		unsigned int other = random_below(&worker->random, i + 1);

		order[i] = order[other];
		order[other] = i;
	}

	for (i = 0; i < SLOTS; i++) {
		if (!unmap_slot(worker, &worker->slots[order[i]]))
			return false;
	}

	return true;
}

static bool one_round(struct worker *worker, unsigned int round)
{
	struct slot *slot;

	if (round % BURST == BURST - 1)
		return unmap_all(worker);

	slot = &worker->slots[random_below(&worker->random, SLOTS)];
	if (slot->count)
		return unmap_slot(worker, slot);

	return map_slot(worker, slot);
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct stress *stress = worker->stress;
	unsigned int phase, round;

	for (phase = 0; phase < stress->phases; phase++) {
		pthread_barrier_wait(&stress->begin);

		for (round = 0; round < ROUNDS; round++) {
			if (worker->failure || !one_round(worker, round))
				break;
		}

		/* A failed thread stays with the others until the end. */
		__atomic_sub_fetch(&stress->working, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&stress->end);
	}

	return NULL;
}

static unsigned int threads_working(struct stress *stress)
{
	return __atomic_load_n(&stress->working, __ATOMIC_SEQ_CST);
}

/* The kernel asks for memory, and has idle chunks released by turns. */
static void take_memory(struct __test_metadata *_metadata,
			struct stress *stress)
{
	unsigned long before = 0;

	if (stress->release)
		before = read_stat("releases");

	if (stress->release && stress->requests % 2)
		release_all();
	else
		ASSERT_TRUE(write_number(DROP_CACHES_PATH, 2));
	stress->requests++;

	if (stress->release && threads_working(stress))
		stress->released += read_stat("releases") - before;
}

FIXTURE(gntdev_stress)
{
	struct snapshot before;
	unsigned long gntalloc_limit;
	bool have_regions;
	int gntdev;
	int gntalloc;
	struct grant_mapping rest;
	struct stress stress;
	struct worker workers[THREADS];
};

FIXTURE_SETUP(gntdev_stress)
{
	struct stress *stress = &self->stress;
	unsigned long total, largest, nr_free;
	struct worker *worker;
	unsigned int i, slot;

	/* These are the ones that can tell why the test cannot run. */
	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	read_regions(&total, &largest);
	self->have_regions = total;
	stress->max_pages = total ? MAX_PAGES : MAX_PAGES_BALLOONED;
	ASSERT_EQ(0, pthread_barrier_init(&stress->begin, NULL, THREADS + 1));
	ASSERT_EQ(0, pthread_barrier_init(&stress->end, NULL, THREADS + 1));

	ASSERT_TRUE(silence_drop_caches());
	take_snapshot(&self->before);
	self->gntalloc_limit = raise_limit(GNTALLOC_LIMIT_PATH,
					   2 * THREADS * SLOTS * MAX_PAGES);

	for (i = 0; i < THREADS; i++) {
		worker = &self->workers[i];
		worker->stress = stress;
		worker->random = i + 1;
		worker->seed = i << 14;
		worker->gntdev = open_device(_metadata, "/dev/xen/gntdev");
		worker->gntalloc = open_device(_metadata, "/dev/xen/gntalloc");
		for (slot = 0; slot < SLOTS; slot++) {
			worker->slots[slot].own = &worker->own[slot];
			ASSERT_EQ(0, share_pages(worker->gntalloc,
						 stress->max_pages,
						 &worker->own[slot]));
		}
	}

	/*
	 * Pages of another domain are seen through mappings that stay, and so do
	 * their chunks. The free pages of those would be enough for the threads.
	 */
	if (view_pages(&self->workers[0].own[0]) && self->have_regions) {
		nr_free = read_stat("unpopulated_free");
		if (nr_free)
			ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, nr_free,
						     &self->rest));
	}
}

FIXTURE_TEARDOWN(gntdev_stress)
{
	struct worker *worker;
	unsigned int i;

	EXPECT_TRUE(restore_limit(GNTALLOC_LIMIT_PATH, self->gntalloc_limit));

	for (i = 0; i < THREADS; i++) {
		worker = &self->workers[i];
		let_go(_metadata, worker->gntdev, worker->gntalloc, worker->own,
		       SLOTS);
	}
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

static void stress_threads(struct __test_metadata *_metadata,
			   struct stress *stress, struct worker *workers)
{
	unsigned int phase, i, mapped = 0;
	struct worker *worker;

	for (i = 0; i < THREADS; i++) {
		worker = &workers[i];
		ASSERT_EQ(0, pthread_create(&worker->thread, NULL, work,
					    worker));
	}

	for (phase = 0; phase < stress->phases; phase++) {
		stress->working = THREADS;
		pthread_barrier_wait(&stress->begin);
		while (threads_working(stress)) {
			take_memory(_metadata, stress);
			sched_yield();
		}
		pthread_barrier_wait(&stress->end);

		/* Now that nothing is mapped, in any case. */
		if (stress->release)
			release_all();
	}

	for (i = 0; i < THREADS; i++) {
		worker = &workers[i];
		ASSERT_EQ(0, pthread_join(worker->thread, NULL));
		EXPECT_EQ(NULL, worker->failure)
			TH_LOG("thread %u: %s: %d", i, worker->failure,
			       worker->err);
		mapped += worker->mapped;
	}
	TH_LOG("%u mappings by %u threads on %ld processors, %u requests for memory meanwhile",
	       mapped, THREADS, sysconf(_SC_NPROCESSORS_ONLN),
	       stress->requests);
	EXPECT_LT(0U, stress->requests);
}

/* In every domain, whether or not it can release anything. */
TEST_F_TIMEOUT(gntdev_stress, mapping_while_dropping_caches, 240)
{
	self->stress.phases = PHASES_DROPPING;
	stress_threads(_metadata, &self->stress, self->workers);
}

TEST_F_TIMEOUT(gntdev_stress, mapping_while_releasing, 240)
{
	struct stress *stress = &self->stress;
	unsigned long grows, fallbacks, failures;

	if (access(RELEASE_PATH, F_OK))
		SKIP(return, "no %s, so nothing is released", RELEASE_PATH);
	if (!self->have_regions)
		SKIP(return, "no addresses, so there are no chunks to release");

	grows = read_stat("grows");
	fallbacks = read_stat("fallbacks");
	failures = read_stat("failures");
	stress->phases = PHASES_RELEASING;
	stress->release = true;
	stress_threads(_metadata, stress, self->workers);

	/* Otherwise nothing was tested. */
	grows = read_stat("grows") - grows;
	TH_LOG("%lu chunks added, %u released while threads were at work",
	       grows, stress->released);
	EXPECT_LT(0UL, grows);
	EXPECT_LT(0U, stress->released);

	/* There were addresses enough all the time. */
	EXPECT_EQ(fallbacks, read_stat("fallbacks"));
	EXPECT_EQ(failures, read_stat("failures"));
}

TEST_HARNESS_MAIN
