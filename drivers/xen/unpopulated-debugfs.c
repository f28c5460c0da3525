// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages in debugfs: see
 * Documentation/ABI/testing/debugfs-xen-unpopulated.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "unpopulated.h"

static int stats_show(struct seq_file *m, void *unused)
{
	struct xen_unpop_pool *pool = m->private;
	struct xen_unpop_count count;

	guard(mutex)(&pool->grow.lock);

	count = xen_unpop_count_all(pool);

	seq_printf(m, "unpopulated_free %lu\n",
		   count.unpopulated - count.unpopulated_allocated);
	seq_printf(m, "unpopulated_allocated %lu\n",
		   count.unpopulated_allocated);
	seq_printf(m, "donated_free %lu\n",
		   count.donated - count.donated_allocated);
	seq_printf(m, "donated_allocated %lu\n", count.donated_allocated);
	seq_printf(m, "ballooned_allocated %lu\n", count.ballooned_allocated);
	seq_printf(m, "allocated_max %lu\n", count.allocated_max);
	seq_printf(m, "grows %lu\n", pool->grow.added);
	seq_printf(m, "waits %lu\n", pool->grow.waits);
	seq_printf(m, "releases %lu\n", pool->grow.released);
	seq_printf(m, "fallbacks %ld\n", atomic_long_read(&pool->fallbacks));
	seq_printf(m, "failures %ld\n", atomic_long_read(&pool->failures));
	seq_printf(m, "misuses %ld\n", atomic_long_read(&pool->misuses));

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int chunks_show(struct seq_file *m, void *unused)
{
	struct xen_unpop_pool *pool = m->private;
	struct xen_unpop_chunk *chunk;
	unsigned long index;

	/* Without it, a chunk could be released. */
	guard(mutex)(&pool->grow.lock);

	xa_for_each(&pool->chunks, index, chunk) {
		u64 start = PFN_PHYS(page_to_pfn(chunk->first));

		/* A chunk has an entry for each of its granules. */
		if (index != PHYS_PFN(start) / XEN_UNPOP_GRANULE_PAGES)
			continue;
		seq_printf(m, "%016llx-%016llx %lu %lu %s\n", start,
			   start + PFN_PHYS(chunk->nr_pages) - 1,
			   chunk->nr_pages, READ_ONCE(chunk->nr_free),
			   chunk->members ? "donated" : "unpopulated");
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(chunks);

static int release_set(void *data, u64 value)
{
	if (value != 1)
		return -EINVAL;
	xen_unpop_release(data, ULONG_MAX);

	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(release_fops, NULL, release_set, "%llu\n");

void xen_unpop_add_debugfs(struct xen_unpop_pool *pool)
{
	struct dentry *xen, *dir;

	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		return;

	/* x86 has made this directory for files of its own. */
	xen = debugfs_lookup("xen", NULL);
	dir = debugfs_create_dir("unpopulated",
				 xen ?: debugfs_create_dir("xen", NULL));
	dput(xen);

	debugfs_create_file("stats", 0400, dir, pool, &stats_fops);
	debugfs_create_file("chunks", 0400, dir, pool, &chunks_fops);
	if (xen_unpop_can_release())
		debugfs_create_file_unsafe("release", 0200, dir, pool,
					   &release_fops);
}
