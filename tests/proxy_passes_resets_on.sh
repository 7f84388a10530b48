# What a side sent before it went away reaches the other; then comes the end it had: a reset is passed on
# as one, and a FIN only if the side sent it.
. "$(dirname "$0")/lib.sh"

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" workers = 2 upstream = {"127.0.0.1:7001"} }
service slow { listen = {"127.0.0.1:7010"} handler = "proxy" workers = 1 upstream = {"127.0.0.1:7002"} }'
start
py '
import fcntl

def pending(x):
    """Bytes that the peer has not acknowledged: SIOCOUTQ, tcp(7)"""
    return struct.unpack("i", fcntl.ioctl(x.s, 0x5411, b"    "))[0]

up = Upstream("127.0.0.1:7001")
data = os.urandom(1 << 20)

c, u = up.pair("127.0.0.1:7000")
c.send("half a message")
c.rst()
expect("the upstream of a client that reset", "RST", how_it_ends(u)[1])

c, u = up.pair("127.0.0.1:7000")
u.send(data)
wait_until(lambda: not pending(u))
u.rst()
out, end = how_it_ends(c)
expect("the client of an upstream that reset", (True, "RST"), (out == data, end))

# An upstream that answers and leaves although there is more for it.
c, u = up.pair("127.0.0.1:7000")
c.send("x" * 100000)
u.take(10)
u.send("413 too large")
u.fin()
expect("the answer", (b"413 too large", "FIN"), how_it_ends(c))
u.close()
try:
    for i in range(500):
        c.send("x" * 100)
        time.sleep(0.02)
    check("the client is told that nobody listens", False)
except ConnectionError:
    pass

# A client that sends all, and leaves without waiting for the answer, to one that reads slowly.
slow = Upstream("127.0.0.1:7002", receive_buffer=4096)
data = data[:60000]
c, u = slow.pair("127.0.0.1:7010")
c.send(data)
c.close()
u.send("thanks")
out, end = how_it_ends(u)
expect("what the upstream gets of it", (True, "FIN"), (out == data, end))
' || exit 1
wait_log 'end=reset upstream='
wait_log 'end=upstream-reset upstream='
stop
