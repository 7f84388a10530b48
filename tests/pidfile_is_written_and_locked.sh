# The pidfile holds the master's pid, is locked, and goes with the master; a second sockd says so.
. "$(dirname "$0")/lib.sh"

pidfile=$dir/pid
conf "pidfile = '$pidfile'
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }"
start
expect "pidfile" "$master" "$(cat "$pidfile")"
sed 's/7001/7002/' "$conf" >"$dir/second.conf"
run -n -f "$dir/second.conf"
expect "exit status of a second sockd" 1 $status
expect_match "what it says" "$pidfile.*$master|$master.*$pidfile" "$err"
answers 127.0.0.1:7002 && fail "the second one listens"
expect "pidfile" "$master" "$(cat "$pidfile")"
mark
kill -HUP "$master"
wait_log 'reload: done'
expect "pidfile after a reload" "$master" "$(cat "$pidfile")"
stop
[ ! -e "$pidfile" ] || fail "the pidfile is still there"

# One that a killed master left is no hindrance, though the number in it may be anybody's.
echo $$ >"$pidfile"
start
expect "pidfile" "$master" "$(cat "$pidfile")"
rest=$(descendants "$master")
kill_hard "$master"
for pid in $rest; do wait_for 5 gone "$pid" || fail "process $pid outlives a killed master"; done
start
expect "pidfile" "$master" "$(cat "$pidfile")"
stop

# With -n there is none unless it is asked for.
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
run -T -n -f "$conf"
expect_match "pidfile with -n" "pidfile = ['\"]{2}" "$out"
run -T -f "$conf"
expect_match "pidfile without -n" "pidfile = .*/sockd.pid" "$out"
