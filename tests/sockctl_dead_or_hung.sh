# Whatever answers on the control socket, or does not, sockctl says in one line which socket it is and
# what is wrong, and ends in time with exit status 1.
. "$(dirname "$0")/lib_sockctl.sh"

# says WHAT REGEX [ARG...]: all commands alike.
says()
{
	bad 1 "^sockctl: [^ ]*control[^ ]*: $2" "${@:3}" status
	expect "lines about $1" 1 "$(wc -l <<<"$err")"
	bad 1 "^sockctl: [^ ]*control[^ ]*: $2" "${@:3}" reload
}

says "no socket" 'there is no control socket: sockd is not running'
says "a folder that is missing" 'there is no control socket' -s "$dir/none/control"
: >"$control"
says "a file" 'that is no socket'
rm "$control"
mkdir "$control"
says "a folder" 'that is no socket'
says "a path through a file" 'there is no control socket' -s "$conf/control" 2>/dev/null
rmdir "$control"
ln -s "$control" "$control"
says "a link to itself" 'Too many levels of symbolic links'
rm "$control"
long=$dir/control-$(printf 'x%.0s' {1..100})
bad 1 'a path of a socket has at most 107 bytes' -s "$long" status
bad 1 'there is no control socket' -s "$dir/"$'control\e[31m' status
[[ $err != *$'\e'* ]] || fail "control characters reach the terminal"

# The end of a sockd that has left its socket behind.
py 'socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$control"
says "a socket of the dead" 'nobody listens there: sockd has died'
rm "$control"

# fake ANSWER [HOW]: somebody else who answers.
fake()
{
	pyx '
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen(64)
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    c, _ = s.accept()
    try:
        exec(sys.argv[2])
    except OSError:
        pass
    c.close()' "$control" "$1" &
	faker=$!
	started+=($faker)
	wait_for 5 test -S "$control" || fail "nobody answers"
}
fake_end()
{
	kill $faker
	wait $faker 2>/dev/null
	rm "$control"
}

# An upgrade between the call and the command: the next master is asked.
fake 'c.recv(100); said = locals().get("said", b"") + b"."; c.sendall(b"ok\ndone\n" if said == b".." else b"error sockd is leaving\n")'
good reload
expect "the answer of the next one" "done" "$out"
bad 1 '^sockctl: sockd is leaving$' reload
fake_end

fake 'pass'
says "one that hangs up" 'sockd has hung up without an answer'
fake_end
fake 'c.recv(100)'
says "one that reads and hangs up" 'sockd has hung up without an answer'
fake_end
for answer in 'b"HTTP/1.1 400 Bad Request\r\n"' 'b"ok"' 'b"\0" * 99' 'b"ok\n\0"' 'bytes(range(256))' 'b"error\n"' 'b"x" * 1000000'; do
	fake "c.recv(100); c.sendall($answer)"
	says "the answer $answer" 'what answers there is no sockd'
	fake_end
done
fake 'c.recv(100); c.sendall(b"error that is \x1b[31mbad\nline\x1b\n")'
bad 1 '^sockctl: that is \\x1b\[31mbad$' status
bad 1 '^sockctl: that is \\x1b\[31mbad
line\\x1b$' reload
fake_end
fake 'c.recv(100)
while True: c.sendall(b"ok\n" * 10000)'
says "an answer without end" 'the answer has no end'
fake_end

# Boards that are none, or those of another version.
memfd='
def boards(text, *sizes):
    fds = []
    for n in sizes:
        fds.append(os.memfd_create("x"))
        os.ftruncate(fds[-1], n)
    c.recv(100)
    socket.send_fds(c, [text], fds)
'
for boards in 'b"ok\n"' 'b"ok\n", 4096' 'b"ok\nweb 0 1\n", 4096, 4096' 'b"ok\nweb 0 1\n"' 'b"ok\nx\n", 4096'; do
	fake "$memfd
boards($boards)"
	bad 1 '^sockctl: [^ ]*control: sockd speaks another version \(this is sockctl [0-9.]+\)' status
	fake_end
done

# Silence, and one byte each second.
for silence in 'time.sleep(100)' 'c.recv(100)
while True: c.sendall(b"o"); time.sleep(0.5)'; do
	fake "$silence"
	begin=${EPOCHREALTIME/./}
	bad 1 '^sockctl: [^ ]*control: sockd does not answer within 5 s' status
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	[ $took -ge 4900 ] && [ $took -lt $((15000 * ${SOCKD_TEST_SLOW:-1})) ] || fail "it took $took ms"
	fake_end
done

# The real one.
conf "control-socket = '$control'
service web { listen = '127.0.0.1:7001' handler = echo workers = 1 }"
start
good status
kill -STOP "$master"
bad 1 'sockd does not answer within 5 s: it is stopped or hangs' workers
kill -CONT "$master"
good status
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 711 "$dir"
	as_nobody=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$SOCKCTL" -s "$control" status 2>&1)
	expect_match "permission" 'control: permission denied: ask as root' "$as_nobody"
	chmod 666 "$control"
	as_nobody=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$SOCKCTL" -s "$control" status 2>&1)
	expect_match "permission, told by sockd" 'control: permission denied: ask as root' "$as_nobody"
fi

# Killed: its socket stays.
kill -KILL "$master"
wait_for 5 gone "$master"
says "a sockd that was killed" 'nobody listens there'
