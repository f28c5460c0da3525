#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Boot Xen and dom0 once under QEMU, on an emulated processor.
#
#   boot.sh run|test|test-domu|toolstack|dom0less|bench|shell NAME
#
# The first argument is for dom0-init, which does the work inside; with dom0less
# Xen makes a domU of its own, see dom0less.sh; toolstack is for x86; with bench
# and one processor the machine's clock counts instructions. The console
# goes to $LOGS/NAME.log, the files that dom0-init sends over it are made again
# in $LOGS/NAME/, and $LOGS/NAME/results says how each test went, in the form
# of tap.sh. run.sh and test.sh show all that. The exit status is 1 if a test
# failed, and 2 if there was no boot at all.
#
# Environment:
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
#   MEASURE		with bench, what is measured: main, guest, out, parallel
#   LIMIT		seconds until a boot is given up (180; 900 with DEBUG)
#   XEN_TEST_START	when the caller started, see elapsed.sh

set -eu

mode=$1 name=$2
here=$(dirname "$0")
log=$LOGS/$name.log
files=$LOGS/$name
initramfs=$BUILD/initramfs-$KERNEL-xen$XEN-$VARIANT.cpio
limit=180
[ -z "${DEBUG:-}" ] || limit=900
limit=${LIMIT:-$limit}
status=0
# shellcheck disable=SC1091
. "$here/elapsed.sh"

# Two boots of the same name would spoil each other's logs.
mkdir -p "$LOGS"
exec 9> "$files.lock"
if ! flock -n 9; then
	echo "error: another boot is writing $log" >&2
	exit 2
fi

rm -rf "$files"
mkdir "$files"
if ! flock "$initramfs.lock" \
		sh "$here/initramfs.sh" "$initramfs" > "$log" 2>&1; then
	cat "$log" >&2
	exit 2
fi

# Several processors are slower under TCG, but do run at the same time; Xen gives
# dom0 as many.
arguments="console=hvc0 panic=-1 printk.devkmsg=on xen_test=$mode"
kunit=no
if [ -n "${DEBUG:-}" ]; then
	arguments="$arguments xen_test_debug=$DEBUG"
	case $mode in
	test* | toolstack | dom0less)
		kunit=yes
		arguments="$arguments kunit.enable=1"
		;;
	esac
fi
xen_arguments="loglvl=all guest_loglvl=all"
guests=
case $ARCH in
arm64)
	arguments="$arguments earlycon=xen"
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
		-kernel "$XEN_ROOT/boot/xen-$XEN-arm64"
	;;
x86_64)
	guests=${GUESTS:-pv pvh}
	arguments="$arguments earlyprintk=xen xen_guests=$(echo "$guests" | tr ' ' ':')"
	# Without max:, the kernel has page structures for more memory, which
	# are donated to the driver.
	xen_arguments="$xen_arguments dom0_mem=${DOM0_MEM:-1G},max:${DOM0_MEM:-1G} console=com1 com1=115200 noreboot ${XEN_ARGS:-}"
	xen_image=$BUILD/xen-$XEN-x86_64.image
	gunzip -c "$XEN_ROOT/boot/xen-$XEN-amd64.gz" > "$xen_image.$$"
	mv "$xen_image.$$" "$xen_image"
	# For HVM and PVH. More features than these stop Xen under TCG.
	set -- qemu-system-x86_64 -machine q35 -cpu qemu64,+svm,+npt \
		-accel tcg -smp "${CPUS:-1}" -m "${MEM:-4G}" \
		-device amd-iommu -nodefaults -nographic -no-reboot \
		-device pcie-root-port,id=late,chassis=1 \
		-device pcie-root-port,id=large,chassis=2,pref64-reserve=2G \
		-monitor "pipe:$files/monitor" \
		-kernel "$xen_image"
	mkfifo "$files/monitor.in" "$files/monitor.out"
	;;
*)
	echo "error: no machine for ARCH=$ARCH" >&2
	exit 2
	;;
esac

# One ns an instruction; while there is nothing to do, time is skipped. Several
# processors take turns then, too long ones for Xen to boot: the clock is the
# host's.
if [ "$mode" = bench ]; then
	arguments="$arguments xen_bench=${MEASURE:-main}"
	[ "${CPUS:-1}" != 1 ] || set -- "$@" -icount shift=0,sleep=off \
		-rtc base=2026-01-01T00:00:00,clock=vm
fi

if [ "$mode" = dom0less ]; then
	sh "$here/dom0less.sh" "$initramfs" "$xen_arguments" "$arguments" \
		"$files/machine" "$@" > "$log" 2>&1 || { cat "$log" >&2; exit 2; }
	# shellcheck disable=SC2046 # words without spaces in them
	set -- "$@" $(cat "$files/machine/qemu-arguments")
elif [ "$ARCH" = x86_64 ]; then
	set -- "$@" -append "$xen_arguments" -initrd "$IMAGE $arguments,$initramfs"
else
	# Xen finds what guest-loader puts into memory as its boot modules.
	set -- "$@" -append "$xen_arguments" \
		-device "guest-loader,addr=0x60000000,kernel=$IMAGE,bootargs=$arguments" \
		-device "guest-loader,addr=0x70000000,initrd=$initramfs"
fi

# Pass the standard input on, slowly from the time the shell is there: Xen loses
# what comes faster than dom0 fetches it, at 128 characters. The end of it is
# the end of the shell.
feed()
{
	until grep -q "xen-test: the shell is ready" "$log"; do
		sleep 0.2
	done
	while IFS= read -r line || [ -n "$line" ]; do
		line=$(printf '%s\n.' "$line")
		line=${line%.}
		while [ -n "$line" ]; do
			rest=${line#????????????????????????????????}
			[ "$rest" != "$line" ] || rest=
			printf '%s' "${line%"$rest"}"
			line=$rest
			sleep 0.05
		done
	done
	echo exit
}

# A shell, with a terminal: nothing stands between.
if [ "$mode" = shell ]; then
	if [ -t 0 ]; then
		exec "$@" -serial mon:stdio
	fi
	mkfifo "$files/keys"
	exec 3<&0
	feed <&3 > "$files/keys" &
	feeder=$!
	{
		timeout --foreground -k 5 "$limit" "$@" -serial mon:stdio \
			< "$files/keys" 2>&1 || status=$?
		echo $status > "$files/status"
	} | tee "$log"
	kill $feeder 2> /dev/null || true
	rm "$files/keys"
	exit "$(cat "$files/status")"
fi

step "booting Xen $XEN and Linux $KERNEL in dom0 (log: $log)"
# In the foreground, so that Ctrl-C ends QEMU as well.
{
	timeout --foreground -k 5 "$limit" "$@" -serial stdio \
		< /dev/null 2>&1 || status=$?
	echo $status > "$files/status"
} | tee "$log" | sed -un 's/\r*$//; s/^.*xen-test: step: //p' |
while IFS= read -r line; do
	step "$line"
	# PCI devices that come late: one that answers, and one whose registers
	# are above 4 GiB, where scratch pages may be.
	if [ "$line" = "ready for PCI devices" ]; then
		printf '%s\n' "device_add edu,bus=late" \
			"device_add pci-testdev,membar=1G,bus=large" \
			1<> "$files/monitor.in"
	fi
done

# Make the files again. Xen cuts lines of dom0 with whole lines of its own, so
# with those put before, dom0's are whole again; the log is kept like that.
awk -v files="$files" '
{
	sub(/\r*$/, "")
	at = index($0, "(XEN) ")
	if (at) {
		begun = begun substr($0, 1, at - 1)
		print substr($0, at)
		next
	}
	line = begun $0
	begun = ""
	print line

	if (!match(line, /^(\[ *[0-9.]+\] )?xen-test: /))
		next
	line = substr(line, RLENGTH + 1)
	if (line == "end") {
		print > (files "/end")
	} else if (match(line, /^[A-Za-z0-9_.-]+[|=] /)) {
		file = files "/" substr(line, 1, RLENGTH - 2)
		if (substr(line, RLENGTH - 1, 1) == "=")
			print substr(line, RLENGTH + 1) > (file ".md5")
		else
			print substr(line, RLENGTH + 1) > file
	}
}' "$log" > "$files/log"
mv "$files/log" "$log"

# And those of the dom0less domU. What it says comes in pieces of what Xen has
# room for; each message of a kernel begins with the time.
sed -n 's/^(XEN) DOM1: //p' "$log" | awk '
/^\[ *[0-9]+\.[0-9]+\] / && line != "" {
	print line
	line = ""
}
{
	line = line $0
}
END {
	if (line != "")
		print line
}' > "$files/dom1.log"
awk -v files="$files" '
match($0, /^\[ *[0-9.]+\] domu: [A-Za-z0-9_.-]+\| /) {
	name = substr($0, 1, RLENGTH - 2)
	sub(/.* /, "", name)
	print substr($0, RLENGTH + 1) > (files "/domU-" name)
}' "$files/dom1.log"
[ -s "$files/dom1.log" ] || rm "$files/dom1.log"

# Judge. One line a test, as tap.sh makes them; everything that has to be there
# and is not is a failed test as well.
whole()
{
	for sum in "$files"/*.md5; do
		[ -e "$sum" ] || continue
		file=${sum%.md5}
		[ -e "$file" ] || : > "$file"
		if [ "$(md5sum < "$file")" != "$(cat "$sum")  -" ]; then
			echo "${file##*/} did not come whole through the console"
			return 1
		fi
		rm "$sum"
	done
}

boot_failure()
{
	case $(cat "$files/status") in
	0) ;;
	124|137)
		echo "hangs: not done after $limit seconds"
		return
		;;
	*)
		echo "QEMU failed with status $(cat "$files/status")"
		return
		;;
	esac
	whole || return 0
	[ -e "$files/end" ] || echo "stopped before dom0-init was done"
}

# What could not be measured says so among the figures. What the kernel without
# the series complains of is not ours to judge.
judge_bench()
{
	failure=$(boot_failure)
	if [ -z "$failure" ]; then
		failure=$(grep '^failed' "$files/figures" | tr '\n' ' ')
	fi
	case $VARIANT in
	*-base) ;;
	*)
		sh "$here/check-log.sh" "$log" > "$files/defects" 2>&1 ||
			failure=${failure:-$(head -n 1 "$files/defects")}
		;;
	esac
	if [ -z "$failure" ]; then
		printf 'pass\t%s/boot\n' "$name"
	else
		printf 'fail\t%s/boot\t%s\n' "$name" "$failure"
	fi
}

judge()
{
	failure=$(boot_failure)
	if [ -z "$failure" ]; then
		printf 'pass\t%s/boot\n' "$name"
	else
		printf 'fail\t%s/boot\t%s\n' "$name" "$failure"
	fi

	# Each kind of domU has a tag, see dom0-init.
	tags=
	for guest in $guests; do
		tags="$tags -$guest"
	done
	if [ -n "${XEN_TEST_AGAIN:-}" ]; then
		printf 'skip\t%s/first boot\tno end after %s s, see %s\n' \
			"$name" "$limit" "$files.stopped.log"
		if ! sh "$here/check-log.sh" "$files.stopped.log" > \
				"$files/defects" 2>&1; then
			printf 'fail\t%s/log of first boot is clean\t%s\n' \
				"$name" "$(head -n 1 "$files/defects")"
		fi
	fi

	programs="regions-claimed daemons memory-target kernel-log${DEBUG:+ kmemleak}"
	for tag in ${tags:-""}; do
		programs="$programs domu-disk$tag"
		[ "$mode" != toolstack ] ||
			programs="$programs save-restore$tag"
		[ "$mode" != test-domu ] ||
			programs="$programs domu-selftests$tag domU$tag-gntdev_map.grown"
	done
	case $mode in
	test*)
		programs="$programs paused-domu"
		case ${XEN_ARGS:-} in
		*dom0=pvh*)	programs="$programs granter" ;;
		esac
		;;
	toolstack)	programs="$programs late-device xentrace dump-core-${guests%% *}" ;;
	dom0less)	programs="$programs dom0less domU-gntdev_map domU-gntdev_release" ;;
	esac
	for file in "$SELFTESTS"/*_*; do
		[ -f "$file" ] && [ -x "$file" ] || continue
		program=${file##*/}
		case $program in
		offer_pages | map_guest)	continue ;;
		esac
		case $mode in
		test*)	programs="$programs $program" ;;
		esac
		[ "$mode" = test-domu ] && [ "$program" != privcmd_map ] || continue
		for tag in ${tags:-""}; do
			programs="$programs domU$tag-$program"
		done
	done
	for program in $programs; do
		if [ -e "$files/$program" ]; then
			sh "$here/tap.sh" "$name/$program" "$files/$program"
		else
			printf 'fail\t%s/%s\tdid not report\n' "$name" "$program"
		fi
	done

	# The KUnit tests run when the kernel boots.
	if [ $kunit = yes ]; then
		sh "$here/tap.sh" "$name/kunit" "$log"
	fi

	if sh "$here/check-log.sh" "$log" > "$files/defects" 2>&1; then
		printf 'pass\t%s/log is clean\n' "$name"
	else
		printf 'fail\t%s/log is clean\t%s\n' "$name" \
			"$(head -n 1 "$files/defects")"
	fi
}

# With a PVH or HVM guest, some boots stop inside of the emulator, wherever they
# are, and for no reason that is known. Once more then, which the results tell.
case ${XEN_TEST_AGAIN:-}$guests${XEN_ARGS:-} in
again*)
	;;
*pvh* | *hvm*)
	case $(cat "$files/status") in
	124 | 137)
		step "no end after $limit s, which QEMU is known for: once more"
		mv "$log" "$files.stopped.log"
		# The lock is for the next one to take.
		exec 9>&-
		XEN_TEST_AGAIN=again exec sh "$0" "$mode" "$name"
		;;
	esac
	;;
esac

if [ "$mode" = bench ]; then
	judge_bench
else
	judge
fi > "$files/results"
! grep -q '^fail' "$files/results"
