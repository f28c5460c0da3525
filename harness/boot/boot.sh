#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Boot Xen and dom0 once under QEMU, on an emulated processor.
#
#   boot.sh run|test|test-domu|toolstack|field|dom0less|dma|bench|shell|debian NAME
#
# The first argument is for dom0-init, which does the work inside; with dom0less
# Xen makes a domU of its own, see dom0less.sh; with dma, and on x86 with field, the
# machine has a disk that does DMA; toolstack is for x86; with bench and one processor
# the machine's clock counts instructions; with debian dom0 is on a disk, see
# debian/machine.sh. The console goes to $LOGS/NAME.log, the
# files that dom0-init sends over it are made again in $LOGS/NAME/, and
# $LOGS/NAME/results says how each test went, in the form of tap.sh. run.sh and
# test.sh show all that. The exit status is 1 if a test failed, and 2 if there was
# no boot at all.
#
# Environment:
#   HARNESS		the directory of all these scripts
#   BUILD LOGS		where to put the initramfs and the logs
#   KERNEL XEN VARIANT	for the names of files
#   ARCH PAGES		the machine and the size of its kernel's pages
#   DEBUG		what that kernel checks by itself, if anything
#   IMAGE		the kernel of dom0 and domU
#   XEN_ROOT		the unpacked packages of Xen
#   SELFTESTS		a directory of programs to run in dom0
#   MEM DOM0_MEM	memory of the machine and of dom0 (4G, 1G)
#   GUESTS		on x86, the kinds of domU: pv, pvh, hvm (pv pvh)
#   CPUS		processors of the machine, and of dom0 (1)
#   XEN_ARGS		more options for Xen
#   LINUX_ARGS		... for the kernel of dom0
#   MEASURE		with bench, what is measured: main, guest, out, parallel
#   LIMIT		seconds until a boot is given up (180; 900 with DEBUG)
#   XEN_TEST_START	when the caller started, see elapsed.sh

set -eu
export LC_ALL=C

sh "$HARNESS/lib/arguments.sh" "$@" || exit 2
mode=$1 name=${2:?no name is given}
log=$LOGS/$name.log
files=$LOGS/$name
first=$files.first-boot
initramfs=$BUILD/initramfs-$KERNEL-xen$XEN-$VARIANT.cpio
limit=180
[ -z "${DEBUG:-}" ] || limit=900
limit=${LIMIT:-$limit}
status=0
# shellcheck disable=SC1091
. "$HARNESS/lib/elapsed.sh"
# shellcheck disable=SC1091
. "$HARNESS/lib/beside.sh"

# Two boots of the same name would spoil each other's logs.
mkdir -p "$LOGS"
exec 9> "$files.lock"
if ! flock -n 9; then
	echo "error: another boot is writing $log" >&2
	exit 2
fi

rm -rf "$files"
[ -n "${XEN_TEST_AGAIN:-}" ] || rm -rf "$first" "$first.log"
mkdir "$files"
if [ "$mode" != debian ] && ! flock "$initramfs.lock" \
		sh "$HARNESS/boot/initramfs.sh" "$initramfs" > "$log" 2>&1; then
	cat "$log" >&2
	exit 2
fi

# Several processors are slower under TCG, but do run at the same time; Xen gives
# dom0 as many.
arguments="console=hvc0 panic=-1 printk.devkmsg=on log_buf_len=4M xen_test=$mode"
arguments="$arguments ${LINUX_ARGS:-}"
if [ -n "${DEBUG:-}" ]; then
	arguments="$arguments xen_test_debug=$DEBUG"
	case $mode in
	test* | toolstack | dom0less)
		arguments="$arguments kunit.enable=1 kunit.autorun=1"
		;;
	esac
fi
# shellcheck disable=SC2034 # for that of the machine
xen_arguments="loglvl=all guest_loglvl=all"
[ "$mode" != bench ] || arguments="$arguments xen_bench=${MEASURE:-main}"
mkfifo "$files/monitor.in" "$files/monitor.out"
machine=$HARNESS/boot/machine-$ARCH.sh
[ "$mode" != debian ] || machine=$HARNESS/debian/machine.sh
# shellcheck source=machine-arm64.sh
. "$machine"

# One ns an instruction; while there is nothing to do, time is skipped. Several
# processors take turns then, too long ones for Xen to boot: the clock is the
# host's.
if [ "$mode" = bench ] && [ "${CPUS:-1}" = 1 ]; then
	set -- "$@" -icount shift=0,sleep=off \
		-rtc base=2026-01-01T00:00:00,clock=vm
fi

beside=
trap '[ -z "$beside" ] || kill "$beside" 2> /dev/null || :' EXIT
trap 'exit 130' INT

# A shell, with a terminal: nothing stands between.
if [ "$mode" = shell ]; then
	if [ -t 0 ]; then
		exec "$@" -serial mon:stdio
	fi
	mkfifo "$files/keys"
	exec 3<&0
	feed <&3 > "$files/keys" 9>&- &
	beside=$!
	{
		timeout --foreground -k 5 "$limit" "$@" -serial mon:stdio \
			< "$files/keys" 2>&1 || status=$?
		echo $status > "$files/status"
	} | tee "$log"
	exit "$(cat "$files/status")"
fi

booted="Xen $XEN and Linux $KERNEL in dom0"
[ "$mode" != debian ] || booted="a Debian $SUITE with Xen $XEN"
step "booting $booted (log: $log)"
# In the foreground, so that Ctrl-C ends QEMU as well. watch() ends what takes
# too long, unless QEMU does not listen.
mkfifo "$files/serial"
exec 4<> "$files/serial"
watch 9>&- &
beside=$!
{
	timeout --foreground -k 5 $((limit + 30)) "$@" -serial stdio \
		< "$files/serial" 2>&1 || status=$?
	echo $status > "$files/status"
} | tee "$log" | sed -un 's/\r*$//; s/^.*xen-test: step: //p' |
while IFS= read -r line; do
	step "$line"
	# PCI devices that come late: one that answers, and one whose registers
	# are above 4 GiB, where unpopulated pages may be.
	if [ "$line" = "ready for PCI devices" ]; then
		tell_monitor "device_add edu,bus=late" \
			"device_add pci-testdev,membar=1G,bus=large"
	fi
done

kill "$beside" 2> /dev/null || :
wait "$beside" 2> /dev/null || :
beside=
exec 4>&-

case $(cat "$files/status") in
124 | 137)	: > "$files/hangs" ;;
esac
# The monitor shows what it is told one letter after the other.
if [ -e "$files/registers" ]; then
	awk '{ gsub(/\033\[[A-Z]|\r/, ""); print "qemu: " $0 }' \
		"$files/registers" >> "$log"
fi
awk -v files="$files" -f "$HARNESS/boot/console.awk" "$log" > "$files/log"
mv "$files/log" "$log"

# Why a boot of this name that hangs is forgiven, if it is: one in all that has
# started together, see elapsed.sh.
reason_to_forgive()
{
	! grep -qs "^$XEN_TEST_START " "$LOGS/hangs-forgiven" || return 0
	while read -r pattern reason; do
		# shellcheck disable=SC2254 # it is a pattern
		case $name in
		$pattern)	echo "$reason" ;;
		esac
	done < "$HARNESS/boot/known-hangs" | head -n 1
}

forgiven=
[ ! -e "$files/hangs" ] || forgiven=$(reason_to_forgive)
LIMIT=$limit FORGIVEN=$forgiven \
	sh "$HARNESS/boot/judge.sh" "$mode" "$name" > "$files/results"

# Once more, with the results of the first boot before those of the second.
if [ -n "$forgiven" ]; then
	step "no end after $limit s, once more: $forgiven"
	echo "$XEN_TEST_START $name" >> "$LOGS/hangs-forgiven"
	mv "$files" "$first"
	mv "$log" "$first.log"
	# The lock is for the next one to take.
	exec 9>&-
	XEN_TEST_AGAIN=again exec sh "$0" "$mode" "$name"
fi
if [ -n "${XEN_TEST_AGAIN:-}" ]; then
	cat "$first/results" "$files/results" > "$files/both"
	mv "$files/both" "$files/results"
fi
! grep -q '^fail' "$files/results"
