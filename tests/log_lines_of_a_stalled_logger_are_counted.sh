# A reload while syslog stands still: the lines that the old logger had in hand were lost, and nobody
# told. Now written and lost lines add up.
. "$(dirname "$0")/lib.sh" root

private_dev
syslog_begin
conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 }"
log=$dir/syslog
: >"$log"
"$SOCKD" -n -s -l debug -f "$conf" 2>"$dir/err" </dev/null &
master=$!
started+=($master)
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
sum()
{
	local lost

	lost=$(tail -n "+$since" "$log" | sed -n 's/.*log lines could not be written lost=\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
	echo $(($(logged_times 'service=echo .*closed source') + lost))
}
complete() { [ "$(sum)" -eq "$rounds" ]; }
wait_for 10 complete || fail "$rounds connections, but $(sum) lines written or counted as lost"
logged 'service=echo .*could not be written' && fail "a service is blamed for what the logger lost"
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
