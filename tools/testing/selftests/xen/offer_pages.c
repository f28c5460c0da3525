// SPDX-License-Identifier: GPL-2.0
/*
 * Grant pages of this domain to another one, which runs the tests, and say by
 * which references: a line "FIRST-LAST" for each run of them. A domain whose
 * addresses Xen translates (PVH, HVM) needs that, as it cannot map a page that it
 * has granted to itself: Xen then takes the page away from where it was.
 *
 *	offer_pages DOMID COUNT
 *
 * The pages stay granted until this is killed.
 */
#include "xen_test.h"

static void print_runs(const __u32 *refs, unsigned int count)
{
	unsigned int i, first = 0;

	for (i = 1; i <= count; i++) {
		if (i < count && refs[i] == refs[i - 1] + 1)
			continue;
		printf("%u-%u\n", refs[first], refs[i - 1]);
		first = i;
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct shared_pages own;
	unsigned int count;
	int fd, err;

	if (argc != 3) {
		fprintf(stderr, "usage: offer_pages DOMID COUNT\n");
		return KSFT_FAIL;
	}
	count = strtoul(argv[2], NULL, 10);

	fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
	if (fd < 0 || !write_number(GNTALLOC_LIMIT_PATH, count)) {
		perror("offer_pages");
		return KSFT_FAIL;
	}

	err = grant_pages(fd, strtoul(argv[1], NULL, 10), count, &own);
	if (err) {
		fprintf(stderr, "offer_pages: %s\n", strerror(-err));
		return KSFT_FAIL;
	}

	print_runs(own.refs, count);
	for (;;)
		pause();
}
