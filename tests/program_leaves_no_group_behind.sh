# What a program left in its group was asked to leave when it died, and if it did not, stayed for ever: with the
# listening socket, so that it went on accepting, and the next sockd could not bind.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

[ "$(printf '6.9\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.9 ] ||
	skip "the group of a dead process cannot be signalled before Linux 6.9"
mkdir -m 0777 "$dir/where"
cat >"$dir/app.sh" <<'SH'
trap '' TERM
sleep infinity &
trap - TERM
echo $! >"$WHERE/child.$$"
mv "$WHERE/child.$$" "$WHERE/child"
sleep infinity
SH
conf "drain-timeout = 30
shutdown-timeout = 30
service app {
	listen = '127.0.0.1:7007'
	handler = program
	command = {'sh', '$dir/app.sh'}
	workers = 1
	environment = {'WHERE=$dir/where'}
}"
child_there() { [ -s "$dir/where/child" ] && [ "$(cat "$dir/where/child")" != "${child:-}" ]; }
child_next()
{
	wait_for 5 child_there || fail "no program"
	child=$(cat "$dir/where/child")
}
# forward: time passes, until the master has left
forward() { clock_forward 31 && gone "$master"; }
clock_begin
start
child_next
first=$child
kill -KILL "$(ps -o pgid= -p "$child" | tr -d ' ')"
child_next # the crash is mended at once
gone "$first" && fail "there was no time for a good-bye"
clock_forward 31
wait_log 'what pid=[0-9]* left behind did not leave in time: KILL'
wait_for 2 gone "$first" || fail "what a crash left behind lives"
expect "the new one's child" alive "$(gone "$child" || echo alive)"

kill -TERM "$master"
wait_for 10 forward || fail "the master stays after TERM"
wait_for 5 gone "$child" || fail "what the program left behind lives on after the stop"
start
child_next
kill -INT "$master"
wait_for 10 forward || fail "the master stays after INT"
wait_for 5 gone "$child" || fail "what the program left behind lives on after INT"
