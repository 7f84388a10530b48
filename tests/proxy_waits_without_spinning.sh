# A worker that has nothing to do uses no CPU, in whatever state its two sides are: after a FIN of one of
# them, while one does not read, after a reset that cannot be passed on yet.
. "$(dirname "$0")/lib.sh"

conf 'defaults { handler = "proxy" workers = 1 }
service fin { listen = {"127.0.0.1:7010"} upstream = {"127.0.0.1:7001"} }
service rear { listen = {"127.0.0.1:7020"} upstream = {"127.0.0.1:7001"} }
service full { listen = {"127.0.0.1:7030"} upstream = {"127.0.0.1:7001"} }
service reset { listen = {"127.0.0.1:7040"} upstream = {"127.0.0.1:7001"} }
service unix { listen = {"127.0.0.1:7050"} upstream = {"unix:'"$dir"'/up"} }'
start
py '
up = Upstream("127.0.0.1:7001", receive_buffer=65536)
where = "unix:" + sys.argv[1]
unix = Upstream(where)
os.chmod(where[5:], 0o666)
workers = sys.argv[2:]

def fill(x):
    x.s.setblocking(False)
    idle = 0
    while idle < 5:
        try:
            x.s.send(b"x" * 65536)
            idle = 0
        except BlockingIOError:
            idle += 1
            time.sleep(0.05)
    x.s.settimeout(10)

def ticks(pid):
    return sum(map(int, open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()[11:13]))

c1, u1 = up.pair("127.0.0.1:7010")
c1.send("x")
c1.fin()
expect("up to the FIN", b"x", u1.rest())

c2, u2 = up.pair("127.0.0.1:7020")
u2.send("x")
u2.fin()
expect("up to the FIN", b"x", c2.rest())

c3, u3 = up.pair("127.0.0.1:7030")
fill(c3)
c3.fin()
u3.fin()
expect("the FIN", b"", c3.rest())

c4, u4 = up.pair("127.0.0.1:7040", receive_buffer=65536)
fill(u4)
u4.rst()

c5, u5 = unix.pair("127.0.0.1:7050")
c5.send("x")
c5.fin()
expect("up to the FIN", b"x", u5.rest())

before = list(map(ticks, workers))
time.sleep(1)
used = [b - a for a, b in zip(before, map(ticks, workers))]
check("CPU time of the workers in 1 s, in ticks of 10 ms: %s" % used, max(used) <= 10)

# And all of them are awake.
u1.send("y")
expect("a byte after it all", b"y", c1.take(1))
c2.send("y")
expect("a byte after it all", b"y", u2.take(1))
u5.send("y")
expect("a byte after it all", b"y", c5.take(1))
check("what was held up", len(u3.rest()) > 65536)
out, end = how_it_ends(c4)
expect("the reset, behind the bytes that came before it", (True, "RST"), (len(out) > 65536, end))
' "$dir/up" $(for s in fin rear full reset unix; do workers $s; done) || exit 1
stop
