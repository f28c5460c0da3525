#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make test-all` and `make nightly`: their parts, in the end a table of them with their
# time, and one total, as `make test` has: "N passed, N failed, N skipped".
#
#   test-all.sh [beside] test-all|nightly KERNEL OTHER-KERNEL
#
# The parts that boot run one after the other, most with one processor.  A second
# process builds their kernels meanwhile, and then runs the parts that compile.  It
# is nice, so that boots have the time that they are limited to; it is this script
# with the argument beside.
#
# Environment: LOGS.

set -eu

mode=
if [ "$1" = beside ]; then
	mode=$1
	shift
fi
goal=$1 kernel=$2 other=$3
began=$(date +%s)
work=$LOGS/$goal

# Each part is a line of arguments for make.
boots()
{
	cat <<-END
		test KERNEL=$kernel ARCH=arm64
		test KERNEL=$kernel ARCH=x86_64
	END
	case $goal in
	test-all)
		cat <<-END
			test KERNEL=$other ARCH=arm64 TESTS='kunit xen4.17'
			test KERNEL=$other ARCH=x86_64 TESTS='kunit xen4.20-pv'
		END
		;;
	nightly)
		cat <<-END
			test KERNEL=$kernel ARCH=x86_64 TESTS=xen4.17-pvh-field
			test KERNEL=$other ARCH=arm64
			test KERNEL=$other ARCH=x86_64
			test KERNEL=$other ARCH=x86_64 TESTS=xen4.17-pvh-field
			test KERNEL=$kernel DEBUG=kasan ARCH=arm64 TESTS='kunit xen4.20-2176M xen4.17-field'
			test-debian KERNEL=$kernel SUITE=12
			test-debian KERNEL=$kernel SUITE=13
		END
		;;
	esac
}

# Make what part $1 boots.
build()
{
	case $1 in
	test-debian*)
		run "deb KERNEL=$kernel" ;;
	*)
		run "test-needs ${1#test }" ;;
	esac
}

# Of the other kernel, what its patches and its compiler's warnings can say.
others()
{
	cat <<-END
		check KERNEL=$kernel
		check KERNEL=$other CHECKS='checkpatch-patches build-w1-gcc maintainers'
		series-test KERNEL=$kernel
		series-test KERNEL=$other
		tsan
		coverage
	END
}

# The path of part $1's files, without their suffix.
files_of()
{
	echo "$work/$(echo "$1" | tr -c 'A-Za-z0-9.\n' - | tr -s -)"
}

# Run part $1; the last line is to be a total.
run()
{
	eval "set -- $1"
	make --no-print-directory "$@" 2>&1 || echo "make failed"
}

# A kernel that cannot be built is built again, and reported, by the part that
# needs it.
run_beside()
{
	boots | while IFS= read -r part; do
		files=$(files_of "$part")
		build "$part" > "$files.build"
		touch "$files.built"
	done
	others | while IFS= read -r part; do
		files=$(files_of "$part")
		start=$(date +%s)
		run "$part" > "$files.log"
		echo "$(($(date +%s) - start))" > "$files.seconds"
	done
}

# Wait until the second process has made file $1, or has ended.
wait_for()
{
	[ ! -e "$1" ] || return 0
	echo "waiting for the second process (log: $2)"
	while [ ! -e "$1" ] && kill -0 "$beside" 2> /dev/null; do
		sleep 1
	done
}

# Add part $1, which took $2 seconds, to the table.
add_to_table()
{
	log=$(files_of "$1").log
	total=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	end=$(tail -n 1 "$log")
	# Without a total at its end, a part has not been done.
	case $end:${total:-none} in
	"make failed":none | "make failed":*" 0 failed"*)
		total="0 passed, 1 failed" ;;
	"make failed":* | "${total:-none}:$total")
		;;
	*)
		echo "error: there is no total at the end of $log"
		total="0 passed, 1 failed" ;;
	esac
	printf '%s\t%s\t%s\n' "$2" "$1" "$total" >> "$work/table"
	echo
}

if [ "$mode" = beside ]; then
	run_beside
	exit
fi

mkdir -p "$LOGS"
exec 8> "$LOGS/test-all.lock"
if ! flock -n 8; then
	echo "error: another make test-all or nightly is writing $LOGS" >&2
	echo "0 passed, 1 failed"
	exit 1
fi
rm -rf "$work"
mkdir "$work"
# timeout gives it a process group, and passes its own end on to that.  It stays in
# the session: with autogroups, nice says nothing between sessions.  It does not keep
# the lock if this script is killed.
nice -n 19 timeout 8h sh "$0" beside "$goal" "$kernel" "$other" < /dev/null 8>&- &
beside=$!
trap 'kill "$beside" 2> /dev/null || :' EXIT
trap 'exit 1' HUP INT TERM

boots > "$work/boots"
while IFS= read -r part <&3; do
	files=$(files_of "$part")
	start=$(date +%s)
	echo "$part"
	wait_for "$files.built" "$files.build"
	run "$part" | tee "$files.log"
	add_to_table "$part" "$(($(date +%s) - start))"
done 3< "$work/boots"

others > "$work/others"
while IFS= read -r part <&3; do
	files=$(files_of "$part")
	echo "$part"
	wait_for "$files.seconds" "$files.log"
	if [ ! -e "$files.seconds" ]; then
		echo "the second process has ended before this was done" \
			>> "$files.log"
		echo 0 > "$files.seconds"
	fi
	cat "$files.log"
	add_to_table "$part" "$(cat "$files.seconds")"
done 3< "$work/others"

awk -F '\t' -v seconds="$(($(date +%s) - began))" '
{
	split($3, number, " ")
	printf "%7d s  %5d passed %3d failed %4d skipped  %s\n", $1, number[1],
	       number[3], number[5], $2
	passed += number[1]
	failed += number[3]
	skipped += number[5]
}
END {
	printf "%7d s  in all; parts that compile ran beside others\n", seconds
	printf "%d passed, %d failed", passed, failed
	if (skipped)
		printf ", %d skipped", skipped
	print ""
	exit failed != 0
}' "$work/table"
