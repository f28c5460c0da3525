# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: the parts of `make test-all` and `make nightly`.

cases="$cases all_parts_pass nightly_has_its_parts a_part_fails a_part_says_nothing
	the_second_process_is_lost test_all_is_ended test_all_is_alone"

# Run test-all.sh with make replaced by the commands on the standard input, and
# see that it ends with status $1.
#   test_all_ends_with STATUS [SECONDS [GOAL]]
test_all_ends_with()
{
	mkdir "$work/make"
	{
		echo "#!/bin/sh"
		cat
		echo 'echo "2 passed, 0 failed, 1 skipped"'
	} > "$work/make/make"
	chmod +x "$work/make/make"
	status=0
	PATH=$work/make:$PATH timeout "${2:-50}" \
		sh "$HARNESS/boot/test-all.sh" "${3:-test-all}" 6.12 7.3 > "$work/output" 2>&1 ||
		status=$?
	rm -r "$work/make"
	[ $status = "$1" ] || complain "test-all.sh ends with $status instead of $1"
}

all_parts_pass()
{
	test_all_ends_with 0 < /dev/null
	file_has "$work/output" "20 passed, 0 failed, 10 skipped"
	file_has "$work/output" "test KERNEL=7.3 ARCH=arm64 TESTS='kunit xen4.17'"
}

# A kernel is built before it boots, each by its own goal.
nightly_has_its_parts()
{
	test_all_ends_with 0 50 nightly <<-END
		echo "\$*" >> $work/parts
	END
	file_has "$work/output" "30 passed, 0 failed, 15 skipped"
	file_has "$work/parts" "test-needs KERNEL=6.12 DEBUG=kasan"
	file_has "$work/parts" "directory deb KERNEL=6.12"
	file_has "$work/parts" "test-debian KERNEL=6.12 SUITE=13"
	rm "$work/parts"
}

# One that boots, and one beside.
a_part_fails()
{
	test_all_ends_with 1 <<-END
		case "\$*" in
		*" test KERNEL=6.12 "*x86_64* | *" tsan")
			echo "8 passed, 2 failed"
			exit 1
			;;
		esac
	END
	file_has "$work/output" "32 passed, 4 failed, 8 skipped"
}

# A total is no proof if make fails, and an end without total is a failure.
a_part_says_nothing()
{
	test_all_ends_with 1 <<-END
		case "\$*" in
		*" coverage") exit 0 ;;
		*" tsan") echo "9 passed, 0 failed"; exit 2 ;;
		esac
	END
	file_has "$work/output" "16 passed, 2 failed, 8 skipped"
	file_has "$work/output" "there is no total at the end of $LOGS"
}

# What it has not done by then has failed, also if a total was printed.
the_second_process_is_lost()
{
	test_all_ends_with 1 <<-END
		case "\$*" in
		*" tsan") echo "5 passed, 0 failed"; echo more; kill -KILL 0 ;;
		esac
	END
	file_has "$work/output" "16 passed, 2 failed, 8 skipped"
}

# Both processes, each of which runs a make.
test_all_is_ended()
{
	test_all_ends_with 124 5 <<-END
		case "\$*" in
		*test-needs*) exit ;;
		esac
		echo \$\$ >> $work/pids
		exec sleep 4321
	END
	[ "$(wc -l < "$work/pids")" = 2 ] || complain "has not started two makes"
	while read -r pid; do
		tries=0
		while kill -0 "$pid" 2> /dev/null && [ $((tries += 1)) -lt 100 ]; do
			sleep 0.1
		done
		! kill -0 "$pid" 2> /dev/null || complain "$pid is still running"
	done < "$work/pids"
	rm "$work/pids"
}

test_all_is_alone()
{
	mkdir "$LOGS/test-all"
	touch "$LOGS/test-all/table"
	exec 7> "$LOGS/test-all.lock"
	flock 7
	test_all_ends_with 1 < /dev/null
	[ -e "$LOGS/test-all/table" ] || complain "it removes the files of the other one"
	[ "$(wc -l < "$work/output")" = 2 ] || complain "$(cat "$work/output")"
	file_has "$work/output" "error: another make test-all or nightly is writing $LOGS"
	[ "$(tail -n 1 "$work/output")" = "0 passed, 1 failed" ] ||
		complain "$(tail -n 1 "$work/output") is no total"
}
