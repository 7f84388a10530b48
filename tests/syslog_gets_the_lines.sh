# Lines go to /dev/log with facility, level, ident and pid.
. "$(dirname "$0")/lib.sh" root
. "$(dirname "$0")/lib_log.sh"

private_dev
syslog_begin
conf "pidfile = '$dir/pid'
log-facility = local3
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 1 }"
run -f "$conf"
expect "exit status" 0 $status
expect "stderr" "" "$err"
master=$(cat "$dir/pid")
started+=("$master")
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
log=$dir/syslog
# local3 is 19, info 6: <158>. Source: RFC 3164
wait_log "^<158>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} sockd\\[$master\\]: service=echo worker=[0-9]+ pid=[0-9]+ closed source=127"
kill -SEGV "$(workers echo)"
wait_log "^<15[56]>.* sockd\\[$master\\]: service=echo .*died"
kill -TERM "$master"
wait_exit_of_daemon() { wait_for 5 gone "$master" || fail "the daemon does not stop"; }
wait_exit_of_daemon

# -s: also with -n.
for option in -s --syslog; do
	: >"$log"
	launch_to_syslog $option
	wait_log "sockd\\[$master\\]: .*ready services=1"
	expect "stderr with $option" "" "$(cat "$dir/err")"
	kill -TERM "$master"
	wait_exit 5
	expect "exit status" 0 $status
done

# A reload changes facility and format.
mark
launch_to_syslog
wait_log "sockd\\[$master\\]: .*ready services=1"
sed -i -e 's/local3/daemon/' -e '1i log-format = json' "$conf"
mark
kill -HUP "$master"
wait_log 'reload: done'
json() { ask 127.0.0.1:7001 ping >"$dir/answer" && logged '^<30>.*sockd\[[0-9]+\]: \{.*"level":"info".*"message":"closed".*\}$'; }
wait_for 5 json || fail "no line in the new format and facility"
kill -TERM "$master"
wait_exit 5
