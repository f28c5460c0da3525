// SPDX-License-Identifier: GPL-2.0
#include <linux/bug.h>
#include <linux/debugfs.h>
#include <xen/xen.h>

#include "boot.h"

#include "../native/log.h"
#include "../native/xen.h"

static struct xen_scratch_pool *pool;

/* Only the files in debugfs say where it is. */
struct xen_scratch_pool *boot_pool(void)
{
	if (!pool) {
		native_arch_init = NULL;
		xen_domain_type = XEN_HVM_DOMAIN;
		initcall_xen_unpopulated_late_init();
		pool = native_debugfs_data(native_debugfs_find("unpopulated",
							       "stats"));
		native_debugfs_remove_all();
	}

	return pool;
}

void boot_reset(void)
{
	native_debugfs_remove_all();
	xen_scratch_pool_destroy(pool);
	*pool = (struct xen_scratch_pool)XEN_SCRATCH_POOL_INIT((*pool));
	xen_domain_type = XEN_HVM_DOMAIN;
	native_balloon_left = 0;
	native_p2m_reset();
}
