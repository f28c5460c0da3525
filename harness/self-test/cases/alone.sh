# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: what stands by itself.

cases="$cases failures_are_whole check_log_samples tap_samples
	tables_count"

# Only the test that failed is shown, and not those that have its name in theirs.
failures_are_whole()
{
	good > "$PLAY/good"
	printf '%s\n' 1..3 '#  RUN one' '# about one' 'not ok 1 one' \
		'#  RUN one_request' '# about request' 'not ok 2 one_request' \
		'#  RUN many_one_x' '# about many' 'not ok 3 many_one_x' |
		with gntdev_map "$PLAY/good" > "$PLAY/console"
	boots 1 test plain
	grep '/one$' "$LOGS/plain/results" > "$PLAY/results"
	sh "$HARNESS/lib/failures.sh" "$PLAY/results" > "$work/output"
	file_has "$work/output" "about one"
	! grep "about [rm]" "$work/output" >> "$work/complaints" ||
		complain "is shown as well"
}

check_log_samples()
{
	sh "$HARNESS/lib/check-log.sh" --self-test
}

tap_samples()
{
	sh "$HARNESS/lib/tap.sh" --self-test
}

# Each result is in its part and its program.
tables_count()
{
	printf 'native\t60\nxen4.17\t190\n' > "$work/times"
	printf '%s\n' "pass native-gcc-x86/suite/one" "pass xen4.17/boot" \
		"fail xen4.17/gntdev_map/one" "skip xen4.17/gntdev_map/two" |
		tr ' ' '\t' > "$work/results"
	awk -f "$HARNESS/lib/tables.awk" "$work/times" "$work/results" |
		tr -s ' ' > "$work/output"
	file_has "$work/output" "native 1 0 0 60 s"
	file_has "$work/output" "xen4.17 1 1 1 190 s"
	awk -v by=program -f "$HARNESS/lib/tables.awk" "$work/times" \
		"$work/results" | tr -s ' ' > "$work/output"
	file_has "$work/output" "(whole) - 1"
	file_has "$work/output" "gntdev_map - 0 1f 1s"
}
