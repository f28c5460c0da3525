#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What Xen needs to make a domU by itself, next to dom0, when it starts: all of
# it stands in the device tree of the machine, so that QEMU has to be given one.
#
#   dom0less.sh INITRAMFS XEN-ARGUMENTS DOM0-ARGUMENTS OUTPUT QEMU...
#
# INITRAMFS is dom0's, and has what is in that of the domU; QEMU... is the
# command that is to run the machine. In the directory OUTPUT the file
# qemu-arguments says what is to be added to that command.
#
# Called by boot.sh; environment: IMAGE, see there. The domU, which is domain 1,
# does the job dom0less of domu-init.

set -eu

initramfs=$1 xen_arguments=$2 dom0_arguments=$3 output=$4
shift 4
mkdir "$output"

# Where the kernels and their initramfs are put.
dom0_kernel=60000000
dom0_ramdisk=70000000
domu_kernel=90000000
domu_ramdisk=a0000000

size_of()
{
	printf '0x%x' "$(stat -Lc %s "$1")"
}

# The initramfs of the domU, see guest/jobs/domu-selftests.sh.
mkdir "$output/root"
(
	cd "$output/root"
	cpio --quiet -id boot/domu.cpio 'selftests/*' < "$initramfs"
	find selftests | cpio --quiet --owner=0:0 -o -H newc > selftests.cpio
	cat boot/domu.cpio selftests.cpio > ../domu.cpio
)
rm -rf "$output/root"

# The machine's own tree, and what Xen is to find there: see "dom0less" in its
# docs/misc/arm/device-tree/booting.txt. A domU gets a hypervisor node only with
# "xen,enhanced", and waits for dom0 to set up xenstore if that is "enabled".
timeout 60 "$@" -machine dumpdtb="$output/machine.dtb"
{
	dtc -q -I dtb -O dts "$output/machine.dtb"
	cat <<END
/ {
	chosen {
		#address-cells = <2>;
		#size-cells = <2>;
		xen,xen-bootargs = "$xen_arguments";
		xen,dom0-bootargs = "$dom0_arguments";

		module@$dom0_kernel {
			compatible = "multiboot,kernel", "multiboot,module";
			reg = <0x0 0x$dom0_kernel 0x0 $(size_of "$IMAGE")>;
		};

		module@$dom0_ramdisk {
			compatible = "multiboot,ramdisk", "multiboot,module";
			reg = <0x0 0x$dom0_ramdisk 0x0 $(size_of "$initramfs")>;
		};

		domU1 {
			compatible = "xen,domain";
			#address-cells = <2>;
			#size-cells = <2>;
			memory = <0x0 0x40000>;
			cpus = <1>;
			vpl011;
			xen,enhanced = "no-xenstore";

			module@$domu_kernel {
				compatible = "multiboot,kernel",
					     "multiboot,module";
				reg = <0x0 0x$domu_kernel
				       0x0 $(size_of "$IMAGE")>;
				bootargs = "console=ttyAMA0 printk.devkmsg=on log_buf_len=4M panic=-1 domu_job=dom0less own_domid=1 patience=${DEBUG:+10}";
			};

			module@$domu_ramdisk {
				compatible = "multiboot,ramdisk",
					     "multiboot,module";
				reg = <0x0 0x$domu_ramdisk
				       0x0 $(size_of "$output/domu.cpio")>;
			};
		};
	};
};
END
} > "$output/machine.dts"
dtc -q -I dts -O dtb -o "$output/machine.dtb" "$output/machine.dts"

load()
{
	echo "-device loader,file=$1,addr=0x$2,force-raw=on"
}

{
	echo "-dtb $output/machine.dtb"
	load "$IMAGE" $dom0_kernel
	load "$initramfs" $dom0_ramdisk
	load "$IMAGE" $domu_kernel
	load "$output/domu.cpio" $domu_ramdisk
} > "$output/qemu-arguments"
