/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_LOGIC_PIO_H
#define __LINUX_LOGIC_PIO_H

#include <linux/types.h>

/* No bus here has ports that are translated. */
struct logic_pio_hwaddr {
	unsigned long	flags;
};

#define LOGIC_PIO_CPU_MMIO	1
#define find_io_range_by_fwnode(fwnode)					\
	((void)(fwnode), (struct logic_pio_hwaddr *)NULL)
#define logic_pio_trans_hwaddr(fwnode, addr, size)			\
	((void)(fwnode), (void)(addr), (void)(size), ~0UL)

#endif
