# A graceful stop waits for the relays in hand; a forced one ends them, also in the midst of bulk, and their
# upstreams see a reset and not a FIN. A worker that is killed takes its own client alone.
. "$(dirname "$0")/lib.sh"

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" workers = 4 upstream = {"127.0.0.1:7001"} }'
start
py '
import signal
master = int(sys.argv[1])
up = Upstream("127.0.0.1:7001", timeout=30)

# One worker after the other: each pair and the worker that serves it.
pairs = []
for i in range(3):
    c, u = up.pair("127.0.0.1:7000", timeout=30)
    c.send("x")
    u.take(1)
    pairs.append((c, u))

def lives(pair):
    try:
        pair[0].send("y")
        return pair[1].take(1) == b"y"
    except OSError:
        return False

os.kill(int(sys.argv[2]), signal.SIGKILL)
# A dying worker may still take a client.
wait_until(lambda: " died" in open(sys.argv[3]).read())
expect("connections after one of four workers was killed", True, sum(map(lives, pairs)) >= 2)
pairs = [p for p in pairs if lives(p)]

bulk = up.pair("127.0.0.1:7000", timeout=30)
ends = [[], []]

# The thread that meets a reset first is the only one that is told.
def pump(a, out):
    try:
        while True:
            a.send(b"x" * 65536)
    except ConnectionResetError:
        out.append("RST")
    except OSError:
        pass

def sink(a, out):
    try:
        while a.s.recv(1 << 18):
            pass
        out.append("FIN")
    except ConnectionResetError:
        out.append("RST")

threads = [threading.Thread(target=pump, args=(x, e)) for x, e in zip(bulk, ends)]
threads += [threading.Thread(target=sink, args=(x, e)) for x, e in zip(bulk, ends)]
for t in threads:
    t.start()
os.kill(master, signal.SIGTERM)

wait_until(lambda: " stopping" in open(sys.argv[3]).read())
check("a graceful stop leaves connections", all(map(lives, pairs)))
os.kill(master, signal.SIGTERM)
for c, u in pairs:
    expect("a client at the forced stop", b"", how_it_ends(c)[0])
    expect("its upstream", (b"", "RST"), how_it_ends(u))
for t in threads:
    t.join()
check("the upstream of the bulk is reset: %s" % ends[1], "RST" in ends[1])
' "$master" "$(workers front | head -n 1)" "$log" || exit 1
wait_exit 10
expect "exit status" 0 $status
expect "connections that were ended" 0 "$(grep ' closed ' "$log" | grep -vc 'end=terminated')"
[ "$(grep -c 'end=terminated' "$log")" -ge 3 ] || fail "not all were ended by the stop"
