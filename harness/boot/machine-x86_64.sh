# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are boot.sh's
#
# Sourced by boot.sh: makes the command that runs the machine out of $mode,
# $arguments of the kernel and $xen_arguments, and puts it into "$@".

guests=${GUESTS:-pv pvh}
arguments="$arguments earlyprintk=xen xen_guests=$(echo "$guests" | tr ' ' ':')"
# Without max:, the kernel has page structures for more memory, which
# are donated to the driver.
xen_arguments="$xen_arguments dom0_mem=${DOM0_MEM:-1G},max:${DOM0_MEM:-1G} com1=115200 noreboot"
xen_image=$BUILD/xen-$XEN-x86_64.image
gunzip -c "$XEN_ROOT/boot/xen-$XEN-amd64.gz" > "$xen_image.$$"
mv "$xen_image.$$" "$xen_image"
# Xen is woken over a second serial line, see wake_machine() in beside.sh.  It
# listens on lines that are named as a console; the last one named is the console.
# With bench, interrupts come from inside.
wake=''
console=com1
if [ "$mode" != bench ]; then
	mkfifo "$files/wake.in" "$files/wake.out"
	console="com2,com1 com2=115200"
	wake="-chardev pipe,id=wake,path=$files/wake -device isa-serial,chardev=wake,index=1"
fi
xen_arguments="$xen_arguments console=$console ${XEN_ARGS:-}"
# For HVM and PVH. More features than these stop Xen under TCG.
# shellcheck disable=SC2086 # $wake is several words
set -- qemu-system-x86_64 -machine q35 -cpu qemu64,+svm,+npt \
	-accel tcg -smp "${CPUS:-1}" -m "${MEM:-4G}" \
	-device amd-iommu -nodefaults -nographic -no-reboot \
	-device pcie-root-port,id=late,chassis=1 \
	-device pcie-root-port,id=large,chassis=2,pref64-reserve=2G \
	-monitor "pipe:$files/monitor" $wake \
	-kernel "$xen_image" \
	-append "$xen_arguments" -initrd "$IMAGE $arguments,$initramfs"

if [ "$mode" = field ]; then
	truncate -s 8M "$files/disk.img"
	set -- "$@" -drive "if=none,id=disk,format=raw,file=$files/disk.img" \
		-device nvme,drive=disk,serial=1
fi
