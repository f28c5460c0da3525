#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Packages of the kernel for Debian, by the kernel's own bindeb-pkg.
#
#   package.sh is-configured DIR FRAGMENT...	is there nothing to do for this:
#   package.sh configure DIR FRAGMENT...	make DIR/objects/.config of $BASE_CONFIG and
#					the fragments
#   package.sh build DIR FLAVOUR	make DIR/linux-*.deb
#   package.sh show DIR			print their names and how to install them
#   package.sh selftests DIR		make DIR/selftests, to be run on that kernel
#
# DIR/source is the source. The release of the kernel is VERSION+unpopulated-FLAVOUR,
# which Debian's tools sort behind Debian's own kernel of that version; the packages'
# version has the time of our last commit.
#
# Called by debian.mk; environment: HARNESS TOP ARCH CROSS_COMPILE JOBS. A last line
# "error: ..." explains a failure.

set -eu

die()
{
	echo "error: $*" >&2
	exit 1
}

# The version that the header of a configuration names.
version_of_config()
{
	sed -nE 's,^# Linux/[a-z0-9]+ ([^ ]+) Kernel Configuration$,\1,p' "$1"
}

# The file of changes is the last that configure() makes.
is_configured()
{
	dir=$1
	shift
	cmp -s "$BASE_CONFIG" "$dir/base-config" && [ -e "$dir/config-changes" ] &&
	! sh "$HARNESS/config/config.sh" changed "$dir/source" "$dir/objects" "$@"
}

configure()
{
	dir=$1
	shift
	exec 9> "$dir/lock"
	flock 9
	rm -f "$dir/config-changes"
	cp "$BASE_CONFIG" "$dir/base-config"
	sh "$HARNESS/config/config.sh" "$dir/source" "$dir/objects" "$@"
	"$dir/source/scripts/diffconfig" "$BASE_CONFIG" "$dir/objects/.config" \
		> "$dir/config-changes.new"
	mv "$dir/config-changes.new" "$dir/config-changes"
	cat "$dir/config-changes"
}

# When the last change was made to what is built, with a mark if that is no commit.
our_version()
{
	TZ=UTC0 git -C "$TOP" show -s --format=%cd --date=format-local:%Y%m%d.%H%M \
		2> /dev/null || date -u +%Y%m%d.%H%M
	[ -z "$(git -C "$TOP" status --porcelain 2> /dev/null)" ] || echo .modified
}

build()
{
	dir=$1 flavour=$2
	exec 9> "$dir/lock"
	flock 9
	case $flavour in
	cloud)	flavour=cloud-amd64 ;;
	esac
	version=$(make -s -C "$dir/source" kernelversion)
	KDEB_PKGVERSION=$version-$(our_version | tr -d '\n')
	LOCALVERSION=+unpopulated-$flavour
	export KDEB_PKGVERSION LOCALVERSION
	# What it is called in the changelog's header, where it is never looked at.
	KDEB_CHANGELOG_DIST=unstable
	export KDEB_CHANGELOG_DIST
	# The package with the headers has programs, which another machine's compiler and
	# libraries would have to build.
	profiles=
	case $ARCH:$(dpkg --print-architecture) in
	x86_64:amd64 | arm64:arm64)
		CROSS_COMPILE='' ;;
	*)
		profiles=pkg.linux-upstream.nokernelheaders ;;
	esac
	export CROSS_COMPILE
	rm -f "$dir"/*.deb
	DEB_BUILD_PROFILES=$profiles MAKEFLAGS='' \
		make -C "$dir/source" O="$dir/objects" ARCH="$ARCH" -j"$JOBS" bindeb-pkg
	# Of these, the compiler of the machine has its own.
	rm -f "$dir"/linux-libc-dev_*.deb "$dir"/*.buildinfo "$dir"/*.changes
}

selftests()
{
	case $ARCH:$(dpkg --print-architecture) in
	x86_64:amd64 | arm64:arm64)
		CROSS_COMPILE='' ;;
	esac
	export CROSS_COMPILE
	make -C "$1/source" O="$1/objects" ARCH="$ARCH" headers
	# A program that is no longer in the Makefile must not be run again.
	rm -rf "$1/selftests"
	mkdir "$1/selftests"
	MAKEFLAGS='' make -C "$1/source/tools/testing/selftests/xen" -j"$JOBS" \
		OUTPUT="$1/selftests" KHDR_INCLUDES="-isystem $1/objects/usr/include"
}

show()
{
	tree=$(make -s -C "$1/source" kernelversion)
	config=$(version_of_config "$1/base-config")
	[ "$tree" = "$config" ] ||
		echo "note: the source is Linux $tree, the configuration is of $config"
	image=$(ls "$1"/linux-image-*.deb)
	headers=$(ls "$1"/linux-headers-*.deb 2> /dev/null) || headers=
	release=${image##*/linux-image-}
	release=${release%%_*}
	echo
	for deb in $image $headers; do
		printf '%5d MB  %s\n' $(($(stat -c %s "$deb") >> 20)) "$deb"
	done
	cat <<-END

	Linux $release; $(wc -l < "$1/config-changes") options differ from Debian's, see
	$1/config-changes. To install it on Debian 12 or 13, with
	Xen, as root:

	    apt install xen-system-$(dpkg-deb -f "$image" Architecture) $image
	    update-grub
	    reboot

	GRUB boots Xen and this kernel then, unless a newer one is installed. It is not
	signed, so it does not start with Secure Boot. To go back:

	    apt remove linux-image-$release
	END
}

case ${1:-}:$# in
is-configured:*)
	shift
	is_configured "$@"
	;;
configure:* | build:3 | show:2 | selftests:2)
	"$@"
	;;
*)
	die "usage: package.sh is-configured|configure DIR FRAGMENT... | build DIR FLAVOUR | show DIR | selftests DIR"
	;;
esac
