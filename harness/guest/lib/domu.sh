# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# DomUs: their configuration and their consoles.

# The configuration of a domU, which does JOB, see domu-init. Its kernel's log has
# room for several times the output of the selftests; with 4M, the records that go
# with the text would take a quarter of its memory.
#   configure NAME JOB RAMDISK MEMORY EXTRA-LINE
configure()
{
	[ "$kind" = arm ] || echo "type = \"$kind\""
	if [ "$kind" = hvm ]; then
		echo 'device_model_version = "qemu-xen"'
		echo 'device_model_override = "/usr/libexec/xen-qemu-system-i386"'
		echo 'vga = "none"'
		echo 'vnc = 0'
	fi
	cat <<-END
		name = "$1"
		kernel = "/boot/kernel"
		ramdisk = "$3"
		extra = "console=hvc0 printk.devkmsg=on log_buf_len=1M panic=-1 domu_job=$2 patience=$patience known_md5=$(cat /boot/known.md5)"
		memory = $4
		on_crash = "destroy"
		on_reboot = "destroy"
		$5
	END
}

# ... of the one that has a disk, with the JOB disk or stay
#   configure_disk JOB
configure_disk()
{
	configure "domu$tag" "$1" /boot/domu.cpio "$memory" \
		'disk = ["phy:/dev/loop0,xvda,w"]'
}

# The domU named $domu, and the log of its console.
use_domu()
{
	domu=$1
	domu_log=/var/log/xen/console/guest-$domu.log
}

# Create the domU named $domu by its configuration in /run, and learn its number.
start_domu()
{
	patiently 60 xl create "/run/$domu.cfg" && domid=$(domid_of "$domu")
}

destroy_domu()
{
	patiently 30 xl destroy "$domu"
	wait_for 30 domain_gone "$domid"
}

# The domU says something, rather than that it failed. It says nothing more when its
# kernel has panicked.
#   domu_says TEXT [SECONDS]
domu_says()
{
	wait_for "${2:-60}" grep -q -e "domu: $1" -e "domu: FAILED" \
		-e "Kernel panic - not syncing" "$domu_log" &&
	grep -q "domu: $1" "$domu_log" && return
	tail -n 5 "$domu_log"
	return 1
}

# Of a domU that has failed nothing stays that the next one could stumble over.
abandon_domu()
{
	destroy_domu
	losetup -d /dev/loop0
}

# Tell the domU to end; domu_passes() sees whether it does.
stop_domu()
{
	echo stop > "$(ask_xenstore read "/local/domain/$domid/console/tty")"
}

domu_passes()
{
	domu_says PASSED && domu_files_are_whole &&
	wait_for 30 domain_gone "$domid" &&
	wait_for 30 test ! -e "/sys/bus/xen-backend/devices/vbd-$domid-51712"
}

# Each file that the domU has sent has the checksum that it said.
domu_files_are_whole()
{
	local file sum
	sed -n 's/^.*domu: \([^ ]*\)= \([0-9a-f]*\).*$/\1 \2/p' "$domu_log" > /run/sums
	while read -r file sum; do
		domu_sent "$file" | md5sum | grep -q "^$sum " && continue
		echo "$file did not come whole through the console"
		return 1
	done < /run/sums
	grep '^messages ' /run/sums
}

# The file $1 that the domU has sent.
domu_sent()
{
	sed -n "s/^\(\[ *[0-9.]*\] \)*domu: $1| //p" "$domu_log" | tr -d '\r'
}

# Send as FILE the console of the domU, without the files that came through it.
#   send_console FILE
send_console()
{
	[ ! -e "$domu_log" ] || grep -v 'domu: [^ ]*[|=] ' "$domu_log" | send "$1"
}

# The warnings of its kernel, as domU$tag-$1.
#   send_domu_messages NAME
send_domu_messages()
{
	domu_sent messages | send "domU$tag-$1"
}
