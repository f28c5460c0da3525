#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Debian packages for the harness.
#
#   packages.sh missing            name what the file packages lists and this
#                                  machine lacks for $ARCH, or without that
#                                  for all
#   packages.sh host               install that
#   packages.sh xen VERSION ARCH   make $BUILD/xen-VERSION-ARCH: hypervisor,
#                                  toolstack, libraries and busybox, unpacked
#   packages.sh kernel VERSION     make $BUILD/linux-source-VERSION.tar.xz
#   packages.sh config VERSION ARCH NAME FILE   make FILE, the configuration NAME of
#                                  Debian's linux-config-VERSION, such as
#                                  amd64_none_cloud-amd64
#   packages.sh lists RELEASE ARCH   make $BUILD/packages/RELEASE-ARCH, with apt.conf
#                                  and sources.list for that
#
# Xen and the newer kernel are packages of another architecture or another
# Debian release than the machine's.  They come through an apt state of our
# own below $BUILD/packages, which uses the machine's mirrors, proxies and
# keys but changes nothing outside $BUILD.
#
# Called by harness.mk through progress.sh.  A last line "error: ..." explains a
# failure to the user.

set -eu

here=$(dirname "$0")

die()
{
	echo "error: $*" >&2
	exit 1
}

# ---- packages of the machine itself ----

missing()
{
	command -v dpkg-query >/dev/null ||
		die "this works on Debian only (no dpkg-query found)"
	{
		sed 's/#.*//' "$here/packages" |
		while read -r name purposes; do
			[ -n "$name" ] || continue
			wanted=
			for purpose in ${purposes:-all}; do
				case " all ${ARCH:-$purpose} ${PURPOSE:-} " in
				*" $purpose "*) wanted=yes ;;
				esac
			done
			[ -n "$wanted" ] || continue
			status=$(dpkg-query -W -f '${db:Status-Status}' \
				"$name" 2>/dev/null) || :
			[ "$status" = installed ] || echo "$name"
		done
		# Debian 12 got the keys of Debian 13 in an update of this.
		ls /usr/share/keyrings/debian-archive-trixie-stable.* \
			>/dev/null 2>&1 || echo debian-archive-keyring
	} | sort -u | paste -s -d ' '
}

install_missing()
{
	# shellcheck disable=SC2046 # a list of package names
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=120 \
		install --no-install-recommends $(missing)
}

host()
{
	missing=$(missing)
	[ -n "$missing" ] || return 0

	[ "$(id -u)" = 0 ] ||
		die "as root run: apt-get install --no-install-recommends $missing"
	install_missing || { apt-get -q update && install_missing; } ||
		die "apt-get cannot install $(missing)"
}

# ---- packages of other architectures and releases ----

# "LABEL URI" for the machine's mirrors of Debian; the arguments are for apt.
mirrors()
{
	# shellcheck disable=SC2016 # the format is for apt
	apt-get "$@" indextargets --format '$(LABEL) $(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' | sed '/ cdrom:/d'
}

# Make the apt state of one release and architecture, its lists not older
# than half a day; "again" reads them in any case.
state()
{
	release=$1 arch=$2 again=${3:-}
	state=$packages/$release-$arch
	[ -z "$again" ] || rm -f "$state/updated"
	if [ -n "$(find "$state/updated" -mmin -720 2>/dev/null)" ]; then
		return 0
	fi

	# Apt knows the labels from the lists, which a new machine has not got.
	mirrors=$(mirrors)
	if [ -z "$mirrors" ]; then
		lists=$packages/machine-lists
		mkdir -p "$lists/partial"
		apt-get -q -o Dir::State::Lists="$lists" \
			-o APT::Sandbox::User=root update || return 1
		mirrors=$(mirrors -o Dir::State::Lists="$lists")
	fi
	main=$(echo "$mirrors" | sed -n 's/^Debian //p' | head -n 1)
	security=$(echo "$mirrors" | sed -n 's/^Debian-Security //p' |
		head -n 1)
	[ -n "$main" ] ||
		die "apt knows no mirror of Debian on this machine (see apt-get update)"

	mkdir -p "$state/lists/partial" "$state/archives/partial"
	: >"$state/status"
	options="[arch=$arch target=Packages lang=none"
	options="$options signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
	{
		echo "deb $options $main $release main"
		case $release in
		*-backports)
			;;
		*)
			[ -z "$security" ] ||
			echo "deb $options $security $release-security main"
			;;
		esac
	} >"$state/sources.list"

	# Read after the machine's own configuration, whose proxies and
	# timeouts stay valid; its pins, hooks and default release must not.
	cat >"$state/apt.conf" <<-CONF
	Dir::State "$state";
	Dir::State::lists "$state/lists";
	Dir::State::status "$state/status";
	Dir::Cache "$state";
	Dir::Cache::archives "$state/archives";
	Dir::Etc::sourcelist "$state/sources.list";
	Dir::Etc::sourceparts "-";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	Dir::Cache::pkgcache "pkgcache.bin";
	Dir::Cache::srcpkgcache "srcpkgcache.bin";
	#clear APT::Architectures;
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	APT::Architecture "$arch";
	APT::Architectures "$arch";
	APT::Default-Release "";
	APT::Sandbox::User "root";
	APT::Update::Error-Mode "any";
	CONF
	apt-get -q -c "$state/apt.conf" update || return 1
	touch "$state/updated"
}

# Download packages into the current directory.  $way_out is the end of the
# message if there is no such package.
way_out=
download()
{
	release=$1 arch=$2
	shift 2
	for again in "" again; do
		state "$release" "$arch" $again ||
			die "cannot read the package lists of $release ($arch) from the machine's mirror"
		for name; do
			apt-cache -c "$state/apt.conf" show "$name" \
				>/dev/null 2>&1 && continue
			[ -n "$again" ] || continue 2
			die "$release has no package $name ($arch)$way_out"
		done
		apt-get -q -c "$state/apt.conf" download "$@" && return 0
	done
	for name; do
		ls "$name"_*.deb >/dev/null 2>&1 ||
			die "cannot download package $name ($release, $arch)"
	done
}

# A directory to work in that is gone when this script ends.
work_directory()
{
	work=$packages/work.$$
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	mkdir -p "$work/debs"
	cd "$work/debs"
}

# bin, sbin and lib are links into usr, as on an installed Debian: bookworm's
# packages still use both names for one directory.
unpack()
{
	root=$1
	for dir in bin sbin lib; do
		mkdir -p "$root/usr/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
	for deb in ./*.deb; do
		dpkg-deb --fsys-tarfile "$deb" >one.tar
		tar -x --keep-directory-symlink --no-same-owner \
			--exclude='./usr/share/doc' --exclude='./usr/share/man' \
			-f one.tar -C "$root"
	done
}

xen()
{
	version=$1 target=$BUILD/xen-$1-$2
	case $version in
	4.17) release=bookworm ;;
	4.20) release=trixie ;;
	*) die "no Debian release known with Xen $version" ;;
	esac
	[ ! -e "$target" ] || return 0

	# Debian's name of the architecture, and what only its tools need.
	case $2 in
	arm64) arch=arm64 more=libfdt1 ;;
	x86_64) arch=amd64 more="liblzma5 libzstd1" ;;
	*) die "no Debian architecture known for $2" ;;
	esac

	work_directory
	# shellcheck disable=SC2086 # a list of package names
	download "$release" "$arch" \
		"xen-hypervisor-$version-$arch" "xen-utils-$version" \
		"libxenmisc$version" xenstore-utils libxencall1 \
		libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 \
		libxengnttab1 libxenhypfs1 libxenstore4 libxentoolcore1 \
		libxentoollog1 libc6 libgcc-s1 libuuid1 libyajl2 zlib1g \
		busybox-static $more
	unpack "$work/root"
	mv "$work/root" "$target"
}

lists()
{
	state "$1" "$2" ||
		die "cannot read the package lists of $1 ($2) from the machine's mirror"
}

kernel()
{
	version=$1
	name=linux-source-$version
	target=$BUILD/$name.tar.xz
	[ ! -e "$target" ] || return 0

	if [ -e "/usr/src/$name.tar.xz" ]; then
		ln -sf "/usr/src/$name.tar.xz" "$target"
		return 0
	fi
	work_directory
	download_for_kernel "$version" "$(dpkg --print-architecture)" "$name"
	dpkg-deb --fsys-tarfile "$name"_*.deb |
		tar -x -f - -C "$work" "./usr/src/$name.tar.xz" ||
		die "cannot unpack $name"
	mv "$work/usr/src/$name.tar.xz" "$target"
}

# Download a package that comes with the kernel, for an architecture of Debian.
#   download_for_kernel VERSION ARCH PACKAGE
download_for_kernel()
{
	# The machine's own sources have 6.12 when they are those of Debian 13,
	# or of Debian 12 with its security archive.
	own=$(dpkg --print-architecture)
	[ "$2" != "$own" ] || ! apt-get -q download "$3" || return 0
	case $1:$2 in
	6.12:"$own") release=trixie ;;
	# The one whose security archive the machine's package is from.
	6.12:*) release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) ;;
	7.3:*) release=trixie-backports ;;
	*) die "no Debian release known with $3" ;;
	esac
	# Backports keep the newest kernel only.
	way_out=": take a newer kernel, with LINUX= and its source"
	download "$release" "$2" "$3"
}

config()
{
	version=$1 file=$3 target=$4
	name=linux-config-$version
	[ ! -e "$target" ] || return 0
	case $2 in
	arm64) arch=arm64 ;;
	x86_64) arch=amd64 ;;
	*) die "no Debian architecture known for $2" ;;
	esac

	work_directory
	download_for_kernel "$version" "$arch" "$name"
	dpkg-deb --fsys-tarfile "$name"_*.deb |
		tar -x -f - -C "$work" "./usr/src/$name/config.$file.xz" ||
		die "$name has no configuration $file"
	xz -d -c "$work/usr/src/$name/config.$file.xz" >"$work/config"
	mv "$work/config" "$target"
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
missing | host)
	"$command"
	;;
xen | kernel | config | lists)
	packages=$BUILD/packages
	mkdir -p "$packages"
	# One at a time: apt keeps its state in files that two runs would mix.
	exec 9>"$packages/lock"
	flock 9
	"$command" "$@"
	;;
*)
	die "usage: packages.sh missing | host | xen VERSION ARCH | kernel VERSION | config VERSION ARCH NAME FILE | lists RELEASE ARCH"
	;;
esac
