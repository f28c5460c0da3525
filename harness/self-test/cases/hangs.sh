# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: a boot that does not end.

cases="$cases hang_fails hang_counts_failures hang_cut_file hang_is_forgiven
hang_forgiven_with_failure hang_forgiven_once hang_forgiven_per_run hang_evidence
xen_is_woken"

hang_fails()
{
	begins > "$PLAY/console"
	touch "$PLAY/hangs.1"
	LIMIT=1 boots 1 test plain
	has "pass|plain/gntdev_map/one" \
		"fail|plain/boot|hangs: not done after 1 seconds"
	[ "$(cat "$PLAY/machines")" = 1 ] || complain "it is done once more"
}

hang_counts_failures()
{
	begins | sed '/ok 2 one_request/s/ok/not ok/' |
		without 'gntdev_map=' > "$PLAY/console"
	touch "$PLAY/hangs.1"
	LIMIT=1 boots 1 test plain
	has "fail|plain/gntdev_map/one_request"
}

# The tests that the hang has prevented are not failures besides.
hang_cut_file()
{
	begins | sed '/gntdev_map| ok 2 /,$d' > "$PLAY/console"
	touch "$PLAY/hangs.1"
	LIMIT=1 boots 1 test plain
	has "pass|plain/gntdev_map/one"
	[ "$(grep -c '^fail' "$LOGS/plain/results")" = 1 ] ||
		complain "$(grep '^fail' "$LOGS/plain/results")"
}

# The first machine hangs, the second does not.
#   one_hang < CONSOLE-OF-THE-FIRST
one_hang()
{
	cat > "$PLAY/console.1"
	good > "$PLAY/console"
	touch "$PLAY/hangs.1"
}

# On the architecture that this is for.
boots_flaky()
{
	ARCH=x86_64 GUESTS=pvh LIMIT=1 boots "$1" test "$2"
}

hang_is_forgiven()
{
	begins | one_hang
	boots_flaky 0 flaky
	has "pass|flaky/first boot/gntdev_map/one" "pass|flaky/gntdev_map/one" \
		"pass|flaky/boot" \
		"skip|flaky/first boot|hangs: not done after 1 seconds: the emulator stops, see $LOGS/flaky.first-boot.log"
}

hang_forgiven_with_failure()
{
	begins | sed '/ok 2 one_request/s/ok/not ok/' | one_hang
	boots_flaky 1 flaky
	has "fail|flaky/first boot/gntdev_map/one_request" \
		"pass|flaky/gntdev_map/one_request"
}

# Another one in the same run is not.
hang_forgiven_once()
{
	begins > "$PLAY/console"
	touch "$PLAY/hangs.1" "$PLAY/hangs.2" "$PLAY/hangs.3"
	export XEN_TEST_START=1
	boots_flaky 1 flaky
	has "fail|flaky/boot|hangs: not done after 1 seconds"
	boots_flaky 1 flaky-too
	has "fail|flaky-too/boot|hangs: not done after 1 seconds"
	[ "$(cat "$PLAY/machines")" = 3 ] || complain "$(cat "$PLAY/machines") boots"
	unset XEN_TEST_START
}

hang_forgiven_per_run()
{
	echo "1 flaky" > "$LOGS/hangs-forgiven"
	begins | one_hang
	XEN_TEST_START=2 boots_flaky 0 flaky
}

hang_evidence()
{
	begins > "$PLAY/console"
	touch "$PLAY/hangs.1"
	for arch in arm64 x86_64; do
		ARCH=$arch GUESTS=pv LIMIT=1 boots 1 test plain
		file_has "$LOGS/plain.log" "qemu: PC=ffff800080000000"
		[ "$(od -An -c "$PLAY/keys.1" | tr -d ' ')" = '0010010010qdead' ] ||
			complain "Xen is not asked on $arch: $(od -An -c "$PLAY/keys.1")"
		rm "$PLAY/machines" "$PLAY/keys.1"
	done
}

# On x86, letters come over a line that is no console; but not when time is measured.
xen_is_woken()
{
	begins > "$PLAY/console"
	touch "$PLAY/hangs.1" "$PLAY/hangs.2"
	ARCH=x86_64 GUESTS=pv LIMIT=3 boots 1 test plain
	file_has "$PLAY/wake.1" ...
	ARCH=x86_64 GUESTS=pv LIMIT=1 boots 1 bench plain
	[ ! -e "$PLAY/wake.2" ] || complain "it is woken when time is measured"
}
