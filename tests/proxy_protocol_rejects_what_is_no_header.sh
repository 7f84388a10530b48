# Garbage, lies about lengths and endless headers: the connection is closed, the log tells why, no handler
# is called, and the next client is served.
. "$(dirname "$0")/lib.sh"

conf "service qotd {
	listen = {'127.0.0.1:7001'} handler = 'qotd' text = 'called' workers = 2
	proxy-protocol = 'any' proxy-trusted = {'127.0.0.1'}
}"
start
begin=$SECONDS
py '
import random
random.seed(1)
v2 = proxy_v2()
good4 = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2"
bad = {
    "a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL bytes": bytes(64),
    "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(100),
    "lower case": b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    "no CR": good4 + b"\n",
    "no LF": good4 + b"\rx",
    "a wrong family": b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
    "addresses of another family": b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
    "IPv4 as IPv6": b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
    "a name": b"PROXY TCP4 localhost 192.0.2.2 1 2\r\n",
    "an octet too large": b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
    "two blanks": b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
    "no ports": b"PROXY TCP4 192.0.2.1 192.0.2.2\r\n",
    "one port": b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
    "a port too large": b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
    "a negative port": b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
    "a leading zero": b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
    "a word more": good4 + b" 3\r\n",
    "a blank at the end": good4 + b" \r\n",
    "a line without end": b"PROXY TCP4 " + b"1" * 5000,
    "UNKNOWN without end": b"PROXY UNKNOWN " + b"x" * 5000,
    "v2 of version 1": proxy_v2(command=0x11),
    "v2 of version 3": proxy_v2(command=0x31),
    "v2 with another command": proxy_v2(command=0x22),
    "v2 too short for its family": v2[:14] + b"\0\x0b" + v2[16:27],
    "v2, IPv6 too short": v2[:13] + b"\x21\0\x0c" + v2[16:],
    "v2 with a wrong checksum": proxy_v2(checksum=False),
    "v2 with half a TLV": proxy_v2(tlv=b"\x02\0"),
    "v2 with a TLV that ends behind it": proxy_v2(tlv=b"\x02\0\x09x"),
    "v2 with a checksum of 3 bytes": proxy_v2(tlv=b"\x03\0\x03abc"),
    "v2 of 64 KiB": v2[:14] + b"\xff\xff" + v2[16:] + bytes(65535 - 12),
    "a signature with a flaw": b"\r\n\r\n\0\r\nQUIT\r" + v2[12:],
}
for n in range(int(os.environ.get("SOCKD_TEST_JUNK", 100))):
    junk = bytes(random.randrange(256) for _ in range(random.randrange(1, 300)))
    bad["junk %d" % n] = junk
    at = random.randrange(12)
    bad["a flaw at %d, %d" % (at, n)] = v2[:at] + bytes([v2[at] ^ random.randrange(1, 256)]) + v2[at + 1:]
for what, data in bad.items():
    c = Client("127.0.0.1:7001")
    got = b""
    try:
        c.send(data + b"payload")
        got = c.rest()
    except ConnectionError: # closed with bytes of ours unread
        pass
    expect(what, b"", got)
c = Client("127.0.0.1:7001")
c.send(v2)
expect("a header at last", b"called", c.rest()[:6])
' || exit 1
wait_log 'service=qotd .*refused source=127\.0\.0\.1:[0-9]+ reason=[^ ]*proxy'
lines=$(logged_times refused)
[ "$lines" -lt $((30 + 4 * (SECONDS - begin))) ] || fail "$lines lines about what was refused"
expect "deaths" 0 "$(logged_times died)"
stop
