# A logger that could not start left without a word. And one that gets ENOBUFS from syslog tries again
# now and then, not as fast as it can.
. "$(dirname "$0")/lib.sh" root strace
. "$(dirname "$0")/lib_log.sh"

export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached

traced() { grep -q "TracerPid:.*[1-9]" "/proc/$1/status"; }
# inject PID CALL ERROR [OPTION...]: until $tracer is killed
inject()
{
	strace -q "${@:4}" -o "$dir/trace" -e "trace=$2" -e "inject=$2:error=$3" -p "$1" 2>"$dir/strace" &
	tracer=$!
	started+=($tracer)
	wait_for 5 traced "$1" || skip "cannot trace: $(cat "$dir/strace")"
}
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
start
inject "$master" epoll_create1 EMFILE -f
kill -KILL "$(logger_pid)"
wait_log '^sockd: logger: Too many open files'
kill $tracer
wait_log 'logger died: exit status 1; replaced'
stop

private_dev
syslog_begin
launch_to_syslog
wait_log 'ready services=1'
inject "$(logger_pid)" sendmmsg ENOBUFS
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
tried() { [ "$(grep -c INJECTED "$dir/trace")" -ge 2 ]; }
wait_for 5 tried || fail "the line is not tried again"
sleep 1
n=$(grep -c INJECTED "$dir/trace")
[ "$n" -lt 100 ] || fail "the line was tried $n times in about a second"
kill $tracer
wait_log 'service=echo .*closed'
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
