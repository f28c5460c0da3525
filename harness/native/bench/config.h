/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benchmark needs no code for, or distributions leave out: included
 * after <generated/autoconf.h>.
 */
#undef CONFIG_KUNIT
#undef CONFIG_OF_ADDRESS
