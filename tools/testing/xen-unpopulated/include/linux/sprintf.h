/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_LINUX_SPRINTF_H
#define _NATIVE_LINUX_SPRINTF_H

/* The C library has functions of these names, and needs them itself. */
#define snprintf	native_snprintf
#define vsnprintf	native_vsnprintf

#include_next <linux/sprintf.h>

#endif
