# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# The cost of foreign mappings, as figures.

# The figures are no tests.
files_of_bench()
{
	:
}

job_bench()
{
	bench | send figures
}

# The cost of mappings, as lines "NAME VALUE", and "failed WHAT" for what judge.sh is
# to count as a failure.
bench()
{
	sed -n 's/^MemTotal: *\([0-9]*\) kB/MemTotal \1/p' /proc/meminfo
	# shellcheck disable=SC2154 # from the kernel command line
	case $xen_bench in
	main)	bench_main ;;
	guest)	bench_guest ;;
	*)	load_bench "measure=$xen_bench" ;;
	esac
}

#   load_bench PARAMETER...
load_bench()
{
	dmesg -c > /dev/null
	if insmod /boot/unpopulated_bench.ko "$@"; then
		rmmod unpopulated_bench
	else
		echo "failed $*"
	fi
	dmesg | sed -n 's/^.*unpopulated_bench: \([a-z0-9_]* -*[0-9.]*\)$/\1/p'
}

memmap_pages()
{
	sed -n 's/^nr_memmap_pages //p' /proc/vmstat
}

bench_main()
{
	load_bench measure=first
	echo "first_memmap_pages $(memmap_pages)"
	load_bench measure=batches,shuffled,gntdev,blkback
	load_bench measure=large
	load_bench measure=obtainable
	echo "held_pages $(memmap_pages)"
	if [ -w "$unpopulated/release" ]; then
		echo 1 > "$unpopulated/release"
		sleep 1
	fi
	echo "released_pages $(memmap_pages)"
	load_bench ballooned=1 measure=first,batches,shuffled,gntdev,large |
		sed '/^failed /!s/^/ballooned_/'
}

bench_guest()
{
	start_daemons >&2 || echo "failed daemons"
	bench_disk disk
	# With it, what has been mapped once stays mapped.
	echo N > /sys/module/xen_blkback/parameters/feature_persistent
	bench_disk disk_not_persistent
	bench_map
}

# A domU reads its disk, of 8 MiB, and then eight times more, which count. Its
# kernel log has the time.
#   bench_disk NAME
bench_disk()
{
	use_domu "$1"
	cp /boot/disk.img /run/disk.img
	losetup /dev/loop0 /run/disk.img
	configure "$1" bench /boot/domu.cpio "$memory" \
		'disk = ["phy:/dev/loop0,xvda,w"]' > /run/domu.cfg
	patiently 60 xl create /run/domu.cfg > /dev/null &&
		domid=$(domid_of "$1") &&
		domu_says PASSED > /dev/null &&
		wait_for 30 domain_gone "$domid" || echo "failed $1"
	sed -n 's/^\[ *\([0-9.]*\)\] domu: dd| .*/\1/p' "$domu_log" |
		awk -v name="$1" '{ us[NR] = $1 * 1000000 }
			NR == 2 { printf "%s_us %d\n", name, us[2] - us[1] }'
	losetup -d /dev/loop0
	send "$1.log" < "$domu_log"
}

# All memory of a domU of 512 MiB is mapped at once.
bench_map()
{
	# The addresses of a PV guest are the host's.
	[ "$kind" = arm ] || use_kind pvh
	configure paused none /boot/domu.cpio 512 "" > /run/paused.cfg
	patiently 60 xl create -p /run/paused.cfg > /dev/null &&
		map_guest "$(domid_of paused)" 500 || echo "failed map"
	xl destroy paused
}
