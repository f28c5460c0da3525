#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A Debian with Xen and Debian's own kernel, as a tar file, from the machine's mirrors.
#
#   root.sh SUITE XEN TAR	make TAR: SUITE is bookworm or trixie, XEN the version of
#				Xen that this has
#
# Called by debian.mk, as root; environment: BUILD HARNESS. A last line "error: ..."
# explains a failure.

set -eu

suite=$1 xen=$2 tar=$3

die()
{
	echo "error: $*" >&2
	exit 1
}

sh "$HARNESS/host/packages.sh" lists "$suite" amd64
state=$BUILD/packages/$suite-amd64

# The newest kernel of the version that the packages of `make deb` are compared with:
# Debian 12 has two versions, and headers, debug symbols and other flavours of each.
kernel=$(apt-cache -c "$state/apt.conf" pkgnames linux-image-6.12. |
	grep -xE 'linux-image-[0-9.]+\+deb[0-9]+-amd64' | sort -V | tail -n 1)
[ -n "$kernel" ] || die "$suite has no kernel 6.12 for amd64"

# systemd with a network, LVM, Xen with its tools, GRUB; busybox is for guests.
packages="systemd-sysv udev dbus kmod initramfs-tools zstd xz-utils iproute2 procps
	bridge-utils ifupdown iputils-ping lvm2 busybox-static cpio e2fsprogs
	grub-pc grub-common xen-utils-$xen xen-hypervisor-$xen-amd64
	xen-hypervisor-common qemu-system-xen $kernel"

trap 'rm -f "$tar.new"' EXIT
# Documents and translations would be half of it.
# shellcheck disable=SC2086 # a list of names
mmdebstrap --mode=root --variant=apt --format=tar --architectures=amd64 \
	--hook-dir=/usr/share/mmdebstrap/hooks/eatmydata \
	--aptopt='APT::Install-Recommends "false"' \
	--aptopt='Acquire::Languages "none"' \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--include="$(echo $packages | tr ' ' ,)" \
	"$suite" "$tar.new" "$state/sources.list" ||
	die "mmdebstrap cannot make a Debian of $suite"
mv "$tar.new" "$tar"
