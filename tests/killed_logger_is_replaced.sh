# A logger that is killed is replaced, nobody notices, and lines go on.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
clock_begin
start
workers=$(workers echo)
lines() { [ "$(logged_times 'service=echo .*closed')" -eq "$1" ]; }
for i in 1 2 3; do
	old=$(logger_pid)
	kill -KILL "$old"
	expect "answer meanwhile" ping "$(ask 127.0.0.1:7001 ping)"
	clock_forward 1 # one that was young is replaced after a pause
	new_logger() { [ -n "$(logger_pid)" ] && [ "$(logger_pid)" != "$old" ]; }
	wait_for 5 new_logger || fail "no new logger"
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
	# Both are written: who is killed next has none of them in hand.
	wait_for 10 lines $((2 * i)) || fail "$(logged_times closed) lines of $((2 * i)) were written"
done
expect "workers" "$workers" "$(workers echo)"
# A stopped logger delays nobody; its lines wait.
kill -STOP "$(logger_pid)"
mark
for i in 1 2 3 4 5; do
	expect "answer while the log stands still" ping "$(ask 127.0.0.1:7001 ping)"
done
kill -CONT "$(logger_pid)"
wait_for 5 lines 5 || fail "$(logged_times closed) lines of 5 were written"
stop
