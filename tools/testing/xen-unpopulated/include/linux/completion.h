/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_COMPLETION_H
#define __LINUX_COMPLETION_H

#include <linux/types.h>

struct completion {
	unsigned int done;
};

static inline void init_completion(struct completion *completion)
{
	completion->done = 0;
}

void complete(struct completion *completion);
void wait_for_completion(struct completion *completion);
unsigned long wait_for_completion_timeout(struct completion *completion,
					  unsigned long timeout);

#endif
