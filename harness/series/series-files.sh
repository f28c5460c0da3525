# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2034
#
# What the series consists of, and what it makes of the files of a kernel tree.
# Read in by tree.sh, series.sh and check.sh, which set $work to a directory to work
# in.
#
# The series is: the kernel's own implementation taken out, the files of this
# repository laid over the tree (all in directories that a kernel tree has, but
# those of .ci, patches and harness), and the patches, as patches/series has it.
#
# A last line "error: ..." explains a failure.

LC_ALL=C
export LC_ALL

# Run by a hook, or by git rebase --exec, git would take the repository of that one
# for each that it is told to use here.
# shellcheck disable=SC2046 # a list
unset $(git rev-parse --local-env-vars)

top=$(cd "$(dirname "$0")/../.." && pwd -P)
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

# shellcheck source=manifest.sh
. "$top/harness/series/manifest.sh"

# ---- the series ----

# The files that this repository lays over the tree $1, which may have a folder of
# patches as well, for quilt.
our_files()
{
	list_files "$top" untracked >"$work/listed"
	while IFS= read -r file; do
		directory=${file%%/*}
		case $directory in
		.ci | patches | harness) continue ;;
		esac
		if [ "$directory" != "$file" ] && [ -d "$1/$directory" ] &&
		   [ -f "$top/$file" ]; then
			echo "$file"
		fi
	done <"$work/listed" | sort
}

# The files that the patches named on stdin are for.
patched_files()
{
	while IFS= read -r patch; do
		sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' "$patch"
	done | sort -u
}

# Put patch $2 on the files in $1, or take it off when $3 is -R; what patch(1)
# says is in $work/output.  No fuzz: git am would not have it either.
patch_files()
{
	patch -p1 -F0 -f -r - ${3:+"$3"} --no-backup-if-mismatch \
		-d "$1" <"$2" >"$work/output" 2>&1
}

# The files that a patch did not fit, with the hunks, a file a line, from the
# output of patch(1).
misfits()
{
	awk '
	function tell()
	{
		if (hunks != "")
			printf "\t%s:%s\n", file, hunks
		hunks = ""
	}
	/^patching file /	{ tell(); file = $3 }
	/^\|\+\+\+ b\//		{ tell(); file = substr($2, 3) }
	/^Hunk .*FAILED/	{ hunks = hunks " hunk " $2 " at line " $5 }
	/^No file to patch/	{ hunks = " is not there" }
	/already exists/	{ hunks = " is there already" }
	END			{ tell() }' "$1" | sed 's/\.$//; s/#//g'
}

# Put the patches listed in $work/patches on the files in $1, or take them off
# when $2 is -R.  The first one that does not fit is told in $misfit.
patch_all()
{
	if [ "${2:-}" = -R ]; then
		tac "$work/patches"
	else
		cat "$work/patches"
	fi >"$work/order"
	while IFS= read -r patch; do
		grep -q '^diff --git ' "$patch" || continue
		patch_files "$1" "$patch" "${2:-}" && continue
		misfit="${patch#"$top/"} does not fit$(misfits "$work/output" |
			tr '\t\n' ' ,')"
		misfit=${misfit%,}
		return 1
	done <"$work/order"
}

# That the files in $1, of Linux $2, have what the series replaces.
check_replaced()
{
	for file in "$implementation" "$arm_hook"; do
		[ -f "$1/$file" ] || die "Linux $2 has no $file"
	done
}

# The hook that fed the kernel's own implementation stands in a block of its own.
take_out_hook()
{
	unifdef -m -UCONFIG_XEN_UNPOPULATED_ALLOC "$1/$arm_hook" ||
		[ $? = 1 ] || die "unifdef cannot read $arm_hook"
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
	read_manifest "$(version_of "$1")"
	patched_files <"$work/patches" >"$work/patched"
	both=$(comm -12 "$work/ours" "$work/patched" | head -n 1)
	[ -z "$both" ] || die "a patch is for a file of our own: $both"
	patched_files <"$work/apart" >"$work/patched-apart"
	printf '%s\n' "$implementation" "$arm_hook" |
		sort -u - "$work/patched" "$work/patched-apart" "$work/ours" >"$work/files"

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

	check_replaced "$work/old" "$(version_of "$1")"
	cp -rp "$work/old" "$work/new"
	rm "$work/new/$implementation"
	take_out_hook "$work/new"
	patch_all "$work/new" && return

	forward=$misfit
	cp -rp "$work/old" "$work/reversed"
	patch_all "$work/reversed" -R || die "$forward"
	already=yes
}

# ---- how it is run ----

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
