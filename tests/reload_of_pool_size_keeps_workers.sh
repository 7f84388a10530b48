# A change of the pool's size alone keeps workers and connections.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 max-workers = 2 }'
start
wait_workers echo 2
before=$(workers echo)
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 4 max-workers = 6 spare-workers = 2 worker-idle = 1 }'
kill -HUP "$master"
wait_workers echo 4
kept=$(comm -12 <(echo "$before" | sort) <(workers echo | sort) | wc -l)
expect "workers that were kept" 2 "$kept"
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
kill -HUP "$master"
wait_workers echo 1
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
