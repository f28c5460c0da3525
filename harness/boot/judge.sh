#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Say how the tests of a boot went, from its log and from what was sent over the
# console. Called by boot.sh.
#
#   judge.sh MODE NAME
#
# Prints one line a test, as tap.sh makes them; everything that has to be there
# and is not is a failed test as well. What a boot reported before it hung counts.
#
# Environment: see boot.sh; LIMIT as it was for this boot; FORGIVEN, why it may
# hang: then the names are below NAME/first boot, as there is to be a second one.

set -eu
export LC_ALL=C

mode=$1 name=$2
log=$LOGS/$name.log
files=$LOGS/$name
lib=$HARNESS/lib
tests=$name
[ -z "${FORGIVEN:-}" ] || tests="$name/first boot"

pass()
{
	printf 'pass\t%s/%s\n' "$tests" "$1"
}

#   fail TEST REASON
fail()
{
	printf 'fail\t%s/%s\t%s\n' "$tests" "$1" "$2"
}

hangs()
{
	[ -e "$files/hangs" ]
}

received()
{
	[ ! -e "$files/received" ] || cat "$files/received"
}

boot_failure()
{
	if hangs; then
		echo "hangs: not done after $LIMIT seconds"
	elif [ "$(cat "$files/status")" != 0 ]; then
		echo "QEMU failed with status $(cat "$files/status")"
	elif [ ! -e "$files/end" ]; then
		echo "stopped before dom0-init was done"
	fi
}

judge_boot()
{
	failure=$(boot_failure)
	if [ -z "$failure" ]; then
		pass boot
	elif [ -n "${FORGIVEN:-}" ]; then
		printf 'skip\t%s\t%s: %s, see %s\n' "$tests" "$failure" \
			"$FORGIVEN" "$files.first-boot.log"
	else
		fail boot "$failure"
	fi
}

# Each file has to be what its checksum says, which comes last.
judge_files()
{
	received | while IFS= read -r file; do
		if [ -e "$files/$file.md5" ]; then
			read -r sum < "$files/$file.md5"
			echo "$sum  $file"
			[ -e "$files/$file" ] || : > "$files/$file"
		elif ! hangs; then
			echo "none  $file"
		fi
	done > "$files/sums"
	(cd "$files" && sed '/^none /d; s/.*  //' sums | xargs -r md5sum) |
		grep -vxFf - "$files/sums" | while read -r sum file; do
			case $sum in
			none)	fail "$file" "its end did not come through the console" ;;
			*)	fail "$file" "did not come whole through the console" ;;
			esac
		done
	if [ -e "$files/sent" ]; then
		received | grep -vxFf - "$files/sent" | while IFS= read -r file; do
			fail "$file" "has been sent, and did not come"
		done
	elif ! hangs; then
		fail sent "did not come, so files may be lost"
	fi
}

# The names of the files that have to come. For a boot that hangs, those that have.
planned()
{
	{
		echo plan
		[ ! -e "$files/plan" ] || cat "$files/plan"
	} > "$files/planned"
	if hangs; then
		received | grep -xFf "$files/planned" || :
	else
		cat "$files/planned"
	fi
}

judge_planned()
{
	planned | while IFS= read -r file; do
		cut=
		[ -e "$files/$file.md5" ] || ! hangs || cut=yes
		if [ ! -e "$files/$file" ]; then
			fail "$file" "did not report"
			continue
		fi
		case $file in
		plan)	;;
		messages | *-messages)
			judge_messages "$file" ;;
		*)
			sh "$lib/tap.sh" ${cut:+--cut} "$tests/$file" "$files/$file"
			;;
		esac
	done | sh "$lib/known-skips.sh" "$name" "$tests/"
	received | grep -vxFf "$files/planned" | while IFS= read -r file; do
		if grep -qEs '^(TAP version |1\.\.[0-9]|(not )?ok [0-9]|dmesg ends with )' \
				"$files/$file"; then
			fail "$file" "came, but was not planned"
		fi
	done
}

# What the kernel of a domain says at level warning or worse, see say.sh.
judge_messages()
{
	cat "$lib/known-messages" > "$files/known-messages"
	[ "$mode" != debian ] ||
		cat "$HARNESS/debian/known-messages" >> "$files/known-messages"
	if [ "$(head -n 1 "$files/$1")" != "dmesg ends with 0" ]; then
		hangs || fail "$1" "the log of the kernel could not be read"
		return
	fi
	awk -v debug="${DEBUG:-}" -v domain="$1" -f "$lib/messages.awk" \
		"$log" "$files/$1" |
		awk -v list="$files/known-messages" -v test="$tests/$1" \
			-f "$lib/known.awk"
}

# What Xen says about a domain, up to where it is asked, see ask_machine().
judge_xen()
{
	sed -e '/^(XEN) \*\*\* Serial input to Xen/q' -e '/^(XEN) DOM[0-9]*: /d' \
		"$log" | sed -nE 's/^\(XEN\) (.*d[0-9]+v[0-9]|[a-z0-9_/]*\.c:[0-9]|.*IO_PAGE_FAULT)/\1/p' \
		> "$files/xen-messages"
	cat "$lib/known-xen-messages" > "$files/known-xen-messages"
	[ "$mode" != field ] ||
		cat "$lib/known-xen-messages-field" >> "$files/known-xen-messages"
	awk -v list="$files/known-xen-messages" -v test="$tests/xen-messages" \
		-f "$lib/known.awk" "$files/xen-messages"
}

judge_log()
{
	if sh "$lib/check-log.sh" "$log" > "$files/defects" 2>&1; then
		pass "log is clean"
	else
		fail "log is clean" "$(head -n 1 "$files/defects")"
	fi
}

judge_boot
judge_files
if [ "$mode" = bench ]; then
	# What could not be measured says so among the figures. What the kernel
	# without the series complains of is not ours to judge.
	grep -s '^failed' "$files/figures" | while IFS= read -r line; do
		fail figures "$line"
	done
	case $VARIANT in
	*-base)	exit ;;
	esac
else
	judge_planned
	judge_xen
	# The KUnit tests run when the kernel boots.
	case ${DEBUG:+debug}:$mode in
	debug:test* | debug:toolstack | debug:dom0less)
		# shellcheck disable=SC2046 # an option or none
		sh "$lib/tap.sh" $(hangs && echo --cut) "$tests/kunit" "$log" |
			sh "$lib/known-skips.sh" "$name" "$tests/"
		;;
	esac
fi
judge_log
