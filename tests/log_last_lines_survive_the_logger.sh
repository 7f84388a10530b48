# While a logger that died young was not replaced yet, a stop lost the last lines: those of services
# that were gone, and those of the master.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
start
# One that is killed within a second of its start is replaced after a pause.
for i in 1 2 3; do
	kill -KILL "$(logger_pid)"
	expect "answer without a logger" ping "$(ask 127.0.0.1:7001 ping)"
	[ -n "$(logger_pid)" ] || break
done
[ -z "$(logger_pid)" ] || fail "the logger is replaced at once each time"
mark
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
for line in stopping stopped; do
	logged " $line\$" || fail "the master's line '$line' is missing"
done
logged 'service=echo .* closed ' || fail "the service's last lines are missing"
