# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Debian itself: its services, and what a user sees.

files_of_system()
{
	echo system
}

job_system()
{
	step "stage $stage: Linux $(uname -r), up for $(seconds_up) s"
	own_ram > /run/own-ram.before
	advertised_regions | send advertised
	report system 5 system
}

system()
{
	check "the kernel is the one that was to be booted" right_kernel
	check "Linux is dom0, of the kind that was chosen" right_dom0
	check "Debian has started, and no unit has failed" system_runs
	check "Xen's daemons run" daemons_run
	check "modules for mapping are there" modprobe -a xen-gntdev xen-gntalloc xen-privcmd
}

right_kernel()
{
	uname -r
	case $stage in
	control | removed) ! uname -r | grep unpopulated ;;
	*) uname -r | grep unpopulated ;;
	esac
}

right_dom0()
{
	grep control_d /proc/xen/capabilities && cat /sys/hypervisor/guest_type || return
	case $stage in
	pvh)	grep -x PVH /sys/hypervisor/guest_type ;;
	*)	grep -x PV /sys/hypervisor/guest_type ;;
	esac
}

# This unit is part of what starts, so the state is not yet "running".
system_runs()
{
	wait_for 60 starting_is_over || return
	systemctl --failed --no-legend > /run/failed-units || return
	cat /run/failed-units
	[ ! -s /run/failed-units ]
}

starting_is_over()
{
	systemctl list-jobs --no-legend > /run/start-jobs &&
	! awk '{ print $2 }' /run/start-jobs | grep -vx dom0-test.service
}

daemons_run()
{
	patiently 60 xl info && patiently 60 xl list &&
	pgrep -l oxenstored && pgrep -a xenconsoled | grep -e --log=guest
}
