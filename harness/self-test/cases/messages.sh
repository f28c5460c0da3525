# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: what kernels and Xen say.

cases="$cases warning_of_dom0 warning_of_domu dmesg_fails messages_are_missing
many_warnings no_memmap
warning_once warnings_of_kunit message_of_xen segfault other_locale"

warning_of_dom0()
{
	warning="xen:grant_table: WARNING: g.e. 0x17 still in use!"
	good > "$PLAY/good"
	printf '%s\n' "dmesg ends with 0" "<4>[    9.2] $warning" |
		with messages "$PLAY/good" |
		fails_with "fail|plain/messages/$warning|this message is in no list of known ones"
}

warning_of_domu()
{
	warning="balloon: cannot add memory"
	good > "$PLAY/good"
	printf '%s\n' "dmesg ends with 0" "<3>[    9.2][    T1] $warning" |
		with domU-messages "$PLAY/good" |
		fails_with "fail|plain/domU-messages/$warning|this message is in no list of known ones"
}

dmesg_fails()
{
	good > "$PLAY/good"
	echo "dmesg ends with 1" | with messages "$PLAY/good" |
		fails_with "fail|plain/messages|the log of the kernel could not be read"
}

messages_are_missing()
{
	good > "$PLAY/good"
	sed '/sent| domU-messages/d; /xen-test: domU-messages/d' "$PLAY/good" \
		> "$PLAY/less"
	list_sent gntdev_map domU-gntdev_map |
		with sent "$PLAY/less" |
		fails_with "fail|plain/domU-messages|did not report"
}

# The report about one allocation that is made to fail is known, a warning behind it, or
# a second report, is not.
no_memmap()
{
	good > "$PLAY/good"
	report="gntdev_fail_nth: vmemmap alloc failure: order:0, mode:0x4cc0"
	{
		echo "dmesg ends with 0"
		printf '<4>[    1.0] %s\n' "$report" "Call trace:" " grow_once+0x68" \
			"Mem-Info:" "11556 pages reserved" "warning 1" "$report"
	} | with messages "$PLAY/good" > "$PLAY/console"
	boots 1 test plain
	has "fail|plain/messages/warning 1|this message is in no list of known ones" \
		"fail|plain/messages/$report|this message is in no list of known ones"
	! grep -q 'Call trace\|Mem-Info\|pages reserved' "$LOGS/plain/results" ||
		complain "the report is taken for warnings"
}

boot_of_input()
{
	cat > "$PLAY/console.1"
	rm -f "$PLAY/machines"
	boots 1 test plain
}

many_warnings()
{
	good > "$PLAY/good"
	{
		echo "dmesg ends with 0"
		seq -f '<4>[    1.0] warning %g' 1 30
	} | with messages "$PLAY/good" > "$PLAY/console"
	boots 1 test plain
	has "fail|plain/messages|10 more messages are unknown" \
		"fail|plain/messages/warning 20|this message is in no list of known ones"
}

warning_once()
{
	good > "$PLAY/good"
	printf '%s\n' "dmesg ends with 0" "<4>[    1.0] wanted once" |
		with messages "$PLAY/good" > "$PLAY/one"
	all_passes < "$PLAY/one"
	printf '%s\n' "dmesg ends with 0" "<4>[    1.0] wanted once" \
		"<4>[    2.0] wanted once" | with messages "$PLAY/good" |
		fails_with "fail|plain/messages/wanted once|this message is in no list of known ones"
}

# Those that the KUnit tests cause when dom0 boots are theirs.
warnings_of_kunit()
{
	good > "$PLAY/good"
	{
		echo "dmesg ends with 0"
		echo "<4>[    1.5] KUnit wants this warning"
		echo "<4>[    3.5] nobody wants this one"
	} | with messages "$PLAY/good" | sed '5i\
[    1.000000] KTAP version 1\
[    1.000000] 1..1\
[    2.000000] ok 1 suite' > "$PLAY/console"
	DEBUG=kasan boots 1 test plain
	has "fail|plain/messages/nobody wants this one|this message is in no list of known ones" \
		"pass|plain/kunit/suite"
	has_no "KUnit wants"
}

message_of_xen()
{
	unknown="this message is in no list of known ones"
	good | sed '3i(XEN) common/grant_table.c:803: Bad flags (0)' |
		fails_with "fail|plain/xen-messages/common/grant_table.c:803: Bad flags (0)|$unknown"
	good | sed '3i(XEN) d2v0 Unhandled: vec 14, #PF[0000]' |
		fails_with "fail|plain/xen-messages/d2v0 Unhandled: vec 14, #PF[0000]|$unknown"
	good | sed '3i(XEN) mm.c:1021:d1v0 Error getting mfn' |
		fails_with "fail|plain/xen-messages/mm.c:1021:d1v0 Error getting mfn|$unknown"
	good | sed '3i(XEN) AMD-Vi: IO_PAGE_FAULT: 0000:00:04.0 d0 addr 100000000' |
		fails_with "fail|plain/xen-messages/AMD-Vi: IO_PAGE_FAULT: 0000:00:04.0 d0 addr 100000000|$unknown"
	known="d0v0 Over-allocation for d0: 262145 > 262144"
	good | sed "3i(XEN) $known" |
		fails_with "fail|plain/xen-messages/$known|$unknown"
}

segfault()
{
	line="[    1.2] xl[99]: segfault at 8 ip 401000 sp 7ffc0 error 4 in xl[401000+1000]"
	good | sed "2i$line" | fails_with "fail|plain/log is clean|2:${line#*] }"
}

# In UTF-8, "." matches no byte that is none.
other_locale()
{
	good | sed "3i(XEN) $(printf '\377') Xen BUG at x.c:1" > "$PLAY/console"
	LC_ALL=C.UTF-8 boots 1 test plain
	LC_ALL=C.UTF-8 sh "$HARNESS/lib/check-log.sh" "$PLAY/console" \
		> "$work/output" 2>&1 && complain "check-log.sh finds nothing"
}
