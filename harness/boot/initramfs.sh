#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Make the initramfs of dom0: busybox, the files of Xen's toolstack that are
# really used, the selftests, and what a domU needs: its kernel (the very
# kernel dom0 runs), its own initramfs and its disk.
#
#   initramfs.sh OUTPUT
#
# Called by boot.sh; environment: IMAGE, XEN_ROOT, SELFTESTS and GUESTS, see there.
# Nothing is done while OUTPUT is newer than everything that goes into it.

set -eu

output=$1

# The time of the last status change, as unpacking a package, or replacing a
# file by an older one, leaves the time of modification in the past.
hvm=
case " ${GUESTS:-} " in
*" hvm "*)	hvm=/usr/libexec/xen-qemu-system-i386 ;;
esac
inputs="$IMAGE $XEN_ROOT $SELFTESTS $hvm"
if [ -e "$output" ] && [ "$(cat "$output.inputs" 2> /dev/null)" = "$inputs" ] &&
   [ -z "$(find "$IMAGE" "$XEN_ROOT" "$SELFTESTS" ${hvm:+"$hvm"} \
		"$HARNESS/boot/initramfs.sh" "$HARNESS/guest" -cnewer "$output" -print -quit)" ]; then
	exit 0
fi

work=$output.work
root=$work/dom0
# OUTPUT stays until there is another one, as a QEMU may be about to read it.
rm -rf "$work" "$output.inputs"
mkdir -p "$root"
trap 'rm -rf "$work"' EXIT

# Not compressed: that takes a second here and saves none under QEMU.
archive()
{
	(cd "$1" && find . | LC_ALL=C sort |
		cpio --quiet --owner=0:0 -o -H newc) > "$2"
}

# The domU: domu-init, its jobs, and the library that it shares with dom0-init.
mkdir -p "$work/domu/bin" "$work/domu/guest" "$root/boot"
cp "$XEN_ROOT/bin/busybox" "$SELFTESTS/offer_pages" "$work/domu/bin/"
install -m 755 "$HARNESS/guest/domu-init" "$work/domu/init"
cp -R "$HARNESS/guest/lib" "$HARNESS/guest/domu-jobs" "$work/domu/guest/"
archive "$work/domu" "$root/boot/domu.cpio"
cp "$IMAGE" "$root/boot/kernel"

# Its disk, and the checksum by which it knows the file on it.
mkdir "$work/disk"
head -c 1M /dev/urandom > "$work/disk/known"
md5sum < "$work/disk/known" | cut -d ' ' -f 1 > "$root/boot/known.md5"
truncate -s 8M "$root/boot/disk.img"
mke2fs -q -t ext2 -b 4096 -d "$work/disk" "$root/boot/disk.img"

# Dom0's programs. Xen's tools find each other by the path they were built
# with; xl loads libgcc_s only when a thread of its ends.
mkdir -p "$root/bin" "$root/lib" "$root/etc/xen/scripts" "$root/selftests"
cp "$XEN_ROOT/bin/busybox" "$XEN_ROOT/usr/bin/xenstore" "$root/bin/"
tools=$(cd "$XEN_ROOT" && echo usr/lib/xen-*/bin)
mkdir -p "$root/$tools"
for tool in xl xenstored xenconsoled xenconsole xen-init-dom0 \
	    libxl-save-helper xentrace; do
	cp "$XEN_ROOT/$tools/$tool" "$root/$tools/"
done
touch "$root/etc/xen/xl.conf"
install -m 755 "$HARNESS/guest/dom0-init" "$root/init"
mkdir "$root/guest"
cp -R "$HARNESS/guest/lib" "$HARNESS/guest/jobs" "$root/guest/"
install -m 755 "$HARNESS/guest/dom0-block" "$root/etc/xen/scripts/block"
install -m 755 "$HARNESS/guest/dom0-vif" "$root/etc/xen/scripts/vif-bridge"
for file in "$SELFTESTS"/*; do
	if [ -f "$file" ] && [ -x "$file" ]; then
		cp "$file" "$root/selftests/"
	fi
done

# Their libraries, and the libraries of those.
add_library()
{
	[ ! -e "$root/lib/$1" ] || return 0
	for directory in "$XEN_ROOT"/lib "$XEN_ROOT"/lib/*-linux-gnu \
			 "$XEN_ROOT"/usr/lib/*-linux-gnu \
			 ${hvm:+/lib/x86_64-linux-gnu} \
			 ${hvm:+/usr/lib/x86_64-linux-gnu}; do
		[ -e "$directory/$1" ] || continue
		cp -L "$directory/$1" "$root/lib/"
		add_libraries_of "$root/lib/$1"
		return
	done
	echo "$0: no $1 in $XEN_ROOT" >&2
	exit 1
}

add_libraries_of()
{
	for library in $(readelf -d "$1" |
			 sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
		add_library "$library"
	done
}

# The programs of x86-64 name their loader by this path.
ln -s lib "$root/lib64"
add_library libgcc_s.so.1
for file in "$root/bin/xenstore" "$root/$tools"/*; do
	add_libraries_of "$file"
done

mv "$root/selftests/offer_pages" "$root/selftests/map_guest" "$root/bin/"

# Only kernels for the benchmark have it.
if [ -e "$SELFTESTS/unpopulated_bench.ko" ]; then
	cp "$SELFTESTS/unpopulated_bench.ko" "$root/boot/"
fi

# The devices of an HVM guest: QEMU, which is not in XEN_ROOT, and what it loads.
if [ -n "$hvm" ]; then
	mkdir -p "$root/usr/libexec" "$root/usr/share/seabios" \
		"$root/usr/share/qemu/keymaps" "$root/${tools%/bin}/boot"
	cp "$hvm" "$root/usr/libexec/"
	cp "$XEN_ROOT/${tools%/bin}/boot/hvmloader" "$root/${tools%/bin}/boot/"
	cp /usr/share/seabios/bios-256k.bin "$root/usr/share/seabios/"
	cp /usr/share/qemu/kvmvapic.bin /usr/share/qemu/linuxboot*.bin \
		"$root/usr/share/qemu/"
	cp /usr/share/qemu/keymaps/* "$root/usr/share/qemu/keymaps/"
	add_libraries_of "$hvm"
fi

archive "$root" "$work/cpio"
mv "$work/cpio" "$output"
echo "$inputs" > "$output.inputs"
