# accept(2): what is wrong with one connection is passed over, a lack of resources is waited out
# without a spin, anything else ends the worker, with its cause in the log.
. "$(dirname "$0")/lib.sh" strace

conf 'user = root
service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 log-connections = false }'
[ "$(id -u)" -eq 0 ] || sed -i 1d "$conf"
start
# inject ERRNO COUNT: the next calls of the worker fail.
inject()
{
	strace -q -o "$dir/trace" -e trace=accept4 -e "inject=accept4:error=$1:when=1..$2" -p "$(workers echo)" 2>"$dir/strace" &
	tracer=$!
	started+=($tracer)
	attached() { grep -q "TracerPid:.*[1-9]" "/proc/$(workers echo)/status" 2>/dev/null; }
	[ $1 = EBADF ] || wait_for 5 attached || skip "cannot trace: $(cat "$dir/strace")"
}
release()
{
	kill $tracer 2>/dev/null
	wait_for 5 gone $tracer
}
worker=$(workers echo)
for error in EINTR ECONNABORTED EPROTO ENETDOWN EHOSTUNREACH ENETUNREACH EOPNOTSUPP; do
	inject $error 5
	expect "answer after 5 times $error" ping "$(ask 127.0.0.1:7001 ping)"
	release
	expect "worker after $error" "$worker" "$(workers echo)"
done
for error in EMFILE ENFILE ENOBUFS ENOMEM EPERM; do
	inject $error 1000
	sleep 1
	n=$(grep -c INJECTED "$dir/trace")
	[ "$n" -lt 25 ] || fail "$error: $n calls in a second"
	release
	expect "answer after $error" ping "$(ask 127.0.0.1:7001 ping)"
	expect "worker after $error" "$worker" "$(workers echo)"
done
inject EBADF 1
wait_log "service=echo .*pid=$worker .*accept: Bad file descriptor"
wait_log "service=echo .*pid=$worker died: exit(ed)?( with)? status 1"
release
wait_workers echo 1
expect "answer of the next worker" ping "$(ask 127.0.0.1:7001 ping)"
stop
