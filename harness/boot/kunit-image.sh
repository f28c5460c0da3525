#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Boot the kernel of dom0 by itself, without Xen, to run the KUnit tests that it
# has built in (config/kunit.config).  The console goes to LOG, with the results
# in KTAP.  The exit status is that of QEMU, 124 if it takes too long.
#
#   kunit-image.sh LOG
#
# Two processors, which a preemptible kernel needs for its threads to meet each
# other's locks.
#
# Called by test.sh.  Environment: IMAGE, ARCH, PAGES, DEBUG.

set -eu

log=$1
limit=300
[ -z "${DEBUG:-}" ] || limit=1800
arguments="kunit.enable=1 kunit.autorun=1 kunit_shutdown=reboot panic=-1 log_buf_len=4M"

case $ARCH in
arm64)
	# Not every processor has pages of 16 KiB.
	cpu=cortex-a57
	[ "$PAGES" != 16K ] || cpu=neoverse-n1
	set -- qemu-system-aarch64 -machine virt,gic-version=3 -cpu $cpu
	arguments="$arguments console=ttyAMA0 earlycon"
	;;
x86_64)
	# The kernel has the serial port as an early console only.
	set -- qemu-system-x86_64 -machine q35 -cpu qemu64
	arguments="$arguments earlyprintk=serial,ttyS0,115200,keep"
	;;
esac

timeout --foreground -k 5 $limit "$@" -accel tcg -smp 2 -m 1G -nodefaults \
	-nographic -no-reboot -serial stdio -kernel "$IMAGE" \
	-append "$arguments" < /dev/null > "$log" 2>&1
