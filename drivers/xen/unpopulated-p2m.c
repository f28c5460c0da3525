// SPDX-License-Identifier: GPL-2.0
/*
 * Unpopulated pages: the p2m of a PV guest, which has the frame behind each pfn.
 */
#include <linux/build_bug.h>

#include <xen/page.h>
#include <xen/xen.h>

#include "unpopulated.h"

/*
 * Allocate the p2m leaves of @nr_pages pfns, whole granules, so that mapping a
 * frame only has to write an entry.  A leaf is never freed again.
 */
int xen_unpop_p2m_prepare(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	int ret;

	BUILD_BUG_ON(XEN_UNPOP_GRANULE_PAGES % P2M_PER_PAGE);

	if (!xen_pv_domain())
		return 0;

	for (; pfn < end; pfn += P2M_PER_PAGE) {
		ret = xen_alloc_p2m_entry(pfn);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * Let the linear map have no entries for these pfns until a frame is mapped
 * there.  The p2m has the identity for addresses without RAM, with which it would
 * map the memory that the host has at these addresses.
 */
int xen_unpop_p2m_invalidate(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	if (!xen_pv_domain())
		return 0;

	for (; pfn < end; pfn++) {
		if (!set_phys_to_machine(pfn, INVALID_P2M_ENTRY))
			return -ENOMEM;
	}

	return 0;
}

/* Restore the identity of addresses that a device can be placed at later. */
void xen_unpop_p2m_restore(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	if (!xen_pv_domain())
		return;

	for (; pfn < end; pfn++)
		set_phys_to_machine(pfn, IDENTITY_FRAME(pfn));
}

/* The first pfn that the p2m has no room for. */
unsigned long xen_unpop_p2m_max_pfn(void)
{
	return xen_pv_domain() ? xen_p2m_size : ULONG_MAX;
}
