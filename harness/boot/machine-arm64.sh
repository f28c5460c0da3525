# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are boot.sh's
#
# Sourced by boot.sh: makes the command that runs the machine out of $mode,
# $arguments of the kernel and $xen_arguments, and puts it into "$@".

arguments="$arguments earlycon=xenboot"
xen_arguments="$xen_arguments dom0_mem=${DOM0_MEM:-1G} console=dtuart dtuart=/pl011@9000000 ${XEN_ARGS:-}"
# A seed for random numbers would make each boot another one.
seed=
[ "$mode" != bench ] || seed=,dtb-randomness=off
# Not every processor has pages of 16 KiB.
cpu=cortex-a57
[ "$PAGES" != 16K ] || cpu=neoverse-n1
set -- qemu-system-aarch64 \
	-machine virt,virtualization=on,gic-version=3$seed \
	-cpu $cpu -accel tcg -smp "${CPUS:-1}" -m "${MEM:-4G}" \
	-nodefaults -nographic -no-reboot \
	-monitor "pipe:$files/monitor" \
	-kernel "$XEN_ROOT/boot/xen-$XEN-arm64"

# A disk that is behind the DMA API, as a real one is.
if [ "$mode" = dma ]; then
	truncate -s 8M "$files/disk.img"
	set -- "$@" -global virtio-mmio.force-legacy=false \
		-drive "if=none,id=disk,format=raw,file=$files/disk.img" \
		-device virtio-blk-device,drive=disk,iommu_platform=on
fi

if [ "$mode" = dom0less ]; then
	sh "$HARNESS/boot/dom0less.sh" "$initramfs" "$xen_arguments" "$arguments" \
		"$files/machine" "$@" > "$log" 2>&1 || { cat "$log" >&2; exit 2; }
	# shellcheck disable=SC2046 # words without spaces in them
	set -- "$@" $(cat "$files/machine/qemu-arguments")
else
	# Xen finds what guest-loader puts into memory as its boot modules.
	set -- "$@" -append "$xen_arguments" \
		-device "guest-loader,addr=0x60000000,kernel=$IMAGE,bootargs=$arguments" \
		-device "guest-loader,addr=0x70000000,initrd=$initramfs"
fi

# By the device tree of the machine, all its devices are coherent.  Each one says so,
# or with a newer QEMU the root.
if [ "$mode" = dma ]; then
	timeout 60 "$@" -machine dumpdtb="$files/machine.dtb" > "$log" 2>&1 ||
		{ cat "$log" >&2; exit 2; }
	dtc -q -I dtb -O dts -o "$files/machine.dts" "$files/machine.dtb"
	sed -i -e '/virtio_mmio@/,/};/{ /dma-coherent/d }' \
		-e '/^\tdma-coherent;$/d' "$files/machine.dts"
	dtc -q -I dts -O dtb -o "$files/machine.dtb" "$files/machine.dts"
	set -- "$@" -dtb "$files/machine.dtb"
fi
