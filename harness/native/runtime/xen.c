// SPDX-License-Identifier: GPL-2.0
/*
 * What the driver uses of Xen: the balloon driver, and the p2m of a PV guest.
 */
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <xen/balloon.h>
#include <xen/features.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "xen.h"

enum xen_domain_type xen_domain_type = XEN_HVM_DOMAIN;
bool native_initial_domain = true;
u8 xen_features[XENFEAT_NR_SUBMAPS * 32];

int (*native_arch_init)(struct resource **res);

int arch_xen_unpopulated_init(struct resource **res)
{
	return native_arch_init ? native_arch_init(res) : -ENODEV;
}

unsigned long native_balloon_left;
unsigned long native_balloon_out;
static DEFINE_MUTEX(balloon_lock);

int xen_alloc_ballooned_pages(unsigned int nr_pages, struct page **pages)
{
	unsigned int i;

	might_sleep();
	guard(mutex)(&balloon_lock);

	if (nr_pages > native_balloon_left)
		return -ENOMEM;
	for (i = 0; i < nr_pages; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	native_balloon_left -= nr_pages;
	native_balloon_out += nr_pages;

	return 0;
}

void xen_free_ballooned_pages(unsigned int nr_pages, struct page **pages)
{
	unsigned int i;

	might_sleep();
	guard(mutex)(&balloon_lock);

	for (i = 0; i < nr_pages; i++)
		__free_page(pages[i]);
	native_balloon_left += nr_pages;
	native_balloon_out -= nr_pages;
}

/*
 * The p2m is an array of leaves.  A leaf that says identity for all its pfns is
 * shared by many; to change an entry, a leaf of its own has to be allocated.
 */
unsigned long xen_p2m_size = NATIVE_NR_PFNS / 4;
unsigned int native_p2m_fail_nth;
unsigned long native_p2m_max_pfn;

#define NR_LEAVES	(NATIVE_NR_PFNS / 4 / P2M_PER_PAGE)
static unsigned long *leaves[NR_LEAVES];
static unsigned long last_leaf;
static DEFINE_MUTEX(p2m_lock);

static bool fails_now(void)
{
	return native_p2m_fail_nth && !--native_p2m_fail_nth;
}

static int alloc_leaf(unsigned long pfn)
{
	unsigned long **leaf = &leaves[pfn / P2M_PER_PAGE], i;

	if (*leaf)
		return 0;

	*leaf = kcalloc(P2M_PER_PAGE, sizeof(**leaf), GFP_KERNEL);
	if (!*leaf)
		return -ENOMEM;
	last_leaf = max(last_leaf, pfn / P2M_PER_PAGE);
	for (i = 0; i < P2M_PER_PAGE; i++)
		(*leaf)[i] = IDENTITY_FRAME(round_down(pfn, P2M_PER_PAGE) + i);

	return 0;
}

int xen_alloc_p2m_entry(unsigned long pfn)
{
	might_sleep();
	BUG_ON(!xen_pv_domain());
	guard(mutex)(&p2m_lock);

	if (WARN_ON(pfn >= xen_p2m_size) || fails_now())
		return -ENOMEM;

	/* As shared_info->arch.max_pfn, for good. */
	native_p2m_max_pfn = max(native_p2m_max_pfn, pfn + 1);

	return alloc_leaf(pfn);
}

bool set_phys_to_machine(unsigned long pfn, unsigned long mfn)
{
	might_sleep();
	BUG_ON(!xen_pv_domain());
	guard(mutex)(&p2m_lock);

	if (pfn >= xen_p2m_size)
		return mfn == INVALID_P2M_ENTRY;
	if (!leaves[pfn / P2M_PER_PAGE] && mfn == IDENTITY_FRAME(pfn))
		return true;
	/* To change one back is a matter of writing it. */
	if (mfn != IDENTITY_FRAME(pfn) && (fails_now() || alloc_leaf(pfn)))
		return false;
	leaves[pfn / P2M_PER_PAGE][pfn % P2M_PER_PAGE] = mfn;

	return true;
}

unsigned long native_p2m_entry(unsigned long pfn)
{
	unsigned long *leaf = leaves[pfn / P2M_PER_PAGE];

	return leaf ? leaf[pfn % P2M_PER_PAGE] : IDENTITY_FRAME(pfn);
}

bool native_p2m_has_leaf(unsigned long pfn)
{
	return leaves[pfn / P2M_PER_PAGE];
}

void native_p2m_reset(void)
{
	unsigned long i;

	for (i = 0; i <= last_leaf; i++) {
		kfree(leaves[i]);
		leaves[i] = NULL;
	}
	last_leaf = 0;
	native_p2m_max_pfn = 0;
}
