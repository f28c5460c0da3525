# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Xen's daemons, and Xen's own account of domains and memory.

# When there is no xenstored, its clients wait for ever.
ask_xenstore()
{
	patiently 30 xenstore "$@"
}

# Where Xen translates the addresses of this domain, it cannot map a page that it
# has granted to itself: see offer_pages.c.
self_grants_work()
{
	[ "$(uname -m)" != x86_64 ] || [ "$(cat /sys/hypervisor/guest_type)" = PV ]
}

# Between a disk, which is overwritten, and mapped grants.
#   direct_io_works DISK
direct_io_works()
{
	XEN_TEST_REQUIRE="gntdev gntalloc" XEN_TEST_DISK=$1 /selftests/gntdev_disk
}

start_daemons()
{
	xenstored --pid-file /run/xenstored.pid &&
	wait_for 30 test -S /run/xenstored/socket &&
	ask_xenstore exists / &&
	patiently 30 xen-init-dom0 &&
	xenconsoled --log=guest --pid-file=/run/xenconsoled.pid &&
	wait_for 30 pidof xenconsoled
}

# The kinds of domU, the only one there is on Arm, and how they are told apart in
# the names of files.
set_kinds()
{
	kinds=arm
	# shellcheck disable=SC2154 # from the kernel command line
	[ "$(uname -m)" != x86_64 ] || kinds=$(echo "$xen_guests" | tr : ' ')
}

# Go on with domUs of this kind. The figures of the first kind are
# those for the report.
#   use_kind KIND
use_kind()
{
	kind=$1
	tag=
	[ "$kind" = arm ] || tag=-$1
	samples=
	[ "$kind" = "${kinds%% *}" ] || samples=$tag
}

domid_of()
{
	patiently 30 xl domid "$1"
}

# All domains, by a line "NAME DOMID MIB VCPUS STATE TIME" each, of which dom0 is
# always one: without it, xl has failed in some way.
list_domains()
{
	patiently 30 xl list > /run/domains && grep '^Domain-0 ' /run/domains
}

# The domain is not in the list, where a dying one still is, without its name.
#   domain_gone DOMID
domain_gone()
{
	list_domains && ! grep -q "^[^ ]*  *$1 " /run/domains
}

#
# Xen's domains and memory are the same after a job as before. A foreign page that
# stays mapped shows in no figure of dom0; but as long as a page of it is in use,
# a domain stays in Xen's list, without a name.
#

remember_xen()
{
	list_domains > /dev/null
	cp /run/domains /run/domains.before
	free_before=$(xen_free_mib)
}

# This domain is to be gone, and its memory free.
#   forget_domain DOMID
forget_domain()
{
	local mib
	mib=$(awk -v domid="$1" '$2 == domid { print $3 }' /run/domains.before)
	free_before=$((free_before + ${mib:-0}))
	sed -i "/^[^ ]*  *$1 /d" /run/domains.before
}

# Two tests: of the domains, and of the free memory, which may have become LESS
# MiB less or MORE MiB more.
#   check_xen LESS MORE
check_xen()
{
	check "Xen has the same domains as before" domains_are_back
	check "Xen has as much free memory as before" memory_is_back "$1" "$2"
}

domains_are_back()
{
	wait_for 30 have_same_domains && return
	cat /run/domains
	return 1
}

have_same_domains()
{
	list_domains &&
	[ "$(awk '{ print $1, $2 }' /run/domains)" = \
	  "$(awk '{ print $1, $2 }' /run/domains.before)" ]
}

memory_is_back()
{
	local status=0
	wait_for 30 have_same_memory "$1" "$2" || status=1
	echo "$free_before MiB before, $(xen_free_mib) MiB now; allowed: $1 less, $2 more"
	return $status
}

have_same_memory()
{
	local less now
	now=$(xen_free_mib)
	less=$((free_before - ${now:-0}))
	[ -n "$now" ] && [ $less -le "$1" ] && [ $less -ge "-$2" ]
}

xen_free_mib()
{
	patiently 30 xl info | sed -n 's/^free_memory *: //p'
}

# MiB that Xen keeps when dom0 has mapped many pages: tables of the p2m, a page for
# each 2 MiB of addresses, and the list of its mappings (maptrack), of 1024 pages
# at most.
kept_for_mappings()
{
	local start size sum=0
	advertised_regions > /run/regions
	while read -r start size; do
		sum=$((sum + size))
	done < /run/regions
	echo $(((sum >> 29) + 1 + 4))
}
