# HUP: a service that has not changed keeps its listener, its workers and their connections; one that
# has gets new workers, while the old ones finish what they hold.
. "$(dirname "$0")/lib.sh" ss

conf 'service same { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service changed { listen = {"127.0.0.1:7002"} handler = "echo" workers = 2 log-connections = true }
service gone { listen = {"127.0.0.1:7003"} handler = "echo" }'
start
inode() { ss -Hltne "sport = :$1" | sed 's/.*ino:\([0-9]*\).*/\1/'; }
talk()
{
	echo "$2" >&"$1"
	read -r -t 5 -u "$1" answer || fail "no answer to $2"
	expect "answer" "$2" "$answer"
}

same=$(workers same)
changed=$(workers changed)
inodes="$(inode 7001) $(inode 7002)"
exec {a}<>/dev/tcp/127.0.0.1/7001 {b}<>/dev/tcp/127.0.0.1/7002 {c}<>/dev/tcp/127.0.0.1/7003
talk $a one && talk $b one && talk $c one

conf 'service same { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service changed { listen = {"127.0.0.1:7002"} handler = "echo" workers = 2 log-connections = false }
service new { listen = {"127.0.0.1:7004"} handler = "echo" }'
mark
kill -HUP "$master"
wait_log 'reload: done'
expect "answer of the new service" ping "$(ask 127.0.0.1:7004 ping)"
refused() { ! answers "$1"; }
wait_for 5 refused 127.0.0.1:7003 || fail "the service that is gone answers"
expect "answer of the changed service" ping "$(ask 127.0.0.1:7002 ping)"
expect "workers of the service that is the same" "$same" "$(workers same)"
expect "sockets" "$inodes" "$(inode 7001) $(inode 7002)"

# One old worker holds a connection; the other one leaves.
old_left() { [ "$(comm -12 <(echo "$changed" | sort) <(workers changed | sort) | wc -l)" -eq "$1" ]; }
wait_for 5 old_left 1 || fail "old workers: $changed, now: $(workers changed)"
talk $a two && talk $b two && talk $c two
mark
exec {a}>&- {b}>&- {c}>&-
wait_for 5 old_left 0 || fail "an old worker stays after its connection has ended"
wait_workers gone 0
# The old settings hold for the old worker, to its end; the new ones for the new workers.
wait_log 'service=changed .*closed .*bytes_in=8'
expect "answer" ping "$(ask 127.0.0.1:7002 ping)"
expect "lines about connections of the changed service" 1 "$(logged_times 'service=changed .*closed')"
stop
