# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The first job: the addresses that are claimed, and Xen's daemons.

files_of_start()
{
	echo regions-claimed
	echo daemons
}

job_start()
{
	own_ram > /run/own-ram.before
	advertised_regions | send advertised
	report regions-claimed 1 regions_claimed
	report daemons 1 daemons
}

# No other driver can claim any of these addresses.
regions_claimed()
{
	check "every whole granule of the extended regions is claimed" \
		all_regions_claimed
}

all_regions_claimed()
{
	usable_regions | sort > /run/usable
	sed -n 's/^ *\(.* : Xen extended region\)$/\1/p' /proc/iomem |
		sort > /run/claimed
	diff /run/usable /run/claimed
}

daemons()
{
	check "Xen's daemons start" start_daemons
}
