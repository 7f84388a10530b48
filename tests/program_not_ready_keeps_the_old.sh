# With notify = true a program is ready when it says so, not before, and nobody else can say it for it: until
# then the old generation serves. A start waits for it too.
. "$(dirname "$0")/lib.sh"

cat >"$dir/app.py" <<'PY'
import os, socket, time
name = os.environ["NOTIFY_SOCKET"]
s = socket.socket(fileno=3)
open(os.environ["WHERE"] + "/name", "w").write(name)
while not os.path.exists(os.environ["WHERE"] + "/go" + os.environ["SERVER_STARTER_GENERATION"]):
    time.sleep(0.01)
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
n.sendto(b"READY=1", b"\0" + name[1:].encode())
while True:
    c = s.accept()[0]
    c.sendall(os.environ["SERVER_STARTER_GENERATION"].encode())
    c.close()
PY
python_path=$(readlink -f "$(command -v $python)")
mkdir -m 0777 "$dir/where"
settings()
{
	conf "service app {
	listen = '127.0.0.1:7007'
	handler = program
	command = {'$python_path', '-S', '-E', '$dir/app.py'}
	workers = 1
	notify = true
	umask = $1
	environment = {'WHERE=$dir/where'}
}"
}
settings 022
launch
wait_for 5 test -s "$dir/where/name" || fail "the program did not start"
logged ' ready services=' && fail "ready before the program is"
touch "$dir/where/go1"
wait_log ' ready services='
expect "generation" 1 "$(ask 127.0.0.1:7007 '')"

rm "$dir/where/name"
settings 077
kill -HUP "$master"
wait_for 5 test -s "$dir/where/name" || fail "the new program did not start"
py '
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for i in range(1000):
    n.sendto(b"READY=1", b"\0" + open(sys.argv[1]).read()[1:].encode())
' "$dir/where/name" || fail "the notify socket takes no messages"
for _ in 1 2 3; do expect "generation while the new one is not ready" 1 "$(ask 127.0.0.1:7007 '')"; done
touch "$dir/where/go2"
second()
{
	[ "$(ask 127.0.0.1:7007 '')" = 2 ]
}
wait_for 5 second || fail "the new generation does not serve"
stop
