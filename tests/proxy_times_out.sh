# idle-timeout: no byte either way; bytes one way keep a connection. first-byte-timeout is the client's,
# whatever the upstream says. session-timeout ends it in any case. An upstream never takes such an end for
# the FIN of a client that has said all it wanted.
. "$(dirname "$0")/lib.sh"

conf 'defaults { handler = "proxy" workers = 2 upstream = {"127.0.0.1:7001"} }
service idle { listen = {"127.0.0.1:7010"} idle-timeout = 2 }
service first { listen = {"127.0.0.1:7020"} first-byte-timeout = 1 }
service session { listen = {"127.0.0.1:7030"} session-timeout = 1 }
service reader { listen = {"127.0.0.1:7040"} idle-timeout = 1 }'
start
py '
up = Upstream("127.0.0.1:7001", receive_buffer=4096)

c, u = up.pair("127.0.0.1:7010")
start = time.monotonic()
for i in range(10):
    time.sleep(0.3)
    a, b = ((c, u), (u, c))[i // 5]
    a.send("x")
    expect("a byte", b"x", b.take(1))
expect("the client of an idle connection", (b"", "FIN"), how_it_ends(c))
took = time.monotonic() - start
check("idle for 2 s after 3 s of bytes: %.1f s" % took, 4.9 < took < 15)
expect("its upstream", (b"", "RST"), how_it_ends(u))

start = time.monotonic()
c, u = up.pair("127.0.0.1:7020")
try:
    while time.monotonic() - start < 10:
        u.send("are you there? ")
        time.sleep(0.05)
except OSError:
    pass
took = time.monotonic() - start
check("first-byte-timeout, with an upstream that talks: %.1f s" % took, 0.9 < took < 8)

start = time.monotonic()
c, u = up.pair("127.0.0.1:7030")
try:
    while time.monotonic() - start < 10:
        c.send("x")
        u.take(1)
        u.send("x")
        if not c.take(1):
            break
except OSError:
    pass
took = time.monotonic() - start
check("session-timeout, with bytes all the time: %.1f s" % took, 0.9 < took < 8)

# An upstream that does not read.
c, u = up.pair("127.0.0.1:7040")
c.s.settimeout(10)
try:
    while True:
        c.send(b"x" * 65536)
except ConnectionError:
    pass
' || exit 1
wait_log 'service=idle .* bytes_in=5 bytes_out=5 end=idle-timeout'
wait_log 'service=first .* bytes_in=0 bytes_out=[0-9]+ end=first-byte-timeout'
wait_log 'service=session .* end=session-timeout'
wait_log 'service=reader .* end=idle-timeout'
stop
