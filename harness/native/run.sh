#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
#   run.sh LOGS NAME:COMMAND...
#
# Run programs that say in KTAP what they have tested, keep what they say in
# LOGS/NAME.log, and print what failed and, as the last line, a total.  A program
# that ends with an error, or before all that it has announced, is a failure as
# well, whatever its tests say; so is one that does not end in 10 minutes.  Of
# those named fuzz-... nothing but how they end counts, and they know themselves
# how long they run.

set -u
here=$(dirname "$0")
logs=$1
shift
mkdir -p "$logs"
passed=0 failed=0 skipped=0

for program; do
	name=${program%%:*}
	log=$logs/$name.log
	start=$(date +%s)
	case $name in
	fuzz-*)
		limit=
		;;
	*)
		limit='timeout -k 5 600'
		;;
	esac
	sh -c "exec $limit ${program#*:}" >"$log" 2>&1
	status=$?

	case $name:$status in
	fuzz-*:0)
		counts='1 0 0 1'
		;;
	fuzz-*)
		counts='0 0 0 1'
		;;
	*)
		counts=$(awk -f "$here/ktap.awk" "$log")
		;;
	esac
	# shellcheck disable=SC2086
	set -- $counts
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))

	printf '%s: %d passed, %d failed, %d skipped, %d s\n' "$name" \
		"$1" "$2" "$3" $(($(date +%s) - start))
	case $name in
	fuzz-*)
		sed -n 's/^Done \(.* runs\).*/  \1/p' "$log"
		;;
	esac
	if [ "$2" != 0 ]; then
		grep -B 12 '^ *not ok' "$log" | head -n 60 | sed 's/^/  | /'
	fi
	if [ "$status" != 0 ] || [ "$4" != 1 ]; then
		failed=$((failed + 1))
		case $status in
		124 | 137)
			echo "  FAILED: it did not end"
			;;
		*)
			echo "  FAILED: it ended early, or with an error ($status)"
			;;
		esac
		tail -n 40 "$log" | sed 's/^/  | /'
	elif [ "$2" = 0 ]; then
		continue
	fi
	echo "  log: $log"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
