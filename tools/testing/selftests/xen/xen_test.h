/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests in this directory share: sharing pages of this domain through
 * /dev/xen/gntalloc, mapping grants through /dev/xen/gntdev, a pattern that
 * tells where a word belongs, and the figures that must be the same before and
 * after a test.
 *
 * A helper that takes _metadata may end or skip the test itself. The others
 * return a negative errno.
 */
#ifndef SELFTEST_XEN_TEST_H
#define SELFTEST_XEN_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xen/interface/xen.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

#include "../kselftest_harness.h"

/*
 * The 30 s that the harness gives a test are not enough for a kernel that
 * checks itself (KASAN and the like) under an emulator.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

/* Xen grants and maps memory in units of 4 KiB whatever the kernel's page. */
#define XEN_PAGE_SIZE		4096UL
#define WORDS_PER_PAGE		(XEN_PAGE_SIZE / sizeof(__u64))

/* Where the RAM of a guest starts, on Arm GUEST_RAM0_BASE of Xen's interface. */
#ifdef __aarch64__
#define GUEST_RAM_GFN		(0x40000000UL / XEN_PAGE_SIZE)
#else
#define GUEST_RAM_GFN		0UL
#endif

/* What a page costs that stays for the next user. */
#define STRUCT_PAGE_SIZE	64

#define STATS_PATH		"/sys/kernel/debug/xen/unpopulated/stats"
#define REGIONS_PATH		"/sys/kernel/debug/xen/unpopulated/regions"
#define CHUNKS_PATH		"/sys/kernel/debug/xen/unpopulated/chunks"
#define RELEASE_PATH		"/sys/kernel/debug/xen/unpopulated/release"
#define BLOCK_SIZE_PATH		"/sys/devices/system/memory/block_size_bytes"
#define BLOCK_PATH		"/sys/devices/system/memory/memory"
#define CURRENT_KB_PATH		\
	"/sys/devices/system/xen_memory/xen_memory0/info/current_kb"
#define GUEST_TYPE_PATH		"/sys/hypervisor/guest_type"
#define GNTALLOC_LIMIT_PATH	"/sys/module/xen_gntalloc/parameters/limit"
#define GNTDEV_LIMIT_PATH	"/sys/module/xen_gntdev/parameters/limit"
#define DROP_CACHES_PATH	"/proc/sys/vm/drop_caches"
#define STAT_REFRESH_PATH	"/proc/sys/vm/stat_refresh"

/*
 * Pages come back a while after the last user has gone: gntdev unmaps in the
 * background, and a kernel thread takes ballooned memory back from Xen.
 */
#define RESTORE_TIMEOUT_MS	10000
#define RESTORE_POLL_MS		10

static inline unsigned long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = (ms % 1000) * 1000000L,
	};

	nanosleep(&ts, NULL);
}

/* Files that hold figures ----------------------------------------------- */

/* The unsigned number that follows @name in a file of "name value" lines. */
static inline bool read_named(const char *path, const char *name,
			      unsigned long *value)
{
	size_t len = strlen(name);
	bool found = false;
	char line[128];
	FILE *file;

	file = fopen(path, "r");
	if (!file)
		return false;

	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, name, len) &&
			sscanf(line + len, " %lu", value) == 1;

	fclose(file);
	return found;
}

/* The unsigned number that is the whole of a file. */
static inline bool read_number(const char *path, unsigned long *value)
{
	return read_named(path, "", value);
}

static inline bool write_number(const char *path, unsigned long value)
{
	FILE *file = fopen(path, "w");
	bool ok;

	if (!file)
		return false;

	ok = fprintf(file, "%lu\n", value) > 0;
	return !fclose(file) && ok;
}

/*
 * Raise the limit at @path to at least @wanted. Returns what it was, for
 * restore_limit(), or 0 when there was nothing to do.
 */
static inline unsigned long raise_limit(struct __test_metadata *_metadata,
					const char *path, unsigned long wanted)
{
	unsigned long old;

	ASSERT_TRUE(read_number(path, &old))
		TH_LOG("%s cannot be read", path);
	if (old >= wanted)
		return 0;

	ASSERT_TRUE(write_number(path, wanted))
		TH_LOG("%s cannot be written", path);
	return old;
}

static inline void restore_limit(struct __test_metadata *_metadata,
				 const char *path, unsigned long old)
{
	EXPECT_TRUE(!old || write_number(path, old));
}

/*
 * The RAM that can be had. MemAvailable misses what the page allocator keeps in
 * lists of the CPUs, which is tens of MiB when much has just been freed.
 */
static inline unsigned long mem_available_pages(struct __test_metadata *_metadata)
{
	unsigned long kb, count, pages;
	char line[128];
	FILE *file;

	ASSERT_TRUE(read_named("/proc/meminfo", "MemAvailable:", &kb));
	pages = kb * 1024 / page_size();

	file = fopen("/proc/zoneinfo", "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " count: %lu", &count) == 1)
			pages += count;
	}
	fclose(file);

	return pages;
}

/*
 * The pages that the addresses for scratch pages have room for, all together and
 * the largest region. 0 where there are none, or no way to know.
 */
static inline void read_regions(unsigned long *total, unsigned long *largest)
{
	unsigned long long start, end;
	unsigned long pages;
	char line[128];
	FILE *file;

	*total = 0;
	*largest = 0;

	file = fopen(REGIONS_PATH, "r");
	if (!file)
		return;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%llx", &start, &end) != 2)
			continue;
		pages = (end - start + 1) / page_size();
		*total += pages;
		if (pages > *largest)
			*largest = pages;
	}

	fclose(file);
}

/* Pages in the smallest chunk, as the driver's XEN_SCRATCH_GRANULE has it. */
static inline unsigned long granule_pages(void)
{
	unsigned long bytes = page_size() * (page_size() / STRUCT_PAGE_SIZE);

	return (bytes > (2UL << 20) ? bytes : 2UL << 20) / page_size();
}

/* In the largest: a section, 512 MiB of addresses with pages of 64 KiB. */
#define LARGEST_CHUNK \
	((page_size() == 65536 ? 512UL << 20 : 128UL << 20) / page_size())

/* A chunk of scratch pages. */
struct chunk {
	unsigned long long start;	/* address */
	unsigned long pages;
	unsigned long nr_free;
};

/* The next one of @file, which is CHUNKS_PATH; false: there are no more. */
static inline bool next_chunk(FILE *file, struct chunk *chunk)
{
	char line[128], origin[16];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%*x %lu %lu %15s", &chunk->start,
			   &chunk->pages, &chunk->nr_free, origin) == 4 &&
		    !strcmp(origin, "scratch"))
			return true;
	}

	return false;
}

/* Scratch pages that there are, and those of chunks that are wholly free. */
static inline void read_chunks(unsigned long *total, unsigned long *wholly_free)
{
	struct chunk chunk;
	FILE *file;

	*total = 0;
	*wholly_free = 0;

	file = fopen(CHUNKS_PATH, "r");
	if (!file)
		return;

	while (next_chunk(file, &chunk)) {
		*total += chunk.pages;
		if (chunk.nr_free == chunk.pages)
			*wholly_free += chunk.pages;
	}

	fclose(file);
}

/*
 * Pages of RAM that hold the struct pages of chunks. Where the domain has RAM in
 * the same memory block, the struct pages of all the block are there anyway.
 */
static inline unsigned long chunks_memmap(struct __test_metadata *_metadata)
{
	unsigned long long block_size;
	unsigned long total = 0;
	struct chunk chunk;
	char path[64];
	FILE *file;

	file = fopen(BLOCK_SIZE_PATH, "r");
	ASSERT_NE(NULL, file);
	ASSERT_EQ(1, fscanf(file, "%llx", &block_size));
	fclose(file);

	file = fopen(CHUNKS_PATH, "r");
	ASSERT_NE(NULL, file);
	while (next_chunk(file, &chunk)) {
		snprintf(path, sizeof(path), BLOCK_PATH "%llu",
			 chunk.start / block_size);
		if (access(path, F_OK))
			total += chunk.pages;
	}
	fclose(file);

	return total * STRUCT_PAGE_SIZE / page_size();
}

/* The scratch pages that have their addresses in /proc/iomem. */
static inline unsigned long iomem_scratch_pages(void)
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

/* The pages of RAM that are struct pages. */
static inline unsigned long memmap_pages(struct __test_metadata *_metadata)
{
	unsigned long memmap;

	/* The processors keep some of the counting to themselves. */
	write_number(STAT_REFRESH_PATH, 1);

	ASSERT_TRUE(read_named("/proc/vmstat", "nr_memmap_pages", &memmap));
	return memmap;
}

/* With those of all page tables, which other processes have as well. */
static inline unsigned long overhead_pages(struct __test_metadata *_metadata)
{
	unsigned long memmap = memmap_pages(_metadata), tables;

	ASSERT_TRUE(read_named("/proc/vmstat", "nr_page_table_pages", &tables));
	return memmap + tables;
}

/* Scratch pages that are not in use being given back ---------------------- */

/* What overhead_pages() may differ by. */
#define OVERHEAD_SLACK		16

/* How it is when everything has been given back that can be. */
struct released {
	unsigned long in_use;	/* pages of chunks that have a page in use */
	unsigned long memmap;	/* pages of RAM, and of these for chunks */
	unsigned long chunks_memmap;
	unsigned long overhead;
};

static inline void release_all(struct __test_metadata *_metadata)
{
	ASSERT_TRUE(write_number(RELEASE_PATH, 1));
}

/* As read_chunks(). Does /proc/iomem say the same, even while chunks come? */
static inline bool chunks_are_in_iomem(unsigned long *total,
				       unsigned long *wholly_free)
{
	unsigned long before, in_iomem;

	read_chunks(total, wholly_free);
	do {
		before = *total;
		in_iomem = iomem_scratch_pages();
		read_chunks(total, wholly_free);
	} while (*total != before);

	return in_iomem == *total;
}

/* A small chunk may be left, for whoever comes next. */
static inline bool wait_until_released(void)
{
	unsigned long total, wholly_free;
	unsigned int ms;

	for (ms = 0; ms < RESTORE_TIMEOUT_MS; ms += RESTORE_POLL_MS) {
		if (chunks_are_in_iomem(&total, &wholly_free) &&
		    wholly_free <= granule_pages())
			return true;
		sleep_ms(RESTORE_POLL_MS);
	}

	return false;
}

static inline void measure_released(struct __test_metadata *_metadata,
				    struct released *released)
{
	unsigned long total, wholly_free;

	release_all(_metadata);
	ASSERT_TRUE(wait_until_released());
	read_chunks(&total, &wholly_free);
	released->in_use = total - wholly_free;
	released->memmap = memmap_pages(_metadata);
	released->chunks_memmap = chunks_memmap(_metadata);
	released->overhead = overhead_pages(_metadata);
}

/* Now, not after a while. */
static inline void expect_released(struct __test_metadata *_metadata,
				   const struct released *released)
{
	unsigned long total, wholly_free;

	EXPECT_TRUE(chunks_are_in_iomem(&total, &wholly_free));
	EXPECT_GE(granule_pages(), wholly_free);
	EXPECT_GE(released->in_use + granule_pages(), total);
	EXPECT_GE(released->overhead + OVERHEAD_SLACK,
		  overhead_pages(_metadata));
}

/* What must be the same before and after -------------------------------- */

struct snapshot {
	bool have_stats;
	unsigned long scratch_used;
	unsigned long donated_used;
	unsigned long ballooned_used;
	/* The memory this domain holds, as the balloon driver counts it. */
	bool have_current_kb;
	unsigned long current_kb;
};

static inline unsigned long read_stat(struct __test_metadata *_metadata,
				      const char *name)
{
	unsigned long value;

	ASSERT_TRUE(read_named(STATS_PATH, name, &value))
		TH_LOG("no %s in %s", name, STATS_PATH);
	return value;
}

static inline void take_snapshot(struct __test_metadata *_metadata,
				 struct snapshot *snap)
{
	memset(snap, 0, sizeof(*snap));

	snap->have_stats = !access(STATS_PATH, F_OK);
	if (snap->have_stats) {
		snap->scratch_used = read_stat(_metadata, "scratch_used");
		snap->donated_used = read_stat(_metadata, "donated_used");
		snap->ballooned_used = read_stat(_metadata, "ballooned_used");
	}

	snap->have_current_kb = read_number(CURRENT_KB_PATH, &snap->current_kb);
}

static inline bool snapshot_restored(const struct snapshot *before,
				     const struct snapshot *now)
{
	return now->scratch_used == before->scratch_used &&
	       now->donated_used == before->donated_used &&
	       now->ballooned_used == before->ballooned_used &&
	       now->current_kb >= before->current_kb;
}

/* Every page taken since @before was taken has to find its way home. */
static inline void expect_restored(struct __test_metadata *_metadata,
				   const struct snapshot *before)
{
	struct snapshot now;
	unsigned int ms;

	for (ms = 0; ms < RESTORE_TIMEOUT_MS; ms += RESTORE_POLL_MS) {
		take_snapshot(_metadata, &now);
		if (snapshot_restored(before, &now))
			return;
		sleep_ms(RESTORE_POLL_MS);
	}

	EXPECT_EQ(before->scratch_used, now.scratch_used);
	EXPECT_EQ(before->donated_used, now.donated_used);
	EXPECT_EQ(before->ballooned_used, now.ballooned_used);
	EXPECT_LE(before->current_kb, now.current_kb);
}

/* @pages are in use that were not when @before was taken. */
static inline void expect_used(struct __test_metadata *_metadata,
			       const struct snapshot *before,
			       unsigned long pages)
{
	struct snapshot now;

	take_snapshot(_metadata, &now);
	if (!now.have_stats)
		return;

	EXPECT_EQ(pages, now.scratch_used - before->scratch_used +
		  now.donated_used - before->donated_used +
		  now.ballooned_used - before->ballooned_used);
}

/* Devices --------------------------------------------------------------- */

/*
 * The tests grant pages of the domain that they run in to itself. In dom0 that
 * is 0; any other domain has to ask xenstore, which has an entry of that name
 * for each, or to be told by $XEN_TEST_OWN_DOMID where there is no xenstore.
 */
static inline unsigned int own_domid(void)
{
	static const char path[] = "domid";
	/* From Xen's public header io/xs_wire.h. */
	struct {
		__u32 type, req_id, tx_id, len;
	} header = { .type = 2 /* XS_READ */, .len = sizeof(path) };
	static unsigned int domid;
	const char *told = getenv("XEN_TEST_OWN_DOMID");
	static bool known;
	char text[64] = "";
	FILE *file;
	int fd;

	if (known)
		return domid;
	known = true;

	if (told) {
		domid = strtoul(told, NULL, 10);
		return domid;
	}

	/* Without xenfs nothing is known, and dom0 is what to expect. */
	file = fopen("/proc/xen/capabilities", "r");
	if (!file)
		return domid;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	if (strstr(text, "control_d"))
		return domid;

	fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return domid;
	memset(text, 0, sizeof(text));
	if (write(fd, &header, sizeof(header)) == sizeof(header) &&
	    write(fd, path, sizeof(path)) == sizeof(path) &&
	    read(fd, &header, sizeof(header)) == sizeof(header) &&
	    header.type == 2 && header.len < sizeof(text) &&
	    read(fd, text, header.len) == header.len)
		domid = strtoul(text, NULL, 10);
	close(fd);

	return domid;
}

/* On x86, a domain whose addresses are not translated by Xen. */
static inline bool is_pv_domain(void)
{
	char type[8] = "";
	FILE *file;

	file = fopen(GUEST_TYPE_PATH, "r");
	if (!file)
		return false;
	if (!fgets(type, sizeof(type), file))
		type[0] = '\0';
	fclose(file);

	return !strcmp(type, "PV\n");
}

/* Returns a negative number after having skipped the test. */
static inline int open_device(struct __test_metadata *_metadata,
			      const char *path)
{
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		SKIP(return -1, "no %s: not on Xen, or not configured", path);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
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

/* The domain whose pages are mapped: see struct shared_pages. */
static inline unsigned int granting_domid(void)
{
	const char *path = getenv("XEN_TEST_GRANTS");
	unsigned long domid;

	if (!path)
		return own_domid();
	if (!read_number(path, &domid))
		ksft_exit_fail_msg("XEN_TEST_GRANTS=%s cannot be read\n", path);
	return domid;
}

/* A mapping of grants, or, without an address, only the pages for one. */
struct grant_mapping {
	unsigned int count;
	__u64 index;
	char *addr;
};

/* To be freed by the caller; with @refs NULL for grants that do not exist. */
static inline struct ioctl_gntdev_map_grant_ref *
new_request(const __u32 *refs, unsigned int count)
{
	const unsigned int domid = granting_domid();
	struct ioctl_gntdev_map_grant_ref *op;
	unsigned int i;

	op = calloc(1, sizeof(*op) + count * sizeof(op->refs[0]));
	if (!op)
		return NULL;

	op->count = count;
	for (i = 0; refs && i < count; i++) {
		op->refs[i].domid = domid;
		op->refs[i].ref = refs[i];
	}

	return op;
}

static inline int submit_request(int fd, struct ioctl_gntdev_map_grant_ref *op,
				 struct grant_mapping *map)
{
	memset(map, 0, sizeof(*map));

	if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, op))
		return -errno;

	map->count = op->count;
	map->index = op->index;
	return 0;
}

/*
 * Have gntdev take the scratch pages for a mapping of @count grants, without
 * mapping anything yet. With @refs NULL the grants are never to be mapped.
 */
static inline int reserve_mapping(int fd, const __u32 *refs,
				  unsigned int count, struct grant_mapping *map)
{
	struct ioctl_gntdev_map_grant_ref *op = new_request(refs, count);
	int err;

	err = op ? submit_request(fd, op, map) : -ENOMEM;
	free(op);
	return err;
}

static inline int release_mapping(int fd, struct grant_mapping *map)
{
	struct ioctl_gntdev_unmap_grant_ref op = {
		.index = map->index,
		.count = map->count,
	};
	int err = 0;

	if (map->addr && munmap(map->addr, map->count * page_size()))
		err = -errno;
	if (ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &op))
		err = -errno;

	memset(map, 0, sizeof(*map));
	return err;
}

static inline int map_grants(int fd, const __u32 *refs, unsigned int count,
			     struct grant_mapping *map)
{
	void *addr;
	int err;

	err = reserve_mapping(fd, refs, count, map);
	if (err)
		return err;

	addr = mmap(NULL, count * page_size(), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, map->index);
	if (addr == MAP_FAILED) {
		err = -errno;
		release_mapping(fd, map);
		return err;
	}

	map->addr = addr;
	return 0;
}

/*
 * Pages to map. They are pages of this domain that it has granted to itself, or,
 * where that is of no use, pages that another domain has granted to it: see
 * offer_pages. $XEN_TEST_GRANTS is a file then with the number of that domain and
 * after it the references, as offer_pages says them.
 */
struct shared_pages {
	int fd;			/* of gntalloc */
	unsigned int count;
	__u64 index;
	__u32 *refs;
	char *addr;		/* as their owner sees them */

	/* Those of another domain are seen through a mapping of their own. */
	bool foreign;
	int lock;
	int gntdev;
	struct grant_mapping view;
};

/* How many pages it takes to see @shared as the owner does. */
static inline unsigned int view_pages(const struct shared_pages *shared)
{
	return shared->foreign ? shared->count : 0;
}

static inline int grant_pages(int fd, unsigned int domid, unsigned int count,
			      struct shared_pages *shared)
{
	struct ioctl_gntalloc_alloc_gref *op;
	int err = 0;

	memset(shared, 0, sizeof(*shared));

	op = calloc(1, sizeof(*op) + count * sizeof(op->gref_ids[0]));
	shared->refs = calloc(count, sizeof(shared->refs[0]));
	if (!op || !shared->refs) {
		err = -ENOMEM;
		goto out;
	}

	op->domid = domid;
	op->flags = GNTALLOC_FLAG_WRITABLE;
	op->count = count;
	if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, op)) {
		err = -errno;
		goto out;
	}
	memcpy(shared->refs, op->gref_ids_flex, count * sizeof(shared->refs[0]));

	shared->fd = fd;
	shared->count = count;
	shared->index = op->index;
	shared->addr = mmap(NULL, count * page_size(), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, op->index);
	if (shared->addr == MAP_FAILED) {
		struct ioctl_gntalloc_dealloc_gref dealloc = {
			.index = op->index,
			.count = count,
		};

		err = -errno;
		ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &dealloc);
	}
out:
	if (err) {
		free(shared->refs);
		shared->refs = NULL;
	}
	free(op);
	return err;
}

/*
 * Take @count of the references at @path that nobody else has: who has one holds
 * a lock on that byte of the file. Returns a file to close when they are no
 * longer needed, which happens by itself when the process ends.
 */
static inline int lock_grants(const char *path, unsigned int count,
			      __u32 *refs)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_len = count,
	};
	unsigned int domid, ref, last, i = 0;
	FILE *file = fopen(path, "r");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool found = false;

	if (!file || fd < 0 || fscanf(file, "%u", &domid) != 1)
		goto out;
	while (fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno != EAGAIN && errno != EACCES)
			goto out;
		lock.l_start++;
	}
	while (!found && fscanf(file, "%u-%u", &ref, &last) == 2) {
		for (; ref <= last && !found; ref++) {
			if (i >= lock.l_start)
				refs[i - lock.l_start] = ref;
			found = ++i == lock.l_start + count;
		}
	}
out:
	if (file)
		fclose(file);
	if (!found && fd >= 0)
		close(fd);
	return found ? fd : -ENOSPC;
}

static inline int take_foreign_pages(const char *path, unsigned int count,
				     struct shared_pages *shared)
{
	int err = -ENOMEM;

	memset(shared, 0, sizeof(*shared));
	shared->foreign = true;
	shared->count = count;
	shared->refs = calloc(count, sizeof(shared->refs[0]));
	if (!shared->refs)
		return err;

	shared->lock = lock_grants(path, count, shared->refs);
	shared->gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	if (shared->lock < 0 || shared->gntdev < 0)
		err = shared->lock < 0 ? shared->lock : -errno;
	else
		err = map_grants(shared->gntdev, shared->refs, count,
				 &shared->view);
	shared->addr = shared->view.addr;
	if (!err)
		return 0;

	if (shared->gntdev >= 0)
		close(shared->gntdev);
	if (shared->lock >= 0)
		close(shared->lock);
	free(shared->refs);
	shared->refs = NULL;
	return err;
}

static inline int share_pages(int fd, unsigned int count,
			      struct shared_pages *shared)
{
	const char *path = getenv("XEN_TEST_GRANTS");

	if (path)
		return take_foreign_pages(path, count, shared);

	return grant_pages(fd, own_domid(), count, shared);
}

/* Only when nothing maps the pages any more, or Xen keeps them granted. */
static inline int unshare_pages(struct shared_pages *shared)
{
	struct ioctl_gntalloc_dealloc_gref op = {
		.index = shared->index,
		.count = shared->count,
	};
	int err = 0;

	if (!shared->refs)
		return 0;

	if (shared->foreign) {
		err = release_mapping(shared->gntdev, &shared->view);
		close(shared->gntdev);
		close(shared->lock);
	} else if (munmap(shared->addr, shared->count * page_size()) ||
		   ioctl(shared->fd, IOCTL_GNTALLOC_DEALLOC_GREF, &op)) {
		err = -errno;
	}

	free(shared->refs);
	shared->refs = NULL;
	return err;
}

/* Random numbers, the same in every run ---------------------------------- */

/* xorshift32; @state is the seed, which must not be 0. */
static inline __u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Below @limit. */
static inline unsigned int random_below(__u32 *state, unsigned int limit)
{
	return (__u64)next_random(state) * limit >> 32;
}

/* Patterns -------------------------------------------------------------- */

/*
 * No two words of all pages and all seeds are the same, and a word that turns
 * up in the wrong place tells where it comes from.
 */
static inline __u64 pattern_word(__u16 seed, __u32 page, __u16 word)
{
	return (__u64)seed << 48 | (__u64)page << 16 | word;
}

/*
 * One page of memory has several addresses here. The compiler must believe that
 * it may change behind each of them.
 */
static inline void barrier(void)
{
	__asm__ __volatile__("" : : : "memory");
}

/* Write page @page of the pattern. */
static inline void fill_page(char *addr, __u16 seed, unsigned int page)
{
	__u64 *words = (__u64 *)addr;
	unsigned int i;

	for (i = 0; i < WORDS_PER_PAGE; i++)
		words[i] = pattern_word(seed, page, i);

	barrier();
}

/* Is this page @page of the pattern? Says what is wrong with the first word. */
static inline bool check_page(const char *addr, __u16 seed, unsigned int page)
{
	const __u64 *words = (const __u64 *)addr;
	unsigned int i;

	barrier();

	for (i = 0; i < WORDS_PER_PAGE; i++) {
		__u64 seen = words[i];

		if (seen == pattern_word(seed, page, i))
			continue;

		ksft_print_msg("seed %u page %u word %u expected, seen seed %u page %u word %u\n",
			       seed, page, i, (unsigned int)(seen >> 48),
			       (__u32)(seen >> 16),
			       (unsigned int)(seen & 0xffff));
		return false;
	}

	return true;
}

static inline void fill_pages(char *addr, __u16 seed, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		fill_page(addr + i * page_size(), seed, i);
}

static inline bool check_pages(const char *addr, __u16 seed,
			       unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!check_page(addr + i * page_size(), seed, i))
			return false;

	return true;
}

/*
 * The whole way once: share, map, see the owner's data through the mapping and
 * the mapping's data at the owner, let go of everything.
 */
static inline void expect_grants_work(struct __test_metadata *_metadata,
				      int gntalloc, int gntdev,
				      unsigned int count)
{
	struct grant_mapping map;
	struct shared_pages own;

	ASSERT_EQ(0, share_pages(gntalloc, count, &own));
	ASSERT_EQ(0, map_grants(gntdev, own.refs, count, &map));

	fill_pages(own.addr, 0x0a11, count);
	EXPECT_TRUE(check_pages(map.addr, 0x0a11, count));
	fill_pages(map.addr, 0x0b22, count);
	EXPECT_TRUE(check_pages(own.addr, 0x0b22, count));

	EXPECT_EQ(0, release_mapping(gntdev, &map));
	EXPECT_EQ(0, unshare_pages(&own));
}

#endif
