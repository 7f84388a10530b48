# A program is told to leave by its stop-signal, sent to it alone; if it does not, it and all of its group are
# killed. What it leaves behind is told to leave too. It goes when the master is killed.
. "$(dirname "$0")/lib.sh"

cat >"$dir/app.sh" <<'SH'
trap 'echo got USR2; [ -e "$WHERE/polite" ] && exit 0' USR2
sleep infinity & echo $! >"$WHERE/child"
trap '' TERM
echo $$ >"$WHERE/pid"
while :; do wait; done
SH
mkdir -m 0777 "$dir/where"
conf "drain-timeout = 1
shutdown-timeout = 1
service app {
	listen = '127.0.0.1:7007'
	handler = program
	command = {'sh', '$dir/app.sh'}
	workers = 1
	stop-signal = USR2
	environment = {'WHERE=$dir/where'}
}"
begin()
{
	rm -f "$dir/where/pid"
	start
	wait_for 5 test -s "$dir/where/pid" || fail "the program did not start"
	pid=$(cat "$dir/where/pid") child=$(cat "$dir/where/child")
}
begin
expect "session of the program" "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')"
kill -TERM "$master"
wait_log 'service=app pid=.* got USR2'
wait_log 'did not leave in time: KILL'
wait_exit 5
expect "exit status" 0 "$status"
wait_for 2 gone "$pid" || fail "the program lives"
wait_for 2 gone "$child" || fail "its child lives"

touch "$dir/where/polite"
begin
kill -KILL "$master"
wait_for 5 gone "$pid" || fail "the program outlives a killed master"
kill "$child" 2>/dev/null
wait_for 5 gone "$child" # it has the listener
wait_exit 1 2>/dev/null

begin
stop
wait_for 2 gone "$child" || fail "what the program left behind lives"

# Also if it does not take from the queue those that it is left to drain.
begin
exec {waits}<>/dev/tcp/127.0.0.1/7007
stop
wait_log 'service=app 1 workers did not leave in time: USR2'
wait_log 'service=app pid=.* got USR2'
logged KILL && fail "it was killed, too"
exec {waits}>&-
