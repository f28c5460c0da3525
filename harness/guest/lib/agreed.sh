# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034 # variables are shared
#
# Constants that dom0 and the domUs have to agree about.

# Pages that are offered where a domain cannot map its own; see offer_pages.c.
offered=16000

# The programs that the domU runs which Xen has made: they need no xenstore.
dom0less_programs="gntdev_map gntdev_release"

# Those that other domUs run: privcmd_map is for the toolstack's domain.
domu_programs()
{
	(cd /selftests && printf '%s\n' * | grep -vx privcmd_map)
}
