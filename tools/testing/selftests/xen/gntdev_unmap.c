// SPDX-License-Identifier: GPL-2.0
/*
 * A page that Xen does not unmap must not be mapped at again, which in a PVH dom0
 * would be its end.
 *
 * Xen refuses to unmap a grant that the test has unmapped already, through
 * privcmd. So nothing is really mapped any more, but gntdev cannot know that, and
 * each run of the test takes one page until the next boot.
 */
#include <sys/ioctl.h>

#include "xen_harness.h"

#include <xen/privcmd.h>

/* From Xen's public headers xen.h and grant_table.h. */
#define HYPERVISOR_GRANT_TABLE_OP	20
#define GNTTABOP_UNMAP_GRANT_REF	1

struct gnttab_unmap_grant_ref {
	__u64 host_addr;
	__u64 dev_bus_addr;
	__u32 handle;
	__s16 status;
};

/* Xen numbers mappings from 0, and uses each number again. */
#define MAX_HANDLES		1000000U

/* Pages that are mapped together, and the one that is not unmapped. */
#define PAGES			3
#define REFUSED			1

/* How long to look whether the page really stays allocated. */
#define STAYS_MS		500

FIXTURE(gntdev_unmap)
{
	struct snapshot before;
	int gntdev;
	int gntalloc;
	int privcmd;
	struct shared_pages own;
};

FIXTURE_SETUP(gntdev_unmap)
{
	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;
	self->privcmd = open_device(_metadata, "/dev/xen/privcmd");
	if (self->privcmd < 0)
		return;
	if (is_pv_domain())
		SKIP(return, "in a PV domain, gntdev maps grants elsewhere as well");

	ASSERT_EQ(0, share_pages(self->gntalloc, PAGES, &self->own));
	fill_pages(self->own.addr, 1, PAGES);
	/* Mapped once only: handles of the same page would all do. */
	ASSERT_EQ(0, close_view(&self->own));
	take_snapshot(&self->before);
}

FIXTURE_TEARDOWN(gntdev_unmap)
{
	EXPECT_EQ(0, close(self->privcmd));
	let_go(_metadata, self->gntdev, self->gntalloc, &self->own, 1);
}

/* The guest physical address behind @addr. */
static __u64 address_of(struct __test_metadata *_metadata, const void *addr)
{
	const __u64 pfn_mask = (1ULL << 55) - 1, present = 1ULL << 63;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 entry;

	ASSERT_GE(pagemap, 0);
	ASSERT_EQ(sizeof(entry),
		  pread(pagemap, &entry, sizeof(entry),
			(uintptr_t)addr / page_size() * sizeof(entry)));
	close(pagemap);

	ASSERT_TRUE(entry & present);
	ASSERT_NE(0, entry & pfn_mask);
	return (entry & pfn_mask) * page_size();
}

/*
 * Unmap the grant at @address. Xen wants its handle as well, and refuses a wrong
 * one as long as the grant is mapped. On Arm it takes any one afterwards, so they
 * are tried one by one.
 */
static int unmap_by_hypercall(int privcmd, __u64 address)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = address };
	struct privcmd_hypercall call = {
		.op = HYPERVISOR_GRANT_TABLE_OP,
		.arg = { GNTTABOP_UNMAP_GRANT_REF, (uintptr_t)&op, 1 },
	};

	for (op.handle = 0; op.handle < MAX_HANDLES; op.handle++) {
		op.status = 1;
		if (ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call))
			return -errno;
		if (!op.status)
			return 0;
	}

	return -ENOENT;
}

TEST_F(gntdev_unmap, refused_page_stays_allocated)
{
	struct grant_mapping map;
	unsigned int i;
	__u64 refused;
	int err;

	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, PAGES, &map));
	ASSERT_TRUE(check_pages(map.addr, 1, PAGES));
	refused = address_of(_metadata, map.addr + REFUSED * page_size());

	err = unmap_by_hypercall(self->privcmd, refused);
	if (err == -EPERM) {
		EXPECT_EQ(0, release_mapping(self->gntdev, &map));
		SKIP(return, "privcmd passes no hypercalls on in this domain");
	}
	ASSERT_EQ(0, err)
		TH_LOG("unmap by hypercall: %s", strerror(-err));

	/* Those that are unmapped with it are freed. */
	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
	sleep_ms(STAYS_MS);
	EXPECT_TRUE(are_allocated(&self->before, 1));

	/* The lowest free pages are mapped at first, so it would be among them. */
	ASSERT_EQ(0, map_grants(self->gntdev, self->own.refs, PAGES, &map));
	EXPECT_TRUE(check_pages(map.addr, 1, PAGES));
	for (i = 0; i < PAGES; i++) {
		EXPECT_NE(refused, address_of(_metadata,
					      map.addr + i * page_size()));
	}

	EXPECT_EQ(0, release_mapping(self->gntdev, &map));
	sleep_ms(STAYS_MS);
	EXPECT_TRUE(are_allocated(&self->before, 1));
}

TEST_HARNESS_MAIN
