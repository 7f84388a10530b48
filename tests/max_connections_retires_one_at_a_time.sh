# max-connections: a worker leaves after so many and is replaced, never two of a service at a time.
. "$(dirname "$0")/lib.sh"

conf 'service exact { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 max-connections = 5 max-connections-jitter = 0 }
service never { listen = {"127.0.0.1:7002"} handler = "echo" workers = 1 }'
start
never=$(workers never)
for i in 1 2 3 4 5 6 7 8 9 10 11; do
	expect "answer $i" ping "$(ask 127.0.0.1:7001 ping)"
	expect "answer $i" ping "$(ask 127.0.0.1:7002 ping)"
done
lines() { [ "$(logged_times 'service=exact .*closed')" -eq 11 ]; }
wait_for 5 lines || fail "$(logged_times 'service=exact .*closed') lines for 11 connections"
expect "connections of each worker, in order" "5 5 1" \
	"$(grep 'service=exact .*closed' "$log" | sed 's/.*pid=\([0-9]*\) .*/\1/' | uniq -c | awk '{ printf "%s%d", s, $1; s = " " }')"
expect "worker of the service without it" "$never" "$(workers never)"
stop

# While the master stands still, a worker that has retired is not replaced: no other one may follow it.
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 3 max-connections = 1 max-connections-jitter = 0 }'
start
wait_workers echo 3
kill -STOP "$master"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	expect "answer $i while the master stands still" ping "$(ask 127.0.0.1:7001 ping)"
done
wait_workers echo 2
kill -CONT "$master"
wait_workers echo 3
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop

# Jitter: workers with one limit leave after different counts.
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 max-connections = 20 max-connections-jitter = 50 }'
start
py 'load("127.0.0.1:7001", 1, None, 120)' >"$dir/load"
expect_match "load" "rounds=120 lost=0" "$(cat "$dir/load")"
stop
counts=$(grep closed "$log" | sed 's/.*pid=\([0-9]*\) .*/\1/' | uniq -c | awk '{ print $1 }' | sed '$d')
for n in $counts; do
	[ "$n" -ge 10 ] && [ "$n" -le 30 ] || fail "a worker left after $n connections, outside of 20 +- 50 %"
done
[ "$(echo "$counts" | sort -u | wc -l)" -ge 2 ] || fail "all workers left after the same count: $counts"
