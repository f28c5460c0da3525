# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are check.sh's
#
# Sourced by check.sh: the checks of documents, and of who is to get the mails.

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
	cd "$TREE" || return
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
