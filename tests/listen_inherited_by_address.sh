# A socket that systemd hands over is used by the service that listens on its address; what no service
# wants is closed with a warning.
. "$(dirname "$0")/lib.sh"

conf 'service one { listen = {"127.0.0.1:7001"} handler = "echo" }
service two { listen = {"127.0.0.1:7002"} handler = "discard" }'
prefix=(hand_over "x=127.0.0.1:7009" "y=127.0.0.1:7001")
start
wait_log '127\.0\.0\.1:7009 .*belongs to no service'
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
answers 127.0.0.1:7009 && fail "the unwanted socket answers"
expect "answer of a service that binds" "" "$(ask 127.0.0.1:7002 ping)"

# The socket is kept over a reload.
mark
kill -HUP "$master"
wait_log 'reload: done'
expect "answer after a reload" ping "$(ask 127.0.0.1:7001 ping)"
stop
