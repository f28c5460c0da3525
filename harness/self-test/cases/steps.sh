# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: make and its steps, when they cannot do all that is asked for.

cases="$cases report_without_figures bench_without_boot bad_exception
	make_refuses tree_is_there plain_tree"

# make run shows its checks, but no report, when something for that was lost.
report_without_figures()
{
	begins > "$PLAY/console"
	printf 'current_kb 1\npage_size 4096\n' | sends memory.after >> "$PLAY/console"
	ends >> "$PLAY/console"
	sh "$HARNESS/boot/run.sh" > "$work/output" 2>&1 ||
		complain "run.sh ends with $?: $(tail -n 1 "$work/output")"
	file_has "$work/output" "pass  daemons/Xen's daemons start"
	file_has "$work/output" "PASSED after"
}

bench_without_boot()
{
	! MEM=4 TREE=$work/tree sh "$HARNESS/boot/bench.sh" > /dev/null 2> "$work/output" ||
		complain "bench.sh passes"
	file_has "$work/output" "error: MEM=4 is no size"
}

# One check of a file without a license, with an exception.
#   check_spdx REGULAR-EXPRESSION
check_spdx()
{
	echo "$1" > "$work/checks/check/exceptions"
	TOP=$work/top HARNESS=$work/checks MAILS=$work/top TREE=$work/none JOBS=1 \
		sh "$real/check/check.sh" spdx > "$work/output" 2>&1
}

# grep prints no finding when it cannot read the exceptions.
bad_exception()
{
	mkdir -p "$work/top" "$work/checks/check"
	ln -s "$real/series" "$work/checks/"
	ln -s "$real"/check/*.sh "$work/checks/check/"
	echo nothing > "$work/top/file"
	check_spdx '^file:1: no license$' || complain "$(cat "$work/output")"
	! check_spdx '^none$' || complain "there is a license"
	! check_spdx '^none(' || complain "a check passes without exceptions"
	file_has "$work/output" "harness/check/exceptions: grep does not read it"
	rm -r "$work/top" "$work/checks"
}

# make refuses these arguments. With -n it would make no goal either.
#   make_says TEXT ARGUMENT...
make_says()
{
	text=$1
	shift
	! env -i PATH="$PATH" make -n -C "${real%/*}" "$@" > "$work/output" 2>&1 ||
		complain "make does $*"
	file_has "$work/output" "$text"
}

make_refuses()
{
	make_says "XEN= has no meaning with make test," test XEN=4.20
	make_says "GUESTS= has no meaning with make test," test ARCH=x86_64 GUESTS=pv
	make_says "KERNEL= has no meaning with make test-all," test-all KERNEL=7.3
	make_says "CPUS= has no meaning with make test-all," test-all CPUS=2
	make_says "CONFIG=nothing.config: there is no such file" kernel CONFIG=nothing.config
	make_says "CONFIG=nothing is none of cloud amd64 arm64," deb CONFIG=nothing
	make_says "CONFIG=README.md is none of cloud amd64 arm64," deb CONFIG=README.md
	make_says "CONFIG=cloud arm64 has a blank or a quote in it" deb CONFIG="cloud arm64"
	mkdir "$work/cloud"
	echo "# Linux/x86_64 6.12.1 Kernel Configuration" > "$work/cloud/cloud.config"
	make_says "the file has the name of a flavour" deb CONFIG="$work/cloud/cloud.config"
	cp "$work/cloud/cloud.config" "$work/cloud/.config"
	make_says "the file has the name of a flavour" deb CONFIG="$work/cloud/.config"
	rm -r "$work/cloud"
	make_says "ARCH= has no meaning with make deb," deb ARCH=arm64
	make_says "SUITE=11 is unknown, choose one of: 12 13" test-debian SUITE=11
	make_says "make test-debian is for x86-64" test-debian CONFIG=arm64
	make_says "CONFIG= has no meaning with make kunit," \
		kunit CONFIG=harness/config/va39.config
}

# A package must not have links into this repository.
plain_tree()
{
	mkdir -p "$work/tree/drivers"
	echo kernel > "$work/tree/drivers/theirs"
	ln -s "${real%/*}/README.md" "$work/tree/drivers/ours"
	sh "$real/series/tree.sh" plain "$work/tree" "$work/plain" ||
		complain "tree.sh plain fails"
	if [ -L "$work/plain/drivers/ours" ] ||
	   ! cmp -s "${real%/*}/README.md" "$work/plain/drivers/ours"; then
		complain "our file is no copy"
	fi
	[ "$(stat -c %h "$work/tree/drivers/theirs")" = 2 ] ||
		complain "a file of the kernel is a copy"
	[ -L "$work/tree/drivers/ours" ] || complain "the tree has been changed"
	rm -rf "$work/tree" "$work/plain" "$work"/*.lock
}

# Another make has unpacked it meanwhile.
tree_is_there()
{
	mkdir "$work/tree"
	sh "$real/series/tree.sh" unpack "$work/none.tar" "$work/tree" ||
		complain "tree.sh unpacks it once more"
	rm -rf "$work/tree" "$work/tree.lock"
}
