#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make bench`: what foreign mappings cost, with the kernel's own driver (base)
# and with the series (ours), measured by the same programs in the same way: on
# Xen, on a machine whose clock counts instructions, so that each figure can be
# had twice and be the same. The two kernels run side by side.
#
# Environment: see boot.sh; VARIANT, IMAGE and SELFTESTS without the subject.
# Figures, table and pictures are left in $BUILD/bench-KERNEL-VARIANT/.

set -eu

# shellcheck disable=SC1091
. "$HARNESS/lib/elapsed.sh"

out=$BUILD/bench-$KERNEL-$VARIANT
status=0

# One boot of one kernel. When no result tells why it failed, boot.sh does.
#   boot SUBJECT MEASURE TURN
boot()
{
	name=bench-$KERNEL-xen$XEN-$VARIANT-$1-$2-$3
	mem=$MEM cpus=${CPUS:-1}
	case $2 in
	# A million pages are more than fit beside a dom0 on 4 GiB.
	out)		mem=8G ;;
	parallel)	cpus=2 ;;
	esac
	variant=$VARIANT-bench-$1
	image=$TREE-$variant/${IMAGE#"$TREE-$VARIANT/"}
	selftests=${SELFTESTS%"$VARIANT"}$variant
	MEASURE=$2 MEM=$mem CPUS=$cpus LIMIT=${LIMIT:-600} VARIANT=$variant \
		IMAGE=$image SELFTESTS=$selftests \
		sh "$HARNESS/boot/boot.sh" bench "$name" > "$out/$1-$2-$3.steps" 2>&1 || {
		grep -qs '^fail' "$LOGS/$name/results" ||
			tail -n 5 "$out/$1-$2-$3.steps" >&2
		return 1
	}
	cp "$LOGS/$name/figures" "$out/$1-$2-$3"
}

# The table: rows are described by lines "NAME DIGITS LABEL", a section by a line
# without a NAME.
rows()
{
	cat <<-END
		- RAM of dom0
		MemTotal 0 MemTotal, kB
		- The first page
		first_ns 0 time that its user waits, ns
		first_ram_pages 0 RAM that is given up for it, pages
		first_memmap_pages 0 memmap there is by then, pages of RAM
		- Batches, ns a page
		batch_1_alloc_ns 2 1 page: alloc
		batch_1_free_ns 2 1 page: free
		batch_8_alloc_ns 2 8 pages: alloc
		batch_8_free_ns 2 8 pages: free
		batch_64_alloc_ns 2 64 pages: alloc
		batch_64_free_ns 2 64 pages: free
		batch_512_alloc_ns 2 512 pages: alloc
		batch_512_free_ns 2 512 pages: free
		batch_4096_alloc_ns 2 4096 pages: alloc
		batch_4096_free_ns 2 4096 pages: free
		shuffled_free_ns 2 4096 pages in random order: free
		- Mixes, ns a page
		gntdev_ns 2 mappings of 1 to 32 pages that come and go
		blkback_ns 2 single pages, through gnttab_page_cache
		- 100000 pages at once
		large_ns 0 time, ns
		large_executed_ns 0 of that not waiting, ns
		large_runs 0 runs of consecutive pages
		large_ram_pages 0 RAM that is given up for it, pages
		large_free_ns 0 free, ns
		large_again_ns 0 alloc again, ns
		- A batch of 512 with many pages out, ns a page
		out_1000_alloc_ns 2 1000 out: alloc
		out_1000_free_ns 2 1000 out: free
		out_10000_alloc_ns 2 10000 out: alloc
		out_10000_free_ns 2 10000 out: free
		out_100000_alloc_ns 2 100000 out: alloc
		out_100000_free_ns 2 100000 out: free
		out_1000000_alloc_ns 2 1000000 out: alloc
		out_1000000_free_ns 2 1000000 out: free
		- A single page with many out, alloc and free, ns
		out_1000_single_ns 2 1000 out
		out_1000000_single_ns 2 1000000 out
		- Two processors at once, by the clock of the host
		parallel_ns 2 mappings of 1 to 32 pages, ns a page
		- All there are
		obtainable_pages 0 pages without giving up RAM, to 1048576
		held_pages 0 memmap when all are free again, pages of RAM
		released_pages 0 and after writing 1 to release
		- A guest
		disk_us 0 reads 64 MiB of its disk, us
		disk_not_persistent_us 0 the same without persistent grants, us
		map_us 0 500 MiB of it are mapped by privcmd, us
		unmap_us 0 and unmapped, us
	END
}

table()
{
	awk -v out="$out" '
	# The figures of one boot, by file "SUBJECT-MEASURE-TURN".
	FILENAME != "-" {
		at = FILENAME
		sub(/.*\//, "", at)
		split(at, part, "-")
		if (!((part[1], $1, part[3]) in value))
			value[part[1], $1, part[3]] = $2
		next
	}
	function show(subject, name, digits) {
		if (!((subject, name, 1) in value))
			return "-"
		return sprintf("%." digits "f", value[subject, name, 1])
	}
	function ratio(name) {
		if (!(("base", name, 1) in value) || !(("ours", name, 1) in value) ||
		    !value["base", name, 1])
			return "-"
		return sprintf("%.3f", value["ours", name, 1] / value["base", name, 1])
	}
	$1 == "-" {
		$1 = ""
		printf "%s\n", substr($0, 2)
		next
	}
	{
		name = $1
		digits = $2
		label = $0
		sub(/^[^ ]* [^ ]* /, "", label)
		printf "  %-46s %11s %11s %8s %11s\n", label,
			show("base", name, digits), show("ours", name, digits),
			ratio(name), show("base", "ballooned_" name, digits)
	}
	' "$out"/*-[12] - <<-END
		$(rows)
	END
}

# Whether all came out the same both times, but for what is measured by the clock
# of the host.
repeated()
{
	for turn in 1 2; do
		for subject in base ours; do
			sed "s/^/$subject: /" "$out/$subject"-[!p]*-$turn
		done > "$out/all-$turn"
	done
	if cmp -s "$out/all-1" "$out/all-2"; then
		echo "Taken twice: all figures but those of two processors were the same."
	else
		echo "Taken twice; not the same were:"
		diff "$out/all-1" "$out/all-2" | grep '^[<>]'
	fi
}

# The rows that lack a figure.
missing()
{
	rows | while read -r row _; do
		for subject in base ours; do
			[ "$row" = - ] || grep -qs "^$row " "$out/$subject"-*-1 ||
				echo "$subject has no $row"
		done
	done
}

# Pairs of figures for gnuplot.
#   points SUBJECT SUFFIX TURN-FILE PREFIX
points()
{
	sed -n "s/^$4_\([0-9]*\)_$2 /\1 /p" "$out/$1-$3-1" | sort -n
}

picture()
{
	for subject in base ours; do
		for what in alloc free; do
			points $subject ${what}_ns main batch > "$out/batch-$subject-$what"
			points $subject ${what}_ns out out > "$out/out-$subject-$what"
		done
	done
	gnuplot <<-END
		set terminal svg size 720,400 font "sans,12" background "white"
		set logscale x
		set ylabel "ns (instructions) a page"
		set key top right
		set grid
		set style data linespoints
		set output "$out/batch.svg"
		set logscale y
		set xlabel "pages in a request"
		plot for [s in "base ours"] for [w in "alloc free"] \\
			"$out/batch-".s."-".w title s.", ".w lw 2
		unset logscale y
		set yrange [0:*]
		set output "$out/out.svg"
		set xlabel "pages that are allocated while 512 come and go"
		plot for [s in "base ours"] for [w in "alloc free"] \\
			"$out/out-".s."-".w title s.", ".w lw 2
	END
	# Without the blanks and empty lines at the end that git complains of.
	sed -i -e 's/[[:blank:]]*$//' -e '${' -e '/^$/d' -e '}' "$out"/*.svg
}

rm -rf "$out"
mkdir "$out"
for turn in 1 2; do
	for measure in main guest out parallel; do
		step "measuring base and ours: $measure, time $turn of 2"
		if [ $measure = parallel ]; then
			boot base $measure $turn && boot ours $measure $turn ||
				status=1
		else
			boot base $measure $turn &
			base=$!
			boot ours $measure $turn || status=1
			wait $base || status=1
		fi
		for subject in base ours; do
			[ ! -e "$LOGS/bench-$KERNEL-xen$XEN-$VARIANT-$subject-$measure-$turn/results" ] ||
				cat "$LOGS/bench-$KERNEL-xen$XEN-$VARIANT-$subject-$measure-$turn/results"
		done >> "$out/results"
		[ $status = 0 ] || break 2
	done
done

if [ $status != 0 ]; then
	sh "$HARNESS/lib/failures.sh" "$out/results"
	echo "FAILED after $(elapsed)."
	exit 1
fi

missing=$(missing)
if [ -n "$missing" ]; then
	echo "$missing"
	echo "FAILED after $(elapsed)."
	exit 1
fi

{
	echo "Linux $KERNEL on Xen $XEN, $VARIANT${XEN_ARGS:+, $XEN_ARGS}; dom0 has $DOM0_MEM of $MEM, of 8G with many pages out"
	echo "1 ns is 1 instruction"
	echo
	printf '%-48s %11s %11s %8s %11s\n' "" base ours ratio ballooned
	table
	echo
	repeated
} > "$out/table.txt"
cat "$out/table.txt"
for log in "$LOGS/bench-$KERNEL-xen$XEN-$VARIANT-base"-*-1.log; do
	sh "$HARNESS/lib/check-log.sh" "$log" > "$out/defects" 2>&1 ||
		echo "The base kernel complains in $log: $(head -n 1 "$out/defects")"
done
picture
echo
echo "Done after $(elapsed). Table, figures and pictures: $out/"
