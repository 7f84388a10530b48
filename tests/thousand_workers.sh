# 1,000 workers: ready soon, killed all at once and back, gone without a rest.
. "$(dirname "$0")/lib.sh"

[ "$(ulimit -u)" = unlimited ] || [ "$(ulimit -u)" -ge 3000 ] || skip "ulimit -u is too low"
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1000 log-connections = false }'
start
wait_workers echo 1000 10
since=1
logged 'ready services=1 workers=1000' || wait_workers echo 1000
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
old=$(workers echo)
kill -KILL $old
replaced() { [ "$(worker_count echo)" -eq 1000 ] && [ -z "$(comm -12 <(echo "$old" | sort) <(workers echo | sort))" ]; }
wait_for 20 replaced || fail "$(worker_count echo) workers are back"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "zombies" 0 "$(ps -o stat= --ppid "$master" | grep -c Z)"
stop
