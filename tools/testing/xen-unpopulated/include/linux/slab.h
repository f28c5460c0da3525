/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/types.h>

/* Where allocations are accounted. */
#define alloc_hooks(allocation)		(allocation)

struct kmem_cache;
struct list_lru;

void *kmalloc(size_t size, gfp_t gfp);
void *krealloc(const void *p, size_t size, gfp_t gfp);
void kfree(const void *p);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc(size_mul(n, size), gfp);
}

static inline void *kmalloc_array_node(size_t n, size_t size, gfp_t gfp,
				       int node)
{
	return kmalloc_array(n, size, gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

#define kmalloc_obj(object, gfp...)					\
	((typeof(object) *)kmalloc(sizeof(object), __native_gfp(gfp)))
#define kzalloc_obj(object, gfp...)					\
	((typeof(object) *)kzalloc(sizeof(object), __native_gfp(gfp)))
#define kmalloc_objs(object, n, gfp...)					\
	((typeof(object) *)kmalloc_array(n, sizeof(object), __native_gfp(gfp)))
#define kzalloc_objs(object, n, gfp...)					\
	((typeof(object) *)kcalloc(n, sizeof(object), __native_gfp(gfp)))
#define __native_gfp(gfp...)						\
	(((gfp_t[]){ GFP_KERNEL, ##gfp })					\
	 [sizeof((gfp_t[]){ GFP_KERNEL, ##gfp }) / sizeof(gfp_t) - 1])

#define kvzalloc_objs(object, n, gfp...)	kzalloc_objs(object, n, ##gfp)
#define kvrealloc(p, size, gfp)		krealloc(p, size, gfp)
#define kvmalloc(size, gfp)		kmalloc(size, gfp)
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)

static inline void kvfree(const void *p)
{
	kfree(p);
}

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   gfp_t gfp);

#endif
