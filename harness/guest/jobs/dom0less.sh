# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The domain that Xen makes by itself. Its console is Xen's, where boot.sh finds
# its files.

files_of_dom0less()
{
	echo dom0less
	# shellcheck disable=SC2086 # a list of names
	printf 'domU-%s\n' $dom0less_programs messages
}

job_dom0less()
{
	step "waiting for the dom0less domU"
	remember_xen
	forget_domain 1
	report dom0less 4 dom0less
}

dom0less()
{
	check "the dom0less domU ends by itself" wait_for 120 is_shut_down 1
	check "xl destroys what is left of it" patiently 30 xl destroy 1
	check_xen 1 8
}

# The fifth column of a line of xl list has an "s" for that, and a "c" behind it if the
# domain has crashed.
is_shut_down()
{
	patiently 30 xl list "$1" | grep -Eq ' [-rbp]{3}s-[-d] '
}
