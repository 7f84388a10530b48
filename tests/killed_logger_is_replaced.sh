# A logger that is killed is replaced, nobody notices, and lines go on.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
clock_begin
start
workers=$(workers echo)
for i in 1 2 3; do
	old=$(logger_pid)
	kill -KILL "$old"
	expect "answer meanwhile" ping "$(ask 127.0.0.1:7001 ping)"
	clock_forward 1 # one that was young is replaced after a pause
	new_logger() { [ -n "$(logger_pid)" ] && [ "$(logger_pid)" != "$old" ]; }
	wait_for 5 new_logger || fail "no new logger"
	mark
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
	wait_log 'service=echo .*closed'
done
expect "workers" "$workers" "$(workers echo)"
# A stopped logger delays nobody; its lines wait.
kill -STOP "$(logger_pid)"
mark
for i in 1 2 3 4 5; do
	expect "answer while the log stands still" ping "$(ask 127.0.0.1:7001 ping)"
done
kill -CONT "$(logger_pid)"
five() { [ "$(logged_times closed)" -eq 5 ]; }
wait_for 5 five || fail "$(logged_times closed) lines of 5 were written"
stop
