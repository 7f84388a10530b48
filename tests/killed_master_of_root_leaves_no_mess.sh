# The same when workers run as another user, whom the death signal of a parent does not reach in all
# cases.
. "$(dirname "$0")/lib.sh" root

conf 'user = "nobody"
service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 8 }'
for i in 1 2 3; do
	start
	pids=$(descendants "$master")
	kill -KILL "$master"
	for pid in $pids; do
		wait_for 5 gone "$pid" || fail "$(cat "/proc/$pid/comm") is still there"
	done
done
start
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
