# Slow, huge, broken and endless requests: the answer that fits, the slot back within the time, and others are
# served all the while.
. "$(dirname "$0")/lib.sh" curl
. "$tests/lib_status.sh"

conf "service status { $status_service workers = 4 }
service impatient { listen = {'127.0.0.1:8081'} handler = 'status' first-byte-timeout = 1 }
service idle { listen = {'127.0.0.1:8082'} handler = 'status' idle-timeout = 1 }"
start
py '
def send(data, fin=False):
    """Status and body of the answer; None for none."""
    c = Client("127.0.0.1:8080", timeout=15)
    try:
        c.send(data)
        if fin:
            c.fin()
        while c.more():
            pass
    except ConnectionResetError:
        pass
    c.close()
    head, _, body = c.data.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else None, head, body

def same(what, expected, got):
    assert expected == got, f"{what}: expected {expected!r}, got {got!r}"

host = b"Host: localhost\r\n"
good = b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
for what, data, status in (
        ("good", good, 200),
        ("empty lines before", b"\r\n\r\n" + good, 200),
        ("LF alone", good.replace(b"\r", b""), 200),
        ("absolute", b"GET http://localhost:8080/healthz?x HTTP/1.1\r\n" + host + b"\r\n", 200),
        ("HTTP/1.0", b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        ("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
        ("two hosts", b"GET / HTTP/1.1\r\n" + host * 2 + b"\r\n", 400),
        ("HTTP/0.9", b"GET /\r\n", 400),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        ("noise", bytes(range(256)) * 8, 400),
        ("NUL", b"GET /\0 HTTP/1.1\r\n", 400),
        ("CR in a line", b"GET / HTTP/1.1\r\nA: b\rc\r\n", 400),
        ("continued line", b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n c\r\n\r\n", 400),
        ("blank before a colon", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        ("no method", b" / HTTP/1.1\r\n\r\n", 400),
        ("lower case", b"get / HTTP/1.1\r\n" + host + b"\r\n", 405),
        ("CONNECT", b"CONNECT example.org:443 HTTP/1.1\r\n" + host + b"\r\n", 405),
        ("OPTIONS", b"OPTIONS * HTTP/1.1\r\n" + host + b"\r\n", 405),
        ("chunks", b"GET / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        ("length", b"GET / HTTP/1.1\r\n" + host + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        ("length 0", b"GET /healthz HTTP/1.1\r\n" + host + b"Content-Length: 0\r\n\r\n", 200),
        ("no length", b"GET / HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n", 400),
        ("long target", b"GET /" + b"a" * 9000, 414),
        ("long path", b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + host + b"\r\n", 404),
        ("many fields", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2000, 431),
        ("a long field", b"GET / HTTP/1.1\r\nA: " + b"b" * 9000, 431),
        ("empty lines", b"\r\n" * 5000, 414)):
    got, head, body = send(data)
    same(what, status, got)
    assert b"Connection: close" in head and len(body) == int(head.split(b"Content-Length: ")[1].split()[0]), head
same("half a request", 400, send(b"GET / HT", fin=True)[0])
same("nothing", None, send(b"", fin=True)[0])

# One after the other without waiting: one answer, whole, and the end.
got, head, body = send(good * 50)
same("pipeline", (200, b"ok\n"), (got, body))

# A megabyte behind a request is not waited for, and does not destroy the answer.
began = time.monotonic()
got, head, body = send(good + b"x" * 60000)
same("more behind it", (200, b"ok\n"), (got, body))
assert time.monotonic() - began < 5
' || fail "see above"

# Slots held by the slow: three of four, so that one is left, and 10 seconds for each.
py '
def over(c):
    try:
        return not c.more()
    except ConnectionResetError: # a drop came after the end: what was said before it is there
        return True
slow = []
began = time.monotonic()
for kind in ("silent", "drip", "deaf"):
    slow.append((kind, Client("127.0.0.1:8080", timeout=30, receive_buffer=2048)))
slow[1][1].send("GET / HTTP/1.1\r\n")
ended = {}
while len(ended) < 2:
    assert time.monotonic() - began < 30, f"only {ended} have ended"
    for kind, c in slow[:2]:
        if kind in ended:
            continue
        if select.select([c.s], [], [], 0.05)[0] and over(c):
            ended[kind] = time.monotonic() - began
        elif kind == "drip":
            try:
                c.send("a")
            except OSError:
                pass
    one = Client("127.0.0.1:8080")
    one.send("GET /healthz HTTP/1.0\r\n\r\n")
    assert one.take(15) == b"HTTP/1.1 200 OK"
    one.close()
for kind, s in ended.items():
    assert 9.9 < s < 18, f"{kind}: expected 10 s, got {s}"
assert slow[1][1].data.startswith(b"HTTP/1.1 408"), slow[1][1].data
assert slow[0][1].data == b"", slow[0][1].data
' || fail "see above"
wait_log 'end=request-timeout'

# The time-outs of the service count, too.
py '
for port, text in ((8081, ""), (8082, "GET")):
    began = time.monotonic()
    c = Client("127.0.0.1:%d" % port)
    c.send(text)
    assert c.more() == 0
    assert 0.9 < time.monotonic() - began < 4.5, port
' || fail "see above"
wait_log 'service=impatient.*end=first-byte-timeout'
wait_log 'service=idle.*end=idle-timeout'
expect "deaths" 0 "$(logged_times 'killed|early')"
stop
