# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh
#
# Sourced by boot.sh and those that call it, run.sh, test.sh and bench.sh, and by
# bisect-check.sh: says what is done, one line a step, each with the time since the
# first of them was started ($XEN_TEST_START).

# /proc/uptime, in hundredths of a second.
uptime_now()
{
	read -r uptime _ < /proc/uptime
	echo "${uptime%.*}${uptime#*.}"
}

: "${XEN_TEST_START:=$(uptime_now)}"
export XEN_TEST_START

elapsed()
{
	tenths=$((($(uptime_now) - XEN_TEST_START) / 10))
	echo "$((tenths / 10)).$((tenths % 10)) s"
}

step()
{
	printf '%9s  %s\n' "$(elapsed)" "$*"
}
