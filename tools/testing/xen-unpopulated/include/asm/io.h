/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_ASM_IO_H
#define _NATIVE_ASM_IO_H

#define IO_SPACE_LIMIT	0xffff

#endif
