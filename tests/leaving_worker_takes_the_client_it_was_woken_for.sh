# Where a pool has several listeners, the kernel wakes one worker for a new client, and tells no other. A worker that is
# told to leave at that very moment must not leave the client behind in the queue, where nobody looks before the next
# one comes.
. "$(dirname "$0")/lib.sh" strace

conf "service echo { listen = {'127.0.0.1:7001', '127.0.0.1:7002'} handler = 'echo' workers = 1 }"
start
# The one that has come first is woken: let them come one after the other.
listens() { [ "$(cat "/proc/$1/fdinfo/"* 2>/dev/null | grep -c '^tfd:')" -ge 2 ]; }
old=("$(workers echo)")
for n in 2 3; do
	wait_for 5 listens "${old[-1]}" || fail "worker ${old[-1]} waits for nobody"
	kill -TTIN "$master"
	wait_workers echo $n
	old+=("$(workers echo | grep -vxF "$(printf '%s\n' "${old[@]}")")")
done
wait_for 5 listens "${old[-1]}" || fail "worker ${old[-1]} waits for nobody"
# After this the second is the one to be woken, and the pool shrinks to the third.
kill -KILL "${old[0]}"
wait_log "pid=${old[0]} died"
wait_workers echo 3
inject epoll_pwait delay_exit=2000000 "${old[1]}"
is() { grep -q "^State:.$1" "/proc/${old[1]}/status"; }
waits() { grep -q epoll "$dir/trace" && is S; }
wait_for 5 waits || fail "the worker does not wait: $(cat "$dir/trace")"
ask 127.0.0.1:7002 ping >"$dir/answer" 2>&1 &
asker=$!
started+=("$asker")
wait_for 5 is t || fail "another worker was woken: $(cat "$dir/trace")"
kill -TTOU "$master"
wait_workers echo 2
kill -TTOU "$master"
wait "$asker"
expect "answer to the one for whom the leaving worker was woken" ping "$(cat "$dir/answer")"
wait_workers echo 1
expect "the worker that stays" "${old[2]}" "$(workers echo)"
stop
