# When fork fails the other workers serve, TERM is heard, and the pool is refilled once it works again.
. "$(dirname "$0")/lib.sh" strace

export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 4 }'
broken()
{
	inject clone,clone3 error=EAGAIN
	kill -KILL $(workers echo | head -n 3)
	wait_log 'service=echo .*fork: Resource temporarily unavailable'
}
start
wait_workers echo 4
broken
expect "answer of the worker that is left" ping "$(ask 127.0.0.1:7001 ping)"
injected_slowly 3 400
inject_end
wait_workers echo 4 4
broken
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
