# The pid of a child that could not be forked is -1, and kill(-1) means everybody.
. "$(dirname "$0")/lib.sh" strace

[ "$SOCKD_TEST_NS" = all ] || skip "needs a PID namespace"
export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
start
(exec sleep infinity) &
bystander=$!
started+=($bystander)
exec {held}<>/dev/tcp/127.0.0.1/7001
inject clone,clone3 error=EAGAIN:when=1
kill -HUP "$master"
wait_log 'reload: cannot start: Resource temporarily unavailable'
inject_end
before=$(workers echo)
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
kill -TERM "$master"
wait_log 'stopping'
echo x >&$held
read -r -t 5 -u $held answer || fail "a connection in hand was lost"
exec {held}>&-
wait_exit 5
expect "exit status" 0 $status
gone $bystander && fail "a process that is no child of sockd was killed"

# The next reload works as ever.
start
inject clone,clone3 error=EAGAIN:when=1
kill -HUP "$master"
wait_log 'reload: cannot start'
inject_end
before=$(workers echo)
reload
expect "workers" "$before" "$(workers echo)"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
