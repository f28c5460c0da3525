/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What distributions leave out of <generated/autoconf.h>: included after it.
 */
#undef CONFIG_KUNIT
