# A /dev/log that is not there or that nobody reads holds up nobody; what was lost is told later, and
# written and lost lines add up.
. "$(dirname "$0")/lib.sh" root
. "$(dirname "$0")/lib_log.sh"

private_dev
conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 }"
launch_to_syslog -l debug
wait_for 5 answers 127.0.0.1:7001 || fail "no answer without /dev/log"
expect "answer without /dev/log" ping "$(ask 127.0.0.1:7001 ping)"
syslog_begin
wait_log "ready services=1"
both() { [ "$(logged_times 'service=echo .*closed')" -eq 2 ]; }
wait_for 10 both || fail "lines about two connections: $(logged_times 'service=echo .*closed')"

# It stands still: more lines than all buffers hold.
touch "$dir/syslog.hold"
mark
rounds=30000
py 'knock("127.0.0.1:7001", int(sys.argv[1]))' $rounds || exit 1
expect "answer while syslog stands still" ping "$(ask 127.0.0.1:7001 ping)"
rm "$dir/syslog.hold"
wait_log 'log lines lost.* lost=[0-9]+' 30
sum() { echo $(($(logged_times 'service=echo .*closed source') + $(lost_lines 'log lines lost'))); }
complete() { [ "$(sum)" -eq $((rounds + 1)) ]; }
wait_for 30 complete || fail "$((rounds + 1)) connections, but $(sum) lines written or counted as lost"

# A syslogd that is replaced.
kill "$syslog_pid"
wait_for 5 gone "$syslog_pid"
rm -f /dev/log
expect "answer meanwhile" ping "$(ask 127.0.0.1:7001 ping)"
syslog_begin
mark
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log 'closed'
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status

# And one that stands still does not hold up the end.
launch_to_syslog
wait_for 5 answers 127.0.0.1:7001
touch "$dir/syslog.hold"
py 'load("127.0.0.1:7001", 4, None, 500)' >"$dir/load"
kill -TERM "$master"
wait_exit 10
expect "exit status with a syslog that stands still" 0 $status
