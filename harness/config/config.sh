#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Configure a kernel out of tree from configuration fragments.
#
#   config.sh TREE OBJECTS FRAGMENT...
#
# ARCH and CROSS_COMPILE are in the environment, as the kernel's own build
# expects them.  An option of a fragment that did not make it into the
# configuration, for a missing dependency or a misspelt name, is an error;
# those below a line that starts with "# optional" may be missing.
#
# All other options are off; with BASE_CONFIG in the environment, a whole configuration,
# they are as they are there, and where that has none, have their default.
#
# Called by harness.mk through progress.sh.  With the argument "changed" before
# the others: only tell by the exit status if there is anything to do, that is
# if OBJECTS/.config is older than a fragment or a Kconfig file of the tree.

set -eu

question=
if [ "$1" = changed ]; then
	question=yes
	shift
fi
tree=$1 objects=$2
shift 2
config=$objects/.config

changed()
{
	[ -e "$config" ] || return 0
	[ -z "$(find ${BASE_CONFIG:+"$BASE_CONFIG"} "$@" -newer "$config")" ] || return 0
	# A Kconfig file of our own is a link, whose own time says nothing.
	[ -n "$(find "$tree" -name 'Kconfig*' \( -newer "$config" -print -o \
		-type l -exec find -L {} -newer "$config" \; \))" ]
}

# The options requested by the fragments that $config does not have.  A later
# fragment overrides an earlier one.
missing()
{
	awk -v config="$config" '
	BEGIN {
		while ((getline line <config) > 0)
			if (line ~ /^CONFIG_/)
				have[line]
	}
	FNR == 1 { optional = 0 }
	/^# optional/ { optional = 1 }
	/^# CONFIG_.* is not set$/ { $0 = $2 "=n" }
	/^CONFIG_/ && !optional {
		split($0, part, "=")
		want[part[1]] = $0
	}
	END {
		for (line in have) {
			split(line, part, "=")
			set[part[1]]
		}
		for (name in want)
			if (want[name] == name "=n" ? name in set : \
			    !(want[name] in have))
				print want[name]
	}' "$@" | sort
}

if [ -n "$question" ]; then
	changed "$@"
	exit
fi

mkdir -p "$objects"
rm -f "$config"
if [ -n "${BASE_CONFIG:-}" ]; then
	(cd "$tree" && scripts/kconfig/merge_config.sh -O "$objects" "$BASE_CONFIG" "$@")
else
	(cd "$tree" && scripts/kconfig/merge_config.sh -n -O "$objects" "$@")
fi
missing=$(missing "$@" | tr '\n' ' ')
if [ -n "$missing" ]; then
	# Or the next run would take it as done.
	mv "$config" "$config.incomplete"
	echo "error: the kernel's configuration lacks: $missing" >&2
	exit 1
fi
