# TERM: once the queue is drained, new clients are refused, though a connection in hand goes on.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 3 }'
start
exec {held}<>/dev/tcp/127.0.0.1/7001
echo one >&$held
read -r -t 5 -u $held answer
kill -TERM "$master"
refused() { ! answers 127.0.0.1:7001; }
wait_for 5 refused || fail "new clients are served"
wait_workers echo 1
gone "$master" && fail "the master has not waited"
echo two >&$held
read -r -t 5 -u $held answer
expect "answer on the held connection" two "$answer"
exec {held}>&-
wait_exit 10
expect "exit status" 0 $status
