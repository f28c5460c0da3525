/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints with at most one probe.  Of TRACE_EVENT(), only the name and the
 * arguments are used: the rest describes a record in the kernel's ring buffer.
 */
#ifndef _INCLUDE_TRACE_H
#define _INCLUDE_TRACE_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "processor.h"

struct tracepoint {
	const char		*name;
	void			*probe;
	void			*data;
	struct tracepoint	*next;
};

void for_each_kernel_tracepoint(void (*function)(struct tracepoint *tracepoint,
						 void *data), void *data);
int tracepoint_probe_register(struct tracepoint *tracepoint, void *probe,
			      void *data);
int tracepoint_probe_unregister(struct tracepoint *tracepoint, void *probe,
				void *data);
#define tracepoint_synchronize_unregister()	do { } while (0)

#define TP_PROTO(args...)	args
#define TP_ARGS(args...)	args

#define DECLARE_TRACE_NATIVE(event, proto, args)			\
	extern struct tracepoint native_tracepoint_##event;		\
	static inline void trace_##event(proto)				\
	{								\
		struct tracepoint *tp = &native_tracepoint_##event;	\
		void (*probe)(void *, proto) =				\
			smp_load_acquire(&tp->probe);			\
									\
		if (unlikely(probe))					\
			probe(tp->data, args);				\
	}

#ifdef CREATE_TRACE_POINTS
void native_add_tracepoint(struct tracepoint *tracepoint);

#define DEFINE_TRACE_NATIVE(event)					\
	struct tracepoint native_tracepoint_##event = { .name = #event }; \
	static __attribute__((constructor)) void			\
	native_add_tracepoint_##event(void)				\
	{								\
		native_add_tracepoint(&native_tracepoint_##event);	\
	}
#else
#define DEFINE_TRACE_NATIVE(event)
#endif

#define PARAMS(args...)		args
#define TRACE_EVENT(event, proto, args, entry, assign, print)		\
	DECLARE_TRACE_NATIVE(event, PARAMS(proto), PARAMS(args))	\
	DEFINE_TRACE_NATIVE(event)
#define DECLARE_EVENT_CLASS(class, proto, args, entry, assign, print)
#define DEFINE_EVENT(class, event, proto, args)				\
	DECLARE_TRACE_NATIVE(event, PARAMS(proto), PARAMS(args))	\
	DEFINE_TRACE_NATIVE(event)

#endif
