# A graceful stop becomes forced after shutdown-timeout, at a second TERM, and with INT at once.
. "$(dirname "$0")/lib.sh"

hold()
{
	exec {held}<>/dev/tcp/127.0.0.1/7001
	echo x >&$held
	read -r -t 5 -u $held answer
}
write() { conf "shutdown-timeout = $1
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }"; }
ended()
{
	wait_exit "$1"
	expect "exit status $2" 0 $status
	wait_log 'closed .*end=terminated' 1
	exec {held}>&-
}

write 1
start
hold
kill -TERM "$master"
ended 5 "after shutdown-timeout"

write 300
start
hold
kill -TERM "$master"
wait_workers echo 1
gone "$master" && fail "the first TERM was at once"
kill -TERM "$master"
ended 5 "after a second TERM"

# also one that has moved no byte has its line then
start
exec {held}<>/dev/tcp/127.0.0.1/7001
is_busy()
{
	mark
	kill -USR1 "$master"
	wait_log 'service=echo .*busy='
	logged 'busy=1'
}
wait_for 5 is_busy || fail "nobody accepts"
kill -INT "$master"
ended 5 "after INT"

# A worker that does not even hear TERM is killed.
start
hold
kill -STOP "$(busy_worker echo)"
kill -INT "$master"
wait_exit 5
expect "exit status with a stopped worker" 0 $status
