# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# A domU with a disk.

files_of_disk()
{
	echo "domu-disk$tag"
	echo "domU$tag-disk-messages"
}

job_disk()
{
	use_domu "domu$tag"
	remember_xen
	report "domu-disk$tag" 9 domu_disk
	send_domu_messages disk-messages
	send_console "$domu.log"
}

# A domU reads and writes its disk, which blkback in dom0 serves.
domu_disk()
{
	sample before

	create_domu_with_disk disk || return
	step "xl create has made a domU${tag:+ ($kind)}"

	if ! { check "the domU reads the known file" \
			domu_says "read the known file" &&
	       check "the domU reads again what it wrote" \
			domu_says "reread what it wrote" &&
	       domu_says "reading on"; }; then
		abandon_domu
		return
	fi
	step "the domU has read its disk, written, read again, and is reading on"
	sample during
	stop_domu
	check "the domU ends by itself" domu_passes
	step "the domU is gone"
	check "dom0 finds on the disk what the domU wrote" disk_is_written
	check "the pages come from extended regions, if there are any" \
		origin_is_right
	check "all pages are given back" all_given_back
	sample after
	# xl leaves out a MiB that is not whole, and Xen keeps some tables for dom0.
	check_xen 1 1
}

# Create a domU that does JOB on the image of a disk.
#   create_domu_with_disk JOB
create_domu_with_disk()
{
	losetup /dev/loop0 /boot/disk.img
	configure_disk "$1" > /run/domu.cfg
	check "xl creates a domU with a disk" \
		patiently 60 xl create /run/domu.cfg || return
	domid=$(domid_of "$domu")
}

# The file that the domU wrote, as dom0 finds it in the image of the disk.
disk_is_written()
{
	losetup -d /dev/loop0 && written_is_on /boot/disk.img loop,ro
}

# ... and on any disk.
#   written_is_on DEVICE MOUNT-OPTIONS
written_is_on()
{
	local md5 status=0
	md5=$(sed -n 's/.*domu: reread what it wrote: //p' "$domu_log" |
		tr -d '\r')
	mount -t ext4 -o "$2" "$1" /mnt || return 1
	echo "the domU wrote $md5"
	echo "dom0 found     $(md5sum < /mnt/written)"
	md5sum < /mnt/written | grep -q "^$md5 " || status=1
	umount /mnt
	return $status
}
