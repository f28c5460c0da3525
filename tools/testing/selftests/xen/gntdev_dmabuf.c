// SPDX-License-Identifier: GPL-2.0
/*
 * dma-bufs that gntdev makes of grants (IOCTL_GNTDEV_DMABUF_EXP_FROM_REFS). For
 * a device they have to be contiguous, and all of that without taking RAM of
 * this domain as long as there are addresses without RAM.
 *
 * Such a buffer cannot be mapped by user space. But gntdev imports dma-bufs as
 * well, by granting the addresses that a device would be told. So the buffer is
 * imported and granted to this same domain, and mapped like any other grants.
 * This shows the data at the addresses that an importer is told to which those
 * of the guest are device addresses; not swiotlb, nor that they are contiguous.
 */
#include <sys/ioctl.h>

#include "xen_harness.h"

#define MAX_PAGES		2500

/* In one piece, the page allocator has no more than this (MAX_PAGE_ORDER). */
#define MAX_PAGES_OF_RAM	1024

/* Buffers that exist at the same time. */
#define SEVERAL			5

/* From so many pages on, the RAM of a buffer stands out from other changes. */
#define ENOUGH_TO_SEE		256

/* A reference that no grant table is large enough to hold. */
#define BAD_REF			0xfffffff0U

/* How long to wait for a buffer that is to be released, and that is not. */
#define RELEASED_MS		10000
#define NOT_RELEASED_MS		20

FIXTURE(gntdev_dmabuf)
{
	struct snapshot before;
	unsigned long gntalloc_limit;
	bool have_regions;
	unsigned int pages;
	int gntdev;
	/*
	 * Imports with a file of its own: a buffer holds on to the file that
	 * it was exported by, and an import to the buffer.
	 */
	int importer;
	int gntalloc;
	struct shared_pages own;
};

FIXTURE_VARIANT(gntdev_dmabuf)
{
	__u32 flags;
	unsigned int pages;
};

#define WC			GNTDEV_DMA_FLAG_WC
#define COHERENT		GNTDEV_DMA_FLAG_COHERENT

FIXTURE_VARIANT_ADD(gntdev_dmabuf, any_64) { 0, 64 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, wc_1) { WC, 1 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, wc_37) { WC, 37 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, wc_64) { WC, 64 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, wc_1024) { WC, 1024 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, wc_2500) { WC, MAX_PAGES };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, coherent_1) { COHERENT, 1 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, coherent_3) { COHERENT, 3 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, coherent_64) { COHERENT, 64 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, coherent_513) { COHERENT, 513 };
FIXTURE_VARIANT_ADD(gntdev_dmabuf, coherent_1024) { COHERENT, 1024 };

/* The file of the new buffer. */
static int export_buffer(int gntdev, const __u32 *refs, unsigned int count,
			 __u32 flags)
{
	struct ioctl_gntdev_dmabuf_exp_from_refs *op;
	int fd;

	op = calloc(1, sizeof(*op) + count * sizeof(op->refs[0]));
	if (!op)
		return -ENOMEM;

	op->flags = flags;
	op->count = count;
	op->domid = own_domid();
	memcpy(op->refs, refs, count * sizeof(op->refs[0]));

	if (ioctl(gntdev, IOCTL_GNTDEV_DMABUF_EXP_FROM_REFS, op))
		fd = -errno;
	else
		fd = op->fd;

	free(op);
	return fd;
}

static int import_buffer(int gntdev, int fd, unsigned int count, __u32 *refs)
{
	struct ioctl_gntdev_dmabuf_imp_to_refs *op;
	int err = 0;

	op = calloc(1, sizeof(*op) + count * sizeof(op->refs[0]));
	if (!op)
		return -ENOMEM;

	op->fd = fd;
	op->count = count;
	op->domid = own_domid();

	if (ioctl(gntdev, IOCTL_GNTDEV_DMABUF_IMP_TO_REFS, op))
		err = -errno;
	else
		memcpy(refs, op->refs, count * sizeof(refs[0]));

	free(op);
	return err;
}

static int release_import(int gntdev, int fd)
{
	struct ioctl_gntdev_dmabuf_imp_release op = { .fd = fd };

	return ioctl(gntdev, IOCTL_GNTDEV_DMABUF_IMP_RELEASE, &op) ? -errno : 0;
}

/* 0 if the buffer has gone meanwhile, -ENOENT if it had gone before. */
static int wait_released(int gntdev, int fd, unsigned int ms)
{
	struct ioctl_gntdev_dmabuf_exp_wait_released op = {
		.fd = fd,
		.wait_to_ms = ms,
	};

	if (ioctl(gntdev, IOCTL_GNTDEV_DMABUF_EXP_WAIT_RELEASED, &op))
		return -errno;

	return 0;
}

FIXTURE_SETUP(gntdev_dmabuf)
{
	unsigned long total, largest;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;
	self->importer = open_device(_metadata, "/dev/xen/gntdev");
	if (self->importer < 0)
		return;

	if (wait_released(self->gntdev, -1, 0) == -ENOTTY)
		SKIP(return, "gntdev has no dma-bufs");
	if (is_pv_domain())
		SKIP(return, "gntdev makes no dma-bufs in a PV domain");
	/* A buffer's pages are granted once more to be imported. */
	if (granting_domid() != own_domid())
		SKIP(return, "the domain cannot grant the pages of another one");

	read_regions(&total, &largest);
	self->have_regions = total;
	self->pages = variant->pages;
	if (!total && self->pages > MAX_PAGES_OF_RAM)
		self->pages = MAX_PAGES_OF_RAM;

	take_snapshot(&self->before);
	self->gntalloc_limit = raise_limit(GNTALLOC_LIMIT_PATH,
					   2 * SEVERAL * MAX_PAGES);
	ASSERT_EQ(0, share_pages(self->gntalloc, self->pages, &self->own));
}

FIXTURE_TEARDOWN(gntdev_dmabuf)
{
	EXPECT_TRUE(restore_limit(GNTALLOC_LIMIT_PATH, self->gntalloc_limit));
	finish(_metadata, self->gntdev, self->gntalloc, &self->own,
	       &self->before);
	EXPECT_EQ(0, close(self->importer));
}

/*
 * There is one buffer more. It is of unpopulated pages, or where there are none of
 * RAM, of which neither Xen nor the balloon driver says that it is missing.
 */
static void expect_cost(struct __test_metadata *_metadata, long pages,
			bool have_regions, const struct snapshot *before,
			long ram)
{
	struct snapshot now;

	take_snapshot(&now);

	if (have_regions) {
		EXPECT_EQ(before->current_kb, now.current_kb);
		EXPECT_EQ(before->ballooned_allocated, now.ballooned_allocated);
		EXPECT_EQ(before->unpopulated_allocated + pages,
			  now.unpopulated_allocated);
	}

	if (pages < ENOUGH_TO_SEE)
		return;
	TH_LOG("%ld pages cost %ld pages of RAM", pages, ram);
	if (have_regions)
		EXPECT_LT(ram, pages / 2);
	if (!have_regions)
		EXPECT_GT(ram, pages - ENOUGH_TO_SEE / 4);
}

/* The owner's pages are behind the buffer @fd, all of them and in order. */
static void expect_data(struct __test_metadata *_metadata, int importer,
			int fd, const struct shared_pages *own)
{
	struct grant_mapping map;
	__u32 refs[MAX_PAGES];

	ASSERT_EQ(0, import_buffer(importer, fd, own->count, refs));
	ASSERT_EQ(0, map_grants(importer, refs, own->count, &map));

	fill_pages(own->addr, 1, own->count);
	EXPECT_TRUE(check_pages(map.addr, 1, own->count));
	fill_pages(map.addr, 2, own->count);
	EXPECT_TRUE(check_pages(own->addr, 2, own->count));

	EXPECT_EQ(0, release_mapping(importer, &map));
	EXPECT_EQ(0, release_import(importer, fd));
}

TEST_F(gntdev_dmabuf, as_an_importer_sees_it)
{
	struct snapshot before;
	long ram, missing;
	int fd;

	take_snapshot(&before);
	ram = ram_available_pages();
	fd = export_buffer(self->gntdev, self->own.refs, self->pages,
			   variant->flags);
	ASSERT_GE(fd, 0)
		TH_LOG("export: %s", strerror(-fd));
	missing = ram - ram_available_pages();
	expect_cost(_metadata, self->pages, self->have_regions, &before,
		    missing);

	expect_data(_metadata, self->importer, fd, &self->own);
	EXPECT_EQ(0, close(fd));

	EXPECT_TRUE(is_restored(&before));
	missing = ram - ram_available_pages();
	if (self->pages >= ENOUGH_TO_SEE)
		EXPECT_LT(missing, self->pages / 2);
}

/* A dma-buf exists until its last user is gone, and one can wait for that. */
TEST_F(gntdev_dmabuf, wait_until_released)
{
	__u32 refs[MAX_PAGES];
	int fd, err;

	fd = export_buffer(self->gntdev, self->own.refs, self->pages,
			   variant->flags);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, import_buffer(self->importer, fd, self->pages, refs));
	EXPECT_EQ(-ETIMEDOUT, wait_released(self->gntdev, fd, NOT_RELEASED_MS));

	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(-ETIMEDOUT, wait_released(self->gntdev, fd, NOT_RELEASED_MS));
	EXPECT_TRUE(are_allocated(&self->before,
				  self->have_regions || !variant->flags ?
				  self->pages : 0));

	EXPECT_EQ(0, release_import(self->importer, fd));
	err = wait_released(self->gntdev, fd, RELEASED_MS);
	if (err != -ENOENT)
		EXPECT_EQ(0, err);
	EXPECT_TRUE(is_restored(&self->before));
}

/* The buffer keeps what it needs when its file is closed. */
TEST_F(gntdev_dmabuf, outlives_its_file)
{
	int fd;

	fd = export_buffer(self->gntdev, self->own.refs, self->pages,
			   variant->flags);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, close(self->gntdev));
	expect_data(_metadata, self->importer, fd, &self->own);
	EXPECT_EQ(0, close(fd));

	self->gntdev = open_device(_metadata, "/dev/xen/gntdev");
	EXPECT_GE(self->gntdev, 0);
}

/* Several of different ages and sizes, each with its own pages. */
TEST_F(gntdev_dmabuf, several)
{
	struct shared_pages own[SEVERAL];
	unsigned int i, round;
	int fds[SEVERAL];

	for (i = 0; i < SEVERAL; i++) {
		ASSERT_EQ(0, share_pages(self->gntalloc,
					 1 + i * self->pages / SEVERAL,
					 &own[i]));
		fds[i] = export_buffer(self->gntdev, own[i].refs, own[i].count,
				       variant->flags);
		ASSERT_GE(fds[i], 0);
	}

	/* Every other one is replaced. */
	for (round = 0; round < 2; round++) {
		for (i = round; i < SEVERAL; i += 2) {
			expect_data(_metadata, self->importer, fds[i], &own[i]);
			ASSERT_EQ(0, close(fds[i]));
			fds[i] = export_buffer(self->gntdev, own[i].refs,
					       own[i].count, variant->flags);
			ASSERT_GE(fds[i], 0);
		}
	}

	for (i = SEVERAL; i-- > 0;) {
		expect_data(_metadata, self->importer, fds[i], &own[i]);
		EXPECT_EQ(0, close(fds[i]));
		EXPECT_EQ(0, unshare_pages(&own[i]));
	}
}

/* A refused request leaves no page behind. */
TEST_F(gntdev_dmabuf, refused)
{
	__u32 refs[MAX_PAGES];

	EXPECT_EQ(-EINVAL, export_buffer(self->gntdev, self->own.refs, 0,
					 variant->flags));
	EXPECT_EQ(-EINVAL, export_buffer(self->gntdev, self->own.refs,
					 self->pages, WC | COHERENT));

	memcpy(refs, self->own.refs, self->pages * sizeof(refs[0]));
	refs[self->pages / 2] = BAD_REF;
	EXPECT_EQ(-EINVAL, export_buffer(self->gntdev, refs, self->pages,
					 variant->flags));
	EXPECT_TRUE(is_restored(&self->before));
}

/* Waiting takes memory: without it, the wait fails and the buffer is freed all the same. */
TEST_F(gntdev_dmabuf, no_memory_to_wait)
{
	int fd, fail_nth, err;
	bool failed;

	fail_nth = open_fail_nth();
	if (fail_nth < 0 || !read_settings(failslab_settings, NR_FAILSLAB_SETTINGS))
		SKIP(return, "no failslab");
	fd = export_buffer(self->gntdev, self->own.refs, self->pages,
			   variant->flags);
	ASSERT_GE(fd, 0);

	EXPECT_EQ(NR_FAILSLAB_SETTINGS,
		  write_settings(failslab_settings, NR_FAILSLAB_SETTINGS));
	EXPECT_TRUE(set_fail_nth(fail_nth, 1));
	err = wait_released(self->gntdev, fd, NOT_RELEASED_MS);
	failed = has_failed(fail_nth);
	EXPECT_TRUE(set_fail_nth(fail_nth, 0));
	EXPECT_TRUE(restore_settings(failslab_settings, NR_FAILSLAB_SETTINGS));
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_TRUE(failed);

	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(-ENOENT, wait_released(self->gntdev, fd, NOT_RELEASED_MS));
	EXPECT_TRUE(is_restored(&self->before));
	EXPECT_EQ(0, close(fail_nth));
}

TEST_HARNESS_MAIN
