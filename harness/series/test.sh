#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make series-test`: see whether the mails of all series, and `make apply` and
# `make unapply`, make of a kernel tree what is built and booted here, and whether a
# series that needs no other can be taken alone.  The output is TAP, and a total as
# the last line.
#
#   test.sh TREE BASE MAILS
#
# TREE has the series, BASE is the same tree without it, MAILS the directory that
# series.sh has written.  The kernel trees that are tried on have no more files
# than the series concerns, and those by which series.sh knows a kernel tree.
#
# Environment: TOP, HARNESS, BUILD, LOGS, KERNEL.

set -eu

tree=$1 base=$2 mails=$3
log=$LOGS/series-test-$KERNEL.log
series=$tree.series
number=0 failed=0
: > "$log"

unset SIGN_OFF

work=$(mktemp -d "$BUILD/series-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

git()
{
	command git -c user.name=test -c user.email=test@localhost \
		-c core.hooksPath=/dev/null -c commit.gpgSign=false "$@"
}

# Count the result of a command.
#   check NAME COMMAND...
check()
{
	name=$1
	number=$((number + 1))
	shift
	if "$@" > "$work/output" 2>&1; then
		echo "ok $number $name"
	else
		failed=$((failed + 1))
		echo "not ok $number $name"
		tail -n 5 "$work/output" | sed 's/^/# /'
	fi
	{
		echo "$name:"
		cat "$work/output"
	} >> "$log"
}

# Copy the files that the series concerns from tree $1 to $2.
copy()
{
	mkdir -p "$2"
	(cd "$1" && while IFS= read -r file; do
		[ ! -f "$file" ] || cp -L --parents -t "$2" "$file"
	done < "$work/files")
}

# Directory $1 has the files of $2, and no others.
same()
{
	diff -r --exclude=.git "$1" "$2"
}

differ()
{
	! same "$@"
}

# series.sh says no to this in one line, which matches $1.
refused()
{
	expected=$1
	shift
	! series "$@" > "$work/said" 2>&1 || return
	cat "$work/said"
	[ "$(wc -l < "$work/said")" = 1 ] && grep -qx "error: $expected" "$work/said"
}

# series.sh says no to a manifest that sed has changed by the script $1, in one line,
# which matches $2.
manifest_refused()
{
	rm -rf "$work/top"
	mkdir -p "$work/top/patches"
	ln -s "$HARNESS" "$work/top/harness"
	ln -s "$TOP"/patches/* "$work/top/patches/"
	rm "$work/top/patches/series"
	sed "$1" "$TOP/patches/series" > "$work/top/patches/series"
	HARNESS=$work/top/harness \
		refused "patches/series: line [0-9]*: $2" fit "$work/pristine"
}

# A patch for kernels up to 7.1 is in the mails for these only.
ends_before()
{
	case $KERNEL in
	6.* | 7.[01])	[ -e "$mails/arm64-mm" ] ;;
	*)	[ ! -e "$mails/arm64-mm" ] ;;
	esac
}

# Whether series $1 is to be taken alone: it needs no other, or its line is "NAME: -".
needs_no_other()
{
	! grep "^$1:" "$TOP/patches/series" |
		grep -qvE '^[^[:blank:]]+:[[:blank:]]+-([[:blank:]]*#.*)?$'
}

# Series $1 can be put on a kernel that has no other.
alone()
{
	repository "$work/alone-$1" &&
	git -C "$work/alone-$1" am -q --empty=drop "$mails/$1"/*.patch
}

# Each mail below $2 has as many lines "Signed-off-by: $3" as $1 says, and no others.
signed()
{
	expected=$1 directory=$2 person=$3
	while IFS= read -r mail; do
		echo "$mail"
		[ "$(grep -c '^Signed-off-by: ' "$directory/$mail")" = "$expected" ] &&
		[ "$(grep -c "^Signed-off-by: $person\$" "$directory/$mail")" = "$expected" ] ||
			return
	done < "$directory/series"
}

# The mails of series $1 can be signed.
signs()
{
	SIGN_OFF=$person series mails "$tree" "$work/signed" "$1" &&
	signed 1 "$work/signed" "$person"
}

series()
{
	sh "$HARNESS/series/series.sh" "$@"
}

mails_apply()
{
	(cd "$mails" && xargs cat < series) | git -C "$work/mails" am -q
}

# A tree in which git has a commit.
#   repository DIRECTORY
repository()
{
	copy "$base" "$1"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" commit -q -m 'a kernel'
}

{
	cat "$series/files"
	printf '%s\n' Makefile Kbuild Kconfig scripts/kconfig/merge_config.sh \
		drivers/xen/Kconfig
} | sort -u > "$work/files"
copy "$tree" "$work/expected"
copy "$base" "$work/pristine"
for name in mails git; do
	repository "$work/$name"
done
copy "$base" "$work/plain"

check "the series changes something" \
	differ "$work/expected" "$work/pristine"
check "git am takes the mails" mails_apply
check "git am makes the tree that is tested" same "$work/expected" "$work/mails"
for kind in git plain; do
	check "apply: $kind tree" series apply "$work/$kind"
	rm -f "$work/xen-unpopulated.diff"
	[ ! -e "$work/$kind/xen-unpopulated.diff" ] ||
		mv "$work/$kind/xen-unpopulated.diff" "$work/"
	check "apply makes the tree that is tested: $kind tree" \
		same "$work/expected" "$work/$kind"
	[ ! -e "$work/xen-unpopulated.diff" ] ||
		mv "$work/xen-unpopulated.diff" "$work/$kind/"
	check "a second apply is refused: $kind tree" \
		refused ".* has the series already" apply "$work/$kind"
	check "unapply: $kind tree" series unapply "$work/$kind"
	check "unapply leaves the tree as it was: $kind tree" \
		same "$work/pristine" "$work/$kind"
done

for each in $(cd "$mails" && find . -mindepth 1 -type d -printf '%P\n' | sort); do
	needs_no_other "$each" || continue
	last=$each
	check "git am takes a series alone: $each" alone "$each"
done
# quilt has its patches in a folder of the kernel tree that we have as well.
copy "$base" "$work/quilt"
mkdir "$work/quilt/patches"
check "apply: a tree with a folder patches" series apply "$work/quilt"

check "a needs line of a series without patches is refused" \
	manifest_refused 's/^unpopulated:/unpopulatde:/' \
	"the series unpopulatde has no patch"
check "a needs line below the patches of its series is refused" \
	manifest_refused "\$axen-balloon: swiotlb-xen" \
	"this is to stand above the patches of xen-balloon"
check "the end of a patch is a version" \
	manifest_refused 's/!7\.2$/!/' '"" is no version'
check "a patch has an end before $KERNEL, or is sent" ends_before
check "a series that does not exist is refused" \
	refused "SERIES=none is unknown.*" mails "$tree" "$work/none" none
person='A Person <person@example.org>'
check "the mails are not signed" signed 0 "$mails" "$person"
check "SIGN_OFF signs each mail" signs "$last"
for SIGN_OFF in 'A Person' '<person@example.org>' 'A Person <person>' \
		'A Person <person@example.org> and more'; do
	export SIGN_OFF
	check "a wrong SIGN_OFF is refused: $SIGN_OFF" \
		refused "SIGN_OFF=.*" mails "$tree" "$work/none"
done
echo "1..$number"
echo "$((number - failed)) passed, $failed failed"
[ $failed = 0 ]
