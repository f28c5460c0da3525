# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: what cannot be, and how a boot ends.

cases="$cases refuses passes_when_good ends_early qemu_fails interrupted
shell_interrupted"

#   refuse MODE TEXT
refuse()
{
	boots 2 "$1" plain
	file_has "$work/output" "$2"
	[ "$(wc -l < "$work/output")" = 1 ] || complain "$(cat "$work/output")"
	[ ! -e "$PLAY/machines" ] || complain "and boots all the same"
	rm -f "$PLAY/machines"
}

refuses()
{
	good > "$PLAY/console"
	refuse tset "mode 'tset' is unknown"
	refuse RUN "mode 'RUN' is unknown"
	refuse toolstack "mode 'toolstack' is unknown"
	MEM=4 refuse run "MEM=4 is no size"
	DOM0_MEM=1GB refuse run "DOM0_MEM=1GB is no size"
	CPUS=two refuse run "CPUS=two is no number"
	CPUS=0 refuse run "CPUS=0 is no number"
	CPUS=9 refuse run "CPUS=9 is no number from 1 to 8"
	LIMIT=1h refuse run "LIMIT=1h is no number"
	ARCH=x86_64 refuse dom0less "mode 'dom0less' is unknown"
	ARCH=x86_64 GUESTS="pv xen" refuse run "domU 'xen' is unknown"
	ARCH=arm refuse run "no machine for ARCH=arm"
}

passes_when_good()
{
	good | all_passes
	has "pass|plain/gntdev_map/many_one_x" "pass|plain/domU-messages" \
		"pass|plain/messages" "pass|plain/xen-messages"
	good > "$PLAY/console"
	ARCH=x86_64 GUESTS=pvh boots 0 test plain
}

ends_early()
{
	begins > "$PLAY/console"
	boots 1 test plain
	has "fail|plain/boot|stopped before dom0-init was done" \
		"fail|plain/messages|did not report"
}

qemu_fails()
{
	echo 3 > "$PLAY/status"
	good | fails_with "fail|plain/boot|QEMU failed with status 3"
}

# Ctrl-C at a terminal is a signal for all.
#   ctrl_c MODE
ctrl_c()
{
	timeout 20 env --default-signal=INT timeout -s INT 1 \
		sh "$HARNESS/boot/boot.sh" "$1" plain > "$work/output" 2>&1
	sleep 1.2
	for process in $(pgrep -f "$work/harness"); do
		complain "still runs: $(tr '\0' ' ' < "/proc/$process/cmdline")"
		kill "$process"
	done
}

interrupted()
{
	begins > "$PLAY/console"
	touch "$PLAY/hangs.1"
	ctrl_c test < /dev/null
}

shell_interrupted()
{
	begins > "$PLAY/console"
	touch "$PLAY/hangs.1"
	mkfifo "$PLAY/input"
	ctrl_c shell <> "$PLAY/input"
}
