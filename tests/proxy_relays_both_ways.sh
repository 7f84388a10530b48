# Bytes go both ways, and so does a FIN: each side may stop sending and still get the other's bytes.
. "$(dirname "$0")/lib.sh"

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" upstream = {"127.0.0.1:7001"} }'
start
py '
up = Upstream("127.0.0.1:7001")

c, u = up.pair("127.0.0.1:7000")
c.send("question")
expect("what the upstream gets", b"question", u.take(8))
u.send("answer")
expect("what the client gets", b"answer", c.take(6))
c.close()
expect("the end, for the upstream", b"", u.rest())
u.close()

# The upstream speaks first.
c, u = up.pair("127.0.0.1:7000")
u.send("220 hello\r\n")
expect("a greeting", b"220 hello\r\n", c.take(11))
c.fin()
expect("the FIN of the client", b"", u.rest())
u.send("late")
expect("an answer after the FIN", b"late", c.take(4))
check("the client has no FIN yet", c.quiet(0.1))
u.close()
expect("the FIN of the upstream", b"", c.rest())

# The upstream stops first; the client goes on.
c, u = up.pair("127.0.0.1:7000")
c.send("a")
u.take(1)
u.send("all")
u.fin()
expect("the answer", b"all", c.rest())
for i in range(3):
    c.send("more")
    expect("bytes after the FIN of the upstream", b"more", u.take(4))
c.fin()
expect("the FIN of the client", b"", u.rest())

# A small piece is not held back until the one before it is acknowledged, which may take 40 ms.
c, u = up.pair("127.0.0.1:7000")
for x in c, u:
    x.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def delayed():
    """Acknowledgements that have waited for their timer in this network namespace. Source: netstat(8), -s"""
    names, values = [line.split() for line in open("/proc/net/netstat") if line.startswith("TcpExt:")]
    return int(values[names.index("DelayedACKs")])
start, before = time.monotonic(), delayed()
for i in range(100):
    for a, b in ((c, u), (u, c)):
        b.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        for j in range(2):
            a.send("x")
            b.take(1)
took, late = time.monotonic() - start, delayed() - before
check("200 pairs of pieces took %.1f s, with %d delayed acknowledgements" % (took, late), took < 2 or late < 100)
' || exit 1
wait_log 'service=front worker=[0-9]+ pid=[0-9]+ closed source=127\.0\.0\.1:[0-9]+ duration_ms=[0-9]+ bytes_in=8 bytes_out=6 end=eof upstream=127\.0\.0\.1:7001 connect_ms=[0-9]+$'
wait_log 'bytes_in=0 bytes_out=15 end=eof'
wait_log 'bytes_in=13 bytes_out=3 end=eof'
stop
