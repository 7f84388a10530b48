# first-byte-timeout is the time for all of a PROXY header: bytes that drip in do not put it off, the slot
# comes back, and no handler is called. Nor does a header outlive session-timeout, which is told likewise.
. "$(dirname "$0")/lib.sh"

conf "service qotd {
	listen = {'127.0.0.1:7001'} handler = 'qotd' text = 'called' workers = 4
	proxy-protocol = 'any' proxy-trusted = {'127.0.0.1'} first-byte-timeout = 1
}
service session {
	listen = {'127.0.0.1:7002'} handler = 'qotd' text = 'called'
	proxy-protocol = 'any' proxy-trusted = {'127.0.0.1'} session-timeout = 1
}"
start
py '
well = []

def end(what, data, pause, port=7001):
    c = Client("127.0.0.1:%d" % port, timeout=30)
    c.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    begin = time.monotonic()
    got = b""
    try:
        for byte in data:
            c.send(bytes([byte]))
            if not c.quiet(pause):
                break
        got = c.rest()
    except ConnectionError:
        pass
    took = time.monotonic() - begin
    expect(what, b"", got)
    check(what + ": closed too early", took > 0.9, took)
    # 5 s are the limit of those who set none. A slow machine may be late; the drip alone takes more than 10 s.
    check(what + ": closed too late", took < (9 if "SOCKD_TEST_SLOW" in os.environ else 4.5), took)
    well.append(what)

threads = [threading.Thread(target=end, args=a) for a in (
    ("silence", b"", 0),
    ("half a header", proxy_v1()[:20], 0),
    ("half a header, in a short session", proxy_v1()[:20], 0, 7002),
    ("v1 that drips", b"PROXY UNKNOWN " + b"x" * 90 + b"\r\n", 0.1),
    ("v2 that drips", proxy_v2(tlv=b"\xe0\0\x64" + bytes(100)), 0.1))]
for t in threads:
    t.start()
for t in threads:
    t.join()
expect("cases that ended well", len(threads), len(well))
' || exit 1
wait_log 'service=qotd .*refused .*reason=[^ ]*proxy.*timeout'
wait_log 'service=session .*refused .*reason=proxy-header error=session-timeout'
py 'c = Client("127.0.0.1:7001"); c.send(proxy_v1()); expect("afterwards", b"called", c.rest()[:6])' || exit 1
stop
