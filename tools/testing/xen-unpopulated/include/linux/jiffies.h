/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include <linux/limits.h>
#include <linux/time64.h>

/* HZ is 1000. */
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX

void ktime_get_ts64(struct timespec64 *ts);

#endif
