# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=sh disable=SC2154 # variables are run.sh's
#
# Sourced by run.sh: what is lost on its way.

cases="$cases lost_checksum lost_lines lost_file damaged_file lost_list_of_files
dropped_messages"

lost_checksum()
{
	good | without 'iomem.before[|=] ' | sed '/many_one_x/s/$/ /' |
		fails_with "fail|plain/iomem.before|has been sent, and did not come" \
			"fail|plain/gntdev_map|did not come whole through the console"
	good | without 'iomem.before= ' | without 'iomem.before| 2' |
		fails_with "fail|plain/iomem.before|its end did not come through the console"
}

lost_lines()
{
	good | without 'iomem.before| ' |
		fails_with "fail|plain/iomem.before|did not come whole through the console"
}

lost_file()
{
	good | without 'iomem.before[|=]' |
		fails_with "fail|plain/iomem.before|has been sent, and did not come"
}

damaged_file()
{
	good | sed 's/20000000-2fffffff/20000000-20ffffff/' |
		fails_with "fail|plain/iomem.before|did not come whole through the console"
}

lost_list_of_files()
{
	good | without 'sent[|=] ' |
		fails_with "fail|plain/sent|did not come, so files may be lost"
}

dropped_messages()
{
	good | sed '2i[    0.1] ** 123 printk messages dropped **' |
		fails_with "fail|plain/log is clean|2:** 123 printk messages dropped **"
}
