# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Two domUs and a bridge in dom0. netback maps what one of them sends, and the mapped
# pages go on to the other one, or wait for it.

files_of_network()
{
	printf '%s\n' "network$tag" "domU$tag-sender-messages"
}

job_network()
{
	remember_xen
	step "two domUs and a bridge${tag:+ ($kind)}"
	report "network$tag" 12 network
	for name in receiver first second; do
		use_domu "$name$tag"
		send_console "$domu.log"
	done
	send_domu_messages sender-messages
}

network()
{
	local releasing receiver sender
	sample before
	check "dom0 has a bridge" make_bridge
	keep_releasing &
	releasing=$!

	connected_domus
	abandon_network

	kill $releasing
	check "all pages are given back" all_given_back
	check_xen 1 1
}

# After a failure, the rest is left out: it would have nothing to use.
connected_domus()
{
	check "xl creates a domU that receives" create receiver receive &&
	receiver=$domid &&
	check "xl creates a domU that sends" create first "transmit sender=1" &&
	sender=$domid &&
	check "large packets are answered" domu_says "large packets are answered" &&
	check "the data arrives as it was sent" data_is_right &&
	sample during &&
	check "the pages come from extended regions, if there are any" \
		origin_is_right &&
	check "a domU is destroyed while its packets wait" destroy_sender &&
	check "another domU sends as well" send_again &&
	check "the domU that receives is destroyed meanwhile" destroy_receiver
}

make_bridge()
{
	ip link add bridge type bridge &&
	ip link set bridge up
}

# Idle chunks are released, and added again, while packets are on their way.
keep_releasing()
{
	while sleep 1; do
		[ ! -w "$unpopulated/release" ] || echo 1 > "$unpopulated/release"
	done
}

abandon_network()
{
	local name
	for name in receiver first second; do
		patiently 30 xl destroy "$name$tag" > /dev/null 2>&1
	done
	ip link delete bridge
}

# Create the domU NAME, which does JOB and has an interface.
#   create NAME JOB
create()
{
	use_domu "$1$tag"
	configure "$domu" "$2" /boot/domu.cpio "$memory" \
		'vif = ["bridge=bridge"]' > "/run/$domu.cfg"
	start_domu && domu_says "has an interface"
}

# Both domUs have said the same checksum.
data_is_right()
{
	local md5
	domu_says 'sent [0-9a-f]\{32\}' &&
	md5=$(sed -n 's/.*domu: sent \([0-9a-f]\{32\}\).*/\1/p' "$domu_log") || return
	use_domu "receiver$tag"
	domu_says "received $md5"
}

# A packet that the other domU does not take stays mapped in dom0, for 10 s at most. The
# toolstack, and then Xen, wait for it before the domain is gone.
destroy_sender()
{
	use_domu "first$tag"
	domu_says "sending on" &&
	patiently 30 xl pause "$receiver" || return
	# The ring of the other domU takes some packets yet.
	sleep $((patience / 2))
	wait_for 10 packets_wait &&
	patiently 30 xl destroy "$sender" &&
	patiently 30 xl unpause "$receiver" &&
	wait_for 30 domain_gone "$sender"
}

# netback tells how many of its pages are mapped.
packets_wait()
{
	grep -E ' nr_pending_reqs [1-9][0-9]' \
		"/sys/kernel/debug/xen-netback/vif$sender.0/io_ring_q0"
}

send_again()
{
	create second "transmit sender=2" && data_is_right
}

destroy_receiver()
{
	use_domu "second$tag"
	domu_says "sending on" &&
	patiently 30 xl destroy "$receiver" &&
	wait_for 30 domain_gone "$receiver" || return
	stop_domu
	domu_says PASSED && domu_files_are_whole && wait_for 30 domain_gone "$domid"
}
