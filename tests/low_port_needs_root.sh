# An ordinary user cannot bind a low port, and is told so; otherwise sockd works for him too.
. "$(dirname "$0")/lib.sh" setpriv

user=()
[ "$(id -u)" -ne 0 ] || user=(setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps=-all)
chmod 777 "$dir"
prefix=("${user[@]}")
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
"${user[@]}" test -x "$SOCKD" || skip "another user cannot reach $SOCKD"
start
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "notices about it" 1 "$(logged_times 'not root')"
stop

conf 'service echo { listen = {"127.0.0.1:7"} handler = "echo" }'
[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 7 ] || skip "low ports are for everybody"
launch
wait_exit 10
expect "exit status" 1 $status
wait_log "service 'echo': .*127\\.0\\.0\\.1:7: Permission denied"
