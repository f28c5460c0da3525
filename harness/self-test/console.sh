# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # $work is run.sh's
#
# Sourced by run.sh: prints consoles as boots leave them.

# A line of dom0's kernel.
says()
{
	printf '[    1.234567] xen-test: %s\r\n' "$*"
}

# The standard input as a file that dom0 sends.
#   sends FILE
sends()
{
	text=$(cat)
	printf '%s\n' "$text" | while IFS= read -r line; do
		says "$1| $line"
	done
	says "$1= $(printf '%s\n' "$text" | md5sum | cut -d ' ' -f 1)"
}

# A program with tests that pass.
#   passes FILE TEST...
passes()
{
	program=$1
	shift
	{
		echo "1..$#"
		number=0
		for test; do
			number=$((number + 1))
			echo "ok $number $test"
		done
	} | sends "$program"
}

make_beginning()
{
	cat <<-END
		(XEN) Xen version 4.17.5
		(XEN) d0v0 known of Xen 0x123
		(XEN) *** Serial input to DOM0 (type 'CTRL-a' three times to switch input)
		[    0.000000] Linux version 6.12
	END
	# shellcheck disable=SC2086 # a list of names
	printf '%s\n' daemons $always gntdev_map domU-gntdev_map messages \
		domU-messages | sends plan
	says "step: dom0 is up"
	for file in $always; do
		passes "$file" "it works"
	done
	passes daemons "Xen's daemons start"
	printf '10000000-1fffffff : System RAM\n20000000-2fffffff : Xen\n' |
		sends iomem.before
	passes gntdev_map one one_request many_one_x
	passes domU-gntdev_map one
}

make_end()
{
	messages domU-messages
	messages messages
	list_sent domU-gntdev_map domU-messages gntdev_map | sends sent
	says end
	echo "(XEN) Hardware Dom0 halted: halting machine"
}

# More files with tests.
always="regions-claimed memory-target"

# The names of the files that dom0 has sent, with these.
#   list_sent FILE...
list_sent()
{
	# shellcheck disable=SC2086
	printf '%s\n' plan daemons $always iomem.before messages "$@"
}

#   messages FILE
messages()
{
	printf '%s\n' "dmesg ends with 0" "<4>[    0.078205] known warning" |
		sends "$1"
}

# They are made once, as that takes longer than a boot.
make_consoles()
{
	make_beginning > "$work/begins"
	make_end > "$work/ends"
}

begins()
{
	cat "$work/begins"
}

ends()
{
	cat "$work/ends"
}

# A boot in which nothing is wrong.
good()
{
	begins
	ends
}

# The standard input without the lines that this basic regular expression matches.
#   without REGULAR-EXPRESSION
without()
{
	grep -av "$1" || :
}

# A console with another file in place of one: sends its standard input.
#   with FILE CONSOLE
with()
{
	sends "$1" > "$work/new"
	awk -v file="$1" -v new="$work/new" '
	index($0, "xen-test: " file "| ") || index($0, "xen-test: " file "= ") {
		while ((getline line < new) > 0)
			print line
		next
	}
	{ print }' "$2"
}
