// SPDX-License-Identifier: GPL-2.0
/*
 * Map the start of another domain's memory in one piece, as a device model or
 * a tool that saves the domain does, and say how long that and its end take.
 *
 *	map_guest DOMID MIB
 */
#include <stdint.h>
#include <sys/ioctl.h>

#include "xen_test.h"

#include <xen/privcmd.h>

static int fail(const char *what)
{
	perror(what);
	return KSFT_FAIL;
}

int main(int argc, char **argv)
{
	unsigned long long start, mapped, unmapped;
	struct privcmd_mmapbatch_v2 op = {};
	unsigned long nr_gfns, i;
	xen_pfn_t *gfns;
	int *errors;
	size_t size;
	char *addr;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: map_guest DOMID MIB\n");
		return KSFT_FAIL;
	}
	size = strtoul(argv[2], NULL, 10) << 20;
	nr_gfns = size / XEN_PAGE_SIZE;

	gfns = calloc(nr_gfns, sizeof(*gfns));
	errors = calloc(nr_gfns, sizeof(*errors));
	if (!gfns || !errors)
		return fail("calloc");
	/* Touched, so that no page fault is measured. */
	for (i = 0; i < nr_gfns; i++) {
		gfns[i] = GUEST_RAM_GFN + i;
		errors[i] = -1;
	}

	fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail("/dev/xen/privcmd");

	start = now_us();
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED)
		return fail("mmap");
	op.num = nr_gfns;
	op.dom = strtoul(argv[1], NULL, 10);
	op.addr = (uintptr_t)addr;
	op.arr = gfns;
	op.err = errors;
	if (ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &op))
		return fail("IOCTL_PRIVCMD_MMAPBATCH_V2");
	mapped = now_us();

	for (i = 0; i < nr_gfns; i++) {
		if (errors[i]) {
			fprintf(stderr, "gfn %#llx: error %d\n",
				(unsigned long long)gfns[i], errors[i]);
			return KSFT_FAIL;
		}
	}

	start += now_us() - mapped;
	if (munmap(addr, size))
		return fail("munmap");
	unmapped = now_us();

	printf("map_us %llu\n", mapped - start);
	printf("unmap_us %llu\n", unmapped - mapped);
	return KSFT_PASS;
}
