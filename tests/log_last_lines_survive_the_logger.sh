# While a logger that died young was not replaced yet, a stop lost the last lines: those of services
# that were gone, and those of the master.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
clock_begin stopped
start
# One that is killed within a second of its start is replaced after a pause.
old=$(logger_pid)
kill -KILL "$old"
wait_for 5 gone "$old" || fail "the logger outlives KILL"
expect "answer without a logger" ping "$(ask 127.0.0.1:7001 ping)"
expect "a logger" "" "$(logger_pid)"
mark
kill -INT "$master"
wait_exit 5
expect "exit status" 0 $status
for line in 'stopping at once' stopped; do
	logged " $line\$" || fail "the master's line '$line' is missing"
done
logged 'service=echo .* closed ' || fail "the service's last lines are missing"
