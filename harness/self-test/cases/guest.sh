# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2034,SC2154 # variables are run.sh's, or shared in dom0
# shellcheck disable=SC2317 # functions are called by those of dom0
#
# Sourced by run.sh: functions of dom0, with the commands of Xen replaced.

cases="$cases domu_is_waited_for failed_bench_is_told crashed_domu_has_not_ended
	selftest_is_sent"

# Read in files of guest/, as dom0-init does.
#   of_guest FILE...
of_guest()
{
	patience=1
	for file; do
		# shellcheck source=/dev/null
		. "$real/guest/$file"
	done
}

# A domU that has failed or panicked says nothing more, so the wait is over at once.
domu_is_waited_for()
{
	of_guest lib/wait.sh lib/domu.sh
	domu_log=$work/domu.log
	for last in "domu: FAILED: no disk" "Kernel panic - not syncing: Fatal exception"; do
		start=$(seconds_up)
		echo "[    1.2] $last" > "$domu_log"
		! domu_says "ready to grow" 5 > "$work/output" ||
			complain "'$last' is taken for ready"
		[ $(($(seconds_up) - start)) -lt 4 ] ||
			complain "it is waited for after '$last'"
		file_has "$work/output" "$last"
	done
	echo "[    1.2] domu: ready to grow" > "$domu_log"
	domu_says "ready to grow" 5 || complain "it is ready"
}

# judge.sh knows it by the beginning of the line.
failed_bench_is_told()
{
	unpopulated=$work/none
	of_guest jobs/bench.sh
	load_bench()
	{
		echo "first_ns 1"
		echo "failed $*"
	}
	bench_main > "$work/output"
	file_has "$work/output" "ballooned_first_ns 1"
	grep -q '^failed ballooned=1 ' "$work/output" || complain "$(cat "$work/output")"
}

crashed_domu_has_not_ended()
{
	of_guest jobs/dom0less.sh
	patiently()
	{
		echo "(null)  1  256  1  $state  3.2"
	}
	for state in ---s-- ---s-d; do
		is_shut_down 1 || complain "$state has ended"
	done
	for state in r----- ---sc- ---scd; do
		! is_shut_down 1 || complain "$state has not ended"
	done
}

# With the exit status at the end, which tap.sh looks for.
selftest_is_sent()
{
	of_guest lib/tap.sh
	patiently()
	{
		echo "ok 1 one"
		return 3
	}
	send()
	{
		echo "$1:"
		cat
	}
	run_selftest 5 program FILE > "$work/output"
	printf '%s\n' FILE: "ok 1 one" "" "# exit status: 3" | cmp -s - "$work/output" ||
		complain "$(cat "$work/output")"
}
