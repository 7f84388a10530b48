# TTIN: one worker more in every service. TTOU: one less.
. "$(dirname "$0")/lib.sh"

conf 'service one { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service two { listen = {"127.0.0.1:7002"} handler = "echo" workers = 2 }'
start
wait_workers two 2
first=$(workers two)
kill -TTIN "$master"
wait_workers one 2
wait_workers two 3
kill -TTOU "$master"
wait_workers one 1
wait_workers two 2
kill -TTOU "$master"
wait_workers two 1
for i in 1 2 3; do
	kill -TTOU "$master"
	sleep 0.1
done
expect "answer of a pool that was asked to be empty" ping "$(ask 127.0.0.1:7001 ping)"
# What was too much is forgotten.
kill -TTIN "$master"
wait_workers one 2
stop
