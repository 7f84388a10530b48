# With notify = true a program is ready when it says so, not before, and nobody else can say it for it: until
# then the old generation serves. A start waits for it too.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_app.sh"

app_write '
put("name", os.environ["NOTIFY_SOCKET"])
await_file("go" + generation)
ready()
serve(generation)'
settings()
{
	conf "service app {
	listen = '127.0.0.1:7007'
	handler = program
	command = '$app'
	workers = 1
	notify = true
	umask = $1
}"
}
settings 022
launch
wait_for 5 test -s "$where/name" || fail "the program did not start"
logged ' ready services=' && fail "ready before the program is"
touch "$where/go1"
wait_log ' ready services='
expect "generation" 1 "$(ask 127.0.0.1:7007 '')"

rm "$where/name"
settings 077
kill -HUP "$master"
wait_for 5 test -s "$where/name" || fail "the new program did not start"
py '
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for i in range(300): # more than are listened to in a second
    n.sendto(b"READY=1", b"\0" + open(sys.argv[1]).read()[1:].encode())
' "$where/name" || fail "the notify socket takes no messages"
for _ in 1 2 3; do expect "generation while the new one is not ready" 1 "$(ask 127.0.0.1:7007 '')"; done
touch "$where/go2"
second()
{
	[ "$(ask 127.0.0.1:7007 '')" = 2 ]
}
wait_for 5 second || fail "the new generation does not serve"
stop
