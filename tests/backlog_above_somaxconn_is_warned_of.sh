# backlog reaches the kernel; one that the kernel cuts is told.
. "$(dirname "$0")/lib.sh" ss

max=$(cat /proc/sys/net/core/somaxconn)
conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' backlog = $((max + 1)) }
service small { listen = {'127.0.0.1:7002'} handler = 'echo' backlog = 17 }
service usual { listen = {'127.0.0.1:7003'} handler = 'echo' }"
start
wait_log "127\\.0\\.0\\.1:7001.*backlog.*$max.*somaxconn"
expect "warnings" 1 "$(logged_times somaxconn)"
limit() { ss -Hltn "sport = :$1" | awk '{ print $3 }'; }
expect "queue of 7001" "$max" "$(limit 7001)"
expect "queue of 7002" 17 "$(limit 7002)"
expect "queue of 7003" 511 "$(limit 7003)"

# A reload changes it on the socket that is there.
pids=$(workers small)
sed -i 's/backlog = 17/backlog = 18/' "$conf"
kill -HUP "$master"
limit_is() { [ "$(limit "$1")" = "$2" ]; }
wait_for 5 limit_is 7002 18 || fail "the queue of 7002 after the reload is $(limit 7002)"
expect "workers" "$pids" "$(workers small)"
stop
