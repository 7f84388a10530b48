# Both versions of the PROXY header: what follows is served from its first byte on, and the log, the lists
# and the limits know the client that the header names.
. "$(dirname "$0")/lib.sh"

# service NAME PORT VERSION [KEY]...
service() { echo "service $1 { listen = {'127.0.0.1:$2'} handler = 'echo' workers = 2 proxy-protocol = '$3' proxy-trusted = {'127.0.0.0/8'} ${*:4} }"; }
conf "$(service v1 7001 v1) $(service v2 7002 v2) $(service any 7003 any)
	$(service lists 7004 any "allow = {'192.0.2.0/24', '2001:db8::/32', '127.0.0.1'} deny = {'192.0.2.66'}")
	$(service limits 7005 any 'max-per-source = 1')"
start
code='
def echoes(what, port, header, source, text=b"the first bytes"):
    """The header and the text in one segment; then the same in two."""
    for parts in ([header + text], [header, text]):
        c = Client("127.0.0.1:%d" % port)
        own = c.s.getsockname()[1]
        for part in parts:
            c.send(part)
        expect(what, text, c.take(len(text)))
        c.fin()
        expect(what + ", the end", b"", c.rest())
        line = "closed source=%s " % (source or "127.0.0.1:%d" % own)
        try:
            wait_until(lambda: line in open(sys.argv[1]).read())
        except TimeoutError:
            expect(what + ", in the log", line, None)

def refused(what, port, header):
    c = Client("127.0.0.1:%d" % port)
    try:
        c.send(header + b"x")
        expect(what, b"", c.rest())
    except OSError:
        pass

v1, v2 = "192.0.2.1:4711", "[2001:db8::1]:4711"
six = dict(source="2001:db8::1", destination="2001:db8::2")
for port in 7001, 7003, 7004:
    echoes("v1, IPv4", port, proxy_v1(port=port), "192.0.2.1:%d" % port)
    echoes("v1, IPv6", port, proxy_v1(port=port + 10, **six), "[2001:db8::1]:%d" % (port + 10))
    echoes("v1, UNKNOWN", port, b"PROXY UNKNOWN\r\n", None)
    echoes("v1, UNKNOWN and more", port, b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None)
for port in 7002, 7003, 7004:
    echoes("v2, IPv4", port, proxy_v2(port=port + 20), "192.0.2.1:%d" % (port + 20))
    echoes("v2, IPv6", port, proxy_v2(port=port + 30, **six), "[2001:db8::1]:%d" % (port + 30))
    echoes("v2, mapped", port, proxy_v2("::ffff:192.0.2.9", port + 40, "::ffff:192.0.2.2"), "192.0.2.9:%d" % (port + 40))
    echoes("v2, LOCAL", port, proxy_v2(command=0x20), None)
    echoes("v2, LOCAL without addresses", port, proxy_v2(None, command=0x20), None)
    echoes("v2, UNSPEC", port, proxy_v2(None), None)
    echoes("v2, TLVs", port, proxy_v2(port=port + 50, tlv=b"\x02\0\x05x.org\x04\0\x03\0\0\0\xea\0\0"), "192.0.2.1:%d" % (port + 50))
    echoes("v2, checksum", port, proxy_v2(port=port + 60, checksum=True), "192.0.2.1:%d" % (port + 60))
    echoes("v2, 4 KiB of TLVs", port, proxy_v2(port=port + 70, tlv=b"\xe0\x0f\xfd" + bytes(4093)), "192.0.2.1:%d" % (port + 70))
echoes("text that looks like a second header", 7003, proxy_v1(port=99), "192.0.2.1:99", proxy_v1(port=100))
refused("v2 to v1", 7001, proxy_v2())
refused("v1 to v2", 7002, proxy_v1())
refused("a client that is denied", 7004, proxy_v1("192.0.2.66"))
refused("a client that is not allowed", 7004, proxy_v2("203.0.113.1"))

held = Client("127.0.0.1:7005")
held.send(proxy_v1() + b"held")
expect("the first of a source", b"held", held.take(4))
refused("the second of a source", 7005, proxy_v2())
echoes("another source by the same proxy", 7005, proxy_v2("192.0.2.2"), "192.0.2.2:4711")
'
py "$code" "$log" || exit 1
wait_log 'service=lists .*refused source=192\.0\.2\.66:4711 via=127\.0\.0\.1:[0-9]+ reason='
logged 'closed source=192\.0\.2\.1:7001 via=127\.0\.0\.1:' || fail "the log does not tell the proxy"
stop
