# SPDX-License-Identifier: GPL-2.0
#
# From KTAP: how many tests passed, failed, were skipped; and 1 if it ended where
# it said.  A case with parameters is counted by them, and not as a case; a suite
# counts only if it failed, but none of its cases.

function count(skip) {
	if ($1 == "not")
		failed++
	else if (skip)
		skipped++
	else
		passed++
}
/^1\.\./		{ planned = substr($0, 4) }
/^(not )?ok /		{
	suites++
	if ($1 == "not" && failed == before)
		failed++
	before = failed
}
/^        (not )?ok /	{ count(/ # SKIP/); parameters++; next }
/^    (not )?ok /	{
	if (!parameters)
		count(/ # SKIP/)
	parameters = 0
}
END {
	complete = planned != "" && suites == planned
	print passed + 0, failed + 0, skipped + 0, complete
}
