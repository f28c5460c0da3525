#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Read what a test program said, in TAP (selftests) or KTAP (KUnit, where
# tests stand indented below the line of their suite), and print one line for
# each test:
#
#   pass|fail|skip <tab> PREFIX/[SUITE/]TEST [<tab> REASON]
#
#   tap.sh [--cut] PREFIX FILE
#   tap.sh --self-test		see whether it reads the samples below
#
# Only the innermost tests count: the line of a suite sums up its tests, and
# adds a failure only if none of them explains it. Whatever was planned but
# has no result is a failure, and so is an exit status (the line that
# dom0-init adds) that no result explains. With --cut the file has no end, and
# no test is missing.

set -eu
export LC_ALL=C

# One line for each test in the file $2, all names below $1.
results()
{
	awk -v prefix="$1" -v cut="$cut" -v deepest=0 '
function report(result, depth, test, reason,    name, level) {
	name = prefix
	for (level = 1; level <= depth; level++)
		if (level in suite)
			name = name "/" suite[level]
	if (test != "")
		name = name "/" test
	if (reason != "")
		name = name "\t" reason
	print result "\t" name

	count[result]++
	if (result == "fail")
		for (level = 0; level < depth; level++)
			explained[level] = 1
}

# The tests of this level are over: were they as many as planned?
function close_level(depth) {
	if (!cut && depth in planned && planned[depth] != results[depth] + 0)
		report("fail", depth, "", "planned " planned[depth] \
		       " tests, reported " results[depth] + 0)
	delete planned[depth]
	delete results[depth]
	delete suite[depth]
}

# What stands before a line of the kernel on its console is not part of it.
{
	sub(/\r$/, "")
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? /, "")
	match($0, /^ */)
	depth = int(RLENGTH / 4)
	line = substr($0, RLENGTH + 1)
	if (depth > deepest)
		deepest = depth
}

line ~ /^# Subtest: / {
	suite[depth] = substr(line, 12)
}

line ~ /^# exit status: / {
	status = substr(line, 16) + 0
}

line ~ /^1\.\.[0-9]+/ {
	planned[depth] = substr(line, 4) + 0
	if (sub(/^1\.\.0 # SKIP */, "", line))
		report("skip", depth, "", line)
}

line ~ /^(not )?ok [0-9]+/ {
	result = line ~ /^ok/ ? "pass" : "fail"
	sub(/^(not )?ok /, "", line)
	seen = line + 0
	sub(/^[0-9]+ *(- )?/, "", line)

	# "NAME # SKIP REASON", "NAME # REASON", or "# SKIP NAME"
	reason = ""
	if (match(line, / *# */)) {
		reason = substr(line, RSTART + RLENGTH)
		line = substr(line, 1, RSTART - 1)
	}
	if (sub(/^SKIP */, "", reason) && result == "pass")
		result = "skip"
	if (line == "")
		line = reason

	results[depth]++
	if (seen != results[depth])
		report("fail", depth, line, "is number " seen \
		       ", should be " results[depth])

	if (depth + 1 in results || depth + 1 in planned) {
		close_level(depth + 1)
		if (result == "fail" && !explained[depth])
			report("fail", depth, line, reason)
	} else {
		report(result, depth, line, reason)
	}
	explained[depth] = 0
}

END {
	if (cut)
		exit
	if (!(0 in planned))
		report("fail", 0, "", "said nothing of how many tests it has")
	for (depth = deepest; depth >= 0; depth--)
		close_level(depth)
	if (!count["pass"] && !count["fail"] && !count["skip"])
		report("fail", 0, "", "has no tests")
	if (status && !count["fail"] && !(status == 4 && !count["pass"]))
		report("fail", 0, "", "exit status " status)
}' "$2"
}

samples()
{
	results suites - <<'END'
[    1.2] KTAP version 1
[    1.2] 1..4
[    1.2]     KTAP version 1
[    1.2]     # Subtest: alloc
[    1.2]     # module: xen
[    1.2]     1..3
[    1.2]     ok 1 one
[    1.2]         KTAP version 1
[    1.2]         # Subtest: sizes
[    1.2]         ok 1 small
[    1.2]         not ok 2 large
[    1.2]     # sizes: pass:1 fail:1 skip:0 total:2
[    1.2]     not ok 2 sizes
[    1.2]     ok 3 other # SKIP not here
[    1.2] # alloc: pass:1 fail:1 skip:1 total:3
[    1.2] not ok 1 alloc
[    1.2]     KTAP version 1
[    1.2]     # Subtest: exits
[    1.2]     1..1
[    1.2]     ok 1 one
[    1.2] not ok 2 exits
[    1.2]     KTAP version 1
[    1.2]     # Subtest: cut
[    1.2]     1..2
[    1.2]     ok 1 one
END
	results program - <<'END'
TAP version 13
1..3
# Starting 3 tests from 1 test cases.
#  RUN           global.one ...
#            OK  global.one
ok 1 global.one
ok 2 # SKIP two
ok 3 global.three # SKIP not here
# exit status: 0
END
	printf '1..2\nok 1 one\nok 1 two\n' | results twice -
	printf '1..1\nok 1 one\n# exit status: 139\n' | results crash -
	printf '1..1\nnot ok 1 one\n# exit status: 1\n' | results wrong -
	printf 'ok 1 one\n' | results planless -
	printf '1..0 # SKIP not on Xen\n# exit status: 4\n' | results absent -
	printf '' | results silent -
	cut=yes
	printf '1..3\nok 1 one\nnot ok 2 two\nok 3' | results cut -
	cut=
}

expected()
{
	tr '|' '\t' <<'END'
pass|suites/alloc/one
pass|suites/alloc/sizes/small
fail|suites/alloc/sizes/large
skip|suites/alloc/other|not here
pass|suites/exits/one
fail|suites/exits
pass|suites/cut/one
fail|suites/cut|planned 2 tests, reported 1
fail|suites|planned 4 tests, reported 2
pass|program/global.one
skip|program/two|two
skip|program/global.three|not here
pass|twice/one
fail|twice/two|is number 1, should be 2
pass|twice/two
pass|crash/one
fail|crash|exit status 139
fail|wrong/one
pass|planless/one
fail|planless|said nothing of how many tests it has
skip|absent|not on Xen
fail|silent|said nothing of how many tests it has
pass|cut/one
fail|cut/two
pass|cut
END
}

cut=
if [ "$1" = --cut ]; then
	cut=yes
	shift
fi
if [ "$1" = --self-test ]; then
	if [ "$(samples)" != "$(expected)" ]; then
		echo "the samples are read as" >&2
		samples >&2
		exit 1
	fi
elif [ ! -r "$2" ]; then
	printf 'fail\t%s\tno %s\n' "$1" "$2"
else
	results "$1" "$2"
fi
