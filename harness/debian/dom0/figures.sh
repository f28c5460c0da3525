# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# What a user sees of this kernel, for the table that compares it with Debian's own.

files_of_figures()
{
	:
}

job_figures()
{
	{
		echo "kernel: $(uname -r | grep -q unpopulated && echo ours || echo "Debian's")"
		echo "dom0: $(cat /sys/hypervisor/guest_type)"
		free -m | awk '/^Mem:/ { print "MiB of RAM: " $2; print "MiB available: " $7 }'
		awk '/^nr_memmap_pages / { print "KiB of memmap: " $2 * 4 }' /proc/vmstat
		echo "KiB given up by ballooning: $(($(cat "$target_kb") - $(cat "$current_kb")))"
		echo "Xen scratch ranges in /proc/iomem: $(grep -c 'Xen scratch' /proc/iomem)"
		patiently 30 xl info | sed -n 's/^free_memory *: /MiB free in Xen: /p'
		cat /run/times
		[ ! -r "$unpopulated/stats" ] || sed 's/ /: /' "$unpopulated/stats"
	} | send figures
}
