/* SPDX-License-Identifier: GPL-2.0 */
/* There is a root node, though it was not read from a tree at boot. */
#define CONFIG_OF_EARLY_FLATTREE 1
#include_next <kunit/of.h>
