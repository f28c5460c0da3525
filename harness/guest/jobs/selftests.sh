# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The selftests in dom0.

files_of_selftests()
{
	echo paused-domu
	self_grants_work || printf '%s\n' granter domU-granter-messages
	(cd /selftests && printf '%s\n' *)
	echo selftests-end
}

job_selftests()
{
	remember_xen
	step "a paused domU for the selftests"
	report paused-domu 1 paused_domu
	XEN_TEST_DOMID=$(domid_of paused)
	XEN_TEST_IMAGE=/boot/kernel
	# A test is not skipped for want of these.
	XEN_TEST_REQUIRE="stats gntdev gntalloc privcmd"
	export XEN_TEST_DOMID XEN_TEST_IMAGE XEN_TEST_REQUIRE
	if ! self_grants_work; then
		step "a domU that grants pages to dom0"
		use_kind pv
		use_domu granter
		report granter 1 get_pages_of_domu
		export XEN_TEST_GRANTS=/run/grants
	fi
	run_selftests
	report selftests-end "$(self_grants_work && echo 3 || echo 4)" end_domus
	if ! self_grants_work; then
		domu_sent messages | send domU-granter-messages
		send_console granter.log
	fi
}

# The domUs that the selftests needed.
end_domus()
{
	check "xl destroys the paused domU" destroy_paused
	if ! self_grants_work; then
		domid=$(domid_of granter)
		stop_domu
		check "the domU that grants pages ends by itself" domu_passes
	fi
	check_xen "$(kept_for_mappings)" 1
}

destroy_paused()
{
	domid=$(domid_of paused) && patiently 30 xl destroy paused &&
	wait_for 30 domain_gone "$domid"
}

run_selftests()
{
	local program
	for program in /selftests/*; do
		program=${program##*/}
		step "selftest $program"
		run_selftest 180 "$program" "$program"
	done
}

# A domU that does not run, for the selftests that map the memory of another
# domain. The kernel serves as a file that is large enough.
paused_domu()
{
	[ "$kind" = arm ] || use_kind pvh
	configure paused none /boot/kernel $((memory + 64)) "" > /run/paused.cfg
	check "xl creates a paused domU" create_paused
}

# The daemons may map pages for the domU, so they have to have done so before
# the selftests count pages.
create_paused()
{
	patiently 60 xl create -p /run/paused.cfg &&
	wait_for 30 ask_xenstore exists \
		"/local/domain/$(domid_of paused)/console/tty"
}

# And pages of a domU for dom0 if it cannot map its own. The domU stays.
get_pages_of_domu()
{
	configure granter offer /boot/domu.cpio $((memory + 128)) "" \
		> /run/granter.cfg
	check "a domU grants pages to dom0" pages_are_granted
}

pages_are_granted()
{
	patiently 60 xl create /run/granter.cfg && domu_says "has granted" &&
	{
		domid_of granter
		domu_sent grants
	} > /run/grants
}
