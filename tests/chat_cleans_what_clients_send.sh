# A line over 4 KiB, control bytes, invalid UTF-8, telnet: nothing but text reaches other clients.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 2 }'
start
py '
room = "127.0.0.1:7077"
a, b = join(room, "a"), join(room, "b")
a.lines_until("known as b")
def heard(data):
    b.send(data)
    raw = b""
    while not raw.endswith(b"\n"):
        raw += a.take(1)
    check("a line of %r" % data[:20], raw.startswith(b"<b> "), raw)
    text = raw[4:-1]
    text.decode("utf-8")
    check("control bytes in %r" % text, all(c >= 32 and c != 127 for c in text))
    return text
expect("plain", b"plain", heard(b"plain\n"))
expect("UTF-8", "gr\u00fc\u00df \u20ac \U0001f600".encode(), heard("gr\u00fc\u00df \u20ac \U0001f600\n".encode()))
heard(b"\x1b[2J\x07\x00\x08clear\x7f\n")
heard("c1 \u009b2J\n".encode())
bad = "\ufffd".encode()
for data in (b"\xfe\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"):
    check("%r is replaced" % data, bad in heard(b"x" + data + b"y\n"))
expect("telnet options vanish", b"ab", heard(b"a\xff\xfb\x01\xff\xfd\x03b\n"))
expect("a carriage return vanishes", b"dos", heard(b"dos\r\n"))
text = heard(b"x" * 10000 + b"\n")
expect("a long line is cut", 4096, len(text))
check("its sender is told", "too long" in b.line())
expect("the next line is whole", b"next", heard(b"next\n"))
b.send(b"\n\r\n\n")
check("empty lines are not sent", a.quiet(0.1))
' || exit 1
stop
