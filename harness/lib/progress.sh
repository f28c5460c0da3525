#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run one long step with its output in a log file, and show what is done, how
# far it is and for how long it runs.
#
#   progress.sh WHAT LOG COMMAND [ARGUMENT...]
#
# How far is told by one of these, if it is in the environment:
#   PROGRESS_OBJECTS=DIR   object files written below DIR since the start, and
#                          where the last of them is
#   PROGRESS_SIZE=DIR      the size of DIR
#
# On a terminal one line is rewritten every second, elsewhere a line comes
# every 15 seconds.  At the end stands the time it took, or the last lines of
# the log after the errors of compilers in it; a last line "error: ..." explains
# the failure and is shown alone.
# The exit status is the command's.

export LC_ALL=C
what=$1 log=$2
shift 2

start=$(date +%s)
if [ -t 1 ]; then
	terminal=yes interval=1
else
	terminal='' interval=15
fi

elapsed()
{
	seconds=$(($(date +%s) - start))
	printf '%d:%02d' $((seconds / 60)) $((seconds % 60))
}

far()
{
	if [ -n "${PROGRESS_OBJECTS:-}" ]; then
		find "$PROGRESS_OBJECTS" -name '*.o' -newermt "@$start" \
			-printf '%T@ %P\n' 2>/dev/null |
		awk '{
			count++
			if ($1 + 0 >= latest + 0) {
				latest = $1
				directory = $2
			}
		} END {
			sub("/[^/]*$", "", directory)
			if (count)
				printf "%d objects, %s, ", count, directory
		}'
	elif [ -n "${PROGRESS_SIZE:-}" ]; then
		du -sm "$PROGRESS_SIZE" 2>/dev/null |
		awk '{ printf "%d MB, ", $1 }'
	fi
}

# A line of the terminal is rewritten until the next one ends it.
show()
{
	if [ -n "$terminal" ]; then
		printf '\r%-79.79s' "$1"
	else
		echo "$1"
	fi
}

ticker()
{
	tick=0
	while sleep 1 >/dev/null 2>&1; do
		tick=$(((tick + 1) % interval))
		[ $tick != 0 ] || show "$what ... $(far)$(elapsed)"
	done
}

stop_ticker()
{
	kill "$ticker" 2>/dev/null
	wait "$ticker" 2>/dev/null
}

[ -z "$terminal" ] || show "$what ..."
ticker &
ticker=$!
trap 'stop_ticker; echo; exit 130' INT
trap 'stop_ticker; echo; exit 143' HUP TERM

# In the foreground, so that an interrupt from the terminal reaches it.
"$@" >"$log" 2>&1 </dev/null
status=$?
stop_ticker

if [ $status = 0 ]; then
	show "$what ... done ($(elapsed))"
	[ -z "$terminal" ] || echo
	exit 0
fi

show "$what ... FAILED ($(elapsed))"
[ -z "$terminal" ] || echo
{
	tail -n 1 "$log" | grep '^error: ' || {
		# What went wrong may be far above in the log of a parallel make.
		grep -m 5 -e ': error: ' -e ': undefined reference' \
			-e 'No space left on device' "$log"
		tail -n 20 "$log"
	}
	echo "the log: $log"
} >&2
exit $status
