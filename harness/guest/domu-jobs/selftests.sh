# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The selftests in a domU, and the grants that others map.

# Run these, and send the figures after the last of them.
#   run_selftests PROGRAM...
run_selftests()
{
	local name
	# A test is not skipped for want of these.
	export XEN_TEST_REQUIRE="stats gntdev gntalloc"
	for name; do
		run_selftest 120 "$name" "$name"
	done
	send iomem < /proc/iomem
	send stats < /sys/kernel/debug/xen/unpopulated/stats
}

receive_grants()
{
	local word
	say "ready for grants"
	# shellcheck disable=SC3045 # busybox has -t
	while read -r -t $((60 * patience)) word < /dev/hvc0 &&
	      [ "$word" != end ]; do
		echo "$word"
	done > /grants
	export XEN_TEST_GRANTS=/grants
}

use_emulated_disk()
{
	wait_for 30 test -b "$domu_disk" || fail "there is no $domu_disk"
	export XEN_TEST_DISK="$domu_disk" XEN_TEST_EMULATED=1
}

memory_kb()
{
	sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

has_memory()
{
	[ "$(memory_kb)" -ge "$1" ]
}

get_more_memory()
{
	local wanted=$(($(memory_kb) + 512))
	echo online > /sys/devices/system/memory/auto_online_blocks
	say "ready to grow"
	wait_for 30 has_memory $wanted ||
		fail "no memory was added in $((30 * patience)) seconds"
}

selftests()
{
	[ -z "${domu_disk:-}" ] || use_emulated_disk
	[ -z "${domu_grants:-}" ] || receive_grants
	# shellcheck disable=SC2046 # one word a line
	run_selftests $(domu_programs)
	get_more_memory
	run_selftest 120 gntdev_map gntdev_map.grown
	send iomem.grown < /proc/iomem
	pass
}

offer()
{
	local word=''
	offer_pages 0 "$offered" > /offered &
	wait_for 60 test -s /offered || fail "no pages could be granted"
	sleep 1
	send grants < /offered
	say "has granted"
	until [ "$word" = stop ]; do
		read -r word < /dev/hvc0 || sleep 1
	done
	kill $!
	pass
}

dom0less()
{
	export XEN_TEST_OWN_DOMID="$own_domid"
	# shellcheck disable=SC2086 # a list of names
	run_selftests $dom0less_programs
	pass
}
