# send-proxy: the header comes first, byte for byte as the protocol has it, whoever speaks first; and the
# real client's addresses pass through a chain.
. "$(dirname "$0")/lib.sh"

conf 'defaults { handler = "proxy" workers = 1 upstream = {"127.0.0.1:7001"} }
service v1 { listen = {"127.0.0.1:7010", "[::1]:7010"} send-proxy = "v1" }
service v2 { listen = {"127.0.0.1:7020", "[::1]:7020"} send-proxy = "v2" }
service unix { listen = {"unix:'"$dir"'/l"} send-proxy = "v1" }
service chain { listen = {"127.0.0.1:7030"} send-proxy = "v1" proxy-protocol = "v2" proxy-trusted = {"127.0.0.0/8"} }'
start
py '
up = Upstream("127.0.0.1:7001")

def header(address, v1):
    c = Client(address)
    c.send("data")
    u = up.accept()
    host, port = c.s.getsockname()[:2]
    to = address.rsplit(":")[-1]
    make = proxy_v1 if v1 else proxy_v2
    want = make(host, port, host, int(to))
    expect("header and data from " + address, want + b"data", u.take(len(want) + 4))
    c.close()
    u.close()
    # The upstream waits for the header, and the client for the upstream.
    c, u = up.pair(address)
    host, port = c.s.getsockname()[:2]
    want = make(host, port, host, int(to))
    expect("header alone", want, u.take(len(want)))
    check("nothing behind it", u.quiet(0.05))
    u.send("220")
    expect("a greeting", b"220", c.take(3))
    c.close()
    expect("the end", b"", u.rest())

for host in "127.0.0.1", "[::1]":
    header(host + ":7010", True)
    header(host + ":7020", False)

c, u = up.pair("unix:" + sys.argv[1] + "/l")
expect("header for a client on a unix socket", "PROXY UNKNOWN", u.line())

c = Client("127.0.0.1:7030")
c.send(proxy_v2("192.0.2.7", 4711, "198.51.100.1", 443) + b"x")
u = up.accept()
expect("header of a chain", "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443", u.line())
expect("data behind it", b"x", u.take(1))
' "$dir" || exit 1
# The header is none of the client's bytes.
wait_log 'service=v1 .* bytes_in=4 bytes_out=0 .*upstream=127\.0\.0\.1:7001'
stop
