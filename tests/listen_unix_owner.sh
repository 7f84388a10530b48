# socket-user and socket-group own a unix socket from the first moment that others may connect.
. "$(dirname "$0")/lib.sh" root

conf "service echo { listen = {'unix:$dir/sock'} handler = 'echo' socket-user = 'daemon' socket-group = 'mail' }"
start
expect "owner, group and mode" "daemon mail 660" "$(stat -c '%U %G %a' "$dir/sock")"
expect "answer" ping "$(ask "unix:$dir/sock" ping)"
sed -i s/mail/news/ "$conf"
kill -HUP "$master"
group_is() { [ "$(stat -c %G "$dir/sock")" = "$1" ]; }
wait_for 5 group_is news || fail "socket-group after the reload is $(stat -c %G "$dir/sock")"
expect "answer" ping "$(ask "unix:$dir/sock" ping)"

# A stale one of that owner is replaced; one of somebody else is not.
pids=$(descendants "$master")
kill -KILL "$master"
for pid in $master $pids; do # as long as a worker is there it listens
	wait_for 5 gone "$pid" || fail "$pid outlives the master"
done
start
stop
py '
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chown(sys.argv[1], 1234, 1234)
' "$dir/sock"
run -n -f "$conf"
expect "exit status for a socket of somebody else" 1 $status
expect_match "what is said" "another user \(uid 1234\)" "$err"
