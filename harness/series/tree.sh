#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A kernel tree with the series, to build from.
#
#   tree.sh identify LINUX        check that LINUX is a kernel tree; print its
#                                 version and a name for the copy of it
#   tree.sh unpack TARBALL TREE   make TREE from Debian's linux-source
#   tree.sh copy LINUX TREE       make or refresh TREE from a user's tree
#   tree.sh prepare TREE          put the series into TREE, or what changed in
#                                 the series since the last time
#   tree.sh base TREE BASE        make BASE, the tree as it is without the series
#   tree.sh plain TREE COPY       make COPY, the tree with the series, without links into
#                                 this repository
#
# What the series is stands in series-files.sh.
#
# The work is done on copies of the few files concerned, and the tree is
# touched only when all of it has succeeded.  TREE holds links to our files,
# and only what differs is written, so that make rebuilds what an edit
# concerns and no more.  Beside TREE, TREE.series remembers:
#
#   files        the paths in TREE that the series has made, changed, removed
#   pristine/    those of them that the kernel tree has, as they are there
#   sources      what was copied from the user's tree, with times and sizes
#
# Called by harness.mk.  A last line "error: ..." explains a failure.

set -eu

# shellcheck disable=SC1091
. "$(dirname "$0")/series-files.sh"

# A second make may have waited for the first one to do this.
unpack()
{
	tarball=$1 tree=$2
	[ ! -e "$tree" ] || return 0
	mkdir "$work/tree"
	tar -xf "$tarball" --strip-components=1 -C "$work/tree"
	mv "$work/tree" "$tree"
}

# Copy the files listed in $1 from the tree $2 to $3, with new times: an edit
# made during a build is older than the objects made from the file before it.
copy_files()
{
	[ -s "$1" ] || return 0
	{
		tar -c -f - -C "$2" --verbatim-files-from -T "$1" ||
			touch "$work/failed"
	} | tar -x -m --no-same-owner -f - -C "$3"
	[ ! -e "$work/failed" ] || die "cannot read LINUX=$2"
}

copy()
{
	linux=$1 tree=$2 series=$2.series
	mkdir -p "$tree" "$series/pristine"
	touch "$series/files" "$series/sources"

	# The series may be there already, and not yet known to git.
	our_files "$linux" >"$work/ours"
	list_files "$linux" | sort -u - "$work/ours" >"$work/wanted"
	# Of these, what is there: git also tracks what the user has removed.
	(cd "$linux" && xargs -r -d '\n' -a "$work/wanted" \
		stat --printf '%n\t%f %s %y %z\n' 2>/dev/null) |
		sort >"$work/sources"
	comm -13 "$series/sources" "$work/sources" | cut -f 1 >"$work/changed"
	cut -f 1 "$work/sources" >"$work/present"
	cut -f 1 "$series/sources" | comm -23 - "$work/present" >"$work/gone"

	# What the series has changed in TREE is refreshed behind it.
	for list in changed gone; do
		sort -o "$work/$list" "$work/$list"
		comm -12 "$work/$list" "$series/files" >"$work/$list.behind"
		comm -23 "$work/$list" "$series/files" >"$work/$list.plain"
	done
	copy_files "$work/changed.behind" "$linux" "$series/pristine"
	copy_files "$work/changed.plain" "$linux" "$tree"
	(cd "$series/pristine" && xargs -r -d '\n' -a "$work/gone.behind" rm -f)
	(cd "$tree" && xargs -r -d '\n' -a "$work/gone.plain" rm -f)
	# A plain tree may have been built in; the kernel would not be built
	# out of such a one.
	if [ -e "$tree/.config" ] || [ -e "$tree/include/config" ]; then
		make -s -C "$tree" mrproper
	fi
	mv "$work/sources" "$series/sources"
}

prepare()
{
	tree=$1 series=$1.series
	mkdir -p "$series/pristine"
	touch "$series/files"
	stage "$tree" "$series"
	if [ -n "$already" ]; then
		echo "the series is in LINUX= already: built as it is there"
		rm -r "$work/new"
		cp -rp "$work/old" "$work/new"
		: >"$work/ours"
	fi

	# From here on the next run makes good an interrupted one: all that it
	# may have changed is recorded first, and kept as it was.
	while IFS= read -r file; do
		if [ -f "$work/old/$file" ] &&
		   ! cmp -s "$work/old/$file" "$series/pristine/$file"; then
			mkdir -p "$(dirname "$series/pristine/$file")"
			cp "$work/old/$file" "$series/pristine/$file"
		fi
	done <"$work/files"
	comm -23 "$series/files" "$work/files" >"$work/dropped"
	sort -u "$series/files" "$work/files" >"$work/recorded"
	mv "$work/recorded" "$series/files"

	while IFS= read -r file; do
		rm -f "$tree/$file"
		if [ -f "$series/pristine/$file" ]; then
			cp "$series/pristine/$file" "$tree/$file"
		else
			(cd "$tree" && rmdir -p --ignore-fail-on-non-empty \
				"$(dirname "$file")" 2>/dev/null) || :
		fi
	done <"$work/dropped"

	comm -23 "$work/files" "$work/ours" >"$work/theirs"
	while IFS= read -r file; do
		if [ ! -f "$work/new/$file" ]; then
			rm -f "$tree/$file"
		elif [ -L "$tree/$file" ] ||
		     ! cmp -s "$work/new/$file" "$tree/$file"; then
			mkdir -p "$(dirname "$tree/$file")"
			rm -f "$tree/$file"
			cp "$work/new/$file" "$tree/$file"
		fi
	done <"$work/theirs"

	while IFS= read -r file; do
		[ "$(readlink "$tree/$file")" != "$top/$file" ] || continue
		mkdir -p "$(dirname "$tree/$file")"
		ln -sf "$top/$file" "$tree/$file"
	done <"$work/ours"

	mv "$work/files" "$series/files"
	(cd "$series/pristine" && xargs -r -d '\n' -a "$work/dropped" rm -f)
}

# Links to the files of TREE, which the kernel's build does not write to.
base()
{
	tree=$1 base=$2 series=$1.series
	[ -L "$tree/$implementation" ] ||
		die "LINUX= has the series already, there is nothing to compare it with"
	rm -rf "$base"
	cp -al "$tree" "$base"
	while IFS= read -r file; do
		rm -f "$base/$file"
		[ ! -f "$series/pristine/$file" ] ||
			cp -p "$series/pristine/$file" "$base/$file"
	done <"$series/files"
	find "$base" -type l -lname "$top/*" -delete
}

# Links to the files of TREE, as for base; our files keep their times, so that make
# builds again what has changed and no more.
plain()
{
	tree=$1 copy=$2
	rm -rf "$copy"
	cp -al "$tree" "$copy"
	find "$copy" -type l -lname "$top/*" -printf '%P\n' > "$work/links"
	while IFS= read -r file; do
		rm "$copy/$file"
		cp -Lp "$tree/$file" "$copy/$file"
	done <"$work/links"
}

usage()
{
	die "usage: tree.sh identify LINUX | unpack TARBALL TREE | copy LINUX TREE | prepare TREE | base TREE BASE | plain TREE COPY"
}

command=${1:-}
case $command:$# in
identify:2)
	linux=$(cd "$2" 2>/dev/null && pwd -P) || die "LINUX=$2 is no directory"
	check_is_linux "$linux"
	name=$(basename "$linux" | tr -c 'a-zA-Z0-9._\n' -)
	echo "$(version_of "$linux") custom-$name-$(echo "$linux" | cksum | cut -d ' ' -f 1)"
	;;
unpack:3 | copy:3)
	lock_and_work_beside "$3"
	"$command" "$2" "$3"
	;;
prepare:2)
	lock_and_work_beside "$2"
	prepare "$2"
	;;
base:3 | plain:3)
	# What is copied must not be changed meanwhile.
	exec 8>"$2.lock"
	flock 8
	lock_and_work_beside "$3"
	"$command" "$2" "$3"
	;;
*)
	usage
	;;
esac
