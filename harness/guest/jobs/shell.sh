# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# A shell.

# A shell on the serial line, in place of everything above.
shell()
{
	start_daemons
	losetup /dev/loop0 /boot/disk.img
	use_kind "${kinds%% *}"
	configure_disk disk > /root/domu.cfg
	cat <<-END > /dev/console

		This is dom0, with Xen's tools running. To see its driver at work:
		    xl create /root/domu.cfg; grep Xen /proc/iomem
		    cat $unpopulated/stats
		To leave: exit, or the keys Ctrl-A X.

	END
	say "the shell is ready"
	cd /root && setsid cttyhack sh
}
