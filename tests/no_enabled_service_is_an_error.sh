# A service with enabled = false is checked, not started; without any other sockd leaves with 78.
. "$(dirname "$0")/lib.sh"

conf 'service on { listen = {"127.0.0.1:7001"} handler = "echo" }
service off { listen = {"127.0.0.1:7002"} handler = "echo" enabled = false }'
start
answers 127.0.0.1:7002 && fail "the service that is off answers"
expect "workers of the service that is off" 0 "$(worker_count off)"
sed -i 's/enabled = false/enabled = true/' "$conf"
kill -HUP "$master"
wait_for 5 answers 127.0.0.1:7002 || fail "it does not answer once enabled"
stop

conf 'service off { listen = {"127.0.0.1:7002"} handler = "echo" enabled = false }'
for how in -n -t; do
	run $how -f "$conf"
	expect "exit status with $how" 78 $status
	expect_match "what is said with $how" "sockd.conf.*no service" "$err"
done
conf 'service off { listen = {"127.0.0.1:7002"} handler = "echo" workers = none enabled = false }'
run -t -f "$conf"
expect_match "what is said of a wrong service that is off" "sockd.conf:1: .*workers" "$err"
