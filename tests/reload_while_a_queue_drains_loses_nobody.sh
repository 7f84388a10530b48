# Clients that wait in a listener that one reload took away are served, also if another reload comes
# before: the workers that knew nothing of that listener said that they had emptied it.
. "$(dirname "$0")/lib.sh"

write() { conf "service echo { listen = {$1} handler = 'echo' workers = 1 max-connections = $2 }"; }
write '"127.0.0.1:7001", "127.0.0.1:7002"' 1000
start
first=$(workers echo)
exec {held}<>/dev/tcp/127.0.0.1/7001
echo held >&$held
read -r -t 5 -u $held answer || fail "no answer"
exec {waits}<>/dev/tcp/127.0.0.1/7002
echo waited >&$waits

write '"127.0.0.1:7001"' 1000
reload
wait_for 5 answers 127.0.0.1:7001 || fail "no new worker answers"
second=$(workers echo | grep -vx "$first")
write '"127.0.0.1:7001"' 1001
reload
wait_for 5 gone "$second" || fail "the workers between the two reloads stay"
wait_for 5 answers 127.0.0.1:7001 || fail "no new worker answers"
exec {held}>&-
read -r -t 5 -u $waits answer || fail "a client in the queue was lost"
expect "answer to a client in the queue" waited "$answer"
exec {waits}>&-
wait_for 5 gone "$first" || fail "the first worker stays"
stop
