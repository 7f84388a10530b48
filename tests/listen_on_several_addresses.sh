# A service may have several addresses; every worker serves all of them.
. "$(dirname "$0")/lib.sh"

conf "service echo {
	listen = {'127.0.0.1:7001', '127.0.0.1:7002', '[::1]:7001', 'unix:$dir/sock'}
	handler = 'echo'
	workers = 1
}"
start
for address in 127.0.0.1:7001 127.0.0.1:7002 '[::1]:7001' "unix:$dir/sock"; do
	expect "answer of $address" ping "$(ask "$address" ping)"
done

# One worker that is busy on one address leaves the other ones waiting, not refused.
py '
held = Client("127.0.0.1:7001")
held.send("x")
held.take(1)
waiting = [Client(a) for a in ("127.0.0.1:7002", "[::1]:7001", "unix:" + sys.argv[1])]
for c in waiting:
    c.send("later")
    c.fin()
check("nobody serves them yet", all(c.quiet(0.05) for c in waiting))
held.close()
for c in waiting:
    expect("answer", b"later", c.rest())
' "$dir/sock" || exit 1
stop
[ ! -e "$dir/sock" ] || fail "the socket file is still there"
