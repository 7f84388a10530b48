# Lines of each sender arrive in order, none missing and none twice, at every other client.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 12 log-connections = false }'
start
py '
room, senders, lines = "127.0.0.1:7077", 6, 500
clients = [join(room, "c%d" % i, timeout=60) for i in range(12)]
for c in clients:
    c.send("/who\n")
    c.lines_until("12 here")

def talk(i):
    for n in range(lines):
        clients[i].send("%d of many\n" % n)

def listen(i, wrong):
    want = {"<c%d>" % s: 0 for s in range(senders) if s != i}
    while any(n < lines for n in want.values()):
        line = clients[i].line()
        if line.startswith("* "):
            if "missed" in line:
                wrong.append("client %d: %s" % (i, line))
                return
            continue
        who, n = line.split()[:2]
        if int(n) != want[who]:
            wrong.append("client %d: %s says %s and not %d" % (i, who, n, want[who]))
            return
        want[who] += 1

wrong = []
threads = [threading.Thread(target=listen, args=(i, wrong)) for i in range(12)]
threads += [threading.Thread(target=talk, args=(i,)) for i in range(senders)]
for t in threads: t.start()
for t in threads: t.join()
expect("what is wrong", [], wrong)
' || exit 1
stop
