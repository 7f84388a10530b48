#!/bin/bash
# After three early deaths in a row a service waits, 1 s and doubling; other services do not notice.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

conf 'service bad { listen = {"127.0.0.1:7007"} handler = "echo" workers = 1 }
service good { listen = {"127.0.0.1:7008"} handler = "echo" workers = 2 }'
clock_begin stopped
start
good=$(workers good)
crash()
{
	worker=$(workers bad)
	kill -SEGV "$worker"
	wait_log "service=bad .*pid=$worker died: killed by signal 11 \\(SEGV\\)"
}
replaced() { pid=$(workers bad) && [ -n "$pid" ] && [ "$pid" != "$worker" ]; }
# The master has looked at the clock since: its loop has come round.
looked()
{
	for _ in 1 2; do
		mark
		kill -USR1 "$master"
		wait_log 'service=good status '
	done
}

clock_forward 2 # the first death is not early: that worker has lived a second
for i in 1 2 3; do
	crash
	wait_for 5 replaced || fail "death $i is not replaced at once"
done
for pause in 1 2 4; do
	crash
	wait_log "pid=$worker died.* next_try_s=$pause( |\$)"
	clock_forward $((pause - 1))
	looked
	expect "workers before $pause s are over" "" "$(workers bad)"
	clock_forward 1
	wait_for 5 replaced || fail "no new worker after $pause s"
done
expect "workers of the other service" "$good" "$(workers good)"
expect "answer of the other service" ping "$(ask 127.0.0.1:7008 ping)"
expect "answer once it has recovered" ping "$(ask 127.0.0.1:7007 ping)"

# It ends, too, if those that live are enough by now.
kill -TTIN "$master"
for i in 1 2 3; do
	more() { third=$(workers good | grep -vxF "$good") && [ "$third" != "${worker:-}" ]; }
	wait_for 5 more || fail "no third worker: $(workers good)"
	worker=$third
	kill -SEGV "$worker"
	wait_log "service=good .*pid=$worker died"
done
wait_log "pid=$worker died.* next_try_s=1( |\$)"
kill -TTOU "$master"
looked
clock_forward 1
wait_log 'service=good workers stay alive again'
clock_go
stop
