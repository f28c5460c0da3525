// SPDX-License-Identifier: GPL-2.0
/*
 * Direct I/O from and to pages of another domain: a device has to reach the addresses
 * at which they are mapped. XEN_TEST_DISK is the path of a disk that is overwritten.
 *
 * A device model, which emulates the devices of an HVM domain, cannot map what the
 * domain itself has mapped. With XEN_TEST_EMULATED set, the disk is one of these: no
 * data arrives, but as on any other disk no request fails, unless the device does not
 * reach the addresses.
 */
#include "xen_harness.h"

/* More than a disk takes in one request. */
#define BYTES			(2UL << 20)

FIXTURE(gntdev_disk)
{
	struct snapshot before;
	int gntdev;
	int gntalloc;
	bool emulated;
	int direct;		/* the disk, and the same with the page cache */
	int cached;
	unsigned int pages;
	struct shared_pages own;
	struct grant_mapping map;
};

FIXTURE_SETUP(gntdev_disk)
{
	const char *path = getenv("XEN_TEST_DISK");

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;
	if (!path)
		SKIP(return, "no XEN_TEST_DISK");
	self->emulated = getenv("XEN_TEST_EMULATED");
	self->pages = BYTES / page_size();
	self->direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	ASSERT_LE(0, self->direct)
		TH_LOG("%s: %s", path, strerror(errno));
	self->cached = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->cached);

	take_snapshot(&self->before);
	ASSERT_EQ(0, share_pages(self->gntalloc, self->pages, &self->own));
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, self->pages,
				&self->map));
}

FIXTURE_TEARDOWN(gntdev_disk)
{
	if (_metadata->exit_code != KSFT_FAIL)
		EXPECT_EQ(0, release_mapping(self->gntdev, &self->map));
	close(self->cached);
	close(self->direct);
	finish(_metadata, self->gntdev, self->gntalloc, &self->own,
	       &self->before);
}

TEST_F(gntdev_disk, direct_write)
{
	char *copy = malloc(BYTES);

	ASSERT_NE(NULL, copy);
	fill_pages(self->own.addr, 1, self->pages);
	ASSERT_EQ(BYTES, pwrite(self->direct, self->map.addr, BYTES, 0))
		TH_LOG("%s", strerror(errno));
	ASSERT_EQ(BYTES, pread(self->cached, copy, BYTES, 0));
	if (!self->emulated)
		EXPECT_TRUE(check_pages(copy, 1, self->pages));
	free(copy);
}

TEST_F(gntdev_disk, direct_read)
{
	char *copy = malloc(BYTES);

	ASSERT_NE(NULL, copy);
	fill_pages(copy, 2, self->pages);
	ASSERT_EQ(BYTES, pwrite(self->cached, copy, BYTES, 0));
	ASSERT_EQ(0, fsync(self->cached));
	free(copy);

	ASSERT_EQ(BYTES, pread(self->direct, self->map.addr, BYTES, 0))
		TH_LOG("%s", strerror(errno));
	if (!self->emulated)
		EXPECT_TRUE(check_pages(self->own.addr, 2, self->pages));
}

TEST_HARNESS_MAIN
