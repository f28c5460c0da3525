# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The memory of dom0, and the target of its balloon driver.

files_of_target()
{
	echo memory-target
}

job_target()
{
	report memory-target 2 memory_target
}

# The balloon driver's idea of the memory that dom0 is to have. On Arm, Xen maps
# the memory of dom0 1:1, so none can be added at other addresses than those it
# started with, whatever the target.
memory_target()
{
	check "no memory has been added to dom0" no_memory_added
	if [ "$kind" = arm ]; then
		check "no memory is added for a target above all memory" \
			no_memory_added_for_target
	else
		check "the target is what Xen has given to dom0" target_is_right
	fi
}

target_is_right()
{
	local given
	given=$(patiently 30 xl list 0 | awk 'NR == 2 { print $3 }')
	echo "xl list: $given MiB, current: $(cat "$current_kb") KiB, target: $(cat "$target_kb") KiB"
	[ $(($(cat "$current_kb") / 1024)) = "$given" ] &&
	[ "$(cat "$current_kb")" = "$(cat "$target_kb")" ]
}

no_memory_added()
{
	own_ram > /run/own-ram.after
	diff /run/own-ram.before /run/own-ram.after
}

own_ram()
{
	grep ': System RAM' /proc/iomem
}

no_memory_added_for_target()
{
	local status=0 target
	target=$(cat "$target_kb")
	echo $((target + 512 * 1024)) > "$target_kb"
	sleep $((patience / 2))
	no_memory_added || status=1
	echo "$target" > "$target_kb"
	return $status
}
