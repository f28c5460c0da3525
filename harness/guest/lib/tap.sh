# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2030,SC2031,SC2154 # $number is that of a pipeline
#
# Tests as TAP: of a command each, or of a program that prints TAP itself.

# Send the tests that a command makes as the file FILE.
#   report FILE TESTS COMMAND...
report()
{
	local file=$1 tests=$2
	shift 2
	{
		number=0
		echo "1..$tests"
		"$@"
	} | send "$file"
}

# Run a selftest, SECONDS at most, and send what it prints as the file FILE.
#   run_selftest SECONDS PROGRAM FILE
run_selftest()
{
	{
		patiently "$1" "/selftests/$2" 2>&1
		printf '\n# exit status: %s\n' $?
	} | send "$3"
}

# One test: a line of TAP, and the command's output as comments below it. The status is
# that of the command, and 0 if it has been skipped.
#   check NAME COMMAND...
check()
{
	local name=$1 status=0
	shift
	number=$((number + 1))
	skip_reason=
	"$@" > /run/output 2>&1 || status=$?
	if [ $status = 0 ]; then
		echo "ok $number $name"
	elif [ $status = 4 ] && [ -n "$skip_reason" ]; then
		echo "ok $number $name # SKIP $skip_reason"
		status=0
	else
		echo "not ok $number $name"
	fi
	sed 's/^/# /' /run/output
	return $status
}

# For the end of a function that check() calls, when there is no way to tell. A
# program that exits with 4 skips nothing, as it can give no reason.
#   skip REASON
skip()
{
	skip_reason=$*
	return 4
}
