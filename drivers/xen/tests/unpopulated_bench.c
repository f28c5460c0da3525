// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of unpopulated pages: time and RAM.
 *
 * A module that measures while it is being loaded, and logs the figures.  It calls
 * only functions that any driver can call, so that it can be built for a kernel
 * with any implementation of these functions, and the figures be compared.
 * Each figure is a line
 *
 *	unpopulated_bench: NAME VALUE
 *
 * with times in ns.  Run it alone on the machine.  Where the clock counts
 * instructions (QEMU's -icount), figures repeat exactly; anywhere else they are
 * as good as the clock.
 *
 * Parameters: measure=NAME,... measures only these, see the end of this file.
 * ballooned=1 measures the same of ballooned pages.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#include <xen/balloon.h>
#include <xen/grant_table.h>
#include <xen/xen.h>

/* As often as this, to report the median: timer interrupts do not count. */
#define ROUNDS		15

/* At least as many pages are out when batches are measured. */
#define BATCH_VOLUME	512U

/* How many pages are asked for at once, for a large mapping. */
#define LARGE_REQUEST	100000U

/* As many pages as a machine of 4 GiB has: more cannot be mapped there. */
#define MAX_PAGES	1048576U

/* Wait so long for growth in the background. */
#define BACKGROUND_MS	200

/* The mappings that come and go as those of gntdev do. */
#define MIX_MAPPINGS	64
#define MIX_MAX_PAGES	32
#define MIX_STEPS	20000
#define MIX_SEED	20201207
#define MIX_MAX_CPUS	8U

/* Pages that blkback has in flight: 32 requests of 11 segments, page by page. */
#define BLKBACK_PAGES	352

static char *measure;
module_param(measure, charp, 0);
MODULE_PARM_DESC(measure, "names of measurements, separated by commas (default: all)");

static bool ballooned;
module_param(ballooned, bool, 0);
MODULE_PARM_DESC(ballooned, "measure ballooned pages");

/* All allocated pages, for measurements that need many. */
static struct page **all_pages;

static int alloc_pages_to_map(unsigned int nr_pages, struct page **pages)
{
	return ballooned ? xen_alloc_ballooned_pages(nr_pages, pages) :
			   xen_alloc_unpopulated_pages(nr_pages, pages);
}

static void free_pages_to_map(unsigned int nr_pages, struct page **pages)
{
	if (ballooned)
		xen_free_ballooned_pages(nr_pages, pages);
	else
		xen_free_unpopulated_pages(nr_pages, pages);
}

#define report(name, value, ...)					\
	pr_info(name " %lld\n", ##__VA_ARGS__, (long long)(value))

/* @ns for @nr of something: the share of one, with two digits more. */
#define report_share(name, ns, nr, ...) do {				\
	u64 parts = (nr);						\
	u64 share = div64_u64((ns) * 100 + parts / 2, parts);		\
	u64 whole = div64_u64(share, 100);				\
									\
	pr_info(name " %llu.%02llu\n", ##__VA_ARGS__, whole,		\
		share - whole * 100);					\
} while (0)

/* The times of several measurements of the same. */
struct rounds {
	u64		ns[ROUNDS];
	unsigned int	nr;
};

static int compare_ns(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(struct rounds *rounds)
{
	sort(rounds->ns, rounds->nr, sizeof(u64), compare_ns, NULL);

	return rounds->ns[rounds->nr / 2];
}

/*
 * Return the time for which this thread has run so far, without its waits.  The
 * scheduler knows when it is not running.
 */
static u64 executed_ns(void)
{
	usleep_range(1000, 2000);
	return current->se.sum_exec_runtime;
}

/* Free RAM, in pages, including what the lists of each CPU hold. */
static unsigned long free_ram(void)
{
	unsigned long pages = 0;
	struct zone *zone;
	int nid, cpu, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = NODE_DATA(nid)->node_zones + i;
			if (!populated_zone(zone))
				continue;
			pages += zone_page_state_snapshot(zone, NR_FREE_PAGES);
			for_each_online_cpu(cpu)
				pages += per_cpu_ptr(zone->per_cpu_pageset,
						     cpu)->count;
		}
	}

	return pages;
}

static int alloc_in_batches(unsigned int batch, unsigned int nr_pages,
			    struct page **pages)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr_pages; i += batch) {
		ret = alloc_pages_to_map(batch, pages + i);
		if (ret) {
			if (i)
				free_pages_to_map(i, pages);
			return ret;
		}
	}

	return 0;
}

static void free_in_batches(unsigned int batch, unsigned int nr_pages,
			    struct page **pages)
{
	unsigned int i;

	for (i = 0; i < nr_pages; i += batch)
		free_pages_to_map(batch, pages + i);
}

/*
 * Measure the wait for the first page of all, and the RAM that it costs.  Nothing
 * else may have had a page before.
 */
static int measure_first(void)
{
	unsigned long before = free_ram();
	struct page *page;
	u64 start, ns;
	int ret;

	start = ktime_get_ns();
	ret = alloc_pages_to_map(1, &page);
	ns = ktime_get_ns() - start;
	if (ret)
		return ret;
	report("first_ns", ns);
	report("first_ram_pages", before - free_ram());
	free_pages_to_map(1, &page);

	return 0;
}

/* Batches of several sizes: as many of each as have BATCH_VOLUME pages. */
static int measure_batches(void)
{
	static const unsigned int batches[] = { 1, 8, 64, 512, 4096 };
	struct rounds alloc, free;
	unsigned int i, volume;
	u64 start, end;
	int ret;

	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		volume = max(batches[i], BATCH_VOLUME);

		/* Growth is measured elsewhere. */
		ret = alloc_in_batches(volume, volume, all_pages);
		if (ret)
			return ret;
		msleep(BACKGROUND_MS);
		free_in_batches(volume, volume, all_pages);

		for (alloc.nr = 0; alloc.nr < ROUNDS; alloc.nr++) {
			start = ktime_get_ns();
			ret = alloc_in_batches(batches[i], volume, all_pages);
			end = ktime_get_ns();
			if (ret)
				return ret;
			alloc.ns[alloc.nr] = end - start;

			start = ktime_get_ns();
			free_in_batches(batches[i], volume, all_pages);
			end = ktime_get_ns();
			free.ns[alloc.nr] = end - start;
		}
		free.nr = alloc.nr;

		report_share("batch_%u_alloc_ns", median(&alloc), volume,
			     batches[i]);
		report_share("batch_%u_free_ns", median(&free), volume,
			     batches[i]);
	}

	return 0;
}

/* A batch that is freed in another order than it was allocated in. */
static int measure_shuffled(void)
{
	const unsigned int nr_pages = 4096;
	struct rounds free = {};
	struct rnd_state rnd;
	unsigned int i, k;
	u64 start;
	int ret;

	prandom_seed_state(&rnd, MIX_SEED);
	for (; free.nr < ROUNDS; free.nr++) {
		ret = alloc_pages_to_map(nr_pages, all_pages);
		if (ret)
			return ret;
		for (i = nr_pages - 1; i; i--) {
			k = prandom_u32_state(&rnd) % (i + 1);
			swap(all_pages[i], all_pages[k]);
		}

		start = ktime_get_ns();
		free_pages_to_map(nr_pages, all_pages);
		free.ns[free.nr] = ktime_get_ns() - start;
	}
	report_share("shuffled_free_ns", median(&free), nr_pages);

	return 0;
}

/* One request for a large mapping, most of which nothing has been made for. */
static int measure_large(void)
{
	const unsigned int nr_pages = LARGE_REQUEST;
	unsigned long before = free_ram();
	unsigned int i, runs = 1;
	u64 start, executed, ns;
	int ret;

	executed = executed_ns();
	start = ktime_get_ns();
	ret = alloc_pages_to_map(nr_pages, all_pages);
	ns = ktime_get_ns() - start;
	if (ret)
		return ret;
	executed = executed_ns() - executed;
	report("large_ns", ns);
	report("large_executed_ns", executed);
	msleep(BACKGROUND_MS);
	report("large_ram_pages", before - free_ram());

	for (i = 1; i < nr_pages; i++)
		runs += all_pages[i] != all_pages[i - 1] + 1;
	report("large_runs", runs);

	start = ktime_get_ns();
	free_pages_to_map(nr_pages, all_pages);
	report("large_free_ns", ktime_get_ns() - start);

	start = ktime_get_ns();
	ret = alloc_pages_to_map(nr_pages, all_pages);
	ns = ktime_get_ns() - start;
	if (ret)
		return ret;
	report("large_again_ns", ns);
	free_pages_to_map(nr_pages, all_pages);

	return 0;
}

/* A batch, and a single page, while many other pages are out. */
static int measure_out(void)
{
	static const unsigned int levels[] = { 1000, 10000, 100000, 1000000 };
	const unsigned int batch = BATCH_VOLUME;
	struct rounds alloc, free, single;
	struct page **pages, *page;
	unsigned int i, out = 0;
	u64 start, middle, end;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(levels) && !ret; i++) {
		while (out < levels[i] && !ret) {
			unsigned int nr = min(levels[i] - out, 1000U);

			ret = alloc_pages_to_map(nr, all_pages + out);
			if (!ret)
				out += nr;
		}
		pages = all_pages + out;
		if (!ret)
			ret = alloc_pages_to_map(batch, pages);
		if (ret)
			break;
		free_pages_to_map(batch, pages);
		msleep(BACKGROUND_MS);

		for (alloc.nr = 0; alloc.nr < ROUNDS; alloc.nr++) {
			start = ktime_get_ns();
			ret = alloc_pages_to_map(batch, pages);
			middle = ktime_get_ns();
			if (ret)
				break;
			free_pages_to_map(batch, pages);
			end = ktime_get_ns();
			alloc.ns[alloc.nr] = middle - start;
			free.ns[alloc.nr] = end - middle;
		}
		for (single.nr = 0; single.nr < ROUNDS && !ret; single.nr++) {
			unsigned int k;

			start = ktime_get_ns();
			for (k = 0; k < 100 && !ret; k++) {
				ret = alloc_pages_to_map(1, &page);
				if (!ret)
					free_pages_to_map(1, &page);
			}
			single.ns[single.nr] = ktime_get_ns() - start;
		}
		if (ret)
			break;
		free.nr = alloc.nr;
		report_share("out_%u_alloc_ns", median(&alloc), batch,
			     levels[i]);
		report_share("out_%u_free_ns", median(&free), batch, levels[i]);
		report_share("out_%u_single_ns", median(&single), 100,
			     levels[i]);
	}
	if (out)
		free_pages_to_map(out, all_pages);

	return ret;
}

/* Mappings of 1 to 32 pages that come and go, in a working set of 64. */
struct mix {
	struct rnd_state	rnd;
	unsigned int		nr_pages[MIX_MAPPINGS];
	struct page		*pages[MIX_MAPPINGS][MIX_MAX_PAGES];
	u64			nr_mapped;
	struct completion	done;
	int			ret;
};

static int mix_step(struct mix *mix)
{
	unsigned int nr, slot = prandom_u32_state(&mix->rnd) % MIX_MAPPINGS;
	int ret;

	if (mix->nr_pages[slot]) {
		free_pages_to_map(mix->nr_pages[slot], mix->pages[slot]);
		mix->nr_pages[slot] = 0;
		return 0;
	}

	nr = 1 + prandom_u32_state(&mix->rnd) % MIX_MAX_PAGES;
	ret = alloc_pages_to_map(nr, mix->pages[slot]);
	if (ret)
		return ret;
	mix->nr_pages[slot] = nr;
	mix->nr_mapped += nr;

	return 0;
}

static void mix_run(struct mix *mix)
{
	unsigned int i;

	for (i = 0; i < MIX_STEPS && !mix->ret; i++)
		mix->ret = mix_step(mix);
}

static int mix_thread(void *data)
{
	struct mix *mix = data;

	mix_run(mix);
	kthread_complete_and_exit(&mix->done, 0);
}

static struct mix *mix_create(unsigned int seed)
{
	struct mix *mix = vzalloc(sizeof(*mix));

	if (mix) {
		prandom_seed_state(&mix->rnd, MIX_SEED + seed);
		init_completion(&mix->done);
	}

	return mix;
}

static void mix_destroy(struct mix *mix)
{
	unsigned int i;

	for (i = 0; mix && i < MIX_MAPPINGS; i++) {
		if (mix->nr_pages[i])
			free_pages_to_map(mix->nr_pages[i], mix->pages[i]);
	}
	vfree(mix);
}

static int measure_gntdev(void)
{
	struct mix *mix = mix_create(0);
	u64 start, ns;
	int ret;

	if (!mix)
		return -ENOMEM;

	/* The first time it grows. */
	mix_run(mix);
	mix->nr_mapped = 0;

	start = ktime_get_ns();
	mix_run(mix);
	ns = ktime_get_ns() - start;

	ret = mix->ret;
	if (!ret)
		report_share("gntdev_ns", ns, mix->nr_mapped);
	mix_destroy(mix);

	return ret;
}

static u64 run_in_parallel(struct mix **mixes, unsigned int nr_cpus)
{
	struct task_struct *threads[MIX_MAX_CPUS];
	unsigned int cpu;
	u64 start;

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		threads[cpu] = kthread_create(mix_thread, mixes[cpu],
					      KBUILD_MODNAME "/%u", cpu);
		if (IS_ERR(threads[cpu]))
			goto stop;
		kthread_bind(threads[cpu], cpumask_nth(cpu, cpu_online_mask));
	}

	start = ktime_get_ns();
	while (cpu--)
		wake_up_process(threads[cpu]);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		wait_for_completion(&mixes[cpu]->done);

	return ktime_get_ns() - start;

stop:
	while (cpu--)
		kthread_stop(threads[cpu]);

	return 0;
}

/* The same on every CPU at once. */
static int measure_parallel(void)
{
	unsigned int cpu, nr_cpus = min(num_online_cpus(), MIX_MAX_CPUS);
	struct mix *mixes[MIX_MAX_CPUS] = {};
	struct rounds rounds = {};
	u64 nr_mapped = 0;
	int ret = 0;

	if (nr_cpus < 2)
		return 0;

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		mixes[cpu] = mix_create(cpu);
		if (!mixes[cpu])
			ret = -ENOMEM;
	}
	/* The first time it grows. */
	if (!ret && !run_in_parallel(mixes, nr_cpus))
		ret = -ENOMEM;
	for (cpu = 0; cpu < nr_cpus && !ret; cpu++)
		mixes[cpu]->nr_mapped = 0;

	/* Each round has as many pages as the others, or nearly so. */
	while (rounds.nr < ROUNDS && !ret) {
		rounds.ns[rounds.nr] = run_in_parallel(mixes, nr_cpus);
		if (!rounds.ns[rounds.nr++])
			ret = -ENOMEM;
		for (cpu = 0; cpu < nr_cpus; cpu++)
			ret = ret ?: mixes[cpu]->ret;
	}
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		if (mixes[cpu])
			nr_mapped += mixes[cpu]->nr_mapped;
		mix_destroy(mixes[cpu]);
	}
	if (!ret)
		report_share("parallel_ns", median(&rounds) * ROUNDS,
			     nr_mapped);

	return ret;
}

/*
 * Single pages through the cache that block backends put before this: they are
 * allocated one by one, and those that the cache has too many of are freed in tens.
 */
static int measure_blkback(void)
{
	struct gnttab_page_cache cache;
	struct rounds rounds = {};
	unsigned int i;
	u64 start;
	int ret;

	if (ballooned)
		return 0;

	gnttab_page_cache_init(&cache);
	for (; rounds.nr < ROUNDS; rounds.nr++) {
		start = ktime_get_ns();
		for (i = 0; i < BLKBACK_PAGES; i++) {
			ret = gnttab_page_cache_get(&cache, all_pages + i);
			if (ret) {
				gnttab_page_cache_put(&cache, all_pages, i);
				gnttab_page_cache_shrink(&cache, 0);
				return ret;
			}
		}
		gnttab_page_cache_put(&cache, all_pages, BLKBACK_PAGES);
		gnttab_page_cache_shrink(&cache, 0);
		rounds.ns[rounds.nr] = ktime_get_ns() - start;
	}
	report_share("blkback_ns", median(&rounds), BLKBACK_PAGES);

	return 0;
}

/*
 * All that can be had, up to MAX_PAGES, before RAM is given up for it: then there
 * is less of that.
 */
static int measure_obtainable(void)
{
	unsigned long ram = totalram_pages();
	unsigned int nr = 0, batch = 1024;

	if (ballooned)
		return 0;

	while (batch && nr < MAX_PAGES) {
		if (alloc_pages_to_map(batch, all_pages + nr)) {
			batch /= 2;
		} else if (totalram_pages() < ram) {
			free_pages_to_map(batch, all_pages + nr);
			/* Until the balloon driver has taken it back. */
			msleep(BACKGROUND_MS);
			batch /= 2;
		} else {
			nr += batch;
		}
	}
	report("obtainable_pages", nr);
	if (nr)
		free_pages_to_map(nr, all_pages);

	return 0;
}

static const struct {
	const char	*name;
	int		(*measure)(void);
} measurements[] = {
	{ "first",	measure_first },
	{ "batches",	measure_batches },
	{ "shuffled",	measure_shuffled },
	{ "gntdev",	measure_gntdev },
	{ "blkback",	measure_blkback },
	{ "parallel",	measure_parallel },
	{ "large",	measure_large },
	{ "obtainable",	measure_obtainable },
	{ "out",	measure_out },
};

static int measure_one(const char *name)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(measurements); i++) {
		if (strcmp(measurements[i].name, name))
			continue;
		msleep(BACKGROUND_MS);
		ret = measurements[i].measure();
		if (ret)
			pr_info("failed_%s %d\n", name, ret);
		return 0;
	}
	pr_err("there is no measurement %s\n", name);

	return -EINVAL;
}

static int __init unpopulated_bench_init(void)
{
	unsigned int i;
	int ret = 0;
	char *name;

	if (!xen_domain())
		return -ENODEV;

	all_pages = vzalloc(array_size(MAX_PAGES, sizeof(*all_pages)));
	if (!all_pages)
		return -ENOMEM;

	if (measure) {
		while (!ret && (name = strsep(&measure, ",")))
			ret = measure_one(name);
	} else {
		for (i = 0; i < ARRAY_SIZE(measurements) && !ret; i++)
			ret = measure_one(measurements[i].name);
	}
	vfree(all_pages);

	return ret;
}
module_init(unpopulated_bench_init);

static void __exit unpopulated_bench_exit(void)
{
}
module_exit(unpopulated_bench_exit);

MODULE_DESCRIPTION("Benchmark of pages for foreign mappings");
MODULE_LICENSE("GPL");
