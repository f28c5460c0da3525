/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the libFuzzer targets share.
 */
#ifndef _FUZZ_FUZZ_H
#define _FUZZ_FUZZ_H

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bug.h>
#include <linux/types.h>

#include "unpopulated.h"

#include "../runtime/log.h"
#include "../runtime/mm.h"

/* What must hold; libFuzzer keeps the input for which it does not. */
#define CHECK(condition)	BUG_ON(!(condition))

int initcall_kunit_init(void);

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The input; behind its end there are zeros. */
struct bytes {
	const u8	*next;
	size_t		left;
};

static inline u8 get_u8(struct bytes *bytes)
{
	if (!bytes->left)
		return 0;
	bytes->left--;
	return *bytes->next++;
}

static inline u16 get_u16(struct bytes *bytes)
{
	u16 low = get_u8(bytes);

	return low | get_u8(bytes) << 8;
}

/* For the stubs of KUnit, which belong to a test. */
static inline struct kunit *fuzz_test(void)
{
	static struct kunit test;

	if (!current->kunit_test) {
		initcall_kunit_init();
		kunit_init_test(&test, "fuzz", NULL);
		current->kunit_test = &test;
		static_branch_inc(&kunit_running);
		native_quiet = true;
	}

	return &test;
}

#endif
