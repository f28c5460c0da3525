// SPDX-License-Identifier: GPL-2.0
/*
 * Read all struct pages and all RAM, through /proc/kpageflags, kpagecount and kcore,
 * page_idle and compaction, while chunks of unpopulated pages are added and released.
 * Their struct pages are outside of RAM, also in sections that have RAM.
 *
 * A PV domain never releases chunks: there, pages come and go. Without regions these
 * are ballooned pages. Nothing must read them through /proc/kcore, as there is no memory
 * behind, so the tests are skipped.
 */
#include <elf.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "xen_harness.h"

#define BUFFER_BYTES		1048576UL

/* More than are free in the chunk that is added ahead of need. */
#define PAGES			2000

/* How often a chunk has to be added during a test. */
#define GROWS			2

/* How often to look for a page that compaction may move. */
#define MAX_LOOKS		5

#define PFN_MASK		((1ULL << 55) - 1)

/* An address in /proc/kcore that is not that of RAM. */
#define NO_PADDR		(~0ULL)

FIXTURE(memory_readers)
{
	struct snapshot before;
	unsigned long gntdev_limit;
	int gntdev;
	int gntalloc;
	bool chunks_go;
	unsigned long grows;
	pid_t child;
};

/* Have pages come and go until the end of the test. */
static __noreturn void come_and_go(int gntdev)
{
	struct grant_mapping map;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (reserve_mapping(gntdev, NULL, PAGES, &map) ||
		    release_mapping(gntdev, &map))
			_exit(KSFT_FAIL);
		if (!access(RELEASE_PATH, F_OK))
			release_all();
	}
}

FIXTURE_SETUP(memory_readers)
{
	unsigned long regions, largest;

	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	read_regions(&regions, &largest);
	if (!regions)
		SKIP(return, "no addresses to have unpopulated pages at");
	self->chunks_go = !access(RELEASE_PATH, F_OK);
	if (self->chunks_go) {
		ASSERT_TRUE(silence_drop_caches());
		self->grows = read_stat("grows");
	}
	take_snapshot(&self->before);
	self->gntdev_limit = raise_limit(GNTDEV_LIMIT_PATH, PAGES);
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child)
		come_and_go(self->gntdev);
}

FIXTURE_TEARDOWN(memory_readers)
{
	unsigned long long start = now_us();
	int status = 0;

	if (self->chunks_go) {
		while (read_stat("grows") < self->grows + GROWS &&
		       look_again(start))
			;
		EXPECT_LE(self->grows + GROWS, read_stat("grows"));
	}

	/* It has not ended by itself. */
	EXPECT_EQ(0, kill(self->child, SIGKILL));
	EXPECT_EQ(self->child, waitpid(self->child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));

	EXPECT_TRUE(restore_limit(GNTDEV_LIMIT_PATH, self->gntdev_limit));
	finish(_metadata, self->gntdev, self->gntalloc, NULL, &self->before);
}

/* Read the file from where it is. Returns the number of bytes, or a negative errno. */
static long long read_on(int fd, unsigned long long bytes, char *buffer)
{
	unsigned long long sum = 0, left;
	ssize_t len;

	for (left = bytes; left; left -= len) {
		len = read(fd, buffer, left < BUFFER_BYTES ? left : BUFFER_BYTES);
		if (len < 0)
			return -errno;
		if (!len)
			break;
		sum += len;
	}

	return sum;
}

/* Read all of the file at @path. */
static long long read_file(const char *path, char *buffer)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long long bytes;

	if (fd < 0)
		return -errno;
	bytes = read_on(fd, ~0ULL, buffer);
	close(fd);

	return bytes;
}

/* Read the file at @path, which has @bits for each pfn, again and again. */
static void read_by_pfn(struct __test_metadata *_metadata, const char *path, int bits)
{
	long long pages = sysconf(_SC_PHYS_PAGES);
	char *buffer = malloc(BUFFER_BYTES);
	unsigned int round;
	long long bytes;

	ASSERT_NE(NULL, buffer);
	for (round = 0; round < 4; round++) {
		bytes = read_file(path, buffer);
		ASSERT_LE(0, bytes)
			TH_LOG("%s: %s", path, strerror(-bytes));
		ASSERT_LE(pages * bits / 8, bytes)
			TH_LOG("%s: round %u", path, round);
	}
	free(buffer);
}

TEST_F(memory_readers, files_by_pfn)
{
	read_by_pfn(_metadata, "/proc/kpageflags", 64);
	read_by_pfn(_metadata, "/proc/kpagecount", 64);
}

TEST_F(memory_readers, idle_pages)
{
	const char *path = "/sys/kernel/mm/page_idle/bitmap";

	if (access(path, F_OK))
		SKIP(return, "no %s", path);
	read_by_pfn(_metadata, path, 1);
}

/* Compaction, and the file that goes through all blocks of pages. */
TEST_F(memory_readers, compaction)
{
	char *buffer = malloc(BUFFER_BYTES);
	unsigned int round;

	ASSERT_NE(NULL, buffer);
	for (round = 0; round < 4; round++) {
		EXPECT_TRUE(write_number("/proc/sys/vm/compact_memory", 1));
		EXPECT_LT(0, read_file("/proc/pagetypeinfo", buffer));
	}
	free(buffer);
}

/* The physical address of a page of this process. */
static unsigned long long paddr_of(const char *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 entry = 0;
	ssize_t len;

	len = pread(fd, &entry, sizeof(entry),
		    (unsigned long)addr / page_size() * sizeof(entry));
	close(fd);
	if (len != sizeof(entry))
		return NO_PADDR;

	return (entry & PFN_MASK) * page_size();
}

static bool is_ram(const Elf64_Phdr *phdr)
{
	return phdr->p_type == PT_LOAD && phdr->p_paddr != NO_PADDR;
}

/*
 * Find the page at @page by the headers of /proc/kcore, as a tool for crash dumps does:
 * they have the address of each range of RAM in the linear map. Returns false if the
 * page is not there.
 */
static bool finds_page(int fd, const Elf64_Phdr *phdr, unsigned int nr,
		       const char *page, char *buffer)
{
	unsigned long long paddr = paddr_of(page), offset;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		offset = paddr - phdr[i].p_paddr;
		if (is_ram(&phdr[i]) && paddr >= phdr[i].p_paddr &&
		    offset < phdr[i].p_filesz)
			return pread(fd, buffer, page_size(),
				     phdr[i].p_offset + offset) ==
			       (ssize_t)page_size() && check_page(buffer, 3, 0);
	}

	return false;
}

TEST_F(memory_readers, kcore)
{
	unsigned long long ram = 0;
	unsigned int i, looks = 0;
	char *page, *buffer;
	Elf64_Phdr *phdr;
	Elf64_Ehdr ehdr;
	bool found;
	int fd;

	fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	buffer = malloc(BUFFER_BYTES);
	ASSERT_NE(NULL, buffer);
	page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	fill_page(page, 3, 0);

	ASSERT_EQ(sizeof(ehdr), pread(fd, &ehdr, sizeof(ehdr), 0));
	phdr = calloc(ehdr.e_phnum, sizeof(*phdr));
	ASSERT_NE(NULL, phdr);
	ASSERT_EQ(ehdr.e_phnum * sizeof(*phdr),
		  pread(fd, phdr, ehdr.e_phnum * sizeof(*phdr), ehdr.e_phoff));

	for (i = 0; i < ehdr.e_phnum; i++) {
		if (!is_ram(&phdr[i]))
			continue;
		ASSERT_LE(0, lseek(fd, phdr[i].p_offset, SEEK_SET));
		EXPECT_EQ(phdr[i].p_filesz,
			  read_on(fd, phdr[i].p_filesz, buffer));
		ram += phdr[i].p_filesz;
	}
	EXPECT_LE(sysconf(_SC_PHYS_PAGES) * page_size(), ram);

	do {
		found = finds_page(fd, phdr, ehdr.e_phnum, page, buffer);
	} while (!found && ++looks < MAX_LOOKS);
	EXPECT_TRUE(found);

	munmap(page, page_size());
	free(phdr);
	free(buffer);
	close(fd);
}

TEST_HARNESS_MAIN
