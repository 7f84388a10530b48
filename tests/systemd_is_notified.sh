# NOTIFY_SOCKET: ready once all is, reloading, stopping, a status line; the watchdog.
. "$(dirname "$0")/lib_control.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
notified_begin
told() { grep -Eq "$1" "$dir/notified"; }
prefix+=(WATCHDOG_USEC=400000)
start
wait_for 5 told 'READY=1' || fail "READY=1 was not sent"
answers 127.0.0.1:7001 || fail "it was not ready"
wait_for 5 told 'STATUS=.*' || fail "no STATUS"
twice() { [ "$(grep -c WATCHDOG=1 "$dir/notified")" -ge 3 ]; }
wait_for 5 twice || fail "the watchdog is not fed"
for pid in $(workers echo); do
	tr '\0' '\n' <"/proc/$pid/environ" >/dev/null
done
kill -HUP "$master"
wait_for 5 told 'RELOADING=1' || fail "RELOADING=1 was not sent"
again() { sed '1,/RELOADING=1/d' "$dir/notified" | grep -q 'READY=1'; }
reloading_and_ready() { again || grep -q 'RELOADING=1.*READY=1' "$dir/notified"; }
wait_for 5 reloading_and_ready || fail "READY=1 was not sent after the reload"
stop
wait_for 5 told 'STOPPING=1' || fail "STOPPING=1 was not sent"
