# RFC 864: 72 characters a line, each line begins one character further; what the client sends is
# thrown away; half-closing does not end the stream.
. "$(dirname "$0")/lib.sh"

conf 'service chargen { listen = {"127.0.0.1:7019"} handler = "chargen" workers = 2 }'
start
py '
ring = "".join(map(chr, range(32, 127)))
c = Client("127.0.0.1:7019")
c.send("this is thrown away")
c.fin()
for i in range(3 * 95):
    want = "".join(ring[(i + j) % 95] for j in range(72)) + "\r\n"
    expect("line %d" % i, want.encode(), c.take(74))
c.rst()

# A client that writes before it reads is not waited for for ever.
c = Client("127.0.0.1:7019", timeout=20)
c.send(b"x" * (8 << 20))
expect("first bytes", b" !\"#", c.take(4))
c.rst()
' || exit 1
wait_log 'service=chargen .* closed .*end=reset$'
stop
