# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2030,SC2031,SC2154 # $number is that of a pipeline
#
# Tests of a command each, as TAP.

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

# One test: a line of TAP, and the command's output as comments below it.
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
