# A worker that does not come back from a connection long after session-timeout, because somebody has
# stopped it, is killed and replaced. One that is idle is left alone.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 session-timeout = 30 max-per-source = 1 }'
clock_begin
start
exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 5 -u $held answer
expect "answer" x "$answer"
stuck=$(busy_worker echo)
idle=$(workers echo | grep -vx "$stuck")
kill -STOP "$stuck"
answers 127.0.0.1:7001 && fail "a second connection of this source is let in"
logged "pid=$stuck serves a connection for longer" && fail "that came too soon"
clock_forward 40
wait_for 5 gone "$stuck" || fail "the stopped worker is still there"
wait_log "service=echo .*pid=$stuck serves a connection for longer than session-timeout"
wait_workers echo 2
expect "the idle worker" "$idle" "$(workers echo | grep -x "$idle")"
wait_for 5 answers 127.0.0.1:7001 || fail "its source is still counted"
exec {held}>&-
stop
