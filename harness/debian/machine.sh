# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are boot.sh's
#
# Sourced by boot.sh: the machine of a Debian dom0, which boots from its disk by GRUB,
# or for the first time, when DEBIAN_FIRST=DIR has the files of disk.sh, without.
#
# The disk is NVMe, so that it does DMA from and to dom0's memory, and so is the second
# one, which the test makes a volume group of.

mkfifo "$files/wake.in" "$files/wake.out"
truncate -s 256M "$files/second.img"
set -- qemu-system-x86_64 -machine q35 -cpu qemu64,+svm,+npt \
	-accel tcg -smp "${CPUS:-1}" -m 3G \
	-device amd-iommu -nodefaults -nographic -no-reboot \
	-monitor "pipe:$files/monitor" \
	-chardev "pipe,id=wake,path=$files/wake" -device isa-serial,chardev=wake,index=1 \
	-drive "if=none,id=first,format=raw,file=$DEBIAN_DISK,cache=unsafe" \
	-device nvme,drive=first,serial=first,bootindex=1 \
	-drive "if=none,id=second,format=raw,file=$files/second.img,cache=unsafe" \
	-device nvme,drive=second,serial=second
if [ -n "${DEBIAN_FIRST:-}" ]; then
	# A comma in it would begin another module.
	arguments="$(cat "$DEBIAN_FIRST/linux-arguments") root=LABEL=root ro"
	set -- "$@" -kernel "$DEBIAN_FIRST/xen" \
		-append "$(cat "$DEBIAN_FIRST/xen-arguments")" \
		-initrd "$DEBIAN_FIRST/kernel $arguments,$DEBIAN_FIRST/initrd"
fi
