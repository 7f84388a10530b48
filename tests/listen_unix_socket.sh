# unix:PATH: mode, stale sockets, and nothing left behind.
. "$(dirname "$0")/lib.sh"

conf "service echo { listen = {'unix:$dir/sock'} handler = 'echo' socket-mode = 0640 }"
start
expect "answer" ping "$(ask "unix:$dir/sock" ping)"
expect "mode" 640 "$(stat -c %a "$dir/sock")"
wait_log "service=echo listening on unix:$dir/sock\$"
wait_log 'service=echo .* closed source=unix: .*end=eof'

# A second one is refused: somebody listens there.
run -n -f "$conf"
expect "exit status of a second one" 1 $status
expect_match "what it says" "service 'echo': .*unix:$dir/sock: .*listens" "$err"
expect "answer of the first" ping "$(ask "unix:$dir/sock" ping)"

# What a killed master leaves is replaced.
pids=$(descendants "$master")
kill -KILL "$master"
for pid in $pids; do
	wait_for 5 gone "$pid" || fail "$pid outlives the master"
done
[ -S "$dir/sock" ] || fail "the socket file is gone with the master"
start
expect "answer of the next" ping "$(ask "unix:$dir/sock" ping)"
stop
[ ! -e "$dir/sock" ] || fail "the socket file is still there"

# socket-mode is adjusted at a reload, without another socket.
start
inode=$(stat -c %i "$dir/sock")
sed -i 's/0640/0600/' "$conf"
kill -HUP "$master"
mode_is() { [ "$(stat -c %a "$dir/sock")" = "$1" ]; }
wait_for 5 mode_is 600 || fail "mode after the reload is $(stat -c %a "$dir/sock")"
expect "inode" "$inode" "$(stat -c %i "$dir/sock")"
expect "answer" ping "$(ask "unix:$dir/sock" ping)"
stop
