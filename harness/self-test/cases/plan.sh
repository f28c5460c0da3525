# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: what is skipped, and what is planned.

cases="$cases skip_is_unknown skip_is_known skip_for_other_reason
planned_is_missing unplanned_came lost_plan_is_noticed
dom0less_domu cut_by_xen"

#   skips REASON
skips()
{
	good > "$PLAY/good"
	printf '1..1\nok 1 one # SKIP %s\n' "$1" | with gntdev_map "$PLAY/good" \
		> "$PLAY/console"
}

skip_is_unknown()
{
	skips "no /dev/xen/gntdev"
	boots 1 test plain
	has "fail|plain/gntdev_map/one|skipped, which plain may not: no /dev/xen/gntdev"
}

skip_is_known()
{
	skips "no x/device here"
	boots 0 test may-skip
	has "skip|may-skip/gntdev_map/one|no x/device here"
	boots 1 test plain
}

skip_for_other_reason()
{
	skips "no /dev/xen/gntdev"
	boots 1 test may-skip
	has "fail|may-skip/gntdev_map/one|skipped, which may-skip may not: no /dev/xen/gntdev"
}

planned_is_missing()
{
	good > "$PLAY/good"
	sed '/xen-test: gntdev_map[|=]/d' "$PLAY/good" > "$PLAY/less"
	list_sent domU-gntdev_map domU-messages |
		with sent "$PLAY/less" |
		fails_with "fail|plain/gntdev_map|did not report"
}

unplanned_came()
{
	begins > "$PLAY/log"
	passes gntdev_new one >> "$PLAY/log"
	ends >> "$PLAY/log"
	fails_with "fail|plain/gntdev_new|came, but was not planned" < "$PLAY/log"
}

lost_plan_is_noticed()
{
	good | without 'plan[|=] ' > "$PLAY/console"
	boots 1 test plain
	has "fail|plain/plan|did not report"
}

# Its console comes in pieces, by way of Xen.
dom0less_domu()
{
	begins | without 'xen-test: domU-' > "$PLAY/log"
	{
		passes gntdev_map one
		messages messages
	} | sed 's/xen-test: /domu: /; s/\r$//' | while IFS= read -r line; do
		printf '(XEN) DOM1: %s\n(XEN) DOM1: %s\n' "${line%??????}" \
			"${line#"${line%??????}"}"
	done >> "$PLAY/log"
	ends | without 'xen-test: domU-' >> "$PLAY/log"
	list_sent gntdev_map |
		with sent "$PLAY/log" | all_passes
	has "pass|plain/domU-gntdev_map/one" "pass|plain/domU-messages"
	list_sent gntdev_map |
		with sent "$PLAY/log" |
		sed '/^(XEN) DOM1: .*= /d; /^(XEN) DOM1: [0-9a-f]\{6\}$/d' |
		boot_of_input
	has "fail|plain/domU-gntdev_map|its end did not come through the console"
}

cut_by_xen()
{
	good | sed 's/many_one_x/many\r\n(XEN) d0v0 known of Xen 0x1\r\n_one_x/' |
		sed 's/\(ok 3 many\)\r*$/\1/' > "$PLAY/log"
	awk '/ok 3 many$/ { printf "%s", $0; next } { print }' "$PLAY/log" |
		all_passes
	has "pass|plain/gntdev_map/many_one_x"
}
