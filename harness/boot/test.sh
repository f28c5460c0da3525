#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make test`: run the KUnit tests, boot Xen in several layouts of memory with
# all the selftests in each, and end with one total. The last line is
# "N passed, N failed", with ", N skipped" if there were any.
#
#   test.sh [check-names]	with the argument, look at TESTS only
#
# Environment: see boot.sh, and TESTS: which of them to run, harness, native,
# kunit or a layout by its name; all if it is empty.

set -eu

# shellcheck disable=SC1091
. "$HARNESS/lib/elapsed.sh"
# shellcheck source=../lib/results.sh
. "$HARNESS/lib/results.sh"

# The lines of the table that are for this architecture.
layouts()
{
	sed 's/#.*//' "$HARNESS/boot/layouts" | awk -v arch="$ARCH" '$1 == arch'
}

# The judges and the program are the same for each kernel.
names()
{
	[ -n "${DEBUG:-}" ] || [ "$ARCH" != arm64 ] || printf '%s\n' harness native
	echo kunit
	layouts | awk '{ print $2 }'
}

# A name that is misspelt must not pass for a test.
for name in ${TESTS:-}; do
	names | grep -qxF "$name" && continue
	echo "error: TESTS=$name is unknown for ARCH=$ARCH, choose some of:" \
		"$(names | paste -s -d ' ')" >&2
	exit 2
done
[ "${1:-}" != check-names ] || exit 0

LOGS=$LOGS/test-$KERNEL-$VARIANT
# The HVM domU of x86 takes most of 400 s on an idle machine.
limit=900
[ -z "${DEBUG:-}" ] || limit=2400
LIMIT=${LIMIT:-$limit}
export LOGS LIMIT
take_logs

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

# See whether what judges boots tells of what is wrong in recorded ones.
harness()
{
	step "what judges the boots, with an imitated QEMU"
	log=$LOGS/harness.log
	status=0
	sh "$HARNESS/self-test/run.sh" > "$log" 2>&1 || status=$?
	{
		sh "$HARNESS/lib/tap.sh" harness "$log"
		result "harness/exit status" test $status -eq 0
	} | count
}

# Run the KUnit tests that the kernel of dom0 has built in, without Xen.
kunit()
{
	step "KUnit in the kernel of dom0, without Xen"
	log=$LOGS/kunit.log
	status=0
	sh "$HARNESS/boot/kunit-image.sh" "$log" || status=$?
	{
		sh "$HARNESS/lib/tap.sh" kunit "$log"
		result "kunit/exit status" test $status -eq 0
		result "kunit/log is clean" sh "$HARNESS/lib/check-log.sh" "$log"
	} | count
}

# The driver as a program, and what random input does to it, for a short time.
native()
{
	step "the driver as a program, with sanitizers"
	status=0
	rm -rf "$NATIVE/logs"
	make --no-print-directory -s -j"$JOBS" \
		-C "$HARNESS/native" \
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
				sh "$HARNESS/lib/tap.sh" "$name" "$log"
				;;
			esac
		done
		result "native/exit status" test $status -eq 0
	} | count
}

# A layout that takes as long as three others, and is only run if it is named.
long=xen4.17-pvh-field

# Whether test $1 is to be run.
wanted()
{
	if [ -z "${TESTS:-}" ] && [ "$1" = $long ]; then
		step "left out, as it is not named: $1"
		return 1
	fi
	case " ${TESTS:-$1} " in
	*" $1 "*) ;;
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
	# shellcheck disable=SC2013 # a range has no blanks
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

# Run a part of the tests, and note how long it takes.
#   timed NAME COMMAND...
timed()
{
	start=$(date +%s)
	part=$1
	shift
	"$@"
	printf '%s\t%s\n' "$part" "$(($(date +%s) - start))" >> "$LOGS/times"
}

# Boot once.
#   layout NAME XEN MEM CPUS XEN-ARGUMENTS MODE REGIONS-MIB [GUESTS]
layout()
{
	step "layout $1: Xen $2, $3 of memory, processors: $4${5:+, $5}${8:+, domUs: $8}"
	status=0
	XEN=$2 XEN_ROOT=$BUILD/xen-$2-$ARCH MEM=$3 CPUS=$4 XEN_ARGS=$5 GUESTS=${8:-} \
		DOM0_MEM=1G sh "$HARNESS/boot/boot.sh" "$6" "$1" || status=$?
	boot_ended "$1" $status
	result "$1/regions of $7 MiB" regions_come_to "$7" "$1" \
		>> "$LOGS/$1/results"
	count < "$LOGS/$1/results"
}

if names | grep -qxF harness && wanted harness; then
	timed harness harness
fi
if names | grep -qxF native && wanted native; then
	timed native native
fi
if wanted kunit; then
	timed kunit kunit
fi

# A field of the table is "-" if there is nothing to say.
layouts > "$LOGS/layouts"
while read -r _ name xen memory cpus mode regions guests xen_arguments <&3; do
	wanted "$name" || continue
	timed "$name" layout "$name" "$xen" "$memory" "$cpus" \
		"${xen_arguments#-}" "$mode" "$regions" \
		"$(echo "${guests#-}" | tr , ' ')"
done 3< "$LOGS/layouts"

awk -v by=program -f "$HARNESS/lib/tables.awk" "$LOGS/times" "$results" \
	> "$LOGS/by-program"
show_results
step "the logs are in $LOGS, a table by program in by-program there"
show_total
