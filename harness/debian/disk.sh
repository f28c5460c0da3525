#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The disk of a Debian dom0, with what tests it.
#
#   disk.sh ROOT-TAR IMAGE-DEB DISK DIR
#
# Makes DISK, a disk with one partition and, until GRUB has been installed in dom0,
# without a boot loader; and DIR, with xen, kernel and initrd for the first boot.
# IMAGE-DEB is the package that dom0 installs.
#
# Called by test.sh, as root; environment: HARNESS SELFTESTS.

set -eu

tar=$1 deb=$2 disk=$3 dir=$4
size=3000	# MiB
work=$disk.work
root=$work/root

rm -rf "$work" "$dir"
mkdir -p "$root" "$dir"
trap 'rm -rf "$work"' EXIT
tar -x -f "$tar" -C "$root" --numeric-owner

# ---- a machine with a name and a disk ----

echo dom0 > "$root/etc/hostname"
printf '127.0.0.1 localhost dom0\n' > "$root/etc/hosts"
echo 'LABEL=root / ext4 errors=remount-ro 0 1' > "$root/etc/fstab"
printf 'auto lo\niface lo inet loopback\n' > "$root/etc/network/interfaces"
# What has work to do when a machine has been off for long, and the shell on a console
# that is a log here.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
	    fstrim.timer serial-getty@hvc0.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# In the emulator, an initrd with the drivers of all machines takes 6 minutes.
echo MODULES=dep > "$root/etc/initramfs-tools/conf.d/modules"

# GRUB has a serial line only. Xen needs another one, see wake_machine() in beside.sh.
cat > "$root/etc/default/grub" <<-'END'
	GRUB_DEFAULT=0
	GRUB_DISTRIBUTOR=Debian
	GRUB_TIMEOUT=0
	GRUB_TERMINAL=serial
	GRUB_CMDLINE_LINUX="console=hvc0 printk.devkmsg=on log_buf_len=4M"
	GRUB_CMDLINE_XEN="dom0_mem=1G,max:1G console=com2,com1 com1=115200 com2=115200 loglvl=all guest_loglvl=all noreboot"
END
sed -n 's/^GRUB_CMDLINE_LINUX="\(.*\)"/\1/p' "$root/etc/default/grub" > "$dir/linux-arguments"
sed -n 's/^GRUB_CMDLINE_XEN="\(.*\)"/\1/p' "$root/etc/default/grub" > "$dir/xen-arguments"

# Xen's daemons start as Debian starts them, and log the consoles of guests. Debian's
# script takes no notice of the XENCONSOLED_TRACE that is described there.
echo 'XENCONSOLED_ARGS=--log=guest' >> "$root/etc/default/xen"
mkdir -p "$root/var/log/xen/console"

# ---- the tests, and what their guests need ----

mkdir -p "$root/guest" "$root/selftests" "$root/var/lib/xen-test"
cp -R "$HARNESS/guest/lib" "$HARNESS/guest/jobs" "$root/guest/"
cp -R "$HARNESS/debian/dom0" "$root/guest/debian"
for file in "$SELFTESTS"/*; do
	if [ -f "$file" ] && [ -x "$file" ]; then
		cp "$file" "$root/selftests/"
	fi
done
mv "$root/selftests/offer_pages" "$root/selftests/map_guest" "$root/usr/local/bin/"
cp "$root/guest/debian/dom0-test.service" "$root/etc/systemd/system/"
ln -s ../dom0-test.service "$root/etc/systemd/system/multi-user.target.wants/"
echo control > "$root/var/lib/xen-test/stage"
cp "$deb" "$root/root/"

# The guest's programs; its modules depend on the kernel, so dom0 adds them.
guest=$root/var/lib/xen-test/guest
mkdir -p "$guest/bin" "$guest/guest" "$guest/modules"
cp "$root/bin/busybox" "$root/usr/local/bin/offer_pages" "$guest/bin/"
install -m 755 "$HARNESS/guest/domu-init" "$guest/init"
cp -R "$HARNESS/guest/lib" "$HARNESS/guest/domu-jobs" "$guest/guest/"

# Its disk, as in initramfs.sh.
mkdir "$work/disk"
head -c 1M /dev/urandom > "$work/disk/known"
md5sum < "$work/disk/known" | cut -d ' ' -f 1 > "$root/boot/known.md5"
truncate -s 32M "$root/boot/disk.img"
mke2fs -q -t ext2 -b 4096 -d "$work/disk" "$root/boot/disk.img"

# ---- the disk ----

gunzip -c "$root"/boot/xen-4.*-amd64.gz > "$dir/xen"
cp "$root"/boot/vmlinuz-* "$dir/kernel"
cp "$root"/boot/initrd.img-* "$dir/initrd"
rm -f "$disk"
truncate -s ${size}M "$disk"
echo '2048,,83,*' | sfdisk -q "$disk"
mkfs.ext4 -q -L root -E offset=1048576 -d "$root" "$disk" $((size - 1))M
