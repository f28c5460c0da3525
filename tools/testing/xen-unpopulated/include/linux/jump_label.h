/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_JUMP_LABEL_H
#define _LINUX_JUMP_LABEL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct static_key_false {
	int enabled;
};

struct static_key_true {
	int disabled;
};

#define DEFINE_STATIC_KEY_FALSE(name)	struct static_key_false name
#define DECLARE_STATIC_KEY_FALSE(name)	extern struct static_key_false name
#define static_branch_unlikely(key)					\
	unlikely(__atomic_load_n(&(key)->enabled, __ATOMIC_RELAXED))
#define static_branch_inc(key)						\
	__atomic_fetch_add(&(key)->enabled, 1, __ATOMIC_RELAXED)
#define static_branch_dec(key)						\
	__atomic_fetch_sub(&(key)->enabled, 1, __ATOMIC_RELAXED)

#endif
