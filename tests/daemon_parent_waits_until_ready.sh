# Without -n the process that was started leaves once all is ready: with 0, or with the reason on
# stderr and a status.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_log.sh"

pidfile=$dir/pid
conf "pidfile = '$pidfile'
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }"
run -f "$conf"
master=$(cat "$pidfile" 2>/dev/null)
[ -z "$master" ] || started+=("$master")
expect "exit status" 0 $status
expect "answer, at once" ping "$(ask 127.0.0.1:7001 ping)"
wait_workers echo 2 # one that is ready is enough to begin with
expect "what is printed" "" "$out"

# A daemon: a session of its own, no terminal, nothing of ours held.
[ "$(ps -o sid= -p "$master")" != "$(ps -o sid= -p $$)" ] || fail "it is in our session"
expect "terminal" '?' "$(ps -o tty= -p "$master" | tr -d ' ')"
expect "working directory" / "$(readlink "/proc/$master/cwd")"
holds_ours() {
	local pid fd

	for pid in $master $(descendants "$master"); do
		for fd in "/proc/$pid/fd"/*; do
			[[ $(readlink "$fd") != "$dir"/@(out|err) ]] ||
				echo "process $pid ($(cat "/proc/$pid/comm")) holds $(readlink "$fd") as ${fd##*/}"
		done
	done
}
holds_nothing() { [ -z "$(holds_ours)" ]; }
wait_for 2 holds_nothing || fail "$(holds_ours)"

# A second one fails in the same way.
sed "s,$pidfile,$pidfile.2," "$conf" >"$dir/second.conf"
run -f "$dir/second.conf"
expect "exit status for an address in use" 1 $status
expect_match "what is said" "127\.0\.0\.1:7001: Address already in use" "$err"
[ ! -e "$pidfile.2" ] || fail "the pidfile of the second one is there"
run -f "$conf"
expect "exit status for a pidfile in use" 1 $status
expect_match "what is said" "$pidfile" "$err"
echo 'nonsense = 1' >>"$dir/second.conf"
run -f "$dir/second.conf"
expect "exit status for wrong settings" 78 $status
expect_match "what is said" "second.conf:3: .*nonsense" "$err"

pids=$(descendants "$master")
kill -TERM "$master"
wait_for 5 gone "$master" || fail "the daemon does not stop"
for pid in $pids; do
	wait_for 2 gone "$pid" || fail "process $pid is still there"
done
[ ! -e "$pidfile" ] || fail "the pidfile is still there"

# What fails when the log has begun is told as well, with its cause, if somebody reads the log or not; and so is
# a start that takes long.
[ "$SOCKD_TEST_NS" = all ] || exit 0
conf "pidfile = '$pidfile'
service dies {
	listen = {'127.0.0.1:7001'}
	handler = program
	command = {'sh', '-c', 'until [ -e $dir/go ]; do sleep 0.1; done; echo no database >&2; exit 7'}
	notify = true
}"
private_dev
"$SOCKD" -f "$conf" 2>"$dir/slow" &
wait_for 10 grep -q 'service=dies .*READY=1' "$dir/slow" || fail "of a slow start is said: $(cat "$dir/slow")"
kill -0 $! || fail "the slow start was given up"
touch "$dir/go"
wait_exit 10 $!
expect "exit status" 1 $status
for reader in nobody somebody; do
	[ $reader = nobody ] || syslog_begin
	run -f "$conf"
	expect "exit status, $reader reads the log" 1 $status
	expect_match "what is said, $reader reads the log" \
		'died: exit status 7 .*no database.*its first worker died before it was ready' "$err"
done
