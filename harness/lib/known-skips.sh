#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Read results as tap.sh makes them, and print them with each skipped test made a
# failed one that may not be skipped in a boot of this name, see boot/known-skips.
#
#   known-skips.sh NAME PREFIX
#
# PREFIX is what stands before the program in the name of each test.

set -eu
export LC_ALL=C

name=$1 prefix=$2
tab=$(printf '\t')

#   may_skip PROGRAM/TEST REASON
may_skip()
{
	while IFS=$tab read -r where why; do
		case $where in
		'#'*)	continue ;;
		esac
		# shellcheck disable=SC2254 # they are patterns
		case "$name $1" in
		$where)	;;
		*)	continue ;;
		esac
		# shellcheck disable=SC2254
		case $2 in
		$why)	return ;;
		esac
	done < "$HARNESS/boot/known-skips"
	return 1
}

while IFS=$tab read -r result test reason; do
	if [ "$result" = skip ] && ! may_skip "${test#"$prefix"}" "$reason"; then
		printf 'fail\t%s\tskipped, which %s may not: %s\n' \
			"$test" "$name" "$reason"
	else
		printf '%s\t%s%s\n' "$result" "$test" "${reason:+$tab$reason}"
	fi
done
