# Where a pool has several listeners, the kernel wakes one worker for a new client, and tells no other. A worker that is
# told to leave at that very moment must not leave the client behind in the queue, where nobody looks before the next
# one comes.
. "$(dirname "$0")/lib.sh" strace

conf "service echo { listen = {'127.0.0.1:7001', '127.0.0.1:7002'} handler = 'echo' workers = 3 }"
start
# The one that has waited longest is woken; after this that is the second, and the pool shrinks to the third.
mapfile -t old < <(workers echo)
kill -KILL "${old[0]}"
wait_log "pid=${old[0]} died"
wait_workers echo 3
inject epoll_pwait delay_exit=1000000 "${old[1]}"
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
