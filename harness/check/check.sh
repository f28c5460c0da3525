#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make check`: look at the series and at all files of our own without running
# them.  Prints one line for each check, with what it found below it, and as the
# last line "N passed, N failed", with ", N skipped" if a tool is missing or too old.
#
#   check.sh [NAME...]		these checks only, or all
#
# A check NAME is a function check_NAME, with what it needs in tools_for(), that
# prints its findings, one a line, and writes all else to $log.  It passes when it
# prints nothing but what the file exceptions has, and takes care to print something
# when it could not do its work, or there was nothing to look at.  All look at
# these lists:
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
     coccicheck kunit-config kernel-doc htmldocs abi maintainers include-order
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

# ---- checkpatch ----

# Let checkpatch look at each file in list $1, with the option $2, in a directory
# that it may write to.
checkpatch()
{
	[ -s "$1" ] || echo "no files in $1"
	mkdir "$logs/$check"
	ln -s "$TOP/.ci" "$TOP/.gitignore" "$TOP"/* "$logs/$check"
	cd "$logs/$check"
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

# ---- compilers ----

# Names as the series has them.
plain_names()
{
	sed -e "s|$TREE/||g" -e ':again; s|[^/ ]*[^/. ]/\.\./||; t again'
}

# Configure, and build for architecture $1 with compiler $2 and make's argument $3.
build()
{
	MAKEFLAGS="L -- CC=$2"
	[ "$2" = clang ] || MAKEFLAGS=L
	export MAKEFLAGS
	built=$BUILD/check-${TREE##*/linux-}-$1-$2
	if configure "$1" "$TREE" "$built" modules changed; then
		configure "$1" "$TREE" "$built" modules || return
	fi
	directories=$(directories_for "$1")
	# What is compiled already says nothing.
	for directory in $directories; do
		rm -rf "${built:?}/$directory"
	done
	# shellcheck disable=SC2086 # a list of targets
	make -k -j"$JOBS" -C "$TREE" O="$built" ARCH="$1" \
		CROSS_COMPILE="$(compiler_for "$1")" KCFLAGS=-Wno-error \
		"$3" $directories
}

# Build all that the series compiles, with compiler $1 and make's argument $2.
# make has to show each file as $3.
compile()
{
	status=0
	for arch in arm64 x86_64; do
		(build $arch "$1" "$2") >>"$log" 2>&1 </dev/null || status=1
	done
	[ $status = 0 ] || echo "make fails: $log"

	sed -n 's|^\(drivers/.*\)\.c$|\1|p; s|^\(arch/.*\)\.c$|\1|p' \
		"$lists/series" | sort >"$lists/objects"
	plain_names <"$log" | sed -n "s/^  $3 .* \([^ ]*\)\.[co]$/\1/p" |
		sort -u | comm -13 - "$lists/objects" | sed 's/$/.c: not compiled/'
	[ -s "$lists/objects" ] || echo "the series compiles nothing"

	plain_names <"$log" | grep -v '^  [A-Z]' |
		grep -F "$(grep '\.[chS]$\|\.dtso$' "$lists/series")" | sort -u
}

check_build_w1_gcc()
{
	compile gcc W=1 CC
}

check_build_w1_clang()
{
	compile clang W=1 CC
}

check_sparse()
{
	compile gcc C=2 CHECK
}

# ---- KUnit's own tool ----

# kunit.py refuses a configuration that the kernel does not take as a whole.
check_kunit_config()
{
	for arch in arm64 x86_64; do
		kunit_config=tools/testing/kunit/configs/xen_unpopulated
		[ $arch = arm64 ] || kunit_config=${kunit_config}_$arch
		# It takes an old .config for an answer.
		rm -rf "$BUILD/check-${TREE##*/linux-}-$arch-kunit"
		(cd "$TREE" && PYTHONDONTWRITEBYTECODE=1 \
			python3 tools/testing/kunit/kunit.py config --arch=$arch \
			--cross_compile="$(compiler_for $arch)" \
			--kunitconfig=$kunit_config.config \
			--build_dir="$BUILD/check-${TREE##*/linux-}-$arch-kunit") \
			>>"$log" 2>&1 </dev/null ||
			echo "$kunit_config.config:0: kunit.py fails: $log"
	done
}

# ---- semantic patches ----

check_coccicheck()
{
	ours '\.c$' >"$lists/cocci"
	grep -rl '^virtual report' "$TREE/scripts/coccinelle" |
		xargs grep -L ocaml | sort >"$lists/semantic-patches"
	[ -s "$lists/semantic-patches" ] || echo "no semantic patches"
	# shellcheck disable=SC2016 # expanded by the inner shell
	xargs -a "$lists/semantic-patches" -n 1 -P "$JOBS" sh -c '
		options=$(sed -n "s|^// *Options: *||p" "$2")
		xargs -a "$1" spatch -D report --no-show-diff --very-quiet \
			--cocci-file "$2" $options 2>&1 ||
			echo "$2:0: spatch fails"' \
		sh "$lists/cocci" >"$log" || :
	grep '^[^ ]*:[0-9]' "$log" | sort || :
}

# ---- documentation ----

check_kernel_doc()
{
	ours '\.[ch]$' | xargs "$TREE/scripts/kernel-doc" -v -none -Wall \
		>"$log" 2>&1 || echo "kernel-doc fails: $log"
	grep -q 'Scanning doc for' "$log" || echo "nothing has kernel-doc"
	grep -i 'warning:\|error:' "$log" || :
}

# Our documents and the lists that they are in.  There is nothing else for these
# lists to name; and what is in no list Sphinx complains of.
check_htmldocs()
{
	docs=$logs/htmldocs
	mkdir -p "$docs/Documentation"
	ln -s "$TREE/MAINTAINERS" "$docs/"
	grep '^Documentation/.*\.\(rst\|svg\)$' "$lists/series" >"$lists/documents"
	(cd "$TREE" && xargs -a "$lists/documents" cp -L --parents -t "$docs")
	{
		printf '%s\n' Documentation ============= '' '.. toctree::' ''
		sed -n 's|^Documentation/\([^/]*/index\)\.rst$|   \1|p' \
			"$lists/documents"
	} >"$docs/Documentation/index.rst"
	# Paths that it prints are those of the copies.
	(cd "$TREE" && srctree=$TREE PYTHONDONTWRITEBYTECODE=1 sphinx-build -q \
		-b html -c Documentation -d "$docs/doctrees" \
		-D version="$KERNEL" -D release="$KERNEL" \
		-D kerneldoc_srctree="$TREE" \
		-D kerneldoc_bin="$TREE/scripts/kernel-doc" \
		"$docs/Documentation" "$docs/html") >"$log" 2>&1 ||
		echo "sphinx-build fails: $log"
	sed -e "s|$docs/||g" -e "s|$TREE/||g" "$log" |
		grep -F "$(grep / "$lists/ours")" || :
	ours '^Documentation/.*\.rst$' | while IFS= read -r page; do
		page=${page#Documentation/}
		[ -s "$docs/html/${page%.rst}.html" ] || echo "$page: no page"
	done
}

# Files in debugfs and sysfs, and how they are described.
check_abi()
{
	mkdir "$logs/abi"
	grep '^Documentation/ABI/' "$lists/ours" |
		xargs cp --parents -t "$logs/abi"
	if [ -e "$TREE/scripts/get_abi.pl" ]; then
		perl "$TREE/scripts/get_abi.pl" validate --dir "$logs/abi"
	else
		python3 "$TREE/tools/docs/get_abi.py" --dir "$logs/abi" validate
	fi
}

# Each file has to be in an entry besides the one that has all, and what entries
# get from us has to be there.
check_maintainers()
{
	cd "$TREE"
	# shellcheck disable=SC2016 # expanded by the inner shell
	xargs -a "$lists/series" -d '\n' -n 1 -P "$JOBS" sh -c '
		[ -e "$1" ] || exit 0
		scripts/get_maintainer.pl --no-git --no-git-fallback \
			--no-rolestats --subsystem -f "$1" |
			grep -v @ | grep -qvx "THE REST" ||
			echo "$1: in no entry of MAINTAINERS"' sh
	[ -s "$lists/series" ] || echo "the series changes nothing"
	xargs -a "$lists/mails" sed -n 's/^+F:[[:space:]]*//p' |
	while IFS= read -r pattern; do
		# shellcheck disable=SC2086 # a pattern
		ls -d $pattern >/dev/null 2>&1 ||
			echo "MAINTAINERS: there is no $pattern"
	done
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
# shellcheck source=changed-parts.sh
. "$HARNESS/check/changed-parts.sh"
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
