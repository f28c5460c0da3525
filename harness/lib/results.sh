# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2034,SC2154 # variables are shared
#
# Sourced by boot/test.sh and debian/test.sh, after elapsed.sh: the results of several
# boots, in $LOGS.

# Empty $LOGS, for this test alone. $results is to have the results of all boots.
take_logs()
{
	mkdir -p "$LOGS"
	exec 8> "$LOGS.lock"
	if ! flock -n 8; then
		echo "error: another test is writing $LOGS" >&2
		echo "0 passed, 1 failed"
		exit 1
	fi
	rm -rf "$LOGS"
	mkdir "$LOGS"
	results=$LOGS/results
	: > "$results"
}

# A boot that ends with another status than 0 has failed, even if none of its tests has.
#   boot_ended NAME STATUS
boot_ended()
{
	[ "$2" != 0 ] || return 0
	! grep -qs '^fail' "$LOGS/$1/results" || return 0
	mkdir -p "$LOGS/$1"
	printf 'fail\t%s/boot\tdid not take place\n' "$1" >> "$LOGS/$1/results"
}

# The parts with their time, the failures with their logs.
show_results()
{
	awk -f "$HARNESS/lib/tables.awk" "$LOGS/times" "$results"
	! grep -q '^fail' "$results" || {
		sh "$HARNESS/lib/failures.sh" "$results"
		echo
	}
}

# The total is the last line, and the status is that of the test.
show_total()
{
	passed=$(grep -c '^pass' "$results") || true
	failed=$(grep -c '^fail' "$results") || true
	skipped=$(grep -c '^skip' "$results") || true
	echo "$passed passed, $failed failed, $skipped skipped" | sed 's/, 0 skipped$//'
	[ "$failed" = 0 ]
}
