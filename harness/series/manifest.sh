# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # $top and $work
#
# Read patches/series, which says what the series consist of.  Sourced by
# series-files.sh.

# Print what patches/series has for kernel version $1, with tabs between:
#
#	patch FILE		a patch for this kernel, below patches/, in order
#	with FILE PATH		a file of ours, or DIR/, that enters with this patch
#	needs SERIES OTHER	a series on top of another
#	apart FILE		a patch that is put on a kernel without any other
#	named FILE		a patch for any kernel
parse_manifest()
{
	awk -v version="$1" '
	function die(message,	line)
	{
		printf "error: patches/series: line %d: %s\n", line ? line : NR,
			message >"/dev/stderr"
		failed = 1
		exit 1
	}
	# A version as a number, for comparisons.
	function number(name,	part)
	{
		if (name !~ /^[1-9][0-9]*\.[0-9]+$/)
			die("\"" name "\" is no version")
		split(name, part, ".")
		return part[1] * 1000 + part[2]
	}
	function name_for(version)
	{
		return substr($1, 1, length($1) - length("patch")) version ".patch"
	}
	# The file of the patch $1 for this kernel, or nothing.
	function variant(	i, file, best, best_file)
	{
		if (NF == 1) {
			print "named\t" $1
			return $1
		}
		for (i = 2; i <= NF; i++) {
			if ($i !~ /^[@!]/)
				die("\"" $i "\" is not understood")
			file = $i ~ /^@/ ? name_for(substr($i, 2)) : ""
			$i = substr($i, 2)
			if (!oldest || number($i) < number(oldest))
				oldest = $i
			if (file != "")
				print "named\t" file
			if (number($i) <= number(version) &&
			    (best == "" || number($i) > number(best))) {
				best = $i
				best_file = file
			}
		}
		return best_file
	}
	# A line that says what the series $1 needs, before its first patch.
	function declare(	name)
	{
		name = substr($1, 1, length($1) - 1)
		if (name in known)
			die("this is to stand above the patches of " name)
		declared[name] = NR
		return name
	}
	{ sub(/[ \t]*#.*/, "") }
	/^$/ { next }
	/^[ \t]/ {
		if (NF != 1 || !patches)
			die("this is to name one file that enters with the patch above")
		if (file != "")
			print "with\t" file "\t" $1
		next
	}
	/^[^ \t\/:]+:[ \t]+-$/ {
		apart[declare()]
		next
	}
	/^[^ \t\/:]+:([ \t]|$)/ {
		name = declare()
		for (i = 2; i <= NF; i++) {
			if (!($i in known) || $i in apart)
				die("the series " $i " is not above")
			print "needs\t" name "\t" $i
		}
		next
	}
	!/^[^ \t\/]+\/[^ \t\/]+\.patch([ \t]|$)/ { die("\"" $0 "\" is not understood") }
	{
		patches++
		series = $1
		sub(/\/.*/, "", series)
		if (series != last && series in known)
			die("the patches of " series " do not stand together")
		known[series]
		last = series
		file = variant()
		if (file != "")
			print (series in apart ? "apart" : "patch") "\t" file
	}
	END {
		for (name in declared)
			if (!failed && !(name in known))
				die("the series " name " has no patch", declared[name])
		if (!failed && oldest && number(version) < number(oldest)) {
			print "error: the series has no patches for a kernel as old as " \
				version >"/dev/stderr"
			exit 1
		}
	}' "$top/patches/series"
}

# For kernel version $1, make $work/patches, the list of patches in order, $work/apart,
# of those that stand apart, and $work/manifest.
read_manifest()
{
	parse_manifest "$1" >"$work/manifest" || exit 1
	sed -n "s|^patch	|$top/patches/|p" "$work/manifest" >"$work/patches"
	sed -n "s|^apart	|$top/patches/|p" "$work/manifest" >"$work/apart"

	sed -n 's|^named	||p' "$work/manifest" | sort >"$work/named"
	(cd "$top/patches" && find . -name '*.patch' -printf '%P\n') | sort |
		comm -3 "$work/named" - >"$work/odd"
	[ ! -s "$work/odd" ] ||
		die "patches/series and patches/ differ in $(head -n 1 "$work/odd" |
			tr -d '\t')"
}

# Our files that enter with patch $1, a name a line.
files_with()
{
	sed -n "s|^with	${1#"$top/patches/"}	||p" "$work/manifest" |
	while IFS= read -r with; do
		case $with in
		*/) grep "^$with" "$work/ours" ;;
		*) grep -xF "$with" "$work/ours" ;;
		esac || die "${1#"$top/"} is to come with $with, which is not there"
	done
}
