// SPDX-License-Identifier: GPL-2.0
/*
 * More unpopulated pages than any one range of addresses holds, in one request and
 * in many. gntdev allocates them when grants are announced to it
 * (IOCTL_GNTDEV_MAP_GRANT_REF), so that no grants are needed to ask for many.
 */
#include "xen_harness.h"

/* Pages beyond those of the largest region. */
#define BEYOND			512

/* Asked for when nothing is known about regions, or there are none. */
#define PAGES_WITHOUT_REGIONS	8192

/* Pages in each of many requests. */
#define PAGES_PER_REQUEST	4096

/*
 * RAM that a page costs of any kind: its struct page, and the books of gntdev and
 * of this program about it; and RAM to be left for all others.
 */
#define OVERHEAD_PER_PAGE	192
#define RAM_LEFT_ALONE		(64UL << 20)

FIXTURE(gntdev_large)
{
	struct snapshot before;
	unsigned long gntdev_limit;
	unsigned long region_pages;
	unsigned int pages;
	int gntdev;
	int gntalloc;
};

FIXTURE_SETUP(gntdev_large)
{
	unsigned long largest, wanted, ballooned, need, available;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	read_regions(&self->region_pages, &largest);
	wanted = largest ? largest + BEYOND : PAGES_WITHOUT_REGIONS;

	ballooned = wanted > self->region_pages ?
		    wanted - self->region_pages : 0;
	need = ballooned +
	       (wanted * OVERHEAD_PER_PAGE + RAM_LEFT_ALONE) / page_size();
	available = ram_available_pages();
	if (need > available)
		SKIP(return, "%lu pages would take %lu pages of RAM, %lu are available",
		     wanted, need, available);
	TH_LOG("largest region %lu pages, all %lu: asking for %lu", largest,
	       self->region_pages, wanted);
	self->pages = wanted;

	take_snapshot(&self->before);
	self->gntdev_limit = raise_limit(GNTDEV_LIMIT_PATH,
					 self->pages);
}

FIXTURE_TEARDOWN(gntdev_large)
{
	EXPECT_TRUE(restore_limit(GNTDEV_LIMIT_PATH, self->gntdev_limit));
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

/*
 * All of @pages are accounted for, and no more of them have been ballooned out
 * than the regions have no room for.
 */
static void expect_origin(struct __test_metadata *_metadata,
			  const struct snapshot *before,
			  unsigned long region_pages, unsigned long pages)
{
	unsigned long unpopulated, donated, ballooned, room;
	struct snapshot now;

	take_snapshot(&now);
	if (!now.have_stats)
		return;

	unpopulated = now.unpopulated_allocated - before->unpopulated_allocated;
	donated = now.donated_allocated - before->donated_allocated;
	ballooned = now.ballooned_allocated - before->ballooned_allocated;
	TH_LOG("unpopulated %lu, donated %lu, ballooned %lu pages", unpopulated,
	       donated, ballooned);
	EXPECT_EQ(pages, unpopulated + donated + ballooned);

	room = region_pages - before->unpopulated_allocated;
	if (region_pages)
		EXPECT_EQ(pages > room ? pages - room : 0, ballooned);
}

TEST_F_TIMEOUT(gntdev_large, one_request, 60)
{
	struct grant_mapping large;

	ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, self->pages, &large));
	expect_origin(_metadata, &self->before, self->region_pages,
		      self->pages);

	/* Mappings meanwhile use the pages that are left. */
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 64));

	EXPECT_EQ(0, release_mapping(self->gntdev, &large));
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 64));
}

static int release_every_other(int gntdev, struct grant_mapping *maps,
			       unsigned int first, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = first; i < nr && !err; i += 2)
		err = release_mapping(gntdev, &maps[i]);

	return err;
}

TEST_F_TIMEOUT(gntdev_large, many_requests, 60)
{
	unsigned int nr = (self->pages + PAGES_PER_REQUEST - 1) /
			  PAGES_PER_REQUEST;
	struct grant_mapping *maps;
	unsigned int i;

	maps = calloc(nr, sizeof(*maps));
	ASSERT_NE(NULL, maps);

	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL,
					     PAGES_PER_REQUEST, &maps[i]));
	}
	expect_origin(_metadata, &self->before, self->region_pages,
		      nr * PAGES_PER_REQUEST);
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 64));

	/* Every other one is released; the free pages are in pieces, and serve. */
	ASSERT_EQ(0, release_every_other(self->gntdev, maps, 0, nr));
	EXPECT_TRUE(grants_work(self->gntalloc, self->gntdev, 256));
	ASSERT_EQ(0, release_every_other(self->gntdev, maps, 1, nr));

	free(maps);
}

TEST_HARNESS_MAIN
