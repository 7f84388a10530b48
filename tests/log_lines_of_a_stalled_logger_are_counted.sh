# A reload while syslog stands still: the lines that the old logger had in hand were lost, and nobody
# told. Now written and lost lines add up.
. "$(dirname "$0")/lib.sh" root
. "$(dirname "$0")/lib_log.sh"

private_dev
syslog_begin
conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 }"
launch_to_syslog -l debug
wait_log 'ready services=1'
touch "$dir/syslog.hold"
mark
rounds=500
py 'knock("127.0.0.1:7001", int(sys.argv[1]))' $rounds || exit 1
old=$(logger_pid)
kill -HUP "$master"
replaced() { [ -n "$(logger_pid)" ] && [ "$(logger_pid)" != "$old" ]; }
wait_for 5 replaced || fail "logger $old is still there 5 s after the reload"
rm "$dir/syslog.hold"
wait_log 'reload: done'
sum() { echo $(($(logged_times 'service=echo .*closed source') + $(lost_lines 'log lines could not be written'))); }
complete() { [ "$(sum)" -eq "$rounds" ]; }
wait_for 10 complete || fail "$rounds connections, but $(sum) lines written or counted as lost"
logged 'service=echo .*could not be written' && fail "a service is blamed for what the logger lost"
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
