# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# A domU's network.

receiver=10.0.0.10

#   connect ADDRESS
connect()
{
	wait_for 10 test -e /sys/class/net/eth0 ||
		fail "no interface after $((10 * patience)) seconds"
	if ! { ip address add "$1/24" dev eth0 && ip link set eth0 up; }; then
		fail "the interface cannot be used"
	fi
	say "has an interface"
}

# Each sender has a port of its own: a transfer that is cut off does not keep the other
# one waiting.
receive()
{
	connect $receiver
	mkfifo /silent
	receive_at 7001 &
	receive_at 7002
}

# nc ends its side at the end of its input, and then the other nc stops.
receive_at()
{
	local md5
	while md5=$(nc -l -p "$1" <> /silent | md5sum); do
		say "received ${md5%% *}"
		# The checksum of nothing: nc cannot listen.
		[ "${md5%% *}" != d41d8cd98f00b204e9800998ecf8427e ] || break
	done
}

# 16 MiB, for which there is no room here.
stream()
{
	cat /data /data
}

send_stream()
{
	stream | nc $receiver "700$sender"
}

# TCP stops when nothing is answered, ping does not.
keep_sending()
{
	for _ in 1 2 3 4 5 6 7 8; do
		ping -s 60000 $receiver &
	done
	while :; do
		send_stream
	done
}

transmit()
{
	local md5 word=''
	connect "10.0.0.$sender"
	ping -c 5 -s 60000 $receiver || fail "large packets are lost"
	say "large packets are answered"

	dd if=/dev/urandom of=/data bs=1M count=8 || fail "there is no data"
	send_stream || fail "the data cannot be sent"
	md5=$(stream | md5sum)
	say "sent ${md5%% *}"

	keep_sending &
	say "sending on"
	# shellcheck disable=SC3045 # busybox has -t
	read -r -t $((300 * patience)) word < /dev/hvc0
	[ "$word" = stop ] || fail "dom0 did not say stop"
	kill $!
	pass
}
