# A worker that dies takes its own client along; the others learn that it is gone, and talk on.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 6 }'
start
py '
master = sys.argv[1]
room = "127.0.0.1:7077"
def workers():
    with open("/proc/%s/task/%s/children" % (master, master)) as f:
        return [int(p) for p in f.read().split() if open("/proc/%s/comm" % p).read() == "sockd:chat\n"]
def sockets(pid):
    n = 0
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            n += os.readlink("/proc/%d/fd/%s" % (pid, fd)).startswith("socket:")
        except OSError:
            pass
    return n
victim = join(room, "victim")
busy = max(workers(), key=sockets)
others = [join(room, "o%d" % i) for i in range(3)]
for c in others:
    c.send("/who\n")
    c.lines_until("4 here")
for sig in (9, 11):
    os.kill(busy, sig)
    try:
        victim.rest()
    except ConnectionResetError:
        pass
    for c in others:
        c.lines_until("victim")
    others[0].send("still here\n")
    for c in others[1:]:
        expect("talk goes on", "<o0> still here", c.lines_until("still here")[-1])
    wait_until(lambda: len(workers()) == 6)
    if sig == 9:
        before = {p: sockets(p) for p in workers()}
        victim = join(room, "victim")
        busy = next(p for p in workers() if sockets(p) > before.get(p, 0))
        for c in others:
            c.lines_until("known as victim")
others[0].send("/who\n")
check("who is left", others[0].lines_until(" here: ")[-1].startswith("* 3 here"))
' "$master" || exit 1
stop
