/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that the programs in this directory share. None of them needs the
 * harness, which one file of a program can include only: see xen_harness.h.
 *
 * The functions return a negative errno, or false after having printed an error,
 * and the tests judge. fail_test() is for errors after which no test can go on.
 */
#ifndef SELFTEST_XEN_TEST_H
#define SELFTEST_XEN_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/interface/xen.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

#include "../kselftest.h"

/* Xen grants and maps memory in units of 4 KiB whatever the kernel's page. */
#define XEN_PAGE_SIZE		4096UL

/* Where the RAM of a guest starts, on Arm GUEST_RAM0_BASE of Xen's interface. */
#ifdef __aarch64__
#define GUEST_RAM_GFN		(0x40000000UL / XEN_PAGE_SIZE)
#else
#define GUEST_RAM_GFN		0UL
#endif

#define STATS_PATH		"/sys/kernel/debug/xen/unpopulated/stats"
#define CHUNKS_PATH		"/sys/kernel/debug/xen/unpopulated/chunks"
#define RELEASE_PATH		"/sys/kernel/debug/xen/unpopulated/release"
#define UNPOPULATED_PATH	\
	"/sys/devices/system/xen_memory/xen_memory0/unpopulated"
#define CURRENT_KB_PATH		\
	"/sys/devices/system/xen_memory/xen_memory0/info/current_kb"
#define GNTALLOC_LIMIT_PATH	"/sys/module/xen_gntalloc/parameters/limit"
#define GNTDEV_LIMIT_PATH	"/sys/module/xen_gntdev/parameters/limit"
#define DROP_CACHES_PATH	"/proc/sys/vm/drop_caches"

/* figures.c */
struct snapshot {
	bool have_stats;
	unsigned long unpopulated_allocated;
	unsigned long donated_allocated;
	unsigned long ballooned_allocated;
	bool have_current_kb;
	unsigned long current_kb;	/* memory, as the balloon driver counts it */
};

__noreturn __printf(1, 2) void fail_test(const char *format, ...);
unsigned long page_size(void);
bool is_required(const char *path);
void sleep_ms(unsigned int ms);
unsigned long long now_us(void);
bool look_again(unsigned long long start);
bool read_named(const char *path, const char *name, unsigned long *value);
bool read_number(const char *path, unsigned long *value);
bool write_number(const char *path, unsigned long value);
unsigned long raise_limit(const char *path, unsigned long wanted);
bool silence_drop_caches(void);
bool restore_limit(const char *path, unsigned long old);
unsigned long read_stat(const char *name);
unsigned long mem_available_pages(void);
unsigned long ram_available_pages(void);
void read_regions(unsigned long *total, unsigned long *largest);
void take_snapshot(struct snapshot *snap);
bool is_restored(const struct snapshot *before);
bool are_allocated(const struct snapshot *before, unsigned long pages);

/* faults.c */
struct setting {
	const char *path;
	const char *value;	/* during the test */
	char old[16];
};

#define NR_FAILSLAB_SETTINGS	2
extern struct setting failslab_settings[NR_FAILSLAB_SETTINGS];

bool read_settings(struct setting *settings, unsigned int nr);
unsigned int write_settings(struct setting *settings, unsigned int nr);
bool restore_settings(struct setting *settings, unsigned int nr);
int open_fail_nth(void);
bool set_fail_nth(int fd, unsigned int nth);
bool has_failed(int fd);

/* chunks.c */
struct chunk {			/* of unpopulated pages */
	unsigned long long start;	/* address */
	unsigned long pages;
	unsigned long nr_free;
};

struct released {		/* figures when all idle chunks are released */
	unsigned long kept;	/* pages of chunks that have an allocated page */
	unsigned long memmap;	/* pages of RAM, and of these for chunks */
	unsigned long chunks_memmap;
	unsigned long overhead;
};

unsigned long granule_pages(void);
unsigned long largest_chunk_pages(void);
bool next_chunk(FILE *file, struct chunk *chunk);
void read_chunks(unsigned long *total, unsigned long *idle);
unsigned long memmap_pages(void);
unsigned long chunks_memmap(void);
unsigned long chunks_overhead(unsigned long pages);
void release_all(void);
bool chunks_are_in_iomem(unsigned long *total, unsigned long *idle);
bool wait_until_released(void);
bool measure_released(int gntdev, struct released *released);
bool is_released(const struct released *released);

/* grants.c */
struct grant_mapping {		/* without an address, only the pages for one */
	unsigned int count;
	__u64 index;
	char *addr;
};

struct shared_pages {
	int fd;			/* of gntalloc */
	unsigned int count;
	__u64 index;
	__u32 *refs;
	char *addr;		/* as their owner sees them */
	bool foreign;		/* if so, they have a mapping of their own */
	int lock;
	int gntdev;
	struct grant_mapping view;
};

unsigned int own_domid(void);
bool is_pv_domain(void);
unsigned int granting_domid(void);
struct ioctl_gntdev_map_grant_ref *new_request(const __u32 *refs,
					       unsigned int count);
int submit_request(int fd, struct ioctl_gntdev_map_grant_ref *op,
		   struct grant_mapping *map);
int reserve_mapping(int fd, const __u32 *refs, unsigned int count,
		    struct grant_mapping *map);
int release_mapping(int fd, struct grant_mapping *map);
int map_grants(int fd, const __u32 *refs, unsigned int count,
	       struct grant_mapping *map);
unsigned int view_pages(const struct shared_pages *shared);
int grant_pages(int fd, unsigned int domid, unsigned int count,
		struct shared_pages *shared);
int share_pages(int fd, unsigned int count, struct shared_pages *shared);
int close_view(struct shared_pages *shared);
int unshare_pages(struct shared_pages *shared);

/* pattern.c */
unsigned int random_below(__u32 *state, unsigned int limit);
void fill_page(char *addr, __u16 seed, unsigned int page);
bool check_page(const char *addr, __u16 seed, unsigned int page);
void fill_pages(char *addr, __u16 seed, unsigned int count);
bool check_pages(const char *addr, __u16 seed, unsigned int count);
bool grants_work(int gntalloc, int gntdev, unsigned int count);

#endif
