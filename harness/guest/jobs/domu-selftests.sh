# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The selftests in a domU.

files_of_domu_selftests()
{
	local file
	echo "domu-selftests$tag"
	for file in $(domu_programs) gntdev_map.grown messages; do
		echo "domU$tag-$file"
	done
}

job_domu_selftests()
{
	local file tests=7
	step "a domU${tag:+ ($kind)} for the selftests"
	use_domu "grants$tag"
	remember_xen
	case $kind in
	pvh | hvm)	tests=8 ;;
	esac
	report "domu-selftests$tag" $tests domu_selftests
	for file in $(domu_programs) gntdev_map.grown messages iomem iomem.grown stats; do
		domu_sent "$file" | send "domU$tag-$file"
	done
	send_console "$domu.log"
}

# A domU that maps grants itself, in the extended regions that libxl has given
# it, and that gets more memory while it runs.
domu_selftests()
{
	local job=selftests device=
	# The selftests count in pages.
	domu_memory=$((memory + 32 * page_size / 1024))
	(cd / && find selftests | cpio -o -H newc) > /run/selftests.cpio
	cat /boot/domu.cpio /run/selftests.cpio > /run/grants.cpio
	case $kind in
	pvh | hvm)	job="$job domu_grants=dom0" ;;
	esac
	# By default, Linux unplugs emulated disks.
	if [ "$kind" = hvm ]; then
		job="$job domu_disk=/dev/sda xen_emul_unplug=unnecessary"
		device=$(emulated_disk)
	fi
	configure "$domu" "$job" /run/grants.cpio "$domu_memory" "$device" \
		> /run/grants.cfg
	check "xl creates a domU" patiently 60 xl create /run/grants.cfg || return
	domid=$(domid_of "$domu")
	[ "$job" = selftests ] || offer_pages_to_domu
	# With $patience, this has to end before boot.sh gives the boot up.
	if ! check "the domU runs the selftests" \
			domu_says "ready to grow" 180; then
		patiently 30 xl destroy "$domu"
		stop_offering
		return
	fi
	check "the domU gets more memory" add_memory
	if [ "$kind" = arm ]; then
		check "that is in its extended regions" \
			added_memory_is_inside_regions
	else
		check "that is new" added_memory_is_new
	fi
	case $kind in
	pvh | hvm)	check "its devices reach the pages" pages_are_low ;;
	esac
	check "the domU ends by itself" domu_passes ||
		patiently 30 xl destroy "$domu"
	stop_offering
	# The grant table of a dom0 that offers pages has grown, by about a MiB.
	if [ "$job" = selftests ]; then
		check_xen 1 1
	else
		check_xen 2 1
	fi
}

# The line for an emulated disk whose controller does DMA below 4 GiB only.
emulated_disk()
{
	truncate -s 8M /run/ide.img
	echo 'device_model_args_hvm = ["-drive", "if=ide,format=raw,file=/run/ide.img"]'
}

# Pages of dom0 for a domU that cannot map its own.
offer_pages_to_domu()
{
	domu_says "ready for grants" || return
	offer_pages "$domid" "$offered" > /run/offered &
	echo $! > /run/offering.pid
	wait_for 30 test -s /run/offered
	sleep 1
	{
		echo 0
		cat /run/offered
		echo end
	} > "$(ask_xenstore read "/local/domain/$domid/console/tty")"
}

stop_offering()
{
	[ ! -e /run/offering.pid ] || kill "$(cat /run/offering.pid)"
	rm -f /run/offering.pid
}

# Raise the target of the domU, as xl mem-set does where it works. Xen lets it
# have 1 MiB more than it was made with, and on Arm libxl does not raise that.
add_memory()
{
	ask_xenstore write "/local/domain/$domid/memory/target" \
		$((domu_memory * 1024 + 768)) &&
	domu_says PASSED
}

# The lines of /proc/iomem for RAM: at the top, or in an extended region.
ram_at_top()
{
	grep '^[^ ].* : System RAM$' "$1"
}

ram_in_regions()
{
	awk '/^[^ ]/ { inside = / : Xen extended region$/ }
	inside && /^  [^ ].* : System RAM/ { print $1 }' "$1"
}

# An HVM or PVH domain of less than 4 GiB has no bounce buffers: a device that reaches
# 4 GiB only needs the pages there.
pages_are_low()
{
	grep ' : Xen scratch$' /run/iomem.before > /run/chunks || return 1
	cat /run/chunks
	! grep -v '^  *[0-9a-f]\{8\}-[0-9a-f]\{8\} ' /run/chunks
}

# The /proc/iomem of the domU before and after memory was added, and the RAM in it.
receive_iomem()
{
	domu_sent iomem > /run/iomem.before
	domu_sent iomem.grown > /run/iomem.after
	ram_at_top /run/iomem.before > /run/ram.before
	ram_at_top /run/iomem.after > /run/ram.after
	cat /run/iomem.after
}

# Memory was added to the domU, where its extended regions are and nowhere else,
# and not over chunks.
added_memory_is_inside_regions()
{
	local ram
	receive_iomem
	cmp /run/ram.before /run/ram.after || return 1
	ram=$(ram_in_regions /run/iomem.after)
	[ -n "$ram" ] && apart_from_chunks "$ram"
}

# Memory was added to the domU, which comes in whole sections.
added_memory_is_new()
{
	local new
	receive_iomem
	# All that there was, and at least one range more.
	[ -s /run/ram.before ] &&
	! grep -vxFf /run/ram.after /run/ram.before || return 1
	new=$(grep -vxFf /run/ram.before /run/ram.after | sed 's/ : .*//')
	[ -n "$new" ] && apart_from_chunks "$new"
}

# None of these ranges is where chunks are.
#   apart_from_chunks RANGES
apart_from_chunks()
{
	local range
	grep ' : Xen scratch$' /run/iomem.after > /run/chunks || return 1
	for range in $1; do
		! overlaps "0x${range%-*}" "0x${range#*-}" < /run/chunks || return 1
	done
}
