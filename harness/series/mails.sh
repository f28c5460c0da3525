# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables of series-files.sh and commits.sh
#
# Make mails of commits, as they are sent.  Sourced by series.sh.
#
# A series has the text of its first mail in patches/NAME/cover-letter, with the
# subject as the first line; what patches/origin says is put behind it.  A series of
# one patch need not have that file; patches/origin goes below the "---" then.
#
# Environment: LINUX, the user's tree if that is meant.

# The kernel that the mails are made against, as the tree $1.
base_of()
{
	if [ -n "${LINUX:-}" ] && [ -e "$LINUX/.git" ] &&
	   safe_git -C "$LINUX" diff --quiet HEAD 2>/dev/null; then
		echo "base-commit: $(safe_git -C "$LINUX" rev-parse HEAD)"
		return
	fi
	version=$(sed -n 's/^[A-Z]*VERSION = *//p; s/^[A-Z]*LEVEL = */./p' "$1/Makefile" |
		head -n 4 | tr -d '\n')
	echo "base: Linux $version$([ -n "${LINUX:-}" ] || echo ' (Debian)')"
}

# Print how the code came to be, and that no person has signed it.
origin()
{
	cat "$top/patches/origin"
	[ -n "${SIGN_OFF:-}" ] ||
		echo "No person has reviewed and signed them yet; they must not be merged before."
}

# Print To and Cc for the patches named on stdin, by the tree $1: its maintainers, and
# then reviewers, lists, and those that messages name.
addresses()
{
	cat >"$work/mailed"
	(cd "$1" && xargs -d '\n' -a "$work/mailed" perl scripts/get_maintainer.pl \
		--no-git --no-git-fallback --rolestats) \
		>"$work/people" 2>"$work/output" ||
		die "get_maintainer.pl of $1 fails: $(head -n 1 "$work/output")"
	while IFS= read -r mail; do
		sed -n '/^---$/q; s/^Cc: *\([^#]*[^# ]\).*/\1 (message)/p' "$mail"
	done <"$work/mailed" >>"$work/people"
	awk '
	{
		address = $0
		sub(/ \([a-z ]*[:)].*/, "", address)
		if (address == "" || seen[address]++)
			next
		if (/\(.*(maintainer|supporter):/)
			to = to (to == "" ? "To: " : ",\n    ") address
		else
			cc = cc (cc == "" ? "Cc: " : ",\n    ") address
	}
	END {
		if (to != "")
			print to
		if (cc != "")
			print cc
	}' "$work/people"
}

# Write the mails of series $1 to the directory $2, for the tree $3.
write_series()
{
	directory=$2 letter=$top/patches/$1/cover-letter
	commit_series "$1"
	[ -f "$letter" ] || [ "$(wc -l <"$work/own")" = 1 ] ||
		die "patches/$1 has more than one patch, and no cover-letter"
	mkdir -p "$directory"
	if [ -f "$letter" ]; then
		in_repository config branch.series.description \
			"$(cat "$letter" && echo && origin)"
		in_repository format-patch -q --zero-commit --no-signature --base=kernel \
			--cover-letter --cover-from-description=subject \
			-o "$directory" before..series
	else
		in_repository format-patch -q --zero-commit --no-signature --base=kernel \
			-o "$directory" before..series
		{
			origin
			echo
		} >"$work/note"
		sed -i "0,/^---\$/{
			/^---\$/r $work/note
		}" "$directory"/*.patch
	fi
	find "$directory" -name '*.patch' ! -name '0000-*' | sort |
		addresses "$3" >"$work/addresses"
	sed -i -e "s|^base-commit: .*|$(base_of "$3")|" \
		-e "0,/^Date: /{
			/^Date: /r $work/addresses
		}" "$directory"/*.patch
}
