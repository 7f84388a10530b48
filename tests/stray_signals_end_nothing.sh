# A signal that means nothing to sockd leaves the master alone: a timer's, a power failure's, or that of a
# limit of the file size, which a log reaches that is written to a file.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
start
for name in ALRM VTALRM PROF IO PWR XCPU XFSZ PIPE WINCH URG CONT; do
	kill -$name "$master"
done
expect "answer after stray signals" ping "$(ask 127.0.0.1:7001 ping)"
stop

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service discard { listen = {"127.0.0.1:7002"} handler = "discard" }'
start
prlimit --fsize=2048 --pid "$(logger_pid)"
full()
{
	ask 127.0.0.1:7001 ping >"$dir/answer"
	[ "$(stat -c %s "$log")" -ge 2048 ]
}
logger=$(logger_pid)
wait_for 10 full || fail "the log has only $(stat -c %s "$log") bytes"
for _ in 1 2 3; do
	expect "answer with a full log" ping "$(ask 127.0.0.1:7001 ping)"
done
expect "logger" "$logger" "$(logger_pid)"
stop
