# Start-up fails, with the reason, if a first worker dies before it is ready; nothing keeps running.
. "$(dirname "$0")/lib.sh" strace

conf 'service fine { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service other { listen = {"127.0.0.1:7002"} handler = "echo" workers = 2 }'
# Workers, and nobody else, give themselves other standard descriptors.
ASAN_OPTIONS=detect_leaks=0 strace -f -q -o "$dir/trace" -e trace=?dup2,dup3 \
	-e inject=?dup2,dup3:signal=KILL "$SOCKD" -n -f "$conf" >"$dir/out" 2>"$dir/err" </dev/null
status=$?
grep -q dup "$dir/trace" || skip "cannot trace: $(cat "$dir/err")"
expect "exit status" 1 $status
expect_match "what is said" "service=(fine|other) .*died: killed by signal 9 \(KILL\)" "$(cat "$dir/err")"
expect_match "what is said" "service=(fine|other) .*first worker died before it was ready" "$(cat "$dir/err")"
grep -q 'ready services' "$dir/err" && fail "it said that it is ready"
for port in 7001 7002; do
	answers 127.0.0.1:$port && fail "it serves all the same"
done
true
