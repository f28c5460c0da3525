# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables of series-files.sh
#
# Make commits of patches and of our files, in the repository $work/commits.  It has
# only the files concerned, as they are in the tree.  Sourced by series.sh.
#
# Environment: SIGN_OFF, "Name <mail>" of the person who signs, if any.

in_repository()
{
	git -C "$work/commits" -c core.hooksPath=/dev/null -c commit.gpgSign=false \
		-c user.name="$author" -c user.email="$email" "$@"
}

# Each of our files has to come with one patch, so that none is forgotten.
check_files()
{
	while IFS= read -r patch; do
		files_with "$patch" || exit 1
	done <"$work/patches" >"$work/unsorted"
	sort "$work/unsorted" >"$work/with"
	comm -3 "$work/ours" "$work/with" >"$work/odd"
	[ ! -s "$work/odd" ] ||
		die "no patch, or more than one, comes with $(head -n 1 "$work/odd" |
			tr -d '\t')"
}

# That $SIGN_OFF can be a person.
check_sign_off()
{
	[ -n "${SIGN_OFF:-}" ] || return 0
	printf '%s' "$SIGN_OFF" | tr '\n' '<' | grep -qxE \
		'[^][<>()@",;:[:cntrl:]]*[^][<>()@",;:[:cntrl:][:space:]] <[^<>@[:space:]]+@[^<>@[:space:]]+\.[^<>@[:space:]]+>' ||
		die "SIGN_OFF=$SIGN_OFF is not of the form: Name <mail@domain>"
}

# Make the repository, with the branch "series" on the kernel of $work/old, which
# stage() has made.
start_commits()
{
	check_files
	git init -q "$work/commits"
	cp -rp "$work/old/." "$work/commits"
	if [ -n "${SIGN_OFF:-}" ]; then
		author=${SIGN_OFF% <*}
		email=${SIGN_OFF##*<}
		email=${email%>}
	else
		git mailinfo /dev/null /dev/null \
			<"$(head -n 1 "$work/patches")" >"$work/first"
		author=$(sed -n 's/^Author: *//p' "$work/first")
		email=$(sed -n 's/^Email: *//p' "$work/first")
	fi
	in_repository checkout -q -b series
	in_repository add -Af
	in_repository commit -q -m 'the kernel'
	in_repository tag kernel
}

# git's options for a commit with the message and author of patch $1.  With
# $SIGN_OFF, its author is the person who signs, unless somebody else has signed it.
options_for()
{
	echo "-C message"
	[ -n "${SIGN_OFF:-}" ] || return 0
	echo --signoff
	sed '/^---$/q' "$1" | grep -q '^Signed-off-by: ' || echo --reset-author
}

# Commit the patches listed in $1, on top of what is there.
commit_patches()
{
	while IFS= read -r patch; do
		commit=$(in_repository rev-parse HEAD)
		# The first patch to this file replaces the hook.
		if grep -q "^diff --git a/$arm_hook " "$patch" &&
		   in_repository diff --quiet kernel HEAD -- "$arm_hook"; then
			take_out_hook "$work/commits"
			in_repository commit -q -a -m 'without the hook'
		fi
		# git would look for a difference behind the "---".
		# shellcheck disable=SC2016 # $d is for sed
		sed "$(grep -q '^diff --git ' "$patch" || echo '/^---$/,$d')" "$patch" |
			in_repository am -q --empty=keep >"$work/output" 2>&1 ||
			die "git does not take ${patch#"$top/"}: $(
				head -n 1 "$work/output")"
		in_repository tag -f message >/dev/null
		in_repository reset -q --soft "$commit"
		files_with "$patch" >"$work/with"
		(cd "$top" && xargs -r -d '\n' -a "$work/with" \
			cp --parents -pt "$work/commits")
		in_repository add -Af
		# shellcheck disable=SC2046 # options
		in_repository commit -q $(options_for "$patch")
	done <"$1"
}

# Put series $1 on the kernel and the series that it needs; the tag "before" is
# below its own commits.
commit_series()
{
	in_repository checkout -q -f -B series kernel
	sed -n "s|^needs	$1	||p" "$work/manifest" >"$work/needs"
	while IFS= read -r needed; do
		grep "^$top/patches/$needed/" "$work/patches" || :
	done <"$work/needs" >"$work/below"
	commit_patches "$work/below"
	in_repository tag -f before >/dev/null
	grep -h "^$top/patches/$1/" "$work/patches" "$work/apart" >"$work/own"
	commit_patches "$work/own"
}
