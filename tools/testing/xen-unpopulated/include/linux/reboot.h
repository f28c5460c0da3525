/* SPDX-License-Identifier: GPL-2.0 */
/* For the executor of KUnit, that could shut the machine down. */
#define kernel_power_off()	BUG()
#define kernel_halt()		BUG()
#define kernel_restart(cmd)	BUG()
