#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make run`: boot Xen once, have a domU read and write a disk that dom0
# serves, and report where dom0 took the pages for that from.
#
# Environment: see boot.sh. Passes only if every check of dom0-init passed,
# everything it reported came through, and the log is clean.

set -eu

# shellcheck disable=SC1091
. "$HARNESS/lib/elapsed.sh"

name=run-$KERNEL-xen$XEN-$VARIANT
log=$LOGS/$name.log
files=$LOGS/$name

# One figure of a file of "name value" lines, or nothing.
#   figure FILE NAME
figure()
{
	[ ! -e "$files/$1" ] || sed -n "s/^$2 //p" "$files/$1"
}

# Pages of dom0's kernel, in KiB.
kib()
{
	echo "$(($1 * $(figure memory.before page_size) / 1024)) KiB"
}

row()
{
	printf '  %-46s %9s %9s %9s\n' "$@"
}

row_of_stats()
{
	row "$1" "$(figure stats.before "$2")" "$(figure stats.during "$2")" \
		"$(figure stats.after "$2")"
}

what_ran()
{
	kinds=
	[ "$ARCH" != x86_64 ] || kinds=${GUESTS:-pv pvh}
	echo
	echo "What ran"
	tr '\n' ' ' <<END | fold -s -w 78 | sed 's/^/  /'
Xen $XEN, and above it Linux $KERNEL as dom0, the domain that has the devices
and manages the others, on an emulated $ARCH machine with ${MEM:-4G} of memory,
of which dom0 got ${DOM0_MEM:-1G}. Pages have $PAGES.${DEBUG:+ Linux checks itself ($DEBUG).}${XEN_ARGS:+ More options of Xen: $XEN_ARGS.}${LINUX_ARGS:+ More options of Linux: $LINUX_ARGS.}
Xen's tool xl created a domU: a guest with a disk, which is a file in dom0.${kinds:+ The
kinds of domU: $kinds, one after the other; the figures are about the first.} For
everything the domU reads or writes, dom0 maps pages of the domU's memory. Each
mapping needs a page of dom0's address space with nothing behind it: an unpopulated
page.
END
	echo
}

regions()
{
	echo
	echo "Extended regions: addresses that Xen promises to leave unused"
	if [ ! -s "$files/advertised" ]; then
		echo "  none$([ "$ARCH" = arm64 ] || echo ', so holes in /proc/iomem above 4 GiB are used')"
	fi
	while read -r start size; do
		printf '  %#014x-%#014x %8d MiB\n' "$((start))" \
			"$((start + size - 1))" "$((size >> 20))"
	done < "$files/advertised"
	sed -n 's/^\[ *[0-9.]*\] xen\/unpopulated: /  the driver: /p' "$log"
}

# The lines of /proc/iomem about memory and Xen, sorted by address, an area
# before what is inside it.
iomem()
{
	echo
	row "In dom0's /proc/iomem" before during after
	for stage in before during after; do
		sed -n "s/^\( *\)\([0-9a-f]*\)-\([0-9a-f]*\) : \(System RAM\|Unusable memory\|Xen .*\)$/$stage \2 \3 \1\2-\3 : \4/p" \
			"$files/iomem.$stage"
	done | awk '{
		stage = $1
		key = sprintf("%16s %16s", $2, $3)
		gsub(/ /, "0", key)
		key = substr(key, 1, 16) " " substr(key, 18)
		sub(/^[a-z]+ [0-9a-f]+ [0-9a-f]+ /, "")
		text[key] = $0
		there[key, stage] = 1
	}
	function yes(key, stage) {
		return (key, stage) in there ? "yes" : "-"
	}
	END {
		for (key in text)
			printf "%s  %-46s %9s %9s %9s\n", key, text[key],
			       yes(key, "before"), yes(key, "during"),
			       yes(key, "after")
	}' | sort -k 1,1 -k 2,2r | cut -c 34-
}

unpopulated_pages()
{
	echo
	if [ ! -e "$files/stats.during" ]; then
		echo "Unpopulated pages: this kernel's driver has no figures"
		return
	fi
	row "Pages for mappings, in numbers" before during after
	row_of_stats "allocated, at unused addresses" unpopulated_allocated
	[ "$ARCH" = arm64 ] ||
		row_of_stats "allocated, page structures without RAM (donated)" donated_allocated
	row_of_stats "allocated, given up by dom0 (ballooned)" ballooned_allocated
	row_of_stats "free, at unused addresses" unpopulated_free
	[ "$ARCH" = arm64 ] ||
		row_of_stats "free, donated" donated_free
}

cost()
{
	memmap=$(figure memory.during nr_memmap_pages)
	given_up=$(($(figure memory.before current_kb) -
		    $(figure memory.during current_kb)))
	echo
	echo "What they cost dom0 in RAM, while the domU read and wrote"
	echo "  for their struct pages (nr_memmap_pages): $(kib "$memmap")"
	echo "  given back to Xen by ballooning:          $given_up KiB"
	if [ -e "$files/stats.after" ]; then
		peak=$(figure stats.after allocated_max)
		echo "  had all been ballooned:                   $(kib "$peak") ($peak pages, the most that were allocated at once)"
	fi
}

checks()
{
	echo
	echo "Checks"
	while IFS="$(printf '\t')" read -r result test reason; do
		printf '  %s  %s%s\n' "$result" "${test#"$name"/}" \
			"${reason:+: $reason}"
	done < "$files/results"
}

# All files have come that the report needs.
reported()
{
	for file in advertised memory.before memory.during memory.after; do
		[ -e "$files/$file" ] || return
	done
}

status=0
sh "$HARNESS/boot/boot.sh" run "$name" || status=$?
[ $status != 2 ] || exit 2

if reported; then
	what_ran
	regions
	iomem
	unpopulated_pages
	cost
fi
checks
sh "$HARNESS/lib/failures.sh" "$files/results"
echo
if [ $status = 0 ]; then
	echo "PASSED after $(elapsed)."
else
	echo "FAILED after $(elapsed)."
fi
echo "  the console:          $log"
echo "  what dom0 reported:   $files/"
exit $status
