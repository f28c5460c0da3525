#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make test-debian`: a Debian dom0, from its first boot with Debian's kernel to the time
# when our package has been removed again. The last line is "N passed, N failed", with
# ", N skipped" if there were any.
#
#   test.sh ROOT-TAR DIR	DIR has the package, as package.sh made it
#
# The boots are the stages of dom0/dom0-test. One that does not come to its end ends the
# test, as the disk is then not what the next one needs.
#
# Environment: see boot.sh, and SUITE.

set -eu

tar=$1 packages=$2
# shellcheck disable=SC1091
. "$HARNESS/lib/elapsed.sh"
# shellcheck source=../lib/results.sh
. "$HARNESS/lib/results.sh"

LOGS=$LOGS/debian-$SUITE-${packages##*/}
LIMIT=${LIMIT:-1500}
export LOGS LIMIT
take_logs

# A table of figures, with a column for each stage that has any.
#   compare STAGE...
compare()
{
	for stage in "$@"; do
		file=$LOGS/debian$SUITE-$stage/figures
		[ ! -e "$file" ] || awk -F ': ' -v stage="$stage" '
			BEGIN { OFS = "\t"; print stage, "stage", stage }
			{ print stage, $1, $2 }' "$file"
	done | awk -F '\t' '
	{
		if (!($1 in columns)) {
			columns[$1]
			column[++n] = $1
		}
		if (!($2 in names)) {
			names[$2]
			name[++lines] = $2
		}
		value[$1, $2] = $3
	}
	END {
		for (i = 1; i <= lines; i++) {
			printf "  %-48s", name[i]
			for (j = 1; j <= n; j++) {
				cell = value[column[j], name[i]]
				if (cell == "")
					cell = "-"
				printf " %9s", cell
			}
			print ""
		}
	}'
}

step "making the disk of a Debian $SUITE"
DEBIAN_DISK=$LOGS/disk.img
export DEBIAN_DISK
sh "$HARNESS/debian/disk.sh" "$tar" "$packages"/linux-image-*.deb "$DEBIAN_DISK" \
	"$LOGS/first" > "$LOGS/disk.log" 2>&1 || {
	tail -n 5 "$LOGS/disk.log" >&2
	echo "error: the disk cannot be made (log: $LOGS/disk.log)" >&2
	echo "0 passed, 1 failed"
	exit 1
}

for stage in control pv pvh removed; do
	name=debian$SUITE-$stage
	start=$(date +%s)
	DEBIAN_FIRST=
	[ $stage != control ] || DEBIAN_FIRST=$LOGS/first
	export DEBIAN_FIRST
	status=0
	sh "$HARNESS/boot/boot.sh" debian "$name" || status=$?
	boot_ended "$name" $status
	[ ! -e "$LOGS/$name/results" ] || cat "$LOGS/$name/results" >> "$results"
	rm -f "$LOGS/$name/second.img"
	printf '%s\t%s\n' "$name" "$(($(date +%s) - start))" >> "$LOGS/times"
	if [ ! -e "$LOGS/$name/end" ]; then
		step "no further boot, as this one has not come to its end"
		break
	fi
done

compare control pv pvh > "$LOGS/figures"
if [ -s "$LOGS/figures" ]; then
	echo
	cat "$LOGS/figures"
	echo
fi
show_results
grep -q '^fail' "$results" || rm -rf "$DEBIAN_DISK" "$LOGS/first"
step "the logs are in $LOGS"
show_total
