# kill -9 of the master: workers finish what they hold and leave, and a new master binds at once.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 8 }
service pair { listen = {"127.0.0.1:7002", "127.0.0.1:7003"} handler = "echo" workers = 2 }'
start
wait_workers echo 8
exec {held}<>/dev/tcp/127.0.0.1/7001 {pair}<>/dev/tcp/127.0.0.1/7002
echo one >&$held
read -r -t 5 -u $held answer
echo one >&$pair
read -r -t 5 -u $pair answer
busy="$(busy_worker echo) $(busy_worker pair)"
idle=$(descendants "$master" | grep -vx -e "${busy% *}" -e "${busy#* }" | grep -vx "$(logger_pid)")
logger=$(logger_pid)
kill -KILL "$master"
for pid in $idle; do
	wait_for 5 gone "$pid" || fail "worker $pid is still there"
done
mv "$log" "$log.first"
start
expect "answer of the new master" ping "$(ask 127.0.0.1:7001 ping)"
expect "answer of the new master" ping "$(ask 127.0.0.1:7003 ping)"
echo two >&$held
read -r -t 5 -u $held answer
expect "answer on the old connection" two "$answer"
echo two >&$pair
read -r -t 5 -u $pair answer
expect "answer on the other old connection" two "$answer"
exec {held}>&- {pair}>&-
for pid in $busy $logger; do
	wait_for 5 gone "$pid" || fail "process $pid of the old master stays"
done
grep -q 'service=echo .*closed .*bytes_in=8 .*end=eof' "$log.first" || fail "the last connection was not logged"
stop
