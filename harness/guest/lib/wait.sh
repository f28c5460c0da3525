# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2154 # variables are shared
#
# Waiting, $patience times as long as on a machine without other work.

seconds_up()
{
	local up
	read -r up _ < /proc/uptime
	echo "${up%.*}"
}

# Wait until a command succeeds. Some commands take long to fail, so it is the
# clock that counts.
#   wait_for SECONDS COMMAND...
wait_for()
{
	local end=$(($(seconds_up) + $1 * patience))
	shift
	until "$@" > /dev/null 2>&1; do
		if [ "$(seconds_up)" -gt "$end" ]; then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# Give a command some time.
#   patiently SECONDS COMMAND...
patiently()
{
	local seconds=$(($1 * patience))
	shift
	timeout -k 5 "$seconds" "$@"
}
