# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are boot.sh's
#
# Sourced by boot.sh: what it runs in the background beside QEMU, which ends as
# soon as QEMU or boot.sh itself has ended, however that was. Ctrl-C is ignored in
# the background.

running()
{
	[ ! -e "$files/status" ] && kill -0 $$ 2> /dev/null
}

# Pass the standard input on, slowly from the time the shell is there: Xen loses
# what comes faster than dom0 fetches it, at 128 characters. The end of it is
# the end of the shell.
feed()
{
	until grep -q "xen-test: the shell is ready" "$log"; do
		running || exit
		sleep 0.2
	done
	while :; do running || exit; wake_machine; sleep 0.5; done &
	while IFS= read -r line || [ -n "$line" ]; do
		line=$(printf '%s\n.' "$line")
		line=${line%.}
		while [ -n "$line" ]; do
			running || exit
			rest=${line#????????????????????????????????}
			[ "$rest" != "$line" ] || rest=
			printf '%s' "${line%"$rest"}"
			line=$rest
			sleep 0.05
		done
	done
	echo exit
}

# Nothing waits when QEMU is gone, as this end can be opened alone.
#   tell_monitor COMMAND...
tell_monitor()
{
	printf '%s\n' "$@" 1<> "$files/monitor.in"
}

# QEMU's TCG can lose a timer interrupt of a processor that has run an HVM or PVH
# domain: Xen idles then, with timers that are due, until any interrupt comes.  A
# letter on a serial line that has no console is one.
wake_machine()
{
	[ ! -p "$files/wake.in" ] || printf . 1<> "$files/wake.in"
}

# End a boot that takes too long, but first see where it is.
watch()
{
	end=$(($(uptime_now) + limit * 100))
	while [ "$(uptime_now)" -lt $end ]; do
		sleep 0.5
		wake_machine
		[ ! -e "$files/status" ] || exit
		if ! running; then
			tell_monitor quit
			exit
		fi
	done
	: > "$files/hangs"
	ask_machine
	tell_monitor quit
}

# Ask QEMU for the registers of the processors, and Xen for those of dom0 (0), for
# the domains (q), their event channels (e), its timers (a) and, twice, to see what
# moves, the registers of its processors (d).  It prints them on the console. The
# keys Ctrl-A lead from dom0 to Xen, by way of a domU that Xen has made.
ask_machine()
{
	timeout 8 cat "$files/monitor.out" > "$files/registers" &
	tell_monitor "info registers -a"
	[ "$mode" != dom0less ] || press '\001\001\001'
	for keys in '\001\001\001' 0 q d e a d ''; do
		press "$keys"
	done
}

# Xen needs some time to print what it is asked for.
press()
{
	# shellcheck disable=SC2059 # the keys are octal
	printf "$1" 1<> "$files/serial"
	sleep "${KEY_PAUSE:-1}"
}
