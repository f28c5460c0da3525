#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make check`: look at the series and at all files of our own without running
# them.  Prints one line for each check, with what it found below it, and as the
# last line "N passed, N failed", with ", N skipped" if a tool is missing or too old.
#
#   check.sh [NAME...]		these checks only, or all
#
# A check NAME is a function check_NAME in one of the files beside this, with what it
# needs in tools_for(), that prints its findings, one a line, and writes all else to
# $log.  It passes when it prints nothing but what the file exceptions has, and takes
# care to print something when it could not do its work, or there was nothing to look
# at.  All look at these lists:
#
#   $lists/ours		our files, as they are
#   $lists/series	the files that the mails change, the kernel's among them
#
# The kernels of the compilers' checks are built from TREE, where the series is,
# in $BUILD/check-*; only the directories that the series changes.
#
# What is left out: semantic patches in OCaml, whether the commits that messages
# name are there, what Sphinx would say about the rest of the documentation, and
# coccinelle and kernel-doc for those files of the kernel that the series changes.
#
# Environment: TOP, HARNESS, BUILD, LOGS, KERNEL, TREE, MAILS, JOBS.

set -eu

all="checkpatch-patches checkpatch-files build-w1-gcc build-w1-clang sparse
     coccicheck kunit-config debian-config kernel-doc htmldocs abi maintainers include-order
     spdx codespell shellcheck"

# shellcheck disable=SC2153 # from the environment
logs=$LOGS/check-$KERNEL
lists=$logs/lists
passed=0 failed=0 skipped=0

tools_for()
{
	case $1 in
	checkpatch-* | maintainers) echo perl ;;
	kunit-config) echo python3 aarch64-linux-gnu-gcc x86_64-linux-gnu-gcc ;;
	debian-config) echo aarch64-linux-gnu-gcc x86_64-linux-gnu-gcc ;;
	build-w1-gcc) echo aarch64-linux-gnu-gcc x86_64-linux-gnu-gcc ;;
	build-w1-clang) echo clang aarch64-linux-gnu-ld x86_64-linux-gnu-ld ;;
	sparse) echo sparse aarch64-linux-gnu-gcc x86_64-linux-gnu-gcc ;;
	coccicheck) echo spatch ;;
	kernel-doc | abi) echo perl python3 ;;
	htmldocs) echo sphinx-build ;;
	codespell | shellcheck) echo "$1" ;;
	esac
}

# Our files whose names match $1, but those that are data, and the text of the license.
ours()
{
	grep -E "$1" "$lists/ours" | grep -v '\.svg$\|\.corpus$\|^COPYING$' ||
		echo "none of our files is called $1" >&2
}

# ---- how they are run ----

missing_tools()
{
	for tool in $(tools_for "$1"); do
		command -v "$tool" >/dev/null || echo "$tool"
	done | paste -s -d ' '
}

# What this kernel does not take an older one of.
too_old()
{
	case $1 in
	build-w1-clang)
		least=$(sh "$TREE/scripts/min-tool-version.sh" llvm)
		printf '%s\n' "$least" "$(clang -dumpversion)" | sort -CV ||
			echo "clang $least"
		;;
	sparse)
		valid=$TREE/scripts/checker-valid.sh
		[ ! -e "$valid" ] || [ "$(sh "$valid" sparse)" = 1 ] ||
			echo "sparse that reads this kernel"
		;;
	debian-config)
		[ -z "${LINUX:-}" ] || echo "configuration of Debian for LINUX="
		;;
	esac
}

# Findings that are not known, from the standard input.
unexpected()
{
	sed '/^#/d; /^$/d' "$HARNESS/check/exceptions" >"$lists/exceptions"
	grep -vE -f "$lists/exceptions" 2>&1 || [ $? = 1 ] ||
		echo "harness/check/exceptions: grep does not read it"
}

run()
{
	check=check_$(echo "$1" | tr - _)
	log=$logs/$1.log found=$logs/$1.findings start=$(date +%s)
	: >"$log"
	missing=$(missing_tools "$1")
	[ -n "$missing" ] || missing=$(too_old "$1")
	if [ -n "$missing" ]; then
		skipped=$((skipped + 1))
		echo "skip  $1: no $missing"
		return
	fi
	if ! command -v "$check" >/dev/null; then
		failed=$((failed + 1))
		echo "fail  $1: there is no such check here"
		return
	fi
	# What a check does goes on after an error, which is a finding.
	("$check" || :) 2>&1 | unexpected >"$found"
	seconds=$(($(date +%s) - start))
	if [ ! -s "$found" ]; then
		passed=$((passed + 1))
		echo "pass  $1 ($seconds s)"
		return
	fi
	failed=$((failed + 1))
	echo "fail  $1 ($seconds s), $(wc -l <"$found") findings:"
	sed 's/^/      /' "$found"
}

mkdir -p "$LOGS"
exec 8>"$logs.lock"
if ! flock -n 8; then
	echo "error: another check is writing $logs" >&2
	echo "0 passed, 1 failed"
	exit 1
fi
rm -rf "$logs"
mkdir -p "$lists"
cd "$TOP"

# shellcheck disable=SC2034 # for list_files
work=$lists
# shellcheck source=../series/series-files.sh
. "$HARNESS/series/series-files.sh"
for file in changed-parts code compile documents; do
	# shellcheck source=/dev/null
	. "$HARNESS/check/$file.sh"
done
find "$MAILS" -name '[0-9]*.patch' | sort >"$lists/mails"
patched_files <"$lists/mails" >"$lists/series"
list_files "$TOP" untracked | sort -u | while IFS= read -r file; do
	[ ! -f "$file" ] || echo "$file"
done >"$lists/ours"

# shellcheck disable=SC2086 # a list
[ $# != 0 ] || set -- $all
for name; do
	run "$name"
done

echo "the logs are in $logs"
echo "$passed passed, $failed failed, $skipped skipped" | sed 's/, 0 skipped$//'
[ $failed = 0 ]
