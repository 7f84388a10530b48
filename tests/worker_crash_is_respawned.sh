# A worker that dies is replaced at once, the log names the cause, and nobody else notices.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" workers = 4 }'
start
wait_workers echo 4
exec {held}<>/dev/tcp/127.0.0.1/7007
echo one >&$held
read -r -t 5 -u $held answer
expect "answer" one "$answer"
busy=$(busy_worker echo)

for signal in SEGV KILL ABRT; do
	mark
	victim=$(workers echo | grep -vx "$busy" | head -n 1)
	kill -$signal "$victim"
	wait_log "service=echo worker=[0-9]+ pid=$victim died: killed by signal [0-9]+ \\($signal"
	wait_for 5 gone "$victim" || fail "$victim is still there"
	wait_workers echo 4
done
echo two >&$held
read -r -t 5 -u $held answer || fail "the connection of another worker was lost"
expect "answer on the held connection" two "$answer"
exec {held}>&-
for i in 1 2 3 4 5 6 7 8; do
	expect "answer $i" ping "$(ask 127.0.0.1:7007 ping)"
done
stop
