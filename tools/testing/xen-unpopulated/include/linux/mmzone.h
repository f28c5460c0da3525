/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#include <linux/mm_types.h>
#include <linux/numa.h>
#include <linux/types.h>
#include <asm/page.h>

/* As x86 has it, and arm64 with pages of 4, 16 and 64 KiB. */
#if PAGE_SHIFT == 16
#define SECTION_SIZE_BITS	29
#else
#define SECTION_SIZE_BITS	27
#endif
#define PFN_SECTION_SHIFT	(SECTION_SIZE_BITS - PAGE_SHIFT)
#define PAGES_PER_SECTION	(1UL << PFN_SECTION_SHIFT)

#define SUBSECTION_SHIFT	21
#define SUBSECTION_SIZE		(1UL << SUBSECTION_SHIFT)
#define PFN_SUBSECTION_SHIFT	(SUBSECTION_SHIFT - PAGE_SHIFT)
#define PAGES_PER_SUBSECTION	(1UL << PFN_SUBSECTION_SHIFT)

bool pfn_valid(unsigned long pfn);

#endif
