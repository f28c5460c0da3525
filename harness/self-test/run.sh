#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# See whether boot.sh and what judges a boot tell of everything that can be wrong:
# a fake QEMU plays consoles that are made for that. Other cases are about scripts that
# can be tried without a boot. All take seconds, and neither kernel nor Xen. Prints TAP,
# and a total as the last line.
#
#   run.sh [CASE...]	environment: HARNESS, this one if it is not set
#
# HARNESS may be another one, to see what that one does not find.

set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
real=${HARNESS:-${here%/*}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# A harness with lists of its own, and nothing to build.
HARNESS=$work/harness
mkdir -p "$HARNESS/boot" "$HARNESS/lib" "$work/bin" "$work/selftests" "$work/xen/boot"
ln -s "$real"/boot/* "$HARNESS/boot/"
ln -s "$real"/lib/* "$HARNESS/lib/"
rm -f "$HARNESS/boot/initramfs.sh" "$HARNESS"/boot/known-* "$HARNESS"/lib/known-*messages
# shellcheck disable=SC2016 # for the other shell
echo 'touch "$1"' > "$HARNESS/boot/initramfs.sh"
echo 'flaky* the emulator stops' > "$HARNESS/boot/known-hangs"
printf 'may-skip gntdev_*/one\tno */device here\n' > "$HARNESS/boot/known-skips"
printf '# comment\n\n^known warning$\tharmless\n^wanted once$\tharmless\t1\n' \
	> "$HARNESS/lib/known-messages"
printf '^d[0-9]+v[0-9]+ known of Xen 0x\tharmless\n' > "$HARNESS/lib/known-xen-messages"
for machine in aarch64 x86_64; do
	ln -s "$here/qemu" "$work/bin/qemu-system-$machine"
done
gzip < /dev/null > "$work/xen/boot/xen-4.17-amd64.gz"

PATH=$work/bin:$PATH
BUILD=$work LOGS=$work/logs PLAY=$work/play KERNEL=6.12 XEN=4.17 VARIANT=fake
ARCH=arm64 PAGES=4K IMAGE=$work/image XEN_ROOT=$work/xen SELFTESTS=$work/selftests
DEBUG='' MEM='' DOM0_MEM='' CPUS='' XEN_ARGS='' LINUX_ARGS='' GUESTS='' LIMIT=60 KEY_PAUSE=0.1
export HARNESS BUILD LOGS PLAY KERNEL XEN VARIANT ARCH PAGES IMAGE XEN_ROOT
export SELFTESTS DEBUG MEM DOM0_MEM CPUS XEN_ARGS LINUX_ARGS GUESTS LIMIT KEY_PAUSE
unset XEN_TEST_START XEN_TEST_AGAIN

# shellcheck source=console.sh
. "$here/console.sh"
# Each adds the names of its functions to $cases.
cases=
for file in "$here"/cases/*.sh; do
	# shellcheck source=/dev/null
	. "$file"
done
make_consoles

# What is wrong with the case that runs.
complain()
{
	echo "$*" >> "$work/complaints"
}

# Boot, with the consoles that are in $PLAY. The status is left in $status.
#   boot MODE NAME
boot()
{
	name=$2
	status=0
	timeout 50 sh "$HARNESS/boot/boot.sh" "$@" > "$work/output" 2>&1 ||
		status=$?
}

# ... and see how boot.sh ends.
#   boots STATUS MODE NAME
boots()
{
	expected=$1
	shift
	boot "$@"
	[ $status = "$expected" ] ||
		complain "boot.sh $* ends with $status instead of $expected"
}

# The results of the boot have these lines, with | for a tab.
has()
{
	for line; do
		grep -qxF "$(echo "$line" | tr '|' '\t')" "$LOGS/$name/results" ||
			complain "no result '$line'"
	done
}

# ... and none that this regular expression matches.
has_no()
{
	! grep -E "$1" "$LOGS/$name/results" >> "$work/complaints" ||
		complain "where nothing is to match '$1'"
}

#   file_has FILE TEXT
file_has()
{
	grep -qaF "$2" "$1" || complain "no '$2' in ${1#"$work/"}"
}

# A boot with this console, in which only the given results are failures.
#   fails_with RESULT... < CONSOLE
fails_with()
{
	cat > "$PLAY/console"
	boots 1 test plain
	has "$@"
	[ "$(grep -c '^fail' "$LOGS/$name/results")" = $# ] ||
		complain "$(grep '^fail' "$LOGS/$name/results")"
}

# One that passes.
all_passes()
{
	cat > "$PLAY/console"
	boots 0 test plain
	has "pass|plain/boot" "pass|plain/log is clean"
	has_no '^(fail|skip)'
}

# shellcheck disable=SC2086 # a list of names
[ $# != 0 ] || set -- $cases
echo "TAP version 13"
echo "1..$#"
number=0 failed=0
for case; do
	number=$((number + 1))
	rm -rf "$LOGS" "$PLAY" "$work/complaints"
	mkdir "$LOGS" "$PLAY"
	rm -f "$work/done"
	name=plain
	("$case"; touch "$work/done") > "$work/case.log" 2>&1
	[ -e "$work/done" ] || complain "the case was not done"
	[ ! -s "$work/case.log" ] || complain "$(cat "$work/case.log")"
	if [ ! -s "$work/complaints" ]; then
		echo "ok $number $case"
	else
		echo "not ok $number $case"
		sed 's/^/# /' "$work/complaints"
		failed=$((failed + 1))
	fi
done
echo "$((number - failed)) passed, $failed failed"
[ $failed = 0 ]
