# Whoever shares the listening socket can shut it down for all. It is revived within a second, and told.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service other { listen = {"127.0.0.1:7002"} handler = "echo" workers = 1 }'
mkfifo "$dir/go"
prefix=(hand_over "--shutdown-on=$dir/go" "echo=127.0.0.1:7001")
start
other=$(workers other)
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
echo now >"$dir/go"
wait_log 'service=echo .*listener.* shut down'
wait_for 5 answers 127.0.0.1:7001 || fail "no answer afterwards"
expect "worker of the other service" "$other" "$(workers other)"
wait_workers echo 2
stop
