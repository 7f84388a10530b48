# A logger that could not start left without a word. And one that gets ENOBUFS from syslog tries again
# now and then, not as fast as it can.
. "$(dirname "$0")/lib.sh" root strace
. "$(dirname "$0")/lib_log.sh"

export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
start
inject epoll_create1 error=EMFILE "$master" -f
kill -KILL "$(logger_pid)"
wait_log '^sockd: logger: Too many open files'
inject_end
wait_log 'logger died: exit status 1; replaced'
stop

private_dev
syslog_begin
launch_to_syslog
wait_log 'ready services=1'
inject sendmmsg error=ENOBUFS "$(logger_pid)"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
injected_slowly 9 300 # two at a time
inject_end
wait_log 'service=echo .*closed'
kill -TERM "$master"
wait_exit 5
expect "exit status" 0 $status
