// SPDX-License-Identifier: GPL-2.0
/*
 * Chunks of unpopulated pages are released, on request and when memory is short:
 * their struct pages become RAM again, and their addresses are unused. A chunk
 * that has an allocated page stays.
 */
#include "xen_harness.h"

/* Mapped and checked, in so many mappings. */
#define MAPPINGS		8
#define PAGES_PER_MAPPING	320

/* Only reserved: more pages than the first few chunks have, a few at a time. */
#define REQUESTS		100
#define PAGES_PER_REQUEST	64

/* Enough for the work in the background. */
#define SETTLE_MS		200

/* How often to come and go. */
#define ROUNDS			8

FIXTURE(gntdev_release)
{
	struct snapshot before;
	unsigned long gntalloc_limit;
	unsigned long regions;		/* pages that there are addresses for */
	struct released released;
	int gntdev;
	int gntalloc;
};

FIXTURE_SETUP(gntdev_release)
{
	unsigned long largest;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;
	if (access(RELEASE_PATH, F_OK))
		SKIP(return, "no %s", RELEASE_PATH);
	read_regions(&self->regions, &largest);
	if (!self->regions)
		SKIP(return, "no addresses to have unpopulated pages at");
	if (largest < 2 * REQUESTS * PAGES_PER_REQUEST)
		SKIP(return, "addresses for %lu pages are too few", largest);

	take_snapshot(&self->before);
	self->gntalloc_limit = raise_limit(GNTALLOC_LIMIT_PATH,
					   2 * MAPPINGS * PAGES_PER_MAPPING);

	ASSERT_TRUE(silence_drop_caches());
	ASSERT_TRUE(measure_released(self->gntdev, &self->released));
}

FIXTURE_TEARDOWN(gntdev_release)
{
	EXPECT_TRUE(restore_limit(GNTALLOC_LIMIT_PATH, self->gntalloc_limit));
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

/* Allocate more pages than there are, so that chunks are added; free them. */
static void add_chunks(struct __test_metadata *_metadata, int gntdev)
{
	unsigned long grows = read_stat("grows");
	struct grant_mapping maps[REQUESTS];
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		ASSERT_EQ(0, reserve_mapping(gntdev, NULL, PAGES_PER_REQUEST,
					     &maps[i]));
	}
	EXPECT_LT(grows, read_stat("grows"));
	for (i = 0; i < REQUESTS; i++)
		ASSERT_EQ(0, release_mapping(gntdev, &maps[i]));
}

/* All mapped pages stay, with their content. */
TEST_F(gntdev_release, mapped_pages_stay)
{
	unsigned int i, count = MAPPINGS * PAGES_PER_MAPPING;
	struct grant_mapping maps[MAPPINGS];
	unsigned long allocated, total, free;
	struct shared_pages own;

	ASSERT_EQ(0, share_pages(self->gntalloc, count, &own));
	fill_pages(own.addr, 1, count);
	for (i = 0; i < MAPPINGS; i++) {
		ASSERT_EQ(0, map_grants(self->gntdev,
					&own.refs[i * PAGES_PER_MAPPING],
					PAGES_PER_MAPPING, &maps[i]));
	}

	allocated = read_stat("unpopulated_allocated");
	EXPECT_EQ(self->before.unpopulated_allocated + view_pages(&own) + count,
		  allocated);
	release_all();
	EXPECT_EQ(allocated, read_stat("unpopulated_allocated"));
	EXPECT_TRUE(chunks_are_in_iomem(&total, &free));
	EXPECT_LE(allocated, total);

	for (i = 0; i < count; i++) {
		char *addr = maps[i / PAGES_PER_MAPPING].addr +
			     i % PAGES_PER_MAPPING * page_size();

		ASSERT_TRUE(check_page(addr, 1, i));
		fill_page(addr, 2, i);
	}
	EXPECT_TRUE(check_pages(own.addr, 2, count));

	for (i = 0; i < MAPPINGS; i++)
		ASSERT_EQ(0, release_mapping(self->gntdev, &maps[i]));
	EXPECT_EQ(0, unshare_pages(&own));
	EXPECT_TRUE(is_restored(&self->before));
	release_all();
	EXPECT_TRUE(is_released(&self->released));

	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, count));
}

/* Time and again, and no memory is lost on the way. */
TEST_F(gntdev_release, on_request)
{
	unsigned long releases, total, free;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		add_chunks(_metadata, self->gntdev);
		read_chunks(&total, &free);
		ASSERT_LT(self->released.kept + granule_pages(), total);
		ASSERT_LE(self->released.memmap + chunks_memmap(),
			  memmap_pages() +
			  self->released.chunks_memmap);

		releases = read_stat("releases");
		release_all();
		EXPECT_LT(releases, read_stat("releases"));
		EXPECT_TRUE(is_released(&self->released));
	}

	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev,
				PAGES_PER_MAPPING));
}

/*
 * Wait until growth ahead of need is over: a chunk that is added after the kernel
 * has asked for memory would be released instead of those that it has counted.
 */
static void wait_for_growth(struct __test_metadata *_metadata)
{
	unsigned long grows;

	do {
		grows = read_stat("grows");
		sleep_ms(100);
	} while (read_stat("grows") != grows);
}

/* The kernel asks for memory, and does not wait for it. */
TEST_F(gntdev_release, when_memory_is_short)
{
	unsigned long releases, total, free;

	add_chunks(_metadata, self->gntdev);
	wait_for_growth(_metadata);
	read_chunks(&total, &free);
	EXPECT_LT(granule_pages(), free);
	releases = read_stat("releases");

	ASSERT_TRUE(write_number(DROP_CACHES_PATH, 2));
	EXPECT_TRUE(wait_until_released());
	EXPECT_LT(releases, read_stat("releases"));
	EXPECT_TRUE(is_released(&self->released));
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev,
				PAGES_PER_MAPPING));
}

/*
 * The size of the chunk that has @allocated pages allocated, and is not a granule;
 * 0: there is none.
 */
static unsigned long chunk_with_allocated(unsigned long allocated)
{
	unsigned long found = 0;
	struct chunk chunk;
	FILE *file;

	file = fopen(CHUNKS_PATH, "r");
	if (!file)
		return 0;

	while (!found && next_chunk(file, &chunk)) {
		if (chunk.pages > granule_pages() &&
		    chunk.pages - chunk.nr_free == allocated)
			found = chunk.pages;
	}

	fclose(file);
	return found;
}

/* One page is enough to keep a chunk, and only that one. */
TEST_F(gntdev_release, one_page_keeps_a_chunk)
{
	struct grant_mapping maps[REQUESTS], kept;
	unsigned long chunk, total, free;
	struct shared_pages own;
	unsigned int i;

	ASSERT_EQ(0, share_pages(self->gntalloc, 1, &own));
	for (i = 0; i < REQUESTS; i++) {
		ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL,
					     PAGES_PER_REQUEST, &maps[i]));
	}
	ASSERT_EQ(0, map_grants(self->gntdev, own.refs, 1, &kept));
	for (i = 0; i < REQUESTS; i++)
		ASSERT_EQ(0, release_mapping(self->gntdev, &maps[i]));

	chunk = chunk_with_allocated(1);
	ASSERT_NE(0UL, chunk)
		TH_LOG("the page is in no chunk larger than a granule");
	fill_page(own.addr, 1, 0);
	release_all();

	EXPECT_EQ(chunk, chunk_with_allocated(1));
	EXPECT_TRUE(chunks_are_in_iomem(&total, &free));
	EXPECT_GE(granule_pages(), free);
	EXPECT_GE(self->released.kept + chunk + granule_pages(), total);
	EXPECT_TRUE(check_page(kept.addr, 1, 0));
	fill_page(kept.addr, 2, 0);
	EXPECT_TRUE(check_page(own.addr, 2, 0));

	/* The rest of the chunk serves the next ones. */
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev,
				PAGES_PER_MAPPING));

	EXPECT_EQ(0, release_mapping(self->gntdev, &kept));
	EXPECT_EQ(0, unshare_pages(&own));
	EXPECT_TRUE(is_restored(&self->before));
	release_all();
	EXPECT_TRUE(is_released(&self->released));
}

/* A released chunk is not added again at once, ahead of need. */
TEST_F(gntdev_release, much_allocated)
{
	unsigned long total, free, pages;
	struct grant_mapping map;

	pages = largest_chunk_pages() - PAGES_PER_REQUEST;
	if (pages > self->regions / 4 * 3)
		pages = self->regions / 4 * 3;
	ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, pages, &map));

	sleep_ms(SETTLE_MS);
	release_all();
	sleep_ms(SETTLE_MS);
	EXPECT_TRUE(chunks_are_in_iomem(&total, &free));
	TH_LOG("%lu pages allocated, in chunks of %lu, %lu more", pages,
	       total - free, free);
	EXPECT_GE(granule_pages(), free);

	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
	release_all();
	EXPECT_TRUE(is_released(&self->released));
}

TEST_HARNESS_MAIN
