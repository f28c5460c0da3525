#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make test-all`: `make test` on each architecture, and one total in the end, as
# that has: "N passed, N failed, N skipped".
#
#   test-all.sh ARCH...

set -eu

totals=$LOGS/test-all.totals
: > "$totals"
for arch; do
	echo "ARCH=$arch"
	log=$LOGS/test-all-$arch.log
	make --no-print-directory test ARCH="$arch" 2>&1 | tee "$log"
	total=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	echo "${total:-0 passed, 1 failed}" >> "$totals"
	echo
done

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
