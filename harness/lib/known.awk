# SPDX-License-Identifier: GPL-2.0
#
# Judges messages by a list of known ones: a failed test for each line that none of
# the list matches, up to 20 of them, or a passed one.
#
#   awk -v list=LIST -v test=NAME -f known.awk
#
# Lines of LIST: an extended regular expression, a tab, and why such a message is
# harmless; after another tab, how many there may be, if not any number.

BEGIN {
	while ((getline line < list) > 0) {
		if (line ~ /^(#|$)/)
			continue
		fields = split(line, field, "\t")
		known[++patterns] = field[1]
		most[patterns] = fields > 2 ? field[3] + 0 : -1
	}
}

{
	for (i = 1; i <= patterns; i++)
		if ($0 ~ known[i] && (most[i] < 0 || most[i]-- > 0))
			next
	gsub(/\t/, " ")
	if (++unknown <= 20)
		print "fail\t" test "/" $0 "\tthis message is in no list of known ones"
}

END {
	if (!unknown)
		print "pass\t" test
	if (unknown > 20)
		print "fail\t" test "\t" unknown - 20 " more messages are unknown"
}
