#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make test`: run the KUnit tests, boot Xen in several layouts of memory with
# all the selftests in each, and end with one total. The last line is
# "N passed, N failed", with ", N skipped" if there were any.
#
# Environment: see boot.sh and kunit.sh, and TESTS: which of them to run, native,
# kunit, kunit-kasan or a layout by its name; all if it is empty.

set -eu

here=$(dirname "$0")
# shellcheck disable=SC1091
. "$here/elapsed.sh"

all_logs=$LOGS
LOGS=$LOGS/test-$KERNEL-$VARIANT
limit=600
[ -z "${DEBUG:-}" ] || limit=2400
LIMIT=${LIMIT:-$limit}
export LOGS LIMIT
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

# Count the result lines on the standard input, and show them: the passed ones
# as a number for each program, the skipped ones as one for each reason, and all
# others one by one.
count()
{
	tee -a "$results" | awk -F '\t' '
	{
		split($2, part, "/")
		program = part[1] "/" part[2]
		if (!(program in passed)) {
			passed[program] = 0
			order[++programs] = program
		}
		if ($1 == "pass")
			passed[program]++
		else if ($1 == "skip")
			skipped[program, $3]++
		else
			other[program] = other[program] sprintf("%15s: %s%s\n",
				$1, $2, $3 == "" ? "" : ": " $3)
	}
	END {
		for (i = 1; i <= programs; i++) {
			printf "%11d passed: %s\n%s", passed[order[i]],
			       order[i], other[order[i]]
			for (key in skipped) {
				split(key, part, SUBSEP)
				if (part[1] == order[i])
					printf "%19d skipped: %s\n",
					       skipped[key], part[2]
			}
		}
	}'
}

# One result of this script itself.
#   result NAME COMMAND...
result()
{
	name=$1
	shift
	if output=$("$@" 2>&1); then
		printf 'pass\t%s\n' "$name"
	else
		printf 'fail\t%s\t%s\n' "$name" "$(echo "$output" | head -n 1)"
	fi
}

# Run the KUnit tests once.
#   kunit DEBUG
kunit()
{
	name=kunit${1:+-$1}
	step "KUnit${1:+ in a kernel with $1}"
	status=0
	LOGS=$all_logs sh "$here/kunit.sh" "$1" || status=$?
	log=$LOGS/$name.log
	cp "$all_logs/kunit-$KERNEL-$MACHINE${1:+-$1}.console.log" "$log" || :
	{
		sh "$here/tap.sh" "$name" "$log"
		result "$name/exit status" test $status -eq 0
		result "$name/log is clean" sh "$here/check-log.sh" "$log"
	} | count
}

# The driver as a program, and what random input does to it, for a short time.
native()
{
	step "the driver as a program, with sanitizers"
	status=0
	rm -rf "$NATIVE/logs"
	make --no-print-directory -s -j"$JOBS" \
		-C "$TOP/tools/testing/xen-unpopulated" \
		LINUX="$TREE" BUILD="$NATIVE" test \
		> "$LOGS/native.log" 2>&1 || status=$?
	{
		for log in "$NATIVE"/logs/*.log; do
			[ -e "$log" ] || continue
			name=native-$(basename "$log" .log)
			cp "$log" "$LOGS/$name.log"
			case $name in
			native-fuzz-*)
				result "$name/runs" grep -q '^Done ' "$log"
				;;
			*)
				sh "$here/tap.sh" "$name" "$log"
				;;
			esac
		done
		result "native/exit status" test $status -eq 0
	} | count
}

# Whether test $1 is to be run.
wanted()
{
	case " ${TESTS:-$1} " in
	*" $1 "*) echo "$1" >> "$results.tests" ;;
	*) return 1 ;;
	esac
}

# Whether dom0 has claimed extended regions of MIB at least; 0: none.
#   regions_come_to MIB NAME
regions_come_to()
{
	if [ ! -s "$LOGS/$2/iomem.before" ]; then
		echo "dom0 has not sent its /proc/iomem"
		return 1
	fi
	bytes=0
	for range in $(sed -n 's/^ *\([^ ]*\) : Xen extended region$/\1/p' \
			"$LOGS/$2/iomem.before"); do
		bytes=$((bytes + 0x${range#*-} + 1 - 0x${range%-*}))
	done
	echo "regions of $((bytes >> 20)) MiB where $1 are expected"
	if [ "$1" = 0 ]; then
		[ $bytes = 0 ]
	else
		[ $((bytes >> 20)) -ge "$1" ]
	fi
}

# Boot once.
#   layout NAME XEN MEM CPUS XEN-ARGUMENTS MODE REGIONS-MIB [GUESTS]
layout()
{
	wanted "$1" || return 0
	step "layout $1: Xen $2, $3 of memory, processors: $4${5:+, $5}${8:+, domUs: $8}"
	status=0
	XEN=$2 XEN_ROOT=$BUILD/xen-$2-$ARCH MEM=$3 CPUS=$4 XEN_ARGS=$5 GUESTS=${8:-} \
		DOM0_MEM=1G sh "$here/boot.sh" "$6" "$1" || status=$?
	if [ $status != 0 ] && ! grep -qs '^fail' "$LOGS/$1/results"; then
		printf 'fail\t%s/boot\tdid not take place\n' "$1" \
			>> "$LOGS/$1/results"
	fi
	result "$1/regions of $7 MiB" regions_come_to "$7" "$1" \
		>> "$LOGS/$1/results"
	count < "$LOGS/$1/results"
}

{
	result harness/check-log sh "$here/check-log.sh" --self-test
	result harness/tap sh "$here/tap.sh" --self-test
} | count

# KASAN finds most of what KUnit can bring to light, so it is always there, on the
# architecture where the suites are complete; in dom0 it takes minutes.  What is
# the same for each architecture that kernels are built for is tested once.
if [ -z "${DEBUG:-}" ] && [ "$ARCH" = arm64 ] && wanted native; then
	native
fi
if wanted kunit; then
	kunit "${DEBUG:-}"
fi
if [ -z "${DEBUG:-}" ] && [ "$ARCH" = arm64 ] && wanted kunit-kasan; then
	kunit kasan
fi

# Extended regions of 3 GiB in all, most of it below RAM, with one processor and
# with two; of 1 GiB below RAM and 126 MiB above; none.  Rounding to granules
# takes up to 64 MiB from each.  What a domU finds depends on Xen only.
arm64()
{
	layout xen4.17 4.17 4G 1 "" test-domu 3000
	layout xen4.17-2cpus 4.17 4G 2 "" test 3000
	layout xen4.20-2176M 4.20 2176M 1 "" test-domu 960
	layout xen4.17-no-regions 4.17 4G 1 ext_regions=0 test 0
	layout xen4.17-dom0less 4.17 4G 1 "" dom0less 1
}

# A PV dom0 that lives on holes in its memory map, one that has page structures
# for more memory than it has got (donated pages), and a PVH dom0, which has the
# RAM that it has not got, 3 GiB; domUs of all kinds, and all of the toolstack.
x86_64()
{
	layout xen4.17-pv 4.17 4G 1 "" test-domu 0 "pv hvm"
	layout xen4.17-pv-donated 4.17 4G 1 dom0_mem=max:3G test 0 pv
	layout xen4.20-pv 4.20 4G 1 "" test 0 pv
	layout xen4.17-pvh 4.17 4G 1 dom0=pvh test-domu 3000 pvh
	layout xen4.17-pv-toolstack 4.17 4G 1 "" toolstack 0 pv
	layout xen4.17-pvh-toolstack 4.17 4G 1 dom0=pvh toolstack 3000 "pv pvh"
}

"$ARCH"

# A name that is misspelt must not pass for a test.
for name in ${TESTS:-}; do
	grep -qsxF "$name" "$results.tests" ||
		printf 'fail\t%s\tthere is no such test here\n' "$name"
done | count

passed=$(grep -c '^pass' "$results") || true
failed=$(grep -c '^fail' "$results") || true
skipped=$(grep -c '^skip' "$results") || true
if [ "$failed" != 0 ]; then
	sh "$here/failures.sh" "$results"
	echo
fi
step "the logs are in $LOGS"
echo "$passed passed, $failed failed${skipped:+, $skipped skipped}" |
	sed 's/, 0 skipped$//'
[ "$failed" = 0 ]
