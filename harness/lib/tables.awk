# SPDX-License-Identifier: GPL-2.0
#
#   tables.awk [-v by=program] TIMES RESULTS
#
# Print the results of `make test` as a table: one line for each part, with its
# time from TIMES, or with by=program one for each program and a column for each
# part.  There "20 1f 3s" is 20 passed, 1 failed, 3 skipped.

BEGIN {
	FS = "\t"
}

FILENAME == ARGV[1] {
	part[++parts] = $1
	seconds[$1] = $2
	next
}

# Reports of the program under native/ have a name of their own each.
{
	split($2, name, "/")
	where = name[1]
	if (!(where in seconds))
		sub(/-.*/, "", where)
	if (!(where in seconds)) {
		part[++parts] = where
		seconds[where] = 0
	}
	what = name[3] == "" ? "(whole)" : name[2]
	if (!(what in known)) {
		known[what]
		program[++programs] = what
	}
	count[where, $1]++
	count[where, what, $1]++
}

function cell(where, what,    text)
{
	text = count[where, what, "pass"] + 0
	if (count[where, what, "fail"])
		text = text " " count[where, what, "fail"] "f"
	if (count[where, what, "skip"])
		text = text " " count[where, what, "skip"] "s"
	return text == "0" ? "-" : text
}

function by_program(    i, k)
{
	printf "%-32s", "program"
	for (i = 1; i <= parts; i++)
		printf "  %12s", part[i]
	print ""
	for (k = 1; k <= programs; k++) {
		printf "%-32s", program[k]
		for (i = 1; i <= parts; i++) {
			printf "  %" (length(part[i]) > 12 ? length(part[i]) : 12) "s",
			       cell(part[i], program[k])
		}
		print ""
	}
}

function by_part(    i)
{
	printf "%-24s  %6s  %6s  %7s  %6s\n", "part", "passed", "failed",
	       "skipped", "time"
	for (i = 1; i <= parts; i++) {
		printf "%-24s  %6d  %6d  %7d  %4d s\n", part[i],
		       count[part[i], "pass"], count[part[i], "fail"],
		       count[part[i], "skip"], seconds[part[i]]
	}
}

END {
	if (by == "program")
		by_program()
	else
		by_part()
}
