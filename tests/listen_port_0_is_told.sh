# Port 0: the kernel picks, the log tells.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:0"} handler = "echo" }'
start
port=$(sed -n 's/.*service=echo listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$log")
[ "${port:-0}" -gt 0 ] || fail "the log tells no port"
expect "answer" ping "$(ask "127.0.0.1:$port" ping)"

# A reload does not look for another one.
mark
kill -HUP "$master"
wait_log 'reload: done'
expect "answer after a reload" ping "$(ask "127.0.0.1:$port" ping)"
stop
