/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/list.h>
#include <linux/types.h>

struct dev_pagemap;

/* As large as the real one, and what a driver may see at its place. */
struct page {
	unsigned long		flags;
	union {
		struct list_head	lru;
		struct {
			struct dev_pagemap	*pgmap;
			void			*zone_device_data;
		};
	};
	void			*mapping;
	unsigned long		index;
	unsigned long		private;
	atomic_t		_mapcount;
	atomic_t		_refcount;
	unsigned long		memcg_data;
} __aligned(64);

#endif
