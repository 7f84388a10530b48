# kill -9 of one worker, and of all: what they held is lost and nothing else, not one client of the queue; as many
# are back within 200 ms, 64 within a second.
. "$(dirname "$0")/lib_fault.sh" root

conf "service few { listen = '127.0.0.1:7001' handler = echo workers = 4 log-connections = false }
service many { listen = '127.0.0.1:7002' handler = echo workers = 64 log-connections = false }"
start
py '
master, rounds = int(sys.argv[1]), int(sys.argv[2])

def pool(name):
    out = set()
    with open("/proc/%d/task/%d/children" % (master, master)) as f:
        for pid in f.read().split():
            try:
                with open("/proc/%s/stat" % pid) as g:
                    comm, rest = g.read().split("(", 1)[1].rsplit(")", 1)
                if comm == "sockd:" + name and rest.split()[0] != "Z":
                    out.add(int(pid))
            except OSError:
                pass
    return out

def echoes(c, text):
    try:
        c.send(text)
        return c.take(len(text)) == text
    except OSError:
        return False

def holder(c):
    """The worker at the other end: its descriptors have grown by a socket with our port."""
    import subprocess
    port = c.s.getsockname()[1]
    out = subprocess.run(["ss", "-Htnp", "dport = :%d" % port], capture_output=True, text=True).stdout
    return int(out.split("pid=")[1].split(",")[0])

def kill(name, address, size, victims, most):
    worst = 0
    for i in range(rounds):
        held = [Client(address) for _ in range(size)]
        for n, c in enumerate(held):
            check("held", echoes(c, b"one"))
        before = pool(name)
        expect("workers", size, len(before))
        queued = [Client(address) for _ in range(50)]
        for c in queued:
            c.send(b"queued")
        hit = {holder(held[0])} if victims == 1 else before
        mine = [c for c in held if victims != 1 or c is held[0]]
        begin = time.monotonic()
        for pid in hit:
            os.kill(pid, 9)
        wait_until(lambda: len(pool(name)) == size and not pool(name) & hit)
        worst = max(worst, time.monotonic() - begin)
        for c in held:
            expect("a held connection lives", c not in mine, echoes(c, b"two"))
            c.close()
        for n, c in enumerate(queued): # they are served as the workers come free
            expect("client %d of the queue" % n, b"queued", c.take(6))
            c.close()
    print("FIGURE %s_refilled=%dms" % (name if victims != 1 else "one", worst * 1000))
    check("refilled in time", worst < most * float(os.environ.get("SOCKD_TEST_SLOW", 1)), worst)

kill("few", "127.0.0.1:7001", 4, 1, 0.2)
kill("few", "127.0.0.1:7001", 4, 4, 0.2)
kill("many", "127.0.0.1:7002", 64, 64, 1)
' "$master" "${ROUNDS:-20}" || exit 1
stop
