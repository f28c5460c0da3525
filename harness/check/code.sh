# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are check.sh's
#
# Sourced by check.sh: the checks of how code and mails are written, and of all our files.

# ---- checkpatch ----

# Let checkpatch look at each file in list $1, with the option $2, in a directory
# that it may write to.
checkpatch()
{
	[ -s "$1" ] || echo "no files in $1"
	mkdir "$logs/$check"
	ln -s "$TOP/.ci" "$TOP/.gitignore" "$TOP"/* "$logs/$check"
	cd "$logs/$check" || return
	# What a message says of a line that is in no file has no name.
	# shellcheck disable=SC2016 # expanded by the inner shell
	GIT_DIR=/nonexistent xargs -r -a "$1" -d '\n' -n 1 -P "$JOBS" sh -c '
		found=$(perl "$1/scripts/checkpatch.pl" --root="$1" --strict \
			--terse --show-types --no-summary --showfile $2 -- "$3" 2>&1)
		[ $? -lt 2 ] || echo "$3:0: checkpatch fails"
		echo "$found" | sed "/^$/d; s|^:[0-9]*: |${3##*/}: |"' \
		sh "$TREE" "$2" | sort
}

check_checkpatch_patches()
{
	grep -v '/0000-' "$lists/mails" >"$lists/patches"
	checkpatch "$lists/patches" ""
}

check_checkpatch_files()
{
	ours . | grep -v '^patches/' >"$lists/checkpatch"
	checkpatch "$lists/checkpatch" -f
}

# ---- our files ----

# Lines with #include that stand together are in the order of names, with asm/
# behind all others and our own directory at the end.
check_include_order()
{
	# shellcheck disable=SC2016 # for awk
	ours '\.[ch]$' | xargs awk '
	FNR == 1 || !/^#[[:space:]]*include/ { last = "" }
	/^#[[:space:]]*include/ {
		name = $0
		sub(/^#[[:space:]]*include[[:space:]]*/, "", name)
		key = (name ~ /^"/ ? 2 : name ~ /^<asm/) name
		if (last != "" && key < last)
			print FILENAME ":" FNR ": " name " belongs above"
		last = key
		count++
	}
	END { if (!count) print "nothing is included" }'
}

# The license, in the first line or behind "#!".  Markdown would show it, and
# the files in Documentation/ABI/ have a format without comments.
check_spdx()
{
	# shellcheck disable=SC2016 # for awk
	ours . | grep -v '^patches/\|\.md$\|^Documentation/ABI/' | xargs awk '
	FNR == 1 { count++ }
	FNR == 1 && /^#!/ { next }
	FNR == 1 || FNR == 2 && previous ~ /^#!/ {
		if (!/SPDX-License[-]Identifier: GPL-2\.0/)
			print FILENAME ":" FNR ": no license"
	}
	{ previous = $0 }
	END { if (!count) print "no files" }'
}

check_codespell()
{
	ours . | xargs codespell
}

check_shellcheck()
{
	ours . | xargs grep -lE '^#!.*sh$|^# shellcheck shell=' >"$lists/scripts"
	xargs -a "$lists/scripts" shellcheck -x -P SCRIPTDIR -f gcc
}
