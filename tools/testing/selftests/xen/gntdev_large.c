// SPDX-License-Identifier: GPL-2.0
/*
 * More scratch pages than any one range of addresses holds, in one request and
 * in many. gntdev takes the scratch pages when grants are announced to it
 * (IOCTL_GNTDEV_MAP_GRANT_REF), so that no grants are needed to ask for many.
 */
#include "xen_test.h"

/* What goes beyond the largest region in pages. */
#define BEYOND			512

/* Asked for when nothing is known about regions, or there are none. */
#define PAGES_WITHOUT_REGIONS	8192

/* Pages in each of many requests. */
#define PAGES_PER_REQUEST	4096

/*
 * RAM that a page costs whatever is behind it: its struct page, and gntdev's
 * and this program's books about it; and RAM to be left for everybody else.
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
	available = mem_available_pages(_metadata);
	if (need > available)
		SKIP(return, "%lu pages would take %lu pages of RAM, %lu are available",
		     wanted, need, available);
	TH_LOG("largest region %lu pages, all %lu: asking for %lu", largest,
	       self->region_pages, wanted);
	self->pages = wanted;

	take_snapshot(_metadata, &self->before);
	self->gntdev_limit = raise_limit(_metadata, GNTDEV_LIMIT_PATH,
					 self->pages);
}

FIXTURE_TEARDOWN(gntdev_large)
{
	restore_limit(_metadata, GNTDEV_LIMIT_PATH, self->gntdev_limit);

	/* A failed test leaves its pages to the end of the process. */
	if (_metadata->exit_code == KSFT_FAIL)
		return;

	EXPECT_EQ(0, close(self->gntdev));
	EXPECT_EQ(0, close(self->gntalloc));
	expect_restored(_metadata, &self->before);
}

/*
 * All of @pages are accounted for, and no more of them have been ballooned out
 * than the regions have no room for.
 */
static void expect_origin(struct __test_metadata *_metadata,
			  const struct snapshot *before,
			  unsigned long region_pages, unsigned long pages)
{
	unsigned long scratch, donated, ballooned, room;
	struct snapshot now;

	take_snapshot(_metadata, &now);
	if (!now.have_stats)
		return;

	scratch = now.scratch_used - before->scratch_used;
	donated = now.donated_used - before->donated_used;
	ballooned = now.ballooned_used - before->ballooned_used;
	TH_LOG("scratch %lu, donated %lu, ballooned %lu pages", scratch,
	       donated, ballooned);
	EXPECT_EQ(pages, scratch + donated + ballooned);

	room = region_pages - before->scratch_used;
	EXPECT_TRUE(!region_pages ||
		    ballooned == (pages > room ? pages - room : 0));
}

TEST_F_TIMEOUT(gntdev_large, one_request, 60)
{
	struct grant_mapping large;

	ASSERT_EQ(0, reserve_mapping(self->gntdev, NULL, self->pages, &large));
	expect_origin(_metadata, &self->before, self->region_pages,
		      self->pages);

	/* What is mapped while so much is out comes from what is left. */
	expect_grants_work(_metadata, self->gntalloc, self->gntdev, 64);

	EXPECT_EQ(0, release_mapping(self->gntdev, &large));
	expect_grants_work(_metadata, self->gntalloc, self->gntdev, 64);
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
	expect_grants_work(_metadata, self->gntalloc, self->gntdev, 64);

	/* Every other one goes; what is left is in pieces, and serves. */
	ASSERT_EQ(0, release_every_other(self->gntdev, maps, 0, nr));
	expect_grants_work(_metadata, self->gntalloc, self->gntdev, 256);
	ASSERT_EQ(0, release_every_other(self->gntdev, maps, 1, nr));

	free(maps);
}

TEST_HARNESS_MAIN
