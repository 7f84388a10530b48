# A module that shuts down the shared listener or makes it non-blocking: it is in use again within a second, and
# the log says who did it.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
conf "service m { listen = {\"127.0.0.1:7001\"} handler = module module = '$dir/m.so' workers = 3 }
service other { listen = {\"127.0.0.1:7002\"} handler = echo workers = 2 }"
start
other=$(workers other)
for i in 1 2 3; do
	mark
	ask 127.0.0.1:7001 '!shutdown
' >/dev/null
	wait_log 'err.* service=m .*listener was shut down'
	wait_for 5 answers 127.0.0.1:7001 || fail "no answer after shutdown $i"
done
ask 127.0.0.1:7001 '!nonblock
' >/dev/null
load_begin 127.0.0.1:7001 4
load_more() { [ "$(wc -l <"$log")" -gt $((since + 200)) ]; }
wait_for 10 load_more || fail "no load"
load_end
expect "lost after O_NONBLOCK" 0 "$load_lost"
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
for pid in $(workers m); do
	[ "$(ticks "$pid")" -lt 300 ] || fail "worker $pid spins"
done
expect "workers of the other service" "$other" "$(workers other)"
wait_workers m 3
stop
