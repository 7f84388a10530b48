# A socket from systemd gets the options that the settings name, keeps those that its unit has set, and
# is without ours again when the service gives it up.
. "$(dirname "$0")/lib.sh"

# The kernel tells of the listener itself: its timers and buffers.
receive_buffer()
{
	ss -Hltnm "sport = :$1" | sed -n 's/.*,rb\([0-9]*\).*/\1/p'
}

service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\"} handler = \"echo\" workers = 1 $1 }
service other { listen = {\"127.0.0.1:7008\"} handler = \"echo\" workers = 1 }"
}

command -v ss >/dev/null || skip "needs ss"
prefix=(hand_over echo=127.0.0.1:7007)
service ''
start
default=$(receive_buffer 7007)
stop
service 'receive-buffer = 50000 defer-accept = 30'
start
logged '127.0.0.1:7007 .inherited' || fail "the socket was not taken over"
expect "receive buffer from the start" 100000 "$(receive_buffer 7007)"
expect "served beside a silent one" "yes" "$(py '
silent, c = Client("127.0.0.1:7007"), Client("127.0.0.1:7007")
c.send("yes")
print(c.take(3).decode())')"
service 'receive-buffer = 70000'
reload
expect "receive buffer after a reload" 140000 "$(receive_buffer 7007)"
conf 'service other { listen = {"127.0.0.1:7008"} handler = "echo" workers = 1 }'
reload
given_back() { [ "$(receive_buffer 7007)" = "$default" ]; }
wait_for 10 given_back || fail "receive buffer of the socket that was given up: $(receive_buffer 7007)"
service 'receive-buffer = 50000'
reload
expect "receive buffer when it came back" 100000 "$(receive_buffer 7007)"
stop
