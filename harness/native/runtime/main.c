// SPDX-License-Identifier: GPL-2.0
/*
 * Run the KUnit suites that are linked in, all or those that a glob fits:
 *
 *	unpopulated-test [SUITE[.CASE]]
 *
 * Results are on stdout, in KTAP.
 */
#include <kunit/test.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>

#include "log.h"

extern char **native_param_filter_glob;
int initcall_kunit_init(void);

int main(int argc, char **argv)
{
	initcall_kunit_init();
	if (argc > 1)
		*native_param_filter_glob = argv[1];
	kunit_run_all_tests();
	rcu_barrier();

	/* Those that a test expects it has taken off again. */
	if (native_warnings) {
		pr_err("# %u warnings\n", native_warnings);
		return 1;
	}

	return 0;
}
