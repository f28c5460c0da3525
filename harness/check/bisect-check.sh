#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make bisect-check`: git am puts all series on the pristine kernel, and every
# commit of it builds, without a warning:
#
#   arm64, x86_64	modules		KUnit and all tests as modules: the whole
#					kernel, linked, and its modules
#			builtin		KUnit and all tests built in
#			no-kunit	the driver alone
#			off		without the driver
#   i386, arm		off		there is no ZONE_DEVICE with 32 bits
#
# but for the first, only the directories that the series changes.  A program is
# built by the commit that changes it.
#
# A series that stands apart is put on the pristine kernel as well, and builds without
# KUnit for arm64 and x86_64.
#
# The last line is "N passed, N failed", of a result for each commit and each of these
# kernels.
#
# Environment: TREE, MAILS, BUILD, KERNEL, HARNESS, LOGS, JOBS; $TREE.base is
# the tree without the series.

set -eu

# shellcheck disable=SC1091
. "$HARNESS/lib/elapsed.sh"
# shellcheck disable=SC1091
. "$HARNESS/check/changed-parts.sh"

tree=$BUILD/bisect-$KERNEL
logs=$LOGS/bisect-$KERNEL
passed=0 failed=0

in_tree()
{
	git -C "$tree" -c user.name=bisect -c user.email=bisect -c gc.auto=0 \
		-c commit.gpgSign=false "$@"
}

# A git tree of the kernel as it is, made once, and all of the series in it.
make_tree()
{
	if ! in_tree show kernel:Makefile 2>/dev/null |
	   cmp -s - "$TREE.base/Makefile"; then
		step "making a git tree of Linux $KERNEL"
		rm -rf "$tree"
		cp -a "$TREE.base" "$tree"
		git init -q "$tree"
		in_tree add -Af
		in_tree commit -q -m "Linux $KERNEL"
		in_tree tag kernel
	fi
	in_tree am --abort 2>/dev/null || :
	in_tree checkout -q -f --detach kernel
	in_tree clean -qfdx
	(cd "$MAILS" && xargs cat <series) | in_tree am -q 2>&1
	in_tree tag -f series >/dev/null
}

# Call "$@" for each kernel, with its architecture and its variant.
each_kernel()
{
	for arch in arm64 x86_64; do
		for variant in modules builtin no-kunit off; do
			"$@" $arch $variant
		done
	done
	"$@" i386 off
	"$@" arm off
}

# Build what is asked for of kernel $1 $2, configured anew if a commit may have
# added an option.
build()
{
	[ -z "$kconfig" ] || configure "$1" "$tree" "$tree.$1-$2" "$2" || return
	case $2 in
	modules) targets="vmlinux modules" ;;
	*) targets=$(directories_for "$1") ;;
	esac
	# shellcheck disable=SC2086 # a list of targets
	make -s -j"$JOBS" -C "$tree" O="$tree.$1-$2" ARCH="$1" \
		CROSS_COMPILE="$(compiler_for "$1")" $targets
}

# What of this commit is a program, by its Makefile.
build_programs()
{
	case $changed in
	*tools/testing/selftests/xen/*)
		make -s -C "$tree" O="$tree.x86_64-modules" ARCH=x86_64 headers &&
		mkdir -p "$tree.selftests" &&
		make -C "$tree/tools/testing/selftests/xen" CC=gcc \
			OUTPUT="$tree.selftests" \
			KHDR_INCLUDES="-isystem $tree.x86_64-modules/usr/include"
		;;
	esac
}

# Count the result of the rest of the command line for what is called $1.
#   check NAME COMMAND...
check()
{
	name=$1
	log=$logs/$(echo "$number $name" | tr ' /' -).log
	shift
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "     fail  $name: $log"
	{
		grep -E 'error:|Error |undefined' "$log" || tail -n 5 "$log"
	} | head -n 5 | sed 's/^/           /'
}

check_kernel()
{
	check "$1 $2" build "$1" "$2"
}

# That kernel $1 $2 has, after the last commit, the objects that it is there for.
check_objects()
{
	for object in unpopulated-alloc tests/unpopulated_pages_kunit \
		      tests/unpopulated_bench; do
		case $2-$object in
		off-*) not=! ;;
		modules-* | *-unpopulated-alloc | builtin-*_kunit) not= ;;
		*) not=! ;;
		esac
		check "$1 $2 ${not:+no }$object.o" test ${not:+"$not"} \
			-e "$tree.$1-$2/drivers/xen/$object.o"
	done
}

rm -rf "$logs"
mkdir -p "$logs"
exec 8>"$tree.lock"
flock 8
make_tree

number=0 kconfig=yes
for commit in $(in_tree rev-list --reverse kernel..series); do
	number=$((number + 1))
	step "$number: $(in_tree log -1 --format=%s "$commit")"
	in_tree checkout -q -f --detach "$commit"
	changed=$(in_tree diff --name-only "$commit~" "$commit")
	if echo "$changed" | grep -q Kconfig; then
		kconfig=yes
	fi
	if echo "$changed" | grep -qv '^Documentation/\|^tools/\|^MAINTAINERS'; then
		each_kernel check_kernel
		kconfig=
	fi
	if echo "$changed" | grep -q '^tools/'; then
		check programs build_programs
	fi
done
each_kernel check_objects

for series in "$MAILS"/*/; do
	series=$(basename "$series")
	! grep -q "^$series/" "$MAILS/series" || continue
	step "$series, apart"
	in_tree checkout -q -f --detach kernel
	check "git am $series" in_tree am -q "$MAILS/$series"/[0-9]*.patch
	kconfig=yes
	for arch in arm64 x86_64; do
		check "$series $arch" build $arch no-kunit
	done
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
