# SPDX-License-Identifier: GPL-2.0
#
#   coverage.awk EXPLAINED GCOV...
#
# Print from what `gcov -b -c` has written how many lines and branches of each
# file were taken, and which were not.  EXPLAINED says of lines that were not why
# that is, and so of those that follow it up to the next one that was run:
#
#	the line, wherever in the file it stands now | the reason
#
# A file fails if it has other such lines, or if less than 95 % of its lines were
# run; so does EXPLAINED if a line of it was run or is not there.  The last line is
# a total, "N passed, N failed".

function trim(text)
{
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	return text
}

function percent(part, whole)
{
	return whole ? sprintf("%.1f %%", 100 * part / whole) : "-"
}

function finish(    n, text, explained, unexplained, bad)
{
	if (!name)
		return
	printf "%s: lines %s (%d of %d), branches %s (%d of %d)\n", name,
	       percent(run, lines), run, lines,
	       percent(taken, branches), taken, branches
	if (run < 0.95 * lines) {
		print "  less than 95 % of the lines"
		bad = 1
	}
	for (n = 1; n <= last; n++) {
		text = source[n]
		if (count[n] == 0) {
			printf "  not run      %5d  %s\n", n, text
			if (text in why) {
				printf "                      (%s)\n", why[text]
				needed[text] = 1
			} else if (!explained) {
				unexplained++
			}
			explained = explained || text in why
		} else if (count[n] > 0) {
			explained = 0
			if (half[n])
				printf "  one way only %5d  %s\n", n, text
		}
	}
	if (unexplained) {
		printf "  %d lines are not explained in %s\n", unexplained, ARGV[1]
		bad = 1
	}
	if (bad)
		failed++
	else
		passed++
}

FNR == 1 && FILENAME != ARGV[1] {
	finish()
	name = FILENAME
	sub(/\.gcov$/, "", name)
	lines = run = branches = taken = last = 0
	delete count
	delete half
}

FILENAME == ARGV[1] {
	if (split($0, field, " \\| ") == 2 && $0 !~ /^#/)
		why[trim(field[1])] = trim(field[2])
	next
}

# A branch belongs to the line above it.
/^branch/ {
	branches++
	if ($0 ~ /taken [1-9]/)
		taken++
	else
		half[last]++
	next
}

/^ *[-0-9#=*]+: *[0-9]+:/ {
	split($0, field, ":")
	last = field[2] + 0
	source[last] = $0
	sub(/^[^:]*:[^:]*:/, "", source[last])
	source[last] = trim(source[last])
	count[last] = -1
	if (field[1] ~ /-/)
		next
	lines++
	count[last] = field[1] ~ /[#=]/ ? 0 : 1
	run += count[last]
}

END {
	finish()
	for (text in why) {
		if (!(text in needed)) {
			printf "not needed in %s: %s\n", ARGV[1], text
			unneeded = 1
		}
	}
	failed += unneeded
	printf "%d passed, %d failed\n", passed, failed
	exit failed != 0
}
