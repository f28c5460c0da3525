# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Guests whose disk dom0 serves in the ways that users choose: a logical volume and a
# loop device by blkback, a file by QEMU (qdisk). They run Debian's own kernel in all
# stages, so that these can be compared.

# ---- the initramfs of the guests ----

files_of_guest_modules()
{
	echo guest-modules
}

job_guest_modules()
{
	report guest-modules 1 guest_modules
}

guest_modules()
{
	check "the guests' initramfs has their drivers" make_initramfs
}

# In the order in which they are to be loaded.
make_initramfs()
{
	local module number=10 file
	ln -sf "vmlinuz-$(uname -r)" /boot/kernel
	for module in xenfs xen-blkfront xen-netfront xen-gntalloc ext4; do
		modprobe --show-depends $module || return
	done > /run/depends
	sed -n 's/^insmod \([^ ]*\).*/\1/p' /run/depends | awk '!seen[$0]++' > /run/modules
	[ -s /run/modules ] || return
	while read -r file; do
		number=$((number + 1))
		case $file in
		*.xz)	xz -d -c "$file" ;;
		*.zst)	zstd -d -q -c "$file" ;;
		*)	cat "$file" ;;
		esac > "$state/guest/modules/$number-$(basename "${file%.ko*}").ko" || return
	done < /run/modules
	ls "$state/guest/modules"
	(cd "$state/guest" && find . | cpio --quiet -o -H newc) > /boot/domu.cpio
}

# ---- their disks ----

files_of_lvm()
{
	disk_files lvm
}

job_lvm()
{
	job_disk_on lvm phy:/dev/guests/disk,xvda,w /dev/guests/disk
}

files_of_qdisk()
{
	disk_files qdisk
}

job_qdisk()
{
	job_disk_on qdisk /srv/qdisk.img,raw,xvda,w,backendtype=qdisk /srv/qdisk.img
}

files_of_loop()
{
	disk_files loop
}

job_loop()
{
	job_disk_on loop phy:/dev/loop0,xvda,w /srv/loop.img
}

#   disk_files NAME
disk_files()
{
	printf '%s\n' "$1$tag" "domU$tag-$1-messages"
}

#   job_disk_on NAME SPECIFICATION PATH
job_disk_on()
{
	samples=-$1$tag
	remember_xen
	use_domu "$1$tag"
	step "a $kind guest on a disk: $2"
	report "$1$tag" 8 guest_on_disk "$1" "$2" "$3"
	send_domu_messages "$1-messages"
	send_console "$domu.log"
}

guest_on_disk()
{
	sample before
	check "there is a disk" "make_$1" "$3"
	check "a guest uses the disk" guest_uses_disk "$2" "$1"
	check "the pages come from extended regions, if there are any" \
		origin_is_right
	check "the backend lets the disk go" "free_$1"
	check "dom0 finds on the disk what the guest wrote" written_is_on "$3" \
		"$([ -b "$3" ] || echo loop,)ro"
	check "all pages are given back" all_given_back
	check_xen 1 1
}

#   make_lvm DEVICE
make_lvm()
{
	local disk
	if [ ! -e "$1" ]; then
		disk=$(lsblk -bdno PATH,SIZE | awk '$2 == 268435456 { print $1 }')
		vgcreate -q guests "$disk" && lvcreate -q -y -L 32M -n disk guests || return
	fi
	dd if=/boot/disk.img of="$1" bs=1M conv=fsync
}

serves_lvm()
{
	blkback_serves
}

free_lvm()
{
	wait_for 20 lvm_is_not_open
}

lvm_is_not_open()
{
	[ "$(lvs --noheadings -o lv_device_open guests/disk | tr -d ' ')" != open ]
}

#   make_qdisk FILE
make_qdisk()
{
	cp /boot/disk.img "$1"
}

serves_qdisk()
{
	! blkback_serves && pgrep -a -f -- "-xen-domid $domid "
}

free_qdisk()
{
	wait_for 20 no_qemu
}

no_qemu()
{
	! pgrep -f -- "-xen-domid $domid "
}

#   make_loop FILE
make_loop()
{
	cp /boot/disk.img "$1" && losetup /dev/loop0 "$1"
}

serves_loop()
{
	blkback_serves
}

free_loop()
{
	losetup -d /dev/loop0
}

blkback_serves()
{
	ls -d "/sys/bus/xen-backend/devices/vbd-$domid-51712"
}

# From `xl create` to where the guest has mounted and read its disk, as in a login.
#   guest_uses_disk SPECIFICATION NAME
guest_uses_disk()
{
	local began
	configure "$domu" disk /boot/domu.cpio "$memory" "disk = [\"$1\"]" \
		> "/run/$domu.cfg"
	began=$(seconds_up)
	# In Xen's list of domains, none has this number.
	domid=none
	start_domu &&
	domu_says "read the known file" &&
	echo "xl create to a disk that is read, $domu: $(($(seconds_up) - began)) s" | tee -a /run/times &&
	domu_says "reading on" &&
	"serves_$2" &&
	sample during &&
	sleep 2 &&
	stop_domu &&
	domu_passes && return
	tail -n 20 "/var/log/xen/xl-$domu.log" /var/log/xen/qemu-dm-"$domu".log
	destroy_domu
	return 1
}
