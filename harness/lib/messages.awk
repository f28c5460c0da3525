# SPDX-License-Identifier: GPL-2.0
#
# Prints the messages of a kernel that are to be judged, without level and time.
#
#   awk -v debug=... -v domain=FILE -f messages.awk LOG FILE
#
# FILE is what send_messages() of the guest has sent. A kernel with `debug` runs the
# KUnit tests when it boots as dom0, and what those cause is theirs: LOG tells from
# when to when.

function time_of(line)
{
	match(line, /\[ *[0-9]+\.[0-9]+\]/)
	return substr(line, RSTART + 1, RLENGTH - 2) + 0
}

BEGIN {
	end = -1
}

FILENAME == ARGV[1] {
	if (debug == "" || domain != "messages")
		next
	if (/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? +KTAP version/ && begin == "")
		begin = time_of($0)
	else if (/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? (not )?ok [0-9]+ /)
		end = time_of($0)
	next
}

FNR == 1 {
	next
}

{
	time = time_of($0)
	if (begin != "" && time >= begin && time <= end)
		next
	sub(/^<[0-9]+>(\[[^]]*\])* ?/, "")

	# The kernel reports once, with all figures about memory, that there is none
	# for a memmap.
	if (/^gntdev_fail_nth: vmemmap alloc failure: / && !reported)
		reported = NR
	if (reported && NR - reported < 80) {
		if (/^[0-9]+ pages reserved$/)
			reported = -80
		if (!/^xen|BUG|WARN|balloon/)
			next
	}
	print
}
