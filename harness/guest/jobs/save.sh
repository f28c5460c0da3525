# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# xl save, restore and dump-core.

files_of_save()
{
	echo "save-restore$tag"
	echo "domU$tag-save-messages"
}

job_save()
{
	step "xl save and restore of a domU ($kind)"
	report_on_busy_domu "save-restore$tag" save save_and_restore
}

files_of_dump()
{
	echo "dump-core$tag"
	echo "domU$tag-dump-messages"
}

job_dump()
{
	step "xl dump-core of a domU ($kind)"
	report_on_busy_domu "dump-core$tag" dump dump_core
}

#   report_on_busy_domu FILE WHAT COMMAND
report_on_busy_domu()
{
	use_domu "domu$tag"
	rm -f "$domu_log"
	samples=-$2$tag
	remember_xen
	report "$1" 8 through_it_all "$2" "$3"
	send_domu_messages "$2-messages"
	send_console "$domu-$2.log"
}

# A domU runs on after the command, with its memory and disk unchanged, although
# its disk was in use; and no page is lost.
#   through_it_all WHAT COMMAND
through_it_all()
{
	sample before

	create_domu_with_disk stay || return
	if ! { check "the domU is at work" domu_says "reading on" &&
	       check "$1 works" "$2"; }; then
		abandon_domu
		return
	fi
	domid=$(domid_of "$domu")
	stop_domu
	check "the domU ends by itself" domu_passes
	check "dom0 finds on the disk what the domU wrote" disk_is_written
	check "all pages are given back" all_given_back
	sample after
	check_xen 1 1
}

# The log of the console begins anew with the restored one.
save_and_restore()
{
	patiently 120 xl save "$domu" /run/saved || return
	cat "$domu_log" > /run/console-before
	ls -l /run/saved
	domain_gone "$domid" || return
	patiently 120 xl restore /run/saved || return
	rm /run/saved
	if ! grep -q "reread what it wrote" "$domu_log"; then
		cat /run/console-before >> "$domu_log"
	fi
	wait_for 60 blkback_is_busy
}

# The number of sectors that blkback has read for the domU goes up.
blkback_is_busy()
{
	local sectors was
	sectors=/sys/bus/xen-backend/devices/vbd-$(domid_of "$domu")-51712/statistics/rd_sect
	was=$(cat "$sectors") && sleep 1 && [ "$(cat "$sectors")" -gt "$was" ]
}

# The dump is an ELF file with all the memory of the domU. Meanwhile, the disk is
# accessed through grants that stay mapped.
dump_core()
{
	domid=$(domid_of "$domu")
	ask_xenstore read "/local/domain/$domid/device/vbd/51712/feature-persistent" |
		grep -qx 1 || return
	patiently 1200 xl dump-core "$domu" /run/core || return
	ls -l /run/core
	[ "$(head -c 4 /run/core | tail -c 3)" = ELF ] &&
	[ "$(stat -c %s /run/core)" -gt $((memory * 1000 * 1000)) ] || return
	# The command line is in it, as the guest's kernel has it in its memory.
	grep -q "known_md5=$(cat /boot/known.md5)" /run/core || return
	rm /run/core
	wait_for 60 blkback_is_busy
}
