// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: what kmalloc() gives comes from the C library and its checkers.  There
 * is a memmap for RAM, and for what is hot-added as long as it is there; any
 * other struct page faults.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "host.h"

__thread unsigned int native_fail_nth;
__thread bool native_fail_all;
unsigned int native_fail_map_nth;
int native_map_error;
long native_mem_available = NATIVE_RAM_PFNS;
bool native_bounce_buffers = true;
struct page *native_vmemmap;

/* The pages that alloc_pages() allocates: the lower half of RAM. */
#define NR_FREE_PAGES_MAX	(NATIVE_RAM_PFNS / 2)
static DECLARE_BITMAP(pages_allocated, NR_FREE_PAGES_MAX);
static DEFINE_SPINLOCK(pages_lock);

/* What has a memmap, by subsection. */
#define NR_SUBSECTIONS		(NATIVE_NR_PFNS / PAGES_PER_SUBSECTION)
static DECLARE_BITMAP(mapped, NR_SUBSECTIONS);
static DEFINE_MUTEX(hotplug_lock);

static struct resource ram = {
	.name	= "System RAM",
	.end	= NATIVE_RAM_SIZE - 1,
	.flags	= IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
};

static void populate(unsigned long pfn, unsigned long nr_pages)
{
	struct page *page = pfn_to_page(pfn);

	BUG_ON(host_populate(page, nr_pages * sizeof(*page)));
	bitmap_set(mapped, pfn / PAGES_PER_SUBSECTION,
		   nr_pages / PAGES_PER_SUBSECTION);
}

static void __attribute__((constructor)) init_memory(void)
{
	native_vmemmap = host_reserve(NATIVE_NR_PFNS * sizeof(struct page));
	BUG_ON(!native_vmemmap);
	populate(0, NATIVE_RAM_PFNS);
	BUG_ON(request_resource(&iomem_resource, &ram));
}

static bool fails_now(gfp_t gfp)
{
	if (gfp & __GFP_NOFAIL)
		return false;
	/* The XArray tries once more, and waits for memory: fail that as well. */
	if (native_fail_nth == 1 && !gfpflags_allow_blocking(gfp))
		return true;

	return native_fail_all || (native_fail_nth && !--native_fail_nth);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	might_alloc(gfp);
	if (fails_now(gfp))
		return NULL;

	return host_malloc(size, gfp & __GFP_ZERO);
}

void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	might_alloc(gfp);
	if (fails_now(gfp))
		return NULL;

	return host_realloc((void *)p, size);
}

void kfree(const void *p)
{
	host_free((void *)p);
}

char *kstrndup(const char *s, size_t len, gfp_t gfp)
{
	char *p;

	len = strnlen(s, len);
	p = kzalloc(len + 1, gfp);
	return p ? memcpy(p, s, len) : NULL;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kstrndup(s, strlen(s), gfp) : NULL;
}

void *kmemdup_noprof(const void *src, size_t len, gfp_t gfp)
{
	void *p = kmalloc(len, gfp);

	return p ? memcpy(p, src, len) : NULL;
}

/* The nodes of xarrays are all that comes from a cache of its own here. */
struct kmem_cache *radix_tree_node_cachep;

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   gfp_t gfp)
{
	struct xa_node *node = kmalloc(sizeof(*node), gfp | __GFP_ZERO);

	BUG_ON(cache != radix_tree_node_cachep);
	if (node)
		INIT_LIST_HEAD(&node->private_list);

	return node;
}

void radix_tree_node_rcu_free(struct rcu_head *head)
{
	kfree(container_of(head, struct xa_node, rcu_head));
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned long pfn, i;

	might_alloc(gfp);
	if (fails_now(gfp))
		return NULL;

	spin_lock(&pages_lock);
	pfn = bitmap_find_next_zero_area(pages_allocated, NR_FREE_PAGES_MAX, 1,
					 1UL << order, (1UL << order) - 1);
	if (pfn < NR_FREE_PAGES_MAX)
		bitmap_set(pages_allocated, pfn, 1UL << order);
	spin_unlock(&pages_lock);
	BUG_ON(pfn >= NR_FREE_PAGES_MAX);

	for (i = 0; i < 1UL << order; i++) {
		pfn_to_page(pfn)[i] = (struct page){};
		atomic_set(&pfn_to_page(pfn)[i]._refcount, 1);
	}

	return pfn_to_page(pfn);
}

void __free_pages(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	spin_lock(&pages_lock);
	for (i = pfn; i < pfn + (1UL << order); i++)
		BUG_ON(i >= NR_FREE_PAGES_MAX ||
		       !__test_and_clear_bit(i, pages_allocated));
	spin_unlock(&pages_lock);
}

/* What is not in the linear map is in the heap: somewhere else in RAM. */
struct page *virt_to_page(const void *addr)
{
	unsigned long virt = (unsigned long)addr;

	if (virt >= NATIVE_LINEAR_MAP)
		return pfn_to_page(PFN_DOWN(virt - NATIVE_LINEAR_MAP));

	return pfn_to_page(NR_FREE_PAGES_MAX +
			   PFN_DOWN(virt) % NR_FREE_PAGES_MAX);
}

long si_mem_available(void)
{
	return READ_ONCE(native_mem_available);
}

bool pfn_valid(unsigned long pfn)
{
	guard(mutex)(&hotplug_lock);

	return pfn < NATIVE_NR_PFNS &&
	       test_bit(pfn / PAGES_PER_SUBSECTION, mapped);
}

struct range mhp_get_pluggable_range(bool need_mapping)
{
	return (struct range){ .end = (1UL << NATIVE_PHYS_BITS) - 1 };
}

/* With all that the real one insists on, or that is a mistake to ask of it. */
void *memremap_pages(struct dev_pagemap *pgmap, int nid)
{
	u64 start = pgmap->range.start, size = range_len(&pgmap->range);
	unsigned long pfn = PHYS_PFN(start), nr_pages = PHYS_PFN(size), i;
	unsigned long bit = pfn / PAGES_PER_SUBSECTION;
	unsigned long end = bit + nr_pages / PAGES_PER_SUBSECTION;

	might_sleep();
	BUG_ON(pgmap->type != MEMORY_DEVICE_GENERIC || pgmap->nr_range != 1);
	if (WARN_ON(!size || start % SUBSECTION_SIZE || size % SUBSECTION_SIZE))
		return ERR_PTR(-EINVAL);
	if (WARN_ON(pgmap->range.end >> NATIVE_PHYS_BITS))
		return ERR_PTR(-E2BIG);

	guard(mutex)(&hotplug_lock);

	if (native_fail_map_nth && !--native_fail_map_nth)
		return ERR_PTR(native_map_error);
	if (WARN_ON(find_next_bit(mapped, end, bit) < end))
		return ERR_PTR(-EEXIST);

	populate(pfn, nr_pages);
	for (i = pfn; i < pfn + nr_pages; i++) {
		struct page *page = pfn_to_page(i);

		page->pgmap = pgmap;
		atomic_set(&page->_refcount, 1);
	}

	return (void *)(NATIVE_LINEAR_MAP + start);
}

void memunmap_pages(struct dev_pagemap *pgmap)
{
	unsigned long pfn = PHYS_PFN(pgmap->range.start), i;
	unsigned long nr_pages = PHYS_PFN(range_len(&pgmap->range));

	might_sleep();
	/* The real one waits for grace periods before it takes anything away. */
	fsleep(100);
	guard(mutex)(&hotplug_lock);

	for (i = pfn; i < pfn + nr_pages; i++) {
		struct page *page = pfn_to_page(i);

		BUG_ON(page->pgmap != pgmap || page_ref_count(page) != 1);
	}
	bitmap_clear(mapped, pfn / PAGES_PER_SUBSECTION,
		     nr_pages / PAGES_PER_SUBSECTION);
	host_depopulate(pfn_to_page(pfn), nr_pages * sizeof(struct page));
}
