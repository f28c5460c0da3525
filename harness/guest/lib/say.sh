# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2154 # variables are shared
#
# All that dom0 and the domUs report goes through the log of their kernel, see
# dom0-init. $speaker tells the one from the other: xen-test or domu.

say()
{
	printf '<6>%s: %s\n' "$speaker" "$*" > /dev/kmsg
}

step()
{
	say "step: $*"
}

# Send the standard input as the file $1, line by line as it comes. The kernel
# takes no more than 1000 characters at a time.
carriage_return=$(printf '\r')
send()
{
	local line
	: > "/run/sent/$1"
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%"$carriage_return"}
		[ -n "$line" ] || continue
		[ ${#line} -le 900 ] || line=$(printf '%.900s' "$line")
		printf '%s\n' "$line" >> "/run/sent/$1"
		say "$1| $line"
	done
	say "$1= $(md5sum < "/run/sent/$1" | cut -d ' ' -f 1)"
}

# Send as the file "messages" those that the kernel has logged at level warning or
# worse, with the level in front, below a line that says whether dmesg could read
# the log. The files that are sent are in the same log, at level info. When it is
# full, the oldest messages are lost, of which one names the version of Linux.
send_messages()
{
	{
		dmesg -r > /run/dmesg
		echo "dmesg ends with $?"
		grep -q '^<[0-9]*>\(\[[^]]*\]\)* Linux version ' /run/dmesg ||
			echo "<4>$speaker: the kernel's log has lost its beginning"
		awk '/^<[0-9]+>/ && substr($0, 2) % 8 <= 4' /run/dmesg
	} | send messages
}
