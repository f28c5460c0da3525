# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Dom0's memory goes up and down, as a memory manager of the toolstack has it, while
# dom0 serves a disk.

files_of_memory()
{
	printf '%s\n' "up-and-down$tag" "domU$tag-memory-messages" "out-of-reach$tag"
}

job_memory()
{
	step "the memory of dom0 goes up and down${tag:+ ($kind)}"
	report_on_busy_domu "up-and-down$tag" memory up_and_down
	report "out-of-reach$tag" 3 out_of_reach
}

# 40 targets below what dom0 has, one that it has to reach, and back.
up_and_down()
{
	local all i=0 status=0
	all=$(cat "$target_kb")
	while [ $i -lt 40 ]; do
		set_memory $((all - i * 7919 % 331 * 1024)) || status=1
		i=$((i + 1))
	done
	set_memory $((all - 256 * 1024)) && wait_for 60 target_is_reached &&
	[ "$(cat "$current_kb")" -lt "$all" ] || status=1
	set_memory "$all" && wait_for 60 target_is_reached && return $status
}

# Xen 4.17's xl mem-set ends with a failed assertion for a dom0 on Arm.
#   set_memory KIB
set_memory()
{
	if [ "$kind" = arm ]; then
		ask_xenstore write /local/domain/0/memory/target "$1"
	else
		patiently 30 xl mem-set 0 "$1k"
	fi
}

target_is_reached()
{
	[ "$(cat "$current_kb")" = "$(cat "$target_kb")" ]
}

out_of_reach()
{
	local target
	target=$(cat "$target_kb")
	check "the balloon driver is idle" balloon_is_idle
	check "and soon again when it cannot reach the target" idle_in_vain
	check "dom0 has what it had" has_again
}

# On Arm, no memory is added to a domain that is mapped 1:1. On x86, xl mem-set has told
# Xen to refuse more than the lower target.
idle_in_vain()
{
	local above=$target
	if [ "$kind" = arm ]; then
		above=$((target + 64 * 1024))
	else
		set_memory $((target - 64 * 1024)) &&
		wait_for 60 target_is_reached || return
	fi
	echo "$above" > "$target_kb"
	# Xen refuses four times in 14 seconds, then the driver gives up.
	sleep 20
	balloon_is_idle && ! target_is_reached
}

# On x86, xl raises the limit, and the target is the one that was given up.
has_again()
{
	set_memory "$target" && wait_for 60 target_is_reached &&
	set_memory $((target - 64 * 1024)) && wait_for 60 target_is_reached &&
	set_memory "$target" && wait_for 60 target_is_reached
}

# Its thread takes less than 1 % of a processor.
balloon_is_idle()
{
	local before after
	before=$(balloon_ticks) && sleep 10 && after=$(balloon_ticks) || return
	echo "$before ticks, 10 s later $after"
	[ $((after - before)) -le 10 ]
}

balloon_ticks()
{
	awk '{ print $14 + $15 }' "/proc/$(pidof xen-balloon)/stat"
}
