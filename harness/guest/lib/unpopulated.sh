# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Unpopulated pages: the addresses that they are made of, and their figures.

unpopulated=/sys/kernel/debug/xen/unpopulated
xen_memory=/sys/devices/system/xen_memory/xen_memory0
current_kb=$xen_memory/info/current_kb
target_kb=$xen_memory/target_kb

# The extended regions, "0xSTART 0xSIZE" a line. On Arm Xen has put them into the
# device tree, where the first entry is for the grant table; on x86 they are the
# RAM in the memory map of a PVH dom0 that it has not been given.
advertised_regions()
{
	local entry start
	if [ -r /proc/device-tree/hypervisor/reg ]; then
		hexdump -v -e '"0x" 8/1 "%02x" " 0x" 8/1 "%02x" "\n"' \
			/proc/device-tree/hypervisor/reg | tail -n +2
	fi
	# shellcheck disable=SC2013 # a path has no blanks
	for entry in $(grep -l '^Unusable memory$' \
			/sys/firmware/memmap/*/type 2> /dev/null); do
		start=$(cat "${entry%/*}/start")
		printf '0x%x 0x%x\n' $((start)) \
			$(($(cat "${entry%/*}/end") + 1 - start))
	done
}

# The whole granules of them, the least that can be made into pages, in the form
# of /proc/iomem.
usable_regions()
{
	local granule start size end
	case $page_size in
	4096)	granule=0x200000 ;;
	16384)	granule=0x400000 ;;
	65536)	granule=0x4000000 ;;
	esac
	advertised_regions > /run/regions
	while read -r start size; do
		end=$(((start + size) / granule * granule))
		start=$(((start + granule - 1) / granule * granule))
		[ $start -ge $end ] ||
			printf '%08x-%08x : Xen extended region\n' \
				$start $((end - 1))
	done < /run/regions
}

have_usable_region()
{
	[ -n "$(usable_regions)" ]
}

# All figures about the pages, now.
#   sample before|during|after
sample()
{
	send "iomem.$1$samples" < /proc/iomem
	{
		grep -E '^nr_(memmap_pages|page_table_pages) ' /proc/vmstat
		echo "current_kb $(cat $current_kb)"
		echo "page_size $page_size"
	} | send "memory.$1$samples"
	if [ -r $unpopulated/stats ]; then
		send "stats.$1$samples" < $unpopulated/stats
		send "chunks.$1$samples" < $unpopulated/chunks
	fi
}

# One figure of a sample.
#   stat_of STAGE NAME
stat_of()
{
	sed -n "s/^$2 //p" "/run/sent/stats.$1$samples"
}

# All chunks, which are called "Xen scratch", are inside extended regions.
chunks_are_inside_regions()
{
	local first last start size inside
	advertised_regions > /run/regions
	sed -n 's/^ *\([0-9a-f]*\)-\([0-9a-f]*\) : Xen scratch$/0x\1 0x\2/p' \
		"/run/sent/iomem.during$samples" > /run/chunks
	while read -r first last; do
		inside=no
		# Where x86 knows of none, all holes from here on will do.
		if [ ! -s /run/regions ] && [ $((first)) -ge $((4 << 30)) ] &&
		   [ "$kind" != arm ]; then
			inside=yes
		fi
		while read -r start size; do
			if [ $((first)) -ge $((start)) ] &&
			   [ $((last)) -lt $((start + size)) ]; then
				inside=yes
			fi
		done < /run/regions
		if [ $inside = no ]; then
			echo "$first-$last is in no extended region"
			return 1
		fi
	done < /run/chunks
}

# While the domU did its I/O, the pages came from where they should. The kernel's own
# driver has no figures, and takes holes below 4 GiB as well.
origin_is_right()
{
	local at_addresses ballooned donated donated_free
	if [ ! -r "/run/sent/stats.during$samples" ]; then
		skip "this kernel's driver has no figures"
		return
	fi
	chunks_are_inside_regions || return 1
	at_addresses=$(stat_of during unpopulated_allocated)
	ballooned=$(stat_of during ballooned_allocated)
	donated=$(stat_of during donated_allocated)
	donated_free=$(stat_of during donated_free)
	echo "unused addresses: $at_addresses, donated: $donated, ballooned: $ballooned"

	if have_usable_region || [ "$kind" != arm ]; then
		echo "there are addresses that can be used"
		[ $((at_addresses + donated)) -gt 0 ] && donated_first &&
		[ "$ballooned" = 0 ]
	else
		echo "there are no addresses that can be used"
		[ "$at_addresses" -eq 0 ] && [ "$ballooned" != 0 ]
	fi
}

# Addresses are not used while donated pages are free.
donated_first()
{
	[ "$donated_free" = 0 ] || [ "$at_addresses" = 0 ]
}

# No page is allocated any more that was not before, and RAM that was given up for
# the pages has come back.
all_given_back()
{
	local figure
	wait_for 20 grep -qx "$(sed -n 's/^current_kb //p' \
		"/run/sent/memory.before$samples")" $current_kb || return 1
	if [ ! -r "/run/sent/stats.before$samples" ]; then
		skip "this kernel's driver has no figures"
		return
	fi
	for figure in unpopulated_allocated donated_allocated ballooned_allocated; do
		wait_for 20 grep -qx "$figure $(stat_of before $figure)" \
			$unpopulated/stats || return 1
	done
}

# Whether one of these lines of /proc/iomem is about some of FIRST-LAST.
#   overlaps FIRST LAST
overlaps()
{
	local range rest
	while read -r range rest; do
		[ $((0x${range%-*})) -gt $(($2)) ] ||
		[ $((0x${range#*-})) -lt $(($1)) ] || return 0
	done
	return 1
}
