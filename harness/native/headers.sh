#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
#   headers.sh NAMES DIR
#
# Make in DIR the headers of the kernel that NAMES lists.  A line of NAMES has a file
# beside it, and headers; each of these headers only includes the file.

set -eu
names=$1 dir=$2
here=$(dirname "$names")

fail()
{
	echo "$names: $*" >&2
	exit 1
}

rm -rf "$dir"
grep '^[^#]' "$names" | while read -r file headers; do
	[ -e "$here/$file" ] || fail "$file does not exist"
	for header in $headers; do
		[ ! -e "$dir/$header" ] || fail "$header is listed twice"
		mkdir -p "$dir/${header%/*}"
		echo "#include \"$here/$file\"" >"$dir/$header"
	done
done
