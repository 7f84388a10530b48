# An address that cannot be bound refuses the whole reload.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service leaves { listen = {"127.0.0.1:7002"} handler = "echo" }'
start
wait_workers echo 2
before=$(workers echo)
squat 127.0.0.1:7004
exec {held}<>/dev/tcp/127.0.0.1/7001

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "discard" workers = 2 }
service new { listen = {"127.0.0.1:7003"} handler = "echo" }
service stolen { listen = {"127.0.0.1:7004"} handler = "echo" }'
mark
kill -HUP "$master"
wait_log "reload: .*sockd.conf:3: service 'stolen': .*127\\.0\\.0\\.1:7004: Address already in use"
expect "workers" "$before" "$(workers echo)"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "answer of the service that was to leave" ping "$(ask 127.0.0.1:7002 ping)"
refused() { ! answers "$1"; }
wait_for 5 refused 127.0.0.1:7003 || fail "a part of the reload was applied"
echo x >&$held
read -r -t 5 -u $held answer || fail "a connection was lost"
exec {held}>&-
stop
