# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# A disk of the machine that is not coherent with the caches, for domUs. For a page
# of dom0 itself, swiotlb-xen has to call arch_sync_dma_for_*(), for a frame of
# another domain xen_dma_sync_for_*(). Probes at these functions record the address,
# and /proc/iomem tells whose it is. That is independent of the condition by which
# swiotlb-xen chooses.
#
# Two kinds of foreign frames look like pages of dom0: those in a section of dom0's
# RAM (hole), and those at whose address there is an unpopulated page (chunk).

tracing=/sys/kernel/tracing
blkback=/sys/module/xen_blkback/parameters

# Memory of a domU, in MiB, that leaves nothing free above 4 GiB: the next domU
# gets the frames below dom0's RAM.
filling=952

# The domUs, one after the other.
dma_runs="hole chunk persistent"

files_of_dma()
{
	local run
	echo dma-start
	for run in $dma_runs; do
		printf '%s\n' "dma-$run" "domU-$run-messages"
	done
	echo dma-end
}

job_dma()
{
	local run
	remember_xen
	sample before
	step "a disk that is not coherent"
	report dma-start 4 start_dma
	use_domu noncoherent
	for run in $dma_runs; do
		step "a domU on this disk ($run)"
		rm -f "$domu_log"
		report "dma-$run" 5 domu_on_disk "$run"
		send_domu_messages "$run-messages"
		send_console "$domu-$run.log"
	done
	report dma-end 3 end_dma
}

start_dma()
{
	check "no device of the machine is coherent" none_is_coherent
	check "dom0 does direct I/O with mapped grants" \
		direct_io_works /dev/vda
	check "the disk is filled" \
		dd if=/boot/disk.img of=/dev/vda bs=1M conv=fsync
	configure filler none /boot/kernel $filling "" > /run/filler.cfg
	check "xl creates a domU to fill the memory" \
		patiently 60 xl create -p /run/filler.cfg
}

end_dma()
{
	check "xl destroys the domU" patiently 60 xl destroy filler
	check_xen "$(kept_for_mappings)" 1
}

none_is_coherent()
{
	[ -d /proc/device-tree ] && [ ! -e /proc/device-tree/dma-coherent ] &&
	! find /proc/device-tree/ -path '*virtio_mmio*' -name dma-coherent |
		grep . && [ -b /dev/vda ]
}

# The differences from one domU to the next. Variables that are set here are gone after
# the report, which is a subshell.
prepare_hole()
{
	place=hole
	persistent=0
	echo N > $blkback/feature_persistent
}

# This selftest uses all addresses of the largest region, and leaves the chunks.
prepare_chunk()
{
	place=chunk
	persistent=0
	patiently 180 /selftests/gntdev_large
}

prepare_persistent()
{
	place=chunk
	persistent=1
	echo Y > $blkback/feature_persistent
}

# A domU on the disk that does its I/O meanwhile.
#   domu_on_disk RUN
domu_on_disk()
{
	check "dom0 is ready for this domU" "prepare_$1"
	ranges > /run/ranges
	probe
	check "a domU uses the disk" domu_uses_disk
	check "dom0 finds on the disk what the domU wrote" written_is_on /dev/vda ro
	stop_probing
	check "frames of the domU are where they look like dom0's" frames_are_there
	check "no foreign frame is taken for local" all_are_right
}

domu_uses_disk()
{
	configure "$domu" disk /boot/domu.cpio "$memory" \
		'disk = ["phy:/dev/vda,xvda,w"]' > "/run/$domu.cfg"
	start_domu || return
	if ! { domu_says "reading on" && grants_are_as_wanted; }; then
		patiently 30 xl destroy "$domu"
		return 1
	fi
	sleep 3
	stop_domu
	domu_passes
}

grants_are_as_wanted()
{
	ask_xenstore read \
		"/local/domain/0/backend/vbd/$domid/51712/feature-persistent" |
		grep -qx "$persistent"
}

# The way, the direction, and the address as a decimal number. dma_addr_t is the
# second argument of the functions for foreign frames.
probe()
{
	{
		echo "p:swiotlb_xen/local_map arch_sync_dma_for_device addr=%x0:u64"
		echo "p:swiotlb_xen/local_unmap arch_sync_dma_for_cpu addr=%x0:u64"
		echo "p:swiotlb_xen/foreign_map xen_dma_sync_for_device addr=%x1:u64"
		echo "p:swiotlb_xen/foreign_unmap xen_dma_sync_for_cpu addr=%x1:u64"
	} > $tracing/kprobe_events
	echo 16384 > $tracing/buffer_size_kb
	echo > $tracing/trace
	echo 1 > $tracing/events/swiotlb_xen/enable
}

stop_probing()
{
	echo 0 > $tracing/events/swiotlb_xen/enable
	cat $tracing/trace > /run/trace
	cat $tracing/kprobe_profile > /run/profile
	echo > $tracing/kprobe_events
	echo > $tracing/trace
	count_frames > /run/figures
}

# The ranges of addresses, "KIND FIRST LAST" a line in decimal numbers, of dom0's
# RAM, of chunks, and of the holes in sections that have some of the RAM.
ranges()
{
	local kind first last section
	section=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
	sed -n -e 's/^ *\([^ ]*\)-\([^ ]*\) : System RAM$/ram 0x\1 0x\2/p' \
		-e 's/^ *\([^ ]*\)-\([^ ]*\) : Xen scratch$/chunk 0x\1 0x\2/p' \
		/proc/iomem > /run/resources
	while read -r kind first last; do
		echo "$kind $((first)) $((last))"
		[ "$kind" = ram ] || continue
		echo "hole $((first / section * section)) $((first - 1))"
		echo "hole $((last + 1)) $(((last / section + 1) * section - 1))"
	done < /run/resources
}

# How often each way was taken: "WAY KIND COUNT" a line. RAM and chunks can be in the
# hole of another range.
count_frames()
{
	awk '
	FNR == NR {
		kind[++nr] = $1
		first[nr] = $2
		last[nr] = $3
		next
	}
	match($0, / (local|foreign)_(map|unmap): /) {
		way = substr($0, RSTART + 1, RLENGTH - 3)
		address = $0
		sub(/.*addr=/, "", address)
		address += 0
		found = "other"
		for (i = 1; i <= nr; i++) {
			if (address < first[i] || address > last[i])
				continue
			if (found != "ram" && found != "chunk")
				found = kind[i]
		}
		count[way " " found]++
	}
	END {
		for (key in count)
			print key, count[key]
	}' /run/ranges /run/trace | sort
}

# The bus address is only known when a page is unmapped: with arch_sync_dma_for_device()
# it is the address of the page.
frames_are_there()
{
	cat /run/figures
	grep -q "_unmap $place " /run/figures
}

# Every page of dom0 went one way, every other one went the other way, and all were
# recorded.
all_are_right()
{
	local way
	! grep -E '^local_[a-z]* (chunk|hole|other) |^foreign_[a-z]* ram ' \
		/run/figures || return 1
	for way in "local_map ram" "local_unmap ram" foreign_map foreign_unmap; do
		grep -q "^$way " /run/figures || { echo "no $way"; return 1; }
	done
	grep -E 'entries-in-buffer/entries-written: ([0-9]+)/\1 ' /run/trace || return 1
	[ "$(grep -c . /run/profile)" = 4 ] && ! awk '$3 != 0' /run/profile | grep .
}
