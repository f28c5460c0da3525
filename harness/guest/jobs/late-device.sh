# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# PCI devices that are plugged in while dom0 runs.

files_of_late_device()
{
	echo late-device
}

job_late_device()
{
	report late-device 3 late_device
}

# Devices that are plugged in when chunks have been made get addresses for their
# registers that no other resource has, below 4 GiB and above, and answer there.
late_device()
{
	step "ready for PCI devices"
	check "PCI devices come" wait_for 30 late_devices_are_there
	check "one answers at its registers" late_device_answers
	check "one has registers above 4 GiB" large_device_has_room
}

# QEMU's device for teaching is 1234:11e8, that for tests 1b36:0005.
late_devices_are_there()
{
	answering=$(grep -l 0x11e8 /sys/bus/pci/devices/*/device) &&
	answering=${answering%/device} &&
	large=$(grep -l 0x0005 /sys/bus/pci/devices/*/device) &&
	large=${large%/device}
}

# No other resource has the addresses from $first to $last.
is_apart()
{
	grep -i "$(printf '%x-%x' "$first" "$last") : 0000:" /proc/iomem || return
	! grep "Xen" /proc/iomem | overlaps "$first" "$last"
}

# The first register has 010000edh, see QEMU's docs/specs/edu.txt.
late_device_answers()
{
	local first last rest value
	late_devices_are_there || return
	read -r first last rest < "$answering/resource"
	echo "$answering: $first-$last $rest"
	[ $((first)) != 0 ] && is_apart && echo 1 > "$answering/enable" || return
	value=$(devmem "$first" 32)
	echo "$value"
	[ $((value)) = $((0x010000ed)) ]
}

# The third range, of 1 GiB.
large_device_has_room()
{
	local first last rest
	late_devices_are_there || return
	read -r first last rest <<-END
		$(sed -n 3p "$large/resource")
	END
	echo "$large: $first-$last $rest"
	[ $((first)) -ge $((4 << 30)) ] && is_apart
}
