// SPDX-License-Identifier: GPL-2.0
/* Chunks of unpopulated pages, which come and are released. */
#include "xen_test.h"

/* sizeof(struct page) */
#define STRUCT_PAGE_SIZE	64

/* That of an entry of a page table. */
#define PTE_SIZE		8

#define BLOCK_SIZE_PATH		"/sys/devices/system/memory/block_size_bytes"
#define STAT_REFRESH_PATH	"/proc/sys/vm/stat_refresh"
#define BLOCK_PATH		"/sys/devices/system/memory/memory"

/* By how many pages overhead_pages() may differ. */
#define OVERHEAD_SLACK		16

/* Pages in the smallest chunk, as the driver's XEN_UNPOP_GRANULE has it. */
unsigned long granule_pages(void)
{
	unsigned long bytes = page_size() * (page_size() / STRUCT_PAGE_SIZE);

	return (bytes > (2UL << 20) ? bytes : 2UL << 20) / page_size();
}

/* In the largest: a section, 512 MiB of addresses with pages of 64 KiB. */
unsigned long largest_chunk_pages(void)
{
	return (page_size() == 65536 ? 512UL << 20 : 128UL << 20) / page_size();
}

/* The next one of @file, which is CHUNKS_PATH; false: there are no more. */
bool next_chunk(FILE *file, struct chunk *chunk)
{
	char line[128], origin[16];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%*x %lu %lu %15s", &chunk->start,
			   &chunk->pages, &chunk->nr_free, origin) == 4 &&
		    !strcmp(origin, "unpopulated"))
			return true;
	}

	return false;
}

/* Number of unpopulated pages, and of those in idle chunks. */
void read_chunks(unsigned long *total, unsigned long *idle)
{
	struct chunk chunk;
	FILE *file;

	*total = 0;
	*idle = 0;

	file = fopen(CHUNKS_PATH, "r");
	if (!file)
		return;

	while (next_chunk(file, &chunk)) {
		*total += chunk.pages;
		if (chunk.nr_free == chunk.pages)
			*idle += chunk.pages;
	}

	fclose(file);
}

/*
 * Pages of RAM that hold the struct pages of chunks. Where the domain has RAM in
 * the same memory block, the struct pages of all the block are there anyway.
 */
unsigned long chunks_memmap(void)
{
	unsigned long long block_size = 0;
	unsigned long total = 0;
	struct chunk chunk;
	char path[64];
	FILE *file;

	file = fopen(BLOCK_SIZE_PATH, "r");
	if (!file || fscanf(file, "%llx", &block_size) != 1 || !block_size)
		fail_test("%s cannot be read", BLOCK_SIZE_PATH);
	fclose(file);

	file = fopen(CHUNKS_PATH, "r");
	if (!file)
		fail_test("%s cannot be read", CHUNKS_PATH);
	while (next_chunk(file, &chunk)) {
		snprintf(path, sizeof(path), BLOCK_PATH "%llu",
			 chunk.start / block_size);
		if (access(path, F_OK))
			total += chunk.pages;
	}
	fclose(file);

	return total * STRUCT_PAGE_SIZE / page_size();
}

/* Number of unpopulated pages that /proc/iomem has addresses of. */
static unsigned long iomem_pages(void)
{
	unsigned long long start, end;
	unsigned long pages = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/iomem", "r");
	if (!file)
		return 0;

	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, ": Xen scratch\n") &&
		    sscanf(line, "%llx-%llx", &start, &end) == 2)
			pages += (end - start + 1) / page_size();
	}

	fclose(file);
	return pages;
}

static unsigned long read_vmstat(const char *name)
{
	unsigned long value;

	if (!read_named("/proc/vmstat", name, &value))
		fail_test("no %s in /proc/vmstat", name);
	return value;
}

/* The pages of RAM that are struct pages. */
unsigned long memmap_pages(void)
{
	/* The processors keep some of the counting to themselves. */
	write_number(STAT_REFRESH_PATH, 1);

	return read_vmstat("nr_memmap_pages");
}

/* With those of all page tables, which other processes have as well. */
static unsigned long overhead_pages(void)
{
	return memmap_pages() + read_vmstat("nr_page_table_pages");
}

/*
 * The RAM that chunks of @pages may take: struct pages, and page tables where the
 * kernel maps page by page, as Linux 7.3 does on arm64.
 */
unsigned long chunks_overhead(unsigned long pages)
{
	return pages * (STRUCT_PAGE_SIZE + PTE_SIZE) / page_size();
}

void release_all(void)
{
	if (!write_number(RELEASE_PATH, 1))
		fail_test("%s cannot be written", RELEASE_PATH);
}

/* As read_chunks(). Does /proc/iomem have the same, even while chunks come? */
bool chunks_are_in_iomem(unsigned long *total, unsigned long *idle)
{
	unsigned long before, in_iomem;

	read_chunks(total, idle);
	do {
		before = *total;
		in_iomem = iomem_pages();
		read_chunks(total, idle);
	} while (*total != before);

	return in_iomem == *total;
}

/* A granule may be left for the next request. */
bool wait_until_released(void)
{
	unsigned long long start = now_us();
	unsigned long total, idle;

	do {
		if (chunks_are_in_iomem(&total, &idle) &&
		    idle <= granule_pages())
			return true;
	} while (look_again(start));

	ksft_print_msg("%lu pages of %lu in idle chunks, %lu in iomem\n", idle,
		       total, iomem_pages());
	return false;
}

/* A domain other than dom0 has no chunk before its first request. */
bool measure_released(int gntdev, struct released *released)
{
	struct grant_mapping first;
	unsigned long total, idle;
	int err;

	err = reserve_mapping(gntdev, NULL, 1, &first);
	if (!err)
		err = release_mapping(gntdev, &first);
	if (err) {
		ksft_print_msg("the first page: %s\n", strerror(-err));
		return false;
	}

	release_all();
	if (!wait_until_released())
		return false;

	read_chunks(&total, &idle);
	released->kept = total - idle;
	released->memmap = memmap_pages();
	released->chunks_memmap = chunks_memmap();
	released->overhead = overhead_pages();
	return true;
}

/* Now, not after a while. */
bool is_released(const struct released *released)
{
	unsigned long total, idle, overhead;
	bool in_iomem = chunks_are_in_iomem(&total, &idle);

	overhead = overhead_pages();
	if (in_iomem && idle <= granule_pages() &&
	    total <= released->kept + granule_pages() &&
	    overhead <= released->overhead + OVERHEAD_SLACK)
		return true;

	ksft_print_msg("chunks of %lu pages, %lu in iomem, %lu were kept, %lu are idle\n",
		       total, iomem_pages(), released->kept, idle);
	ksft_print_msg("overhead of %lu pages, was %lu\n", overhead,
		       released->overhead);
	return false;
}
