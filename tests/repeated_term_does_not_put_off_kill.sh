# A worker that does not hear TERM is killed a second later, however often TERM is sent: each one began
# that second anew.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
start
wait_workers echo 2
kill -STOP "$(workers echo | head -n 1)"
term_again() { kill -TERM "$master" 2>/dev/null; gone "$master"; }
wait_for 10 term_again || fail "the master waits as long as TERM comes"
wait_exit 1
expect "exit status" 0 $status
