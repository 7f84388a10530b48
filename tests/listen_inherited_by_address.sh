# A socket that systemd hands over is used by the service that listens on its address; what no service
# wants is served by nobody, with a warning.
. "$(dirname "$0")/lib.sh"

conf 'service one { listen = {"127.0.0.1:7001"} handler = "echo" }
service two { listen = {"127.0.0.1:7002"} handler = "discard" }'
prefix=(hand_over "x=127.0.0.1:7009" "y=127.0.0.1:7001")
start
wait_log '127\.0\.0\.1:7009 .*belongs to no service'
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
exec {unwanted}<>/dev/tcp/127.0.0.1/7009
echo ping >&$unwanted
read -r -t 0.3 -u $unwanted answer && fail "the unwanted socket answers"
exec {unwanted}>&-
expect "answer of a service that binds" "" "$(ask 127.0.0.1:7002 ping)"

# The socket is kept over a reload.
mark
kill -HUP "$master"
wait_log 'reload: done'
expect "answer after a reload" ping "$(ask 127.0.0.1:7001 ping)"
stop
