#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The series as its readers get it: as mails, or as commits in their tree.
#
#   series.sh mails TREE DIRECTORY [NAME]
#                                    write all for the kernel tree TREE, or one
#   series.sh apply LINUX            put it into a user's tree: as commits
#                                    where that is a git tree, else in place
#   series.sh unapply LINUX          take it out again
#   series.sh fit LINUX              tell of each patch whether it fits
#
# Commits are made of each patch and the files of ours that it is to come with
# (commits.sh), and mails of these (mails.sh), in which the kernel's own
# implementation is gone because ours is there.  A series is made against the kernel
# and the series that it needs; all together are put on top of each other.
#
# A tree without git remembers what has been done to it in $applied.
#
# Environment: LINUX, SIGN_OFF, see mails.sh and commits.sh.
#
# Called by harness.mk.  A last line "error: ..." explains a failure.

set -eu

# shellcheck disable=SC1091
. "$(dirname "$0")/series-files.sh"
# shellcheck source=commits.sh
. "$top/harness/series/commits.sh"
# shellcheck source=mails.sh
. "$top/harness/series/mails.sh"

applied=xen-unpopulated.diff

# ---- the mails ----

# Whether series $1 is for a kernel that gets no other.
stands_apart()
{
	grep -q "^$top/patches/$1/" "$work/apart"
}

# The series, in order, and then those that stand apart.
series_names()
{
	cat "$work/patches" "$work/apart" | sed "s|^$top/patches/||; s|/.*||" | uniq
}

mails()
{
	stage "$1" "$1.series"
	[ -z "$already" ] || die "LINUX= has the series already"
	names=$(series_names)
	if [ -n "$3" ]; then
		echo "$names" | grep -qxF -e "$3" ||
			die "SERIES=$3 is unknown for Linux $(version_of "$1"), choose one of:" \
				"$(echo "$names" | paste -s -d ' ')"
		names=$3
	fi
	start_commits
	for name in $names; do
		write_series "$name" "$work/mails/$name" "$1"
		# All together, these have no place.
		[ -n "$3" ] || ! stands_apart "$name" || continue
		(cd "$work/mails" && find "$name" -name '*.patch' ! -name '0000-*') |
			sort >>"$work/mails/series"
	done
	rm -rf "$2"
	mv "$work/mails" "$2"
	echo "$(wc -l <"$2/series") patches for Linux $(version_of "$1")," \
		"$2/series has the order:"
	for name in $names; do
		! stands_apart "$name" || echo "on a kernel without any other:"
		echo "  git am --empty=drop $2/$name/*.patch"
	done
	[ -n "${SIGN_OFF:-}" ] ||
		echo 'not signed: before they are sent, review them and give SIGN_OFF="Name <mail>"'
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
	start_commits
	commit_patches "$work/patches"
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
	in_repository format-patch -q --no-signature -o "$work/mails" kernel..series
	in_linux am -q "$work"/mails/*.patch >"$work/output" 2>&1 &&
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
	read_manifest "$(version_of "$linux")"
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
	read_manifest "$(version_of "$linux")"
	cat "$work/patches" "$work/apart" | patched_files >"$work/files"
	mkdir "$work/new"
	while IFS= read -r file; do
		[ ! -f "$linux/$file" ] ||
			(cd "$linux" && cp --parents -t "$work/new" "$file")
	done <"$work/files"
	cp -r "$work/new" "$work/alone"
	take_out_hook "$work/new"

	status=0
	fit_patches "$work/patches" "$work/new"
	fit_patches "$work/apart" "$work/alone"
	return $status
}

# Put the patches listed in $1 on the files in $2, and tell which of them fit.  The
# hunks of a patch that fit are there for the patches that follow.
fit_patches()
{
	while IFS= read -r patch; do
		grep -q '^diff --git ' "$patch" || continue
		if patch_files "$2" "$patch"; then
			echo "fits          ${patch#"$top/"}"
		else
			status=1
			echo "DOES NOT FIT  ${patch#"$top/"}"
			misfits "$work/output"
		fi
	done <"$1"
}

usage()
{
	die "usage: series.sh mails TREE DIRECTORY [NAME] | apply LINUX | unapply LINUX | fit LINUX"
}

check_sign_off
command=${1:-}
case $command:$# in
mails:3 | mails:4)
	lock_and_work_beside "$3"
	mails "$2" "$3" "${4:-}"
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
