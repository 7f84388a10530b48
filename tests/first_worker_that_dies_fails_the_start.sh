# Start-up fails, with the reason, if a first worker dies before it is ready; nothing keeps running.
. "$(dirname "$0")/lib.sh" strace

list() { printf "'127.0.0.1:%s', " $(seq "$1" "$2") | sed 's/, $//'; }
conf "service fine { listen = {$(list 7001 7030)} handler = 'echo' workers = 1 }
service other { listen = {$(list 7101 7130)} handler = 'echo' workers = 2 }"
# Workers with many addresses, and nobody else, call epoll_ctl(2) that often before they are ready.
ASAN_OPTIONS=detect_leaks=0 strace -f -q -o "$dir/trace" -e trace=epoll_ctl \
	-e inject=epoll_ctl:signal=KILL:when=30+ "$SOCKD" -n -f "$conf" >"$dir/out" 2>"$dir/err" </dev/null
status=$?
grep -q epoll_ctl "$dir/trace" || skip "cannot trace: $(cat "$dir/err")"
expect "exit status" 1 $status
expect_match "what is said" "service=(fine|other) .*died: killed by signal 9 \(KILL\)" "$(cat "$dir/err")"
expect_match "what is said" "service=(fine|other) .*first worker died before it was ready" "$(cat "$dir/err")"
grep -q 'ready services' "$dir/err" && fail "it said that it is ready"
for port in 7001 7101; do
	answers 127.0.0.1:$port && fail "it serves all the same"
done
true
