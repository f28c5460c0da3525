#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Build a kernel with the KUnit tests and run it in QEMU, without Xen, by the
# kernel's own kunit.py.  The exit status is true when all tests passed.
#
# Called by qemu.mk with TREE, KUNIT, KUNIT_LOG, LOGS and the rest in the
# environment.  $KUNIT_LOG gets the console of that kernel, with the results
# in KTAP.

set -u

log=$LOGS/kunit-$KERNEL-$ARCH.log
config=tools/testing/kunit/configs/xen_unpopulated.config

mkdir -p "$KUNIT"
rm -f "$KUNIT_LOG" "$KUNIT/test.log"

# --timeout limits the time that the kernel may run, in seconds.
PROGRESS_OBJECTS=$KUNIT MAKEFLAGS=L sh "$HARNESS/progress.sh" \
	"Linux $KERNEL: KUnit" "$log" \
	flock "$KUNIT.lock" /usr/bin/python3 \
	"$TREE/tools/testing/kunit/kunit.py" run --arch="$ARCH" \
	--cross_compile="$CROSS_COMPILE" --kunitconfig="$config" \
	--build_dir="$KUNIT" --jobs="$JOBS" --timeout=300
status=$?

[ ! -e "$KUNIT/test.log" ] || cp "$KUNIT/test.log" "$KUNIT_LOG"
grep 'Testing complete' "$log" | sed 's/^\[[0-9:]*\] //'
exit $status
