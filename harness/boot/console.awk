# SPDX-License-Identifier: GPL-2.0
#
# Makes again, in the directory `files`, the files that dom0 and a domU without
# dom0 (dom0less) have sent over the console that is read; prints the console.
#
#   awk -v files=DIRECTORY -f console.awk LOG
#
# Their names are left in the file "received".
#
# Xen cuts lines of dom0 with whole lines of its own, so with those put before,
# dom0's are whole again; the log is kept like that.

# What a domain says: a line of a file, or the checksum that ends it.
#   take TEXT PREFIX
function take(text, prefix,    file, kind)
{
	if (!match(text, /^[A-Za-z0-9_.-]+[|=] /))
		return
	file = prefix substr(text, 1, RLENGTH - 2)
	if (!(file in received))
		print file > (files "/received")
	received[file] = 1
	file = files "/" file
	kind = substr(text, RLENGTH - 1, 1)
	text = substr(text, RLENGTH + 1)
	if (kind == "=")
		print text > (file ".md5")
	else
		print text > file
}

# A message of the dom0less domU.
function say_of_domu(message)
{
	print message > (files "/dom1.log")
	if (match(message, /^\[ *[0-9.]+\] domu: /))
		take(substr(message, RLENGTH + 1), "domU-")
}

{
	sub(/\r*$/, "")
}

# That comes in pieces of what Xen has room for; each message of a kernel begins
# with the time.
match($0, /\(XEN\) DOM1: /) {
	piece = substr($0, RSTART + RLENGTH)
	if (piece ~ /^\[ *[0-9]+\.[0-9]+\] / && domu != "") {
		say_of_domu(domu)
		domu = ""
	}
	domu = domu piece
}

{
	at = index($0, "(XEN) ")
	if (at) {
		begun = begun substr($0, 1, at - 1)
		print substr($0, at)
		next
	}
	line = begun $0
	begun = ""
	print line

	if (match(line, /^(\[ *[0-9.]+\] )?xen-test: /)) {
		line = substr(line, RLENGTH + 1)
		if (line == "end")
			print > (files "/end")
		else
			take(line, "")
	}
}

END {
	if (domu != "")
		say_of_domu(domu)
}
