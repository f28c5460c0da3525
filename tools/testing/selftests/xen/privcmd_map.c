// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping of another domain's memory through /dev/xen/privcmd, as the toolstack
 * does to build, save and inspect domains.
 *
 * The other domain has to be there, paused since it was created:
 *   XEN_TEST_DOMID	its number
 *   XEN_TEST_IMAGE	a file that it got for its ramdisk. Where Xen does not
 *			translate its addresses (PV), it cannot be found.
 * The domain is left as it was found and can be unpaused afterwards.
 */
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "xen_harness.h"

#include <xen/privcmd.h>

/* Far above the RAM of this one, and where no device of Xen's is. */
#define HOLE_GFN		(0xe0000000UL / XEN_PAGE_SIZE)

/* How far into the guest's RAM the file is looked for, and how much at a time. */
#define SEARCH_GFNS		((256UL << 20) / XEN_PAGE_SIZE)
#define GFNS_AT_A_TIME		1024

/* Mappings that exist at once. */
#define MANY			256

/* Pages that are written to, and get their old content back. */
#define WRITTEN_GFNS		16

/* Pages from one that does not exist to the next: no divisor of a batch. */
#define HOLE_DISTANCE		7

/* Primes, to visit pages in mixed order. */
#define STRIDE			7919UL
#define OTHER_STRIDE		7907UL

struct guest {
	int privcmd;
	domid_t domid;
	char *image;		/* the file */
	size_t image_size;
	unsigned int pages;	/* of the file, the last one in part */
	unsigned long start_gfn;
};

FIXTURE(privcmd_map)
{
	struct snapshot before;
	struct guest guest;
};

struct foreign_mapping {
	char *addr;
	size_t size;
	unsigned int count;
	int *errors;		/* of every page */
};

static int unmap_foreign(struct foreign_mapping *map)
{
	int err = munmap(map->addr, map->size) ? -errno : 0;

	free(map->errors);
	memset(map, 0, sizeof(*map));
	return err;
}

static int map_foreign(int privcmd, domid_t domid, const xen_pfn_t *gfns,
		       unsigned int count, struct foreign_mapping *map)
{
	unsigned long mask = page_size() - 1;
	struct privcmd_mmapbatch_v2 op;
	int err;

	map->count = count;
	map->size = (count * XEN_PAGE_SIZE + mask) & ~mask;
	map->errors = calloc(count, sizeof(map->errors[0]));
	if (!map->errors)
		return -ENOMEM;

	map->addr = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 privcmd, 0);
	if (map->addr == MAP_FAILED) {
		err = -errno;
		free(map->errors);
		return err;
	}

	op = (struct privcmd_mmapbatch_v2) {
		.num = count,
		.dom = domid,
		.addr = (uintptr_t)map->addr,
		.arr = gfns,
		.err = map->errors,
	};
	if (ioctl(privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &op)) {
		err = -errno;
		unmap_foreign(map);
		return err;
	}

	return 0;
}

/* The number of pages that could not be mapped. */
static unsigned int count_errors(const struct foreign_mapping *map)
{
	unsigned int i, errors = 0;

	for (i = 0; i < map->count; i++)
		errors += !!map->errors[i];

	return errors;
}

static int map_one(struct guest *guest, xen_pfn_t gfn,
		   struct foreign_mapping *map)
{
	int err;

	err = map_foreign(guest->privcmd, guest->domid, &gfn, 1, map);
	if (!err && map->errors[0]) {
		err = map->errors[0];
		unmap_foreign(map);
	}

	return err;
}

/* Is @addr page @page of the file? The page's end beyond the file is ignored. */
static bool check_image_page(struct guest *guest, const char *addr,
			     unsigned int page)
{
	size_t offset = page * XEN_PAGE_SIZE;
	size_t len = guest->image_size - offset;
	size_t i;

	if (len > XEN_PAGE_SIZE)
		len = XEN_PAGE_SIZE;
	if (!memcmp(addr, guest->image + offset, len))
		return true;

	for (i = 0; addr[i] == guest->image[offset + i];)
		i++;
	ksft_print_msg("page %u differs from the file at byte %zu: %#x, not %#x\n",
		       page, i, (unsigned char)addr[i],
		       (unsigned char)guest->image[offset + i]);
	return false;
}

/*
 * Which of these pages is the first one of the file? @count if none is. A page that
 * the domain does not have cannot be mapped, which Xen says by EINVAL.
 */
static long find_image_among(struct guest *guest, unsigned long gfn,
			     unsigned long count)
{
	struct foreign_mapping map;
	xen_pfn_t gfns[count];
	unsigned long i;
	long err;

	for (i = 0; i < count; i++)
		gfns[i] = gfn + i;
	err = map_foreign(guest->privcmd, guest->domid, gfns, count, &map);
	if (err) {
		ksft_print_msg("mapping %lu pages from gfn %#lx: %s\n", count,
			       gfn, strerror(-err));
		return err;
	}

	for (i = 0; i < count && !err; i++) {
		if (map.errors[i] && map.errors[i] != -EINVAL) {
			err = map.errors[i];
			ksft_print_msg("mapping gfn %#lx: %s\n", gfn + i,
				       strerror(-err));
		} else if (!map.errors[i] &&
			   !memcmp(map.addr + i * XEN_PAGE_SIZE, guest->image,
				   XEN_PAGE_SIZE)) {
			break;
		}
	}

	unmap_foreign(&map);
	return err ?: i;
}

/* Where in the domain is the file? -ENOENT if it is not there. */
static int find_image(struct guest *guest)
{
	unsigned long gfn;
	long i;

	for (gfn = GUEST_RAM_GFN; gfn < GUEST_RAM_GFN + SEARCH_GFNS;
	     gfn += GFNS_AT_A_TIME) {
		i = find_image_among(guest, gfn, GFNS_AT_A_TIME);
		if (i < 0)
			return i;
		if (i < GFNS_AT_A_TIME) {
			guest->start_gfn = gfn + i;
			return 0;
		}
	}

	return -ENOENT;
}

FIXTURE_SETUP(privcmd_map)
{
	const char *domid = getenv("XEN_TEST_DOMID");
	const char *path = getenv("XEN_TEST_IMAGE");
	struct guest *guest = &self->guest;
	struct stat st;
	int fd, err;
	char *end;

	guest->privcmd = open_device(_metadata, "/dev/xen/privcmd");
	if (guest->privcmd < 0)
		return;
	if (!domid || !path)
		SKIP(return, "XEN_TEST_DOMID and XEN_TEST_IMAGE name no domain");

	guest->domid = strtoul(domid, &end, 10);
	ASSERT_TRUE(*domid && !*end && guest->domid != own_domid())
		TH_LOG("XEN_TEST_DOMID=%s is no other domain", domid);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0)
		TH_LOG("%s: %s", path, strerror(errno));
	ASSERT_EQ(0, fstat(fd, &st));
	ASSERT_GT(st.st_size, (off_t)XEN_PAGE_SIZE);
	guest->image_size = st.st_size;
	guest->pages = (st.st_size + XEN_PAGE_SIZE - 1) / XEN_PAGE_SIZE;
	guest->image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, guest->image);
	ASSERT_EQ(0, close(fd));

	take_snapshot(&self->before);
	err = find_image(guest);
	ASSERT_EQ(0, err)
		TH_LOG("%s in the memory of domain %u: %s", path, guest->domid,
		       strerror(-err));
	EXPECT_TRUE(is_restored(&self->before));
}

FIXTURE_TEARDOWN(privcmd_map)
{
	/* A failed test leaves its mappings to the end of the process. */
	if (_metadata->exit_code == KSFT_FAIL)
		return;

	EXPECT_EQ(0, close(self->guest.privcmd));
	EXPECT_TRUE(is_restored(&self->before));
}

/* The gfns of the file's pages: each @stride one, coming back to the first. */
static xen_pfn_t *image_gfns(struct guest *guest,
			     unsigned long stride)
{
	xen_pfn_t *gfns = calloc(guest->pages, sizeof(*gfns));
	unsigned int i;

	for (i = 0; gfns && i < guest->pages; i++)
		gfns[i] = guest->start_gfn + i * stride % guest->pages;

	return gfns;
}

/* Map the file's pages in the order of @stride and compare all with the file. */
static void expect_image(struct __test_metadata *_metadata,
			 struct guest *guest, unsigned long stride)
{
	xen_pfn_t *gfns = image_gfns(guest, stride);
	struct foreign_mapping map;
	unsigned int i;

	ASSERT_NE(NULL, gfns);
	ASSERT_EQ(0, map_foreign(guest->privcmd, guest->domid, gfns, guest->pages,
				 &map));
	ASSERT_EQ(0U, count_errors(&map));

	for (i = 0; i < guest->pages; i++) {
		ASSERT_TRUE(check_image_page(guest, map.addr + i * XEN_PAGE_SIZE,
					     i * stride % guest->pages));
	}

	EXPECT_EQ(0, unmap_foreign(&map));
	free(gfns);
}

TEST_F(privcmd_map, image)
{
	expect_image(_metadata, &self->guest, 1);
}

TEST_F(privcmd_map, image_in_mixed_order)
{
	struct guest *guest = &self->guest;

	/* A divisor of the number of pages would leave some out. */
	expect_image(_metadata, guest,
		     guest->pages % STRIDE ? STRIDE : OTHER_STRIDE);
}

/* Many mappings of one page each, some of them replaced while others stay. */
TEST_F(privcmd_map, many_mappings)
{
	struct foreign_mapping maps[MANY];
	struct guest *guest = &self->guest;
	/* From all over the file, as the pages at its beginning are alike. */
	unsigned int apart = guest->pages / MANY;
	unsigned int i;

	ASSERT_LT(0U, apart);

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, map_one(guest, guest->start_gfn + i * apart,
				     &maps[i]));
	}
	for (i = 0; i < MANY; i += 2) {
		ASSERT_TRUE(check_image_page(guest, maps[i].addr, i * apart));
		ASSERT_EQ(0, unmap_foreign(&maps[i]));
	}
	for (i = 0; i < MANY; i += 2) {
		ASSERT_EQ(0, map_one(guest, guest->start_gfn + i * apart,
				     &maps[i]));
	}
	for (i = MANY; i-- > 0;) {
		ASSERT_TRUE(check_image_page(guest, maps[i].addr, i * apart));
		ASSERT_EQ(0, unmap_foreign(&maps[i]));
	}
}

TEST_F(privcmd_map, write_and_read_back)
{
	struct guest *guest = &self->guest;
	char saved[WRITTEN_GFNS][XEN_PAGE_SIZE];
	struct foreign_mapping first, second;
	xen_pfn_t gfns[WRITTEN_GFNS];
	unsigned int i;
	char *addr;

	for (i = 0; i < WRITTEN_GFNS; i++)
		gfns[i] = guest->start_gfn + i;

	ASSERT_EQ(0, map_foreign(guest->privcmd, guest->domid, gfns, WRITTEN_GFNS,
				 &first));
	ASSERT_EQ(0U, count_errors(&first));
	memcpy(saved, first.addr, sizeof(saved));

	for (i = 0; i < WRITTEN_GFNS; i++)
		fill_page(first.addr + i * XEN_PAGE_SIZE, 1, i);
	for (i = 0; i < WRITTEN_GFNS; i++) {
		ASSERT_EQ(0, map_one(guest, gfns[i], &second));
		EXPECT_TRUE(check_page(second.addr, 1, i));
		fill_page(second.addr, 2, i);
		ASSERT_EQ(0, unmap_foreign(&second));
	}
	for (i = 0; i < WRITTEN_GFNS; i++) {
		addr = first.addr + i * XEN_PAGE_SIZE;
		EXPECT_TRUE(check_page(addr, 2, i));
		memcpy(addr, saved[i], XEN_PAGE_SIZE);
	}

	EXPECT_EQ(0, unmap_foreign(&first));
}

/* A page that does not exist is refused alone. */
TEST_F(privcmd_map, hole)
{
	struct guest *guest = &self->guest;
	xen_pfn_t *gfns = image_gfns(guest, 1);
	unsigned int i, hole = guest->pages / 2;
	struct foreign_mapping map;

	ASSERT_NE(NULL, gfns);
	gfns[hole] = HOLE_GFN;
	ASSERT_EQ(0, map_foreign(guest->privcmd, guest->domid, gfns, guest->pages,
				 &map));
	EXPECT_EQ(1U, count_errors(&map));
	EXPECT_GT(0, map.errors[hole]);

	for (i = 0; i < guest->pages; i++) {
		if (i == hole)
			continue;
		ASSERT_TRUE(check_image_page(guest,
					     map.addr + i * XEN_PAGE_SIZE, i));
	}

	EXPECT_EQ(0, unmap_foreign(&map));
	free(gfns);
}

/*
 * ... and so are many, wherever they are in a hypercall.  The kernel keeps errors
 * and gfns in one array.
 */
TEST_F(privcmd_map, holes)
{
	struct guest *guest = &self->guest;
	xen_pfn_t *gfns = image_gfns(guest, 1);
	struct foreign_mapping map;
	unsigned int i;

	ASSERT_NE(NULL, gfns);
	for (i = 0; i < guest->pages; i += HOLE_DISTANCE)
		gfns[i] = HOLE_GFN + i;
	ASSERT_EQ(0, map_foreign(guest->privcmd, guest->domid, gfns, guest->pages,
				 &map));

	for (i = 0; i < guest->pages; i++) {
		ASSERT_EQ(i % HOLE_DISTANCE == 0, map.errors[i] < 0)
			TH_LOG("page %u has error %d", i, map.errors[i]);
		if (i % HOLE_DISTANCE) {
			ASSERT_TRUE(check_image_page(guest,
						     map.addr + i * XEN_PAGE_SIZE,
						     i));
		}
	}

	EXPECT_EQ(0, unmap_foreign(&map));
	free(gfns);
}

/* A mapping goes as a whole or not at all, or its pages would go twice. */
TEST_F(privcmd_map, no_unmapping_in_part)
{
	struct guest *guest = &self->guest;
	unsigned long size = page_size();
	xen_pfn_t *gfns = image_gfns(guest, 1);
	struct foreign_mapping map;

	if (guest->pages * XEN_PAGE_SIZE < 3 * size)
		SKIP(return, "one kernel page holds the file");

	ASSERT_NE(NULL, gfns);
	ASSERT_EQ(0, map_foreign(guest->privcmd, guest->domid, gfns, guest->pages,
				 &map));
	EXPECT_EQ(-1, munmap(map.addr, size));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, munmap(map.addr + size, size));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(check_image_page(guest, map.addr, 0));

	EXPECT_EQ(0, unmap_foreign(&map));
	free(gfns);
}

TEST_F(privcmd_map, no_such_domain)
{
	struct guest *guest = &self->guest;
	struct foreign_mapping map;
	xen_pfn_t gfn = guest->start_gfn;

	/* DOMID_FIRST_RESERVED - 1, which no test machine gets to. */
	ASSERT_EQ(0, map_foreign(guest->privcmd, 0x7fef, &gfn, 1, &map));
	EXPECT_GT(0, map.errors[0]);
	EXPECT_EQ(0, unmap_foreign(&map));
}

TEST_HARNESS_MAIN
