/* SPDX-License-Identifier: GPL-2.0 */
/* The root node exists, although nothing reads it from a tree at boot. */
#define CONFIG_OF_EARLY_FLATTREE 1

/* The kernel's own */
#include <include/kunit/of.h>
