# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash
#
# The messages of dom0's kernel: the last job, as each of the others can cause some.

files_of_messages()
{
	echo messages
}

job_messages()
{
	send_messages
}
