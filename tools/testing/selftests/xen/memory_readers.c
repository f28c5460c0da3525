// SPDX-License-Identifier: GPL-2.0
/*
 * All struct pages, and all RAM, are read by those that do so in a running kernel,
 * while chunks of unpopulated pages come and are released: tools that look at
 * /proc/kpageflags, compaction, what reads /proc/kcore. Unpopulated pages have struct
 * pages outside of RAM, in sections that are there in part.
 */
#include <elf.h>
#include <signal.h>
#include <sys/wait.h>

#include "xen_harness.h"

#define BUFFER_BYTES		1048576UL

/* More than are free in the chunk that is added ahead of need. */
#define PAGES			2000

#define PFN_MASK		((1ULL << 55) - 1)

/* An address in /proc/kcore that is not that of RAM. */
#define NO_PADDR		(~0ULL)

FIXTURE(memory_readers)
{
	struct snapshot before;
	unsigned long gntdev_limit;
	int gntdev;
	int gntalloc;
	pid_t child;
};

/* Have pages come and go until the end of the test. */
static __noreturn void come_and_go(int gntdev)
{
	struct grant_mapping map;

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
	if (!open_devices(_metadata, &self->gntdev, &self->gntalloc))
		return;

	take_snapshot(&self->before);
	self->gntdev_limit = raise_limit(GNTDEV_LIMIT_PATH, PAGES);
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child)
		come_and_go(self->gntdev);
}

FIXTURE_TEARDOWN(memory_readers)
{
	int status = 0;

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

/* All of the file at @path, where there is one. */
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

/* Files with a word of 64 bits, or a bit, for each pfn. */
TEST_F(memory_readers, files_by_pfn)
{
	static const struct {
		const char *path;
		unsigned int bits;
	} files[] = {
		{ "/proc/kpageflags", 64 },
		{ "/proc/kpagecount", 64 },
		{ "/sys/kernel/mm/page_idle/bitmap", 1 },
	};
	unsigned long pages = sysconf(_SC_PHYS_PAGES);
	char *buffer = malloc(BUFFER_BYTES);
	unsigned int i, round;
	long long bytes;

	ASSERT_NE(NULL, buffer);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < ARRAY_SIZE(files); i++) {
			bytes = read_file(files[i].path, buffer);
			ASSERT_LE(pages * files[i].bits / 8, bytes)
				TH_LOG("%s: round %u", files[i].path, round);
		}
	}
	free(buffer);
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

/*
 * RAM as a tool for crash dumps sees it: by the ELF headers of /proc/kcore, which have
 * the address of each range in the linear map. A page of this process is at the
 * address that they say.
 */
TEST_F(memory_readers, kcore)
{
	unsigned long long paddr, ram = 0;
	unsigned int i, found = 0;
	char *page, *buffer;
	Elf64_Phdr *phdr;
	Elf64_Ehdr ehdr;
	int fd;

	fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		SKIP(return, "no /proc/kcore");
	ASSERT_LE(0, fd);
	buffer = malloc(BUFFER_BYTES);
	ASSERT_NE(NULL, buffer);
	page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	fill_page(page, 3, 0);
	paddr = paddr_of(page);

	ASSERT_EQ(sizeof(ehdr), pread(fd, &ehdr, sizeof(ehdr), 0));
	phdr = calloc(ehdr.e_phnum, sizeof(*phdr));
	ASSERT_NE(NULL, phdr);
	ASSERT_EQ(ehdr.e_phnum * sizeof(*phdr),
		  pread(fd, phdr, ehdr.e_phnum * sizeof(*phdr), ehdr.e_phoff));

	for (i = 0; i < ehdr.e_phnum; i++) {
		if (phdr[i].p_type != PT_LOAD || phdr[i].p_paddr == NO_PADDR)
			continue;
		ASSERT_LE(0, lseek(fd, phdr[i].p_offset, SEEK_SET));
		EXPECT_EQ(phdr[i].p_filesz,
			  read_on(fd, phdr[i].p_filesz, buffer));
		ram += phdr[i].p_filesz;

		if (paddr < phdr[i].p_paddr ||
		    paddr - phdr[i].p_paddr >= phdr[i].p_filesz)
			continue;
		ASSERT_EQ(page_size(),
			  pread(fd, buffer, page_size(),
				phdr[i].p_offset + (paddr - phdr[i].p_paddr)));
		EXPECT_TRUE(check_page(buffer, 3, 0));
		found++;
	}
	EXPECT_LT(0U, found);
	EXPECT_LE(sysconf(_SC_PHYS_PAGES) * page_size(), ram);

	munmap(page, page_size());
	free(phdr);
	free(buffer);
	close(fd);
}

TEST_HARNESS_MAIN
