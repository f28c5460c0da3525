# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh
#
# What the series changes of a kernel, and how that is built on its own, by
# architecture.  Read in by bisect-check.sh and check.sh, with HARNESS in the
# environment.

compiler_for()
{
	case $1 in
	arm64) echo aarch64-linux-gnu- ;;
	arm) echo arm-linux-gnueabi- ;;
	i386 | x86_64) echo x86_64-linux-gnu- ;;
	esac
}

directories_for()
{
	case $1 in
	arm64) echo drivers/xen/ drivers/gpu/drm/xen/ drivers/soc/sunxi/ arch/arm64/xen/ \
		arch/arm64/mm/ ;;
	arm) echo drivers/xen/ arch/arm/xen/ ;;
	i386 | x86_64) echo drivers/xen/ drivers/gpu/drm/xen/ arch/x86/xen/ arch/x86/mm/ ;;
	esac
}

# Configure the kernel in $2 for architecture $1, with its objects in $3 and
# bisect-$4.config; with $5, "changed", only tell if there is anything to do.
configure()
{
	arch=$1 tree=$2 objects=$3 variant=$4
	case $arch in
	arm64 | x86_64) fragments="kernel.config ../../tools/testing/selftests/xen/config $arch.config" ;;
	*) fragments="bisect-32bit.config bisect-$arch.config" ;;
	esac
	set -- ${5:+"$5"} "$tree" "$objects"
	for fragment in $fragments "bisect-$variant.config"; do
		set -- "$@" "$HARNESS/config/$fragment"
	done
	ARCH=$arch CROSS_COMPILE=$(compiler_for "$arch") \
		sh "$HARNESS/config/config.sh" "$@"
}
