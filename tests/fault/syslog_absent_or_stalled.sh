# No /dev/log is there, or a /dev/log that nobody reads for a while: no connection is lost, no process blocks, the lines
# that were lost are counted and told later.
. "$(dirname "$0")/lib_fault.sh" root
# shellcheck source=tests/lib_log.sh
. "$tests/lib_log.sh"

private_dev
conf "log-facility = local3
service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 }"
# What start() looks for in the log is in syslog.
lib_settled() { gone "$master" || answers 127.0.0.1:7999; }
log=$dir/syslog
: >"$log"
syslog_begin
"$SOCKD" -n -s -f "$conf" 2>"$dir/err" </dev/null &
master=$!
started+=("$master")
wait_for 20 lib_settled
fault_begin
load_begin 127.0.0.1:7001 3
touch "$dir/syslog.hold"
mark
fault_lasts stalled
rm "$dir/syslog.hold"
wait_log 'log lines lost.* lost=[0-9]+' 20
figure lines_lost "$(sed -n 's/.*log lines lost.* lost=\([0-9]*\).*/\1/p' "$log" | awk '{ n += $1 } END { print n }')"
kill "$syslog_pid"
wait_for 5 gone "$syslog_pid"
rm -f /dev/log
fault_lasts absent
syslog_begin
mark
wait_log 'service=echo .*closed'
load_end
expect "lost of $load_rounds" 0 "$load_lost"
fault_over
kill -TERM "$master"
wait_exit 10
expect "exit status" 0 "$status"
short_form stalled_log_counts_lost_lines SOCKD_TEST_LINES="${LINES_LOST:-300000}"
