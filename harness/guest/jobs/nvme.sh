# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# A domU on a disk that does DMA from and to the pages at which blkback has mapped the
# memory of the domU: an NVMe disk, behind the IOMMU if dom0 is a PVH domain. Requests
# have up to 1 MiB.

nvme=/dev/nvme0n1

files_of_nvme()
{
	printf '%s\n' "nvme$tag" "domU$tag-nvme-messages"
}

job_nvme()
{
	samples=-nvme$tag
	remember_xen
	use_domu "nvme$tag"
	step "a domU on an NVMe disk${tag:+ ($kind)}"
	report "nvme$tag" "$(self_grants_work && echo 9 || echo 8)" domu_on_nvme
	send_domu_messages nvme-messages
	send_console "$domu.log"
}

domu_on_nvme()
{
	sample before
	! self_grants_work || check "dom0 does direct I/O with mapped grants" \
		direct_io_works $nvme
	check "the disk is filled" dd if=/boot/disk.img of=$nvme bs=1M conv=fsync
	check "a domU uses the disk" domu_uses_nvme
	check "the pages come from extended regions, if there are any" \
		origin_is_right
	check "dom0 finds on the disk what the domU wrote" written_is_on $nvme ro
	check "no bounce buffer stays in use" bounce_buffers_are_free
	check "all pages are given back" all_given_back
	check_xen 1 1
}

# For such requests blkfront grants 32 MiB of the memory of the domU.
domu_uses_nvme()
{
	configure "$domu" "disk xen_blkfront.max_indirect_segments=256" \
		/boot/domu.cpio 256 "disk = [\"phy:$nvme,xvda,w\"]" \
		> "/run/$domu.cfg"
	start_domu &&
	domu_says "reading on" &&
	sample during &&
	sleep "$patience" &&
	stop_domu &&
	domu_passes && return
	destroy_domu
	return 1
}

bounce_buffers_are_free()
{
	wait_for 5 grep -qx 0 /sys/kernel/debug/swiotlb/io_tlb_used
}
