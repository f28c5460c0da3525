#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make kunit`: build a kernel with the KUnit tests and run it in QEMU, without
# Xen, by the kernel's own kunit.py.  The exit status is true when all tests passed.
#
#   kunit.sh [DEBUG]		what that kernel checks by itself
#
# Called by harness.mk with TREE, KUNIT, LOGS and the rest in the
# environment.  $LOGS/kunit-*.console.log gets the console of that kernel, with
# the results in KTAP.

set -u

debug=${1:-}
name=kunit-$KERNEL-$MACHINE${debug:+-$debug}
objects=$KUNIT${debug:+-$debug}
log=$LOGS/$name.log
console=$LOGS/$name.console.log

config=xen_unpopulated
[ "$ARCH" != x86_64 ] || config=xen_unpopulated_x86_64
set -- --kunitconfig=tools/testing/kunit/configs/$config.config
if [ "$PAGES" != 4K ]; then
	set -- "$@" --kunitconfig="$HARNESS/config/pages-$PAGES.config"
fi
if [ -n "$debug" ]; then
	set -- "$@" --kunitconfig="$HARNESS/config/debug-$debug.config"
fi
if [ "$debug" = kcsan ]; then
	for option in $KCSAN_OPTIONS; do
		set -- "$@" --make_options="$option"
	done
	# A race takes two.
	set -- "$@" --qemu_args="-smp 2"
fi

PATH=$HARNESS/lib/tcg:$PATH
export PATH
mkdir -p "$objects"
rm -f "$console" "$objects/test.log"

# --timeout limits the time that the kernel may run, in seconds.
PROGRESS_OBJECTS=$objects MAKEFLAGS=L sh "$HARNESS/lib/progress.sh" \
	"Linux $KERNEL: KUnit${debug:+ with $debug}" "$log" \
	flock "$objects.lock" env -u DEBUG /usr/bin/python3 \
	"$TREE/tools/testing/kunit/kunit.py" run --arch="$ARCH" \
	--cross_compile="$CROSS_COMPILE" "$@" \
	--build_dir="$objects" --jobs="$JOBS" --timeout=900
status=$?

[ ! -e "$objects/test.log" ] || cp "$objects/test.log" "$console"
grep 'Testing complete' "$log" | sed 's/^\[[0-9:]*\] //'
exit $status
