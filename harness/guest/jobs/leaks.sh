# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Memory that nothing points to.

files_of_leaks()
{
	echo kmemleak
}

job_leaks()
{
	step "looking for leaked memory"
	report kmemleak 1 kmemleak
}

# No memory has been lost, as far as the kernel can tell.
kmemleak()
{
	check "all memory in use is pointed to" nothing_leaked
}

# kmemleak does not report memory that is younger than five seconds, and takes
# two scans to see that a pointer was only on its way.
nothing_leaked()
{
	sleep 6
	echo scan > /sys/kernel/debug/kmemleak &&
	echo scan > /sys/kernel/debug/kmemleak &&
	head -n 300 /sys/kernel/debug/kmemleak > /run/leaks &&
	cat /run/leaks &&
	[ ! -s /run/leaks ]
}
