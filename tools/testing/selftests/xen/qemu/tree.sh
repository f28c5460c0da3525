#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The patched kernel tree.
#
#   tree.sh identify LINUX        check that LINUX is a kernel tree; print its
#                                 version and a name for the copy of it
#   tree.sh unpack TARBALL TREE   make TREE from Debian's linux-source
#   tree.sh copy LINUX TREE       make or refresh TREE from a user's tree
#   tree.sh prepare TREE          put the series into TREE, or what changed in
#                                 the series since the last time
#   tree.sh base TREE BASE        make BASE, the tree as it is without the series
#   tree.sh apply LINUX           put the series into a user's tree
#
# The series is: the kernel's own implementation taken out, the files of this
# repository laid over the tree (all in directories that a kernel tree has),
# and patches/*.patch together with those of patches/VERSION, the newest
# VERSION not above the tree's, in the order of their numbers.
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
# Called by qemu.mk.  A last line "error: ..." explains a failure.

set -eu
LC_ALL=C
export LC_ALL

top=$(cd "$(dirname "$0")/../../../../.." && pwd -P)
implementation=drivers/xen/unpopulated-alloc.c
arm_hook=arch/arm/xen/enlighten.c

die()
{
	echo "error: $*" >&2
	exit 1
}

# Git refuses to read a repository of another user, and would run a file
# system monitor that the repository names.
safe_git()
{
	git -c safe.directory='*' -c core.fsmonitor=false "$@"
}

# The files of directory $1: what git tracks there, with $2 = untracked also
# what it would track.  Outside of git all files but compiled ones.
list_files()
{
	if safe_git -C "$1" ls-files -z >"$work/names" 2>/dev/null &&
	   [ -s "$work/names" ]; then
		[ "${2:-}" != untracked ] ||
			safe_git -C "$1" ls-files -z --others \
				--exclude-standard >>"$work/names"
		tr '\0' '\n' <"$work/names"
	else
		(cd "$1" && find . \( -path ./.git -o -path ./build \) -prune \
			-o ! -type d ! -name '*.o' ! -name '*.a' \
			! -name '*.ko' ! -name '.*.cmd' -printf '%P\n')
	fi
}

# "6.12" for a tree of any 6.12.y
version_of()
{
	sed -n 's/^VERSION = *//p; s/^PATCHLEVEL = */./p' "$1/Makefile" |
		head -n 2 | tr -d '\n'
}

# A version as a number, for comparisons.
number_of()
{
	echo "$((${1%%.*} * 1000 + ${1#*.}))"
}

check_is_linux()
{
	for file in Makefile Kbuild Kconfig scripts/kconfig/merge_config.sh \
		    drivers/xen/Kconfig; do
		[ -f "$1/$file" ] ||
			die "LINUX=$1 is not a Linux kernel tree (no $file there)"
	done
	version_of "$1" | grep -q '^[1-9][0-9]*\.[0-9]*$' ||
		die "LINUX=$1 is not a Linux kernel tree (no version in its Makefile)"
}

# ---- the series ----

# The files that this repository lays over the tree $1.
our_files()
{
	list_files "$top" untracked >"$work/listed"
	while IFS= read -r file; do
		directory=${file%%/*}
		if [ "$directory" != "$file" ] && [ -d "$1/$directory" ] &&
		   [ -f "$top/$file" ]; then
			echo "$file"
		fi
	done <"$work/listed" | sort
}

# The patches for kernel version $1, in order.
our_patches()
{
	best='' best_number=0
	for directory in "$top"/patches/*/; do
		[ -d "$directory" ] || continue
		found=$(basename "$directory")
		number=$(number_of "$found")
		if [ "$number" -le "$(number_of "$1")" ] &&
		   [ "$number" -gt "$best_number" ]; then
			best=$found best_number=$number
		fi
	done
	[ -n "$best" ] ||
		die "the series has no patches for a kernel as old as $1"
	for patch in "$top"/patches/*.patch "$top/patches/$best"/*.patch; do
		[ ! -f "$patch" ] || echo "${patch##*/}	$patch"
	done | sort | cut -f 2
}

# The files that the patches named on stdin are for.
patched_files()
{
	while IFS= read -r patch; do
		sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' "$patch"
	done | sort -u
}

# Say which file of a patch did not fit, from the output of patch(1).
culprit()
{
	awk '
	/^patching file /	{ file = $3 }
	/^\|\+\+\+ b\//		{ file = substr($2, 3) }
	/FAILED|Skipping|already exists/ { exit }
	END			{ print file }' "$1"
}

# Put the patches listed in $work/patches on the tree $1, or take them off
# when $2 is -R.  The first one that does not fit is told in $misfit.
patch_all()
{
	if [ "${2:-}" = -R ]; then
		tac "$work/patches"
	else
		cat "$work/patches"
	fi >"$work/order"
	while IFS= read -r patch; do
		# No fuzz: git am would not have it either.
		patch -p1 -F0 -f ${2:+"$2"} --no-backup-if-mismatch \
			-d "$1" <"$patch" >"$work/output" 2>&1 && continue
		misfit="${patch#"$top/"} does not fit $(culprit "$work/output")"
		return 1
	done <"$work/order"
}

# Make $work/old and $work/new: every file that the series changes, as it is
# in the tree $1 and as the series makes it, and the lists $work/ours and
# $work/files of our own files and of all files concerned.  With $2, the
# record of an earlier run, the old state of what that run has changed is
# taken from there.  A tree in which its user has the series is told by
# $already.
stage()
{
	already=
	our_files "$1" >"$work/ours"
	our_patches "$(version_of "$1")" >"$work/patches"
	patched_files <"$work/patches" >"$work/patched"
	both=$(comm -12 "$work/ours" "$work/patched" | head -n 1)
	[ -z "$both" ] || die "a patch is for a file of our own: $both"
	printf '%s\n' "$implementation" "$arm_hook" |
		sort -u - "$work/patched" "$work/ours" >"$work/files"

	mkdir "$work/old"
	while IFS= read -r file; do
		from=$1
		if [ -n "${2:-}" ] && grep -qxF "$file" "$2/files"; then
			from=$2/pristine
		fi
		[ -f "$from/$file" ] || continue
		mkdir -p "$(dirname "$work/old/$file")"
		cp -p "$from/$file" "$work/old/$file"
	done <"$work/files"

	for file in "$implementation" "$arm_hook"; do
		[ -f "$work/old/$file" ] ||
			die "Linux $(version_of "$1") has no $file"
	done
	cp -rp "$work/old" "$work/new"
	rm "$work/new/$implementation"
	unifdef -UCONFIG_XEN_UNPOPULATED_ALLOC -o "$work/new/$arm_hook" \
		"$work/old/$arm_hook" || [ $? = 1 ] ||
		die "unifdef cannot read $arm_hook"
	patch_all "$work/new" && return

	forward=$misfit
	cp -rp "$work/old" "$work/reversed"
	patch_all "$work/reversed" -R || die "$forward"
	already=yes
}

# ---- a tree to build from ----

unpack()
{
	tarball=$1 tree=$2
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

# ---- the user's own tree ----

# Make the tree as it was before `apply`.
roll_back()
{
	while IFS= read -r file; do
		if [ -f "$work/old/$file" ]; then
			cmp -s "$work/old/$file" "$linux/$file" ||
				cp -p "$work/old/$file" "$linux/$file"
		else
			rm -f "$linux/$file"
			(cd "$linux" && rmdir -p --ignore-fail-on-non-empty \
				"$(dirname "$file")" 2>/dev/null) || :
		fi
	done <"$work/files"
	rm -rf "$work"
}

apply()
{
	linux=$1
	stage "$linux"
	if [ -n "$already" ]; then
		while IFS= read -r file; do
			cmp -s "$top/$file" "$linux/$file" ||
				die "LINUX=$linux has another version of the series: $file differs"
		done <"$work/ours"
		echo "LINUX=$linux has the series already, nothing changed"
		return
	fi

	# All is written to the same file system before the first file of the
	# user's is touched, and what follows can be undone.
	while IFS= read -r file; do
		mkdir -p "$(dirname "$work/new/$file")"
		cp "$top/$file" "$work/new/$file"
	done <"$work/ours"
	trap roll_back EXIT
	while IFS= read -r file; do
		if [ -f "$work/new/$file" ]; then
			mkdir -p "$(dirname "$linux/$file")"
			mv -f "$work/new/$file" "$linux/$file"
		else
			rm "$linux/$file"
		fi 2>/dev/null ||
			die "cannot write $linux/$file, nothing is changed"
	done <"$work/files"
	trap 'rm -rf "$work"' EXIT

	echo "put the series into $linux (Linux $(version_of "$linux"))"
	sed "s|^$top/|  patch |" "$work/patches"
	while IFS= read -r file; do
		if [ -f "$work/old/$file" ]; then
			echo "  changed $file"
		else
			echo "  added files in $(dirname "$file")"
		fi
	done <"$work/files" | sort -u
}

usage()
{
	die "usage: tree.sh identify LINUX | unpack TARBALL TREE | copy LINUX TREE | prepare TREE | base TREE BASE | apply LINUX"
}

# One at a time in the directory of $1, which need not exist, and with a
# directory to work in that is gone at the end.
lock_and_work_beside()
{
	exec 9>"$1.lock"
	flock 9
	work=$1.work
	rm -rf "$work"
	mkdir "$work"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
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
base:3)
	# What is copied must not be changed meanwhile.
	exec 8>"$2.lock"
	flock 8
	lock_and_work_beside "$3"
	base "$2" "$3"
	;;
apply:2)
	linux=$(cd "$2" 2>/dev/null && pwd -P) || die "LINUX=$2 is no directory"
	check_is_linux "$linux"
	work=$(mktemp -d "$linux/.xen-series.XXXXXX" 2>/dev/null) ||
		die "cannot write to LINUX=$linux"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	apply "$linux"
	;;
*)
	usage
	;;
esac
