/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_unpopulated

#if !defined(_TRACE_XEN_UNPOPULATED_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_XEN_UNPOPULATED_H

#include <linux/tracepoint.h>

/* A chunk was added, or could not be: @error is 0 or a negative errno value. */
TRACE_EVENT(xen_unpopulated_grow,
	TP_PROTO(unsigned long pfn, unsigned long nr_pages, int error),
	TP_ARGS(pfn, nr_pages, error),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned long, nr_pages)
		__field(int, error)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->nr_pages = nr_pages;
		__entry->error = error;
	),

	TP_printk("pfn=0x%lx nr_pages=%lu error=%d",
		  __entry->pfn, __entry->nr_pages, __entry->error)
);

/* An idle chunk is released: its pages become plain addresses again. */
TRACE_EVENT(xen_unpopulated_release,
	TP_PROTO(unsigned long pfn, unsigned long nr_pages),
	TP_ARGS(pfn, nr_pages),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned long, nr_pages)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->nr_pages = nr_pages;
	),

	TP_printk("pfn=0x%lx nr_pages=%lu",
		  __entry->pfn, __entry->nr_pages)
);

/*
 * No addresses are left for @missing of the @nr_pages of a request: these are
 * ballooned pages (fallback), or the request fails (exhausted).  It also fails, with
 * @missing as 0, if there is no memory for the memmap of its pages.
 */
DECLARE_EVENT_CLASS(xen_unpopulated_missing,
	TP_PROTO(unsigned int nr_pages, unsigned int missing),
	TP_ARGS(nr_pages, missing),

	TP_STRUCT__entry(
		__field(unsigned int, nr_pages)
		__field(unsigned int, missing)
	),

	TP_fast_assign(
		__entry->nr_pages = nr_pages;
		__entry->missing = missing;
	),

	TP_printk("nr_pages=%u missing=%u",
		  __entry->nr_pages, __entry->missing)
);

DEFINE_EVENT(xen_unpopulated_missing, xen_unpopulated_fallback,
	TP_PROTO(unsigned int nr_pages, unsigned int missing),
	TP_ARGS(nr_pages, missing)
);

DEFINE_EVENT(xen_unpopulated_missing, xen_unpopulated_exhausted,
	TP_PROTO(unsigned int nr_pages, unsigned int missing),
	TP_ARGS(nr_pages, missing)
);

#endif /* _TRACE_XEN_UNPOPULATED_H */

#include <trace/define_trace.h>
