# A worker that dies takes its own client along; the others learn that it is gone, and talk on.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 6 }'
start
py '
master = sys.argv[1]
room = "127.0.0.1:7077"
def workers():
    with open("/proc/%s/task/%s/children" % (master, master)) as f:
        return [int(p) for p in f.read().split() if is_worker(p)]
def is_worker(pid):
    try:
        with open("/proc/%s/stat" % pid) as f:
            return "(sockd:chat)" in (text := f.read()) and ") Z " not in text
    except OSError: # gone
        return False
def holds(pid, link):
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            if os.readlink("/proc/%d/fd/%s" % (pid, fd)) == link:
                return True
        except OSError:
            pass
    return False
def worker_of(c):
    ends = ":%04X" % 7077, ":%04X" % c.s.getsockname()[1]
    with open("/proc/net/tcp") as f:
        inode = [l[9] for l in map(str.split, f) if (l[1][8:], l[2][8:]) == ends]
    return next(p for p in workers() if holds(p, "socket:[%s]" % inode[0]))
victim = join(room, "victim")
busy = worker_of(victim)
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
    wait_until(lambda: busy not in workers() and len(workers()) == 6)
    if sig == 9:
        victim = join(room, "victim")
        busy = worker_of(victim)
        for c in others:
            c.lines_until("known as victim")
others[0].send("/who\n")
check("who is left", others[0].lines_until(" here: ")[-1].startswith("* 3 here"))
' "$master" || exit 1
stop
