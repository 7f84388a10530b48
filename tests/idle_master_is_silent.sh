# An idle master makes no system call.
. "$(dirname "$0")/lib.sh" strace

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 4 max-workers = 8 }
service chat { listen = {"127.0.0.1:7002", "127.0.0.1:7003"} handler = "chat" }'
start
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
for pid in $master $(logger_pid) $(workers echo) $(workers chat); do
	strace -q -o "$dir/trace.$pid" -p "$pid" 2>"$dir/strace.err" &
	started+=($!)
	attached() { grep -q "TracerPid:.*[1-9]" "/proc/$1/status"; }
	wait_for 5 attached "$pid" || skip "cannot trace: $(cat "$dir/strace.err")"
done
sleep 0.5 # what it was in when it was found
# On a busy machine the start may take longer: one time of silence is enough.
for i in 1 2 3 4 5; do
	for f in "$dir"/trace.*; do
		wc -c <"$f" >"$dir/before.${f##*.}"
	done
	sleep "${SOCKD_TEST_IDLE:-2}"
	for f in "$dir"/trace.*; do
		[ "$(wc -c <"$f")" -eq "$(cat "$dir/before.${f##*.}")" ] || continue 2
	done
	f=
	break
done
[ -z "$f" ] || fail "$(cat "/proc/${f##*.}/comm") makes system calls: $(cat "$f")"
kill "${started[@]:1}"
for pid in "${started[@]:1}"; do
	wait_for 5 gone "$pid"
done
stop
