# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Traffic between two domUs and dom0, through a bridge that Debian's script vif-bridge
# adds their interfaces to. What happens to packets that wait is tested in jobs/network.sh.

files_of_bridge()
{
	printf '%s\n' "bridge$tag" "domU$tag-sender-messages"
}

job_bridge()
{
	remember_xen
	samples=-bridge$tag
	step "two domUs and a bridge${tag:+ ($kind)}"
	report "bridge$tag" 11 bridge
	for name in receiver first; do
		use_domu "$name$tag"
		send_console "$domu.log"
	done
	send_domu_messages sender-messages
}

bridge()
{
	sample before
	check "dom0 has a bridge, with an address" make_bridge_of_dom0
	bridge_is_used
	abandon_network
	check "all pages are given back" all_given_back
	check_xen 1 1
}

# After a failure, the rest is left out: it would have nothing to use.
bridge_is_used()
{
	check "xl creates a domU that receives" create receiver receive &&
	receiver=$domid &&
	check "xl creates a domU that sends" create first "transmit sender=1" &&
	check "large packets are answered" domu_says "large packets are answered" &&
	check "the data arrives as it was sent" data_takes_time &&
	check "a domU answers large packets of dom0" patiently 10 ping -c 5 -s 60000 10.0.0.10 &&
	sample during &&
	check "the pages come from extended regions, if there are any" \
		origin_is_right &&
	check "a domU is destroyed while it receives, the other ends by itself" domus_end
}

data_takes_time()
{
	local began
	began=$(seconds_up)
	data_is_right &&
	echo "16 MiB from guest to guest: $(($(seconds_up) - began)) s" >> /run/times
}

make_bridge_of_dom0()
{
	make_bridge && ip address add 10.0.0.100/24 dev bridge
}

# After that, no answers to ping come to the console, where they would be between what
# the other one sends.
domus_end()
{
	use_domu "first$tag"
	domu_says "sending on" &&
	patiently 30 xl destroy "$receiver" &&
	wait_for 30 domain_gone "$receiver" &&
	stop_domu && domu_says PASSED && domu_files_are_whole &&
	wait_for 30 domain_gone "$domid"
}
