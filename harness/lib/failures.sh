#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Show each failed test of a list of results, as tap.sh makes them, with what
# was said about it and where to find more. Called by run.sh, test.sh and bench.sh.
#
#   failures.sh RESULTS		environment: LOGS HARNESS

set -eu
export LC_ALL=C

# What a test's program said, if it said something, or all that was on the
# console. A boot that was done once more has left its first one.
log_of()
{
	boot=${1%%/*}
	program=${1#*/}
	case $program in
	"first boot"*)
		boot=$boot.first-boot
		program=${program#first boot}
		program=${program#/}
		;;
	esac
	case $1 in
	kunit*)
		echo "$LOGS/$boot.log" ;;
	*/"log is clean")
		echo "$LOGS/$boot/defects" ;;
	*)
		program=${program%%/*}
		if [ -f "$LOGS/$boot/$program" ]; then
			echo "$LOGS/$boot/$program"
		else
			echo "$LOGS/$boot.log"
		fi ;;
	esac
}

# From a log in TAP, the result of one test with the lines about it: those
# since the result before, and the comments behind.
#   about TEST LOG
about()
{
	TEST=$1 awk '
	/^(\[[^]]*\] )?[ \t]*(not )?ok [0-9]/ {
		name = $0
		sub(/^(\[[^]]*\] )?[ \t]*(not )?ok [0-9]+ *(- )?/, "", name)
		sub(/ *# .*/, "", name)
		at = length(ENVIRON["TEST"]) - length(name)
		mine = /not ok / && name != "" && \
			substr(ENVIRON["TEST"], at) == "/" name
		if (mine)
			print before $0
		before = ""
		next
	}
	/#  *RUN / || !/^(\[[^]]*\] )?[ \t]*#/ { mine = 0 }
	mine { print; next }
	{ before = before $0 "\n" }
	' "$2"
}

# The end of a log is shown once for all that say nothing else.
shown=
tab=$(printf '\t')
{ grep '^fail' "$1" || true; } | while IFS=$tab read -r _ test reason; do
	log=$(log_of "$test")
	echo
	echo "FAILED $test${reason:+: $reason}"
	echo "  the log: $log"
	[ -f "$log" ] || continue
	lines=$(about "$test" "$log")
	if [ -z "$lines" ] && [ "$log" != "$shown" ]; then
		lines=$(tail -n 20 "$log")
		shown=$log
	fi
	[ -z "$lines" ] || echo "$lines" | tail -n 20 | sed 's/^/  | /'
done
