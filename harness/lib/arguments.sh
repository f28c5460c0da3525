#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# See whether boot.sh can boot the machine that is asked for, before anything is
# written: one line and the exit status 2 if it cannot.
#
#   arguments.sh MODE [NAME]
#
# Environment: see boot.sh. What is empty has a default.

set -eu
export LC_ALL=C

refuse()
{
	echo "error: $*" >&2
	exit 2
}

#   one_of WHAT VALUE CHOICES
one_of()
{
	case " $3 " in
	*" $2 "*)	;;
	*)	refuse "$1 '$2' is unknown, choose one of: $3" ;;
	esac
}

# Positive, and without anything behind it.
#   number VARIABLE VALUE LIMIT
number()
{
	case $2 in
	'' | 0* | *[!0-9]* | ??????*)
		refuse "$1=$2 is no number from 1 to $3" ;;
	esac
	[ "$2" -le "$3" ] || refuse "$1=$2 is no number from 1 to $3"
}

# As QEMU and Xen both read it.
#   size VARIABLE VALUE
size()
{
	case $2 in
	0* | *[!0-9]*[MG] | [MG] | *[!MG] | ???????*)
		refuse "$1=$2 is no size, which is a number and M or G: 1024M, 4G" ;;
	esac
}

# QEMU takes what is behind a comma for another option.
case ${LINUX_ARGS:-} in
*,*)	refuse "LINUX_ARGS=$LINUX_ARGS has a comma, which QEMU cannot pass on" ;;
esac

modes="run test test-domu field bench shell"
case ${ARCH:-} in
arm64)	modes="$modes dom0less dma" ;;
x86_64)	modes="$modes toolstack debian" ;;
*)	refuse "there is no machine for ARCH=${ARCH:-}" ;;
esac

[ $# != 0 ] || refuse "no mode is given, choose one of: $modes"
one_of "on $ARCH, the mode" "$1" "$modes"
case ${2:-name} in
*[!A-Za-z0-9._-]*)	refuse "the name '$2' cannot be that of a file" ;;
esac
size MEM "${MEM:-4G}"
size DOM0_MEM "${DOM0_MEM:-1G}"
number CPUS "${CPUS:-1}" 8
number LIMIT "${LIMIT:-180}" 99999
for kind in ${GUESTS:-}; do
	one_of "the kind of domU" "$kind" "pv pvh hvm"
done
one_of MEASURE "${MEASURE:-main}" "main guest out parallel"
