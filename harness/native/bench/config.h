/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options that distributions leave out, or whose code the benchmark does without:
 * included after <generated/autoconf.h>.
 */
#undef CONFIG_KUNIT
#undef CONFIG_OF_ADDRESS
