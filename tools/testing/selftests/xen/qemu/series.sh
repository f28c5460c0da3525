#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The series as its readers get it: as mails, or as commits in their tree.
#
#   series.sh mails TREE DIRECTORY   write it for the kernel tree TREE
#   series.sh apply LINUX            put it into a user's tree: as commits
#                                    where that is a git tree, else in place
#   series.sh unapply LINUX          take it out again
#   series.sh fit LINUX              tell of each patch whether it fits
#
# Commits are made in a repository that has only the files concerned, as they
# are in the tree: each patch, and on top of it the files of ours that it is
# to come with (see series-files.sh).  `git format-patch` makes mails of them,
# in which the kernel's own implementation is gone because ours is there.
#
# A tree without git remembers what has been done to it in $applied.
#
# Called by qemu.mk.  A last line "error: ..." explains a failure.

set -eu

# shellcheck disable=SC1091
. "$(dirname "$0")/series-files.sh"

applied=xen-unpopulated.diff

# How this repository boots a kernel; it is no use in a kernel tree.
not_sent=tools/testing/selftests/xen/qemu/

# ---- the commits ----

in_repository()
{
	git -C "$work/commits" -c core.hooksPath=/dev/null -c commit.gpgSign=false \
		-c user.name="$author" -c user.email="$email" "$@"
}

# Our files that come with patch $1, a name a line.
files_with()
{
	sed '/^diff --git /,$d; s/^With: //p; d' "$1" | while IFS= read -r with; do
		case $with in
		*/) sed -n "s|^$with|&|p" "$work/ours" ;;
		*) grep -xF "$with" "$work/ours" ||
			die "${1#"$top/"} is to come with $with, which is not there" ;;
		esac
	done | grep -v "^$not_sent"
}

# Each of our files has to come with one patch, so that none is forgotten.
check_files()
{
	while IFS= read -r patch; do
		files_with "$patch" || :
	done <"$work/patches" | sort >"$work/with"
	grep -v "^$not_sent" "$work/ours" | comm -3 - "$work/with" >"$work/odd"
	[ ! -s "$work/odd" ] ||
		die "no patch, or more than one, comes with $(head -n 1 "$work/odd" |
			tr -d '\t')"
}

# Make $work/commits of $work/old, which stage() has made.
commit_all()
{
	check_files
	git init -q "$work/commits"
	cp -rp "$work/old/." "$work/commits"
	git mailinfo /dev/null /dev/null \
		<"$(head -n 1 "$work/patches")" >"$work/first"
	author=$(sed -n 's/^Author: *//p' "$work/first")
	email=$(sed -n 's/^Email: *//p' "$work/first")
	in_repository add -Af
	in_repository commit -q -m 'the kernel'
	in_repository tag kernel
	hook=there
	while IFS= read -r patch; do
		commit=$(in_repository rev-parse HEAD)
		if [ -n "$hook" ] && grep -q "^diff --git a/$arm_hook " "$patch"; then
			take_out_hook "$work/commits"
			in_repository commit -q -a -m 'without the hook'
			hook=
		fi
		# git would look for a difference behind the "---".
		# shellcheck disable=SC2016 # $d is for sed
		sed "$(grep -q '^diff --git ' "$patch" || echo '/^---$/,$d')" "$patch" |
			in_repository am -q --empty=keep >"$work/output" 2>&1 ||
			die "git does not take ${patch#"$top/"}: $(
				head -n 1 "$work/output")"
		in_repository tag -f message >/dev/null
		in_repository reset -q --soft "$commit"
		(files_with "$patch" || :) >"$work/with"
		(cd "$top" && xargs -r -d '\n' -a "$work/with" \
			cp --parents -pt "$work/commits")
		in_repository add -Af
		in_repository commit -q -C message
	done <"$work/patches"
}

# Write the commits to the directory $1.
write_mails()
{
	in_repository format-patch -q --zero-commit --no-signature -n \
		--cover-letter -o "$1" kernel..
	sed -n '1s/^Subject: //p' "$top/patches/cover-letter" >"$work/subject"
	sed 1,2d "$top/patches/cover-letter" >"$work/blurb"
	sed -i -e "s|\*\*\* SUBJECT HERE \*\*\*|$(cat "$work/subject")|" \
		-e "/^\*\*\* BLURB HERE \*\*\*\$/{
			r $work/blurb
			d
		}" "$1/0000-cover-letter.patch"
}

mails()
{
	stage "$1" "$1.series"
	[ -z "$already" ] || die "LINUX= has the series already"
	commit_all
	write_mails "$work/mails"
	rm -rf "$2"
	mv "$work/mails" "$2"
	echo "$(wc -l <"$work/patches") patches for Linux $(version_of "$1") and a cover letter"
	echo "  git am --empty=drop $2/*.patch"
}

# ---- the user's own tree ----

is_git()
{
	[ -e "$linux/.git" ]
}

in_linux()
{
	safe_git -C "$linux" "$@"
}

refuse_changes()
{
	changed=$(in_linux status --porcelain --untracked-files=no |
		  head -n 1 | cut -c 4-)
	[ -z "$changed" ] ||
		die "LINUX=$linux has changes that are not committed, in $changed"
}

apply()
{
	! is_git || refuse_changes
	[ ! -e "$linux/$applied" ] || die "LINUX=$linux has the series already"
	stage "$linux"
	[ -z "$already" ] || die "LINUX=$linux has the series already"
	commit_all
	if is_git; then
		apply_commits
	else
		apply_in_place
	fi
	echo "put the series into $linux (Linux $(version_of "$linux")):"
	in_repository log --reverse --format='  %s' kernel..
}

apply_commits()
{
	write_mails "$work/mails"
	in_linux am -q --empty=drop "$work"/mails/*.patch >"$work/output" 2>&1 &&
		return
	in_linux am --abort 2>/dev/null || :
	grep '^error: ' "$work/output" | head -n 1 >&2 || :
	die "git am does not take the series, nothing is changed: $(
		tail -n 1 "$work/output")"
}

# git looks at all of the difference before it touches the first file, and
# without a repository around it takes names as they are.
git_apply()
{
	GIT_CEILING_DIRECTORIES=$(dirname "$linux") \
		git -C "$linux" apply --whitespace=nowarn "$@" \
		>"$work/output" 2>&1
}

apply_in_place()
{
	in_repository diff --no-renames --binary kernel HEAD >"$work/$applied"
	git_apply "$work/$applied" ||
		die "cannot change $linux, nothing is changed: $(
			head -n 1 "$work/output")"
	cp "$work/$applied" "$linux/$applied"
}

unapply()
{
	if is_git; then
		unapply_commits
	else
		unapply_in_place
	fi
}

# What is asked for is on top, so these commits are taken off, unless others
# are above them.
unapply_commits()
{
	refuse_changes
	our_patches "$(version_of "$linux")" >"$work/patches"
	while IFS= read -r patch; do
		git mailinfo /dev/null /dev/null <"$patch" |
			sed -n 's/^Subject: //p'
	done <"$work/patches" >"$work/subjects"
	count=$(wc -l <"$work/subjects")
	in_linux log --reverse --format=%s -n "$count" | cmp -s - "$work/subjects" ||
		die "the last commits of LINUX=$linux are not the series (last: $(
			in_linux log -n 1 --format=%s))"
	commit=$(in_linux rev-parse HEAD)
	in_linux reset -q --keep "HEAD~$count"
	echo "took $count commits off $linux; to have them again:"
	echo "  git reset --keep $commit"
}

unapply_in_place()
{
	[ -f "$linux/$applied" ] ||
		die "LINUX=$linux has no $applied, which make apply leaves there"
	git_apply -R "$applied" ||
		die "LINUX=$linux has changed since, nothing is changed: $(
			head -n 1 "$work/output")"
	rm "$linux/$applied"
	echo "took the series out of $linux"
}

# ---- a kernel that the series was not made for ----

fit()
{
	check_replaced "$linux" "$(version_of "$linux")"
	our_patches "$(version_of "$linux")" >"$work/patches"
	patched_files <"$work/patches" >"$work/files"
	mkdir "$work/new"
	while IFS= read -r file; do
		[ ! -f "$linux/$file" ] ||
			(cd "$linux" && cp --parents -t "$work/new" "$file")
	done <"$work/files"
	take_out_hook "$work/new"

	# What fits of a patch is there for those that follow.
	status=0
	while IFS= read -r patch; do
		grep -q '^diff --git ' "$patch" || continue
		if patch_files "$work/new" "$patch"; then
			echo "fits          ${patch#"$top/"}"
		else
			status=1
			echo "DOES NOT FIT  ${patch#"$top/"}"
			misfits "$work/output"
		fi
	done <"$work/patches"
	return $status
}

usage()
{
	die "usage: series.sh mails TREE DIRECTORY | apply LINUX | unapply LINUX | fit LINUX"
}

command=${1:-}
case $command:$# in
mails:3)
	lock_and_work_beside "$3"
	mails "$2" "$3"
	;;
apply:2 | unapply:2 | fit:2)
	linux=$(cd "$2" 2>/dev/null && pwd -P) || die "LINUX=$2 is no directory"
	check_is_linux "$linux"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	"$command"
	;;
*)
	usage
	;;
esac
