# accept(2): what is wrong with one connection is passed over, a lack of resources is waited out
# without a spin, anything else ends the worker, with its cause in the log.
. "$(dirname "$0")/lib.sh" strace

conf 'user = root
service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 log-connections = false }'
[ "$(id -u)" -eq 0 ] || sed -i 1d "$conf"
start
# broken ERRNO COUNT: the next calls of the worker fail.
broken() { inject accept4 "error=$1:when=1..$2" "$worker"; }
worker=$(workers echo)
for error in EINTR ECONNABORTED EPROTO ENETDOWN EHOSTUNREACH ENETUNREACH EOPNOTSUPP; do
	broken $error 5
	expect "answer after 5 times $error" ping "$(ask 127.0.0.1:7001 ping)"
	inject_end
	expect "worker after $error" "$worker" "$(workers echo)"
done
for error in EMFILE ENFILE ENOBUFS ENOMEM EPERM; do
	broken $error 1000
	injected_slowly 6 250
	inject_end
	expect "answer after $error" ping "$(ask 127.0.0.1:7001 ping)"
	expect "worker after $error" "$worker" "$(workers echo)"
done
inject accept4 error=EBADF:when=2 "$worker" # the first begins anew when the tracer comes
expect "the last answer of this worker" ping "$(ask 127.0.0.1:7001 ping)"
wait_log "service=echo .*pid=$worker .*accept: Bad file descriptor"
wait_log "service=echo .*pid=$worker died: exit(ed)?( with)? status 1"
wait_workers echo 1
expect "answer of the next worker" ping "$(ask 127.0.0.1:7001 ping)"
stop
