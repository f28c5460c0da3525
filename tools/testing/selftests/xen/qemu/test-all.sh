#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make test-all`: what can be tested of the series, and one total in the end, as
# `make test` has: "N passed, N failed, N skipped".
#
#  - `make test` on each architecture;
#  - `make check`;
#  - on the other kernel that the series is for, if its source can be had, that it
#    builds, KUnit, and a dom0 with a domU.
#
#   test-all.sh OTHER-KERNEL ARCH...

set -eu

other=$1
shift
totals=$LOGS/test-all.totals
: > "$totals"

# Run make with these arguments, whose last line is to be a total.
part()
{
	echo "$*"
	log=$LOGS/test-all-$(echo "$*" | tr -c 'A-Za-z0-9.\n' -).log
	{
		make --no-print-directory "$@" 2>&1 || echo "make failed"
	} | tee "$log"
	total=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	case ${total:-none}:$(tail -n 1 "$log") in
	none:* | *" 0 failed"*":make failed")
		total="0 passed, 1 failed"
		;;
	esac
	echo "$total" >> "$totals"
	echo
}

# Debian keeps the newest kernel only, so that one day this one is gone.
source_is_gone()
{
	make --no-print-directory tree KERNEL="$other" > "$LOGS/test-all-tree.log" 2>&1 &&
		return 1
	grep 'has no package linux-source' "$LOGS/test-all-tree.log"
}

for arch; do
	part test ARCH="$arch"
done
part check
if why=$(source_is_gone); then
	echo "     skip: Linux $other: $why"
	echo "0 passed, 0 failed, 1 skipped" >> "$totals"
else
	part test KERNEL="$other" TESTS="kunit xen4.17"
fi

awk '{
	passed += $1
	failed += $3
	skipped += $5
}
END {
	printf "%d passed, %d failed", passed, failed
	if (skipped)
		printf ", %d skipped", skipped
	print ""
	exit failed != 0
}' "$totals"
