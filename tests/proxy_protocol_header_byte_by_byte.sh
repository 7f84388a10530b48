# A PROXY header that comes byte by byte is taken, nothing behind it is; one that stops on its way ends
# the connection, and no handler is called.
. "$(dirname "$0")/lib.sh"

conf "
defaults { proxy-protocol = 'any' proxy-trusted = {'127.0.0.1'} workers = 4 first-byte-timeout = 60 }
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }
service qotd { listen = {'127.0.0.1:7002'} handler = 'qotd' text = 'called' }"
start
py '
def dribble(c, data):
    c.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        c.send(bytes([byte]))
        time.sleep(0.002)

for header in proxy_v1(), proxy_v2(), proxy_v2("2001:db8::1", destination="::1", tlv=b"\x02\0\x01x", checksum=True):
    c = Client("127.0.0.1:7001")
    dribble(c, header + b"payload")
    expect("payload behind %r" % header, b"payload", c.take(7))
    c.fin()
    expect("the end", b"", c.rest())
    for n in range(1, len(header)):
        c = Client("127.0.0.1:7002")
        c.send(header[:n])
        c.fin()
        expect("after %d bytes of %r" % (n, header), b"", c.rest())
    c = Client("127.0.0.1:7002")
    c.send(header)
    expect("after all of them", b"called", c.rest()[:6])
' || exit 1
wait_log 'service=qotd .*refused source=127\.0\.0\.1:[0-9]+ reason=.*truncated'
stop
