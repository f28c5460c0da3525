# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash
#
# Xen's trace buffers are pages of Xen's, which xentrace maps.

files_of_xentrace()
{
	echo xentrace
}

job_xentrace()
{
	report xentrace 1 xentrace_works
}

xentrace_works()
{
	check "xentrace writes the records of Xen" trace_xen
}

trace_xen()
{
	patiently 30 xentrace -D -e all -T 2 /run/trace || return
	ls -l /run/trace
	hexdump -v -e '1/4 "%u\n"' /run/trace | read_trace
}

# The file is nothing but records, see xen/include/public/trace.h: a word with the
# event in 28 bits, the number of its words in 3, and a bit for a time stamp of two
# words in front of these; the class of an event is one of the upper 12 of its bits.
# Two seconds of dom0 have events of the scheduler (2), and those of a PV (32) or
# an HVM guest (8).
read_trace()
{
	awk '
	skip {
		skip--
		next
	}
	{
		skip = int($1 / 268435456) % 8 + ($1 >= 2147483648 ? 2 : 0)
		class = int($1 / 65536) % 4096
		events[class]++
	}
	END {
		for (class in events) {
			printf "class %d: %d\n", class, events[class]
			bits = class + 0
			while (bits && bits % 2 == 0)
				bits /= 2
			if (bits != 1) {
				print "there is no such class"
				wrong = 1
			}
		}
		if (skip)
			print "the last record lacks " skip " words"
		exit wrong || skip || !events[2] || !(events[8] + events[32])
	}'
}
