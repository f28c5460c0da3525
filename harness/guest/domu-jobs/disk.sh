# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# A domU's disk.

wait_for_disk()
{
	wait_for 10 test -b /dev/xvda || fail "no disk after $((10 * patience)) seconds"
}

read_disk()
{
	dd if=/dev/xvda of=/dev/null bs=1M iflag=direct
}

mount_disk()
{
	mount -t ext4 /dev/xvda /mnt || fail "the disk cannot be mounted $*"
}

unmount_disk()
{
	umount /mnt || fail "the disk cannot be unmounted $*"
}

md5_of()
{
	md5sum < "$1" | cut -d ' ' -f 1
}

# The whole disk past the page cache reads as through it.
reads_the_same()
{
	[ "$(dd if=/dev/xvda bs=4M iflag=direct | md5sum)" = "$whole_disk" ]
}

# Again and again, until it does not.
keep_reading()
{
	while reads_the_same; do
		:
	done
}

# Read the file "known", and write one that $written is the checksum of.
read_and_write()
{
	mount_disk
	[ "$(md5_of /mnt/known)" = "$known_md5" ] ||
		fail "the known file on the disk is not what it should be"
	say "read the known file"

	dd if=/dev/urandom of=/mnt/written bs=1M count=4 ||
		fail "the disk cannot be written"
	written=$(md5_of /mnt/written)
	cp /mnt/written /kept || fail "the file cannot be kept in memory"
	unmount_disk
	echo 3 > /proc/sys/vm/drop_caches
	mount_disk "again"
	[ "$(md5_of /mnt/written)" = "$written" ] ||
		fail "the file it wrote reads back otherwise"
	say "reread what it wrote: $written"
	unmount_disk "again"
}

# The files on the disk and in memory have not changed meanwhile.
compare_files()
{
	echo 3 > /proc/sys/vm/drop_caches
	mount_disk "in the end"
	[ "$(md5_of /mnt/written)" = "$written" ] ||
		fail "the file it wrote reads back otherwise in the end"
	[ "$(md5_of /kept)" = "$written" ] ||
		fail "the file it kept in memory is not what it was"
	unmount_disk "in the end"
}

# Use the disk until dom0 says stop.
#   use_disk SECONDS
use_disk()
{
	local limit=$(($1 * patience)) word='' reader
	wait_for_disk
	read_and_write
	whole_disk=$(md5sum < /dev/xvda)
	echo 3 > /proc/sys/vm/drop_caches
	reads_the_same || fail "the disk reads otherwise past the page cache"
	keep_reading &
	reader=$!
	say "reading on"
	# shellcheck disable=SC3045 # busybox has -t
	read -r -t $limit word < /dev/hvc0
	[ "$word" = stop ] || fail "dom0 did not say stop within $limit seconds"
	kill $reader || fail "the disk could not be read on"
	wait $reader
	compare_files
	pass
}

bench()
{
	wait_for_disk
	read_disk
	say "dd| start"
	for _ in 1 2 3 4 5 6 7 8; do
		read_disk
	done
	say "dd| end"
	pass
}
