# The defaults section sets what a service does not set itself.
. "$(dirname "$0")/lib.sh"

conf 'defaults { workers = 3 handler = "echo" }
service plain { listen = {"127.0.0.1:7001"} }
service own { listen = {"127.0.0.1:7002"} workers = 1 handler = "discard" }'
start
wait_workers plain 3
wait_workers own 1
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "answer" "" "$(ask 127.0.0.1:7002 ping)"
stop
rejects "a wrong value in defaults" 'defaults {
	workers = none
}
service plain { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:2: .*workers'
