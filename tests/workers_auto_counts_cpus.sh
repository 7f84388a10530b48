# workers = auto is the number of CPUs that affinity leaves.
. "$(dirname "$0")/lib.sh" taskset

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = auto }'
prefix=(taskset -c "$(taskset -pc $$ | sed 's/.*: \([0-9]*\).*/\1/')")
start
wait_workers echo 1
stop
prefix=()
run -T -f "$conf"
expect_match "dump" "workers = $(nproc)" "$out"
