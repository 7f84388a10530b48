# Started without descriptors 0, 1 and 2, no socket becomes one of them, and no line goes to a client.
. "$(dirname "$0")/lib.sh"

conf "pidfile = '$dir/pid'
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 1 }"
"$SOCKD" -n -f "$conf" <&- >&- 2>&- &
master=$!
started+=($master)
wait_for 10 answers 127.0.0.1:7001 || fail "no answer"
for pid in $master $(descendants "$master"); do
	for fd in 0 1 2; do
		what=$(readlink "/proc/$pid/fd/$fd") || fail "$(cat "/proc/$pid/comm") has no descriptor $fd"
		[[ $fd -eq 2 && $pid != "$master" ]] && continue # a worker's goes to the logger
		[[ $what == socket:* ]] && fail "descriptor $fd of $(cat "/proc/$pid/comm") is $what"
	done
done
kill -USR1 "$master"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
