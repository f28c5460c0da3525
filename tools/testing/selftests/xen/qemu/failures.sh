#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Show each failed test of a list of results, as tap.sh makes them, with what
# was said about it and where to find more. Called by run.sh and test.sh.
#
#   failures.sh RESULTS		environment: LOGS

set -eu

here=$(dirname "$0")

# What a test's program said, if it said something, or all that was on the
# console.
log_of()
{
	boot=${1%%/*}
	program=${1#*/}
	program=${program%%/*}
	case $1 in
	harness/*)
		echo "$here/$program.sh" ;;
	kunit*)
		echo "$LOGS/$boot.log" ;;
	*/"log is clean")
		echo "$LOGS/$boot/defects" ;;
	*)
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
	awk -v test="${1##*/}" '
	/^(\[[^]]*\] )?[ \t]*(not )?ok [0-9]/ {
		mine = /not ok / && index($0, test)
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
