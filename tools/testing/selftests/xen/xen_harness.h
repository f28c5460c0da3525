/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions of the tests in this directory that need the kselftest harness. The
 * harness defines functions that a program can have once only, so include this in
 * the file with TEST_HARNESS_MAIN. All other shared functions are in xen_test.h.
 *
 * The programs can be run anywhere: a test is skipped where a device or file that it
 * needs is missing. The environment variable XEN_TEST_REQUIRE lists those that have to
 * be there, in words with spaces between. Every test fails if one of them is missing:
 *
 *   stats	the figures in debugfs, without which little can be compared
 *   gntdev	/dev/xen/gntdev
 *   gntalloc	/dev/xen/gntalloc
 *   privcmd	/dev/xen/privcmd
 *
 * A word that is none of these fails every test as well.
 *
 * XEN_TEST_DISK is the path of a disk that gntdev_disk overwrites; see there.
 */
#ifndef SELFTEST_XEN_HARNESS_H
#define SELFTEST_XEN_HARNESS_H

#include "../kselftest_harness.h"

#include "xen_test.h"

/*
 * The 30 s that the harness gives a test are not enough for a kernel that
 * checks itself (KASAN and the like) under an emulator.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

/* Returns a negative number after having skipped the test. */
static inline int open_device(struct __test_metadata *_metadata,
			      const char *path)
{
	bool required = is_required(path);
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && !required && (errno == ENOENT || errno == ENODEV))
		SKIP(return -1, "no %s: not on Xen, or not configured", path);
	if (fd < 0 && !required && (errno == EACCES || errno == EPERM) &&
	    geteuid())
		SKIP(return -1, "%s needs root", path);
	ASSERT_GE(fd, 0)
		TH_LOG("%s: %s", path, strerror(errno));

	return fd;
}

/*
 * Both devices, or false after having skipped the test. gntdev first: when a
 * test dies, files are closed in this order, and a page must be unmapped before
 * it ceases to be shared.
 */
static inline bool open_devices(struct __test_metadata *_metadata,
				int *gntdev, int *gntalloc)
{
	*gntdev = open_device(_metadata, "/dev/xen/gntdev");
	if (*gntdev < 0)
		return false;

	*gntalloc = open_device(_metadata, "/dev/xen/gntalloc");
	return *gntalloc >= 0;
}

/*
 * Close both devices; in between, as nothing maps them any more, @nr_own times
 * pages cease to be shared. A failed test leaves all that to the end of the
 * process, which undoes it in an order that is safe whatever is still mapped.
 */
static inline void let_go(struct __test_metadata *_metadata, int gntdev,
			  int gntalloc, struct shared_pages *own,
			  unsigned int nr_own)
{
	unsigned int i;

	if (_metadata->exit_code == KSFT_FAIL)
		return;

	EXPECT_EQ(0, close(gntdev));
	for (i = 0; i < nr_own; i++)
		EXPECT_EQ(0, unshare_pages(&own[i]));
	EXPECT_EQ(0, close(gntalloc));
}

/* And all pages are as @before. */
static inline void finish(struct __test_metadata *_metadata, int gntdev,
			  int gntalloc, struct shared_pages *own,
			  const struct snapshot *before)
{
	let_go(_metadata, gntdev, gntalloc, own, !!own);
	if (_metadata->exit_code != KSFT_FAIL)
		EXPECT_TRUE(is_restored(before));
}

#endif
