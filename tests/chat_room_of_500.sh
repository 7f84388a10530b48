# 500 clients in one room.
. "$(dirname "$0")/lib.sh"

clients=${SOCKD_TEST_CLIENTS:-500}
[ "$(ulimit -n)" -ge $((clients + 100)) ] || ulimit -n $((clients + 100)) 2>/dev/null || skip "ulimit -n is too low"
conf "service chat { listen = {'127.0.0.1:7077'} handler = 'chat' workers = 10 max-workers = $clients spare-workers = 20 log-connections = false }"
start
py '
room, n = "127.0.0.1:7077", int(sys.argv[1])
clients = []
for i in range(n):
    clients.append(join(room, timeout=60))
clients[0].send("/who\n")
clients[0].lines_until("* %d here" % n)
for i in (0, n // 2, n - 1):
    clients[i].send("/nick speaker%d\nhear me, %d\n" % (i, i))
    for j, c in enumerate(clients):
        if j != i:
            expect("what client %d hears" % j, "<speaker%d> hear me, %d" % (i, i), c.lines_until("hear me")[-1])
for c in clients[1:]:
    c.send("/quit\n")
for c in clients[1:]:
    c.rest()
clients[0].data = b""
wait_until(lambda: clients[0].send("/who\n") or "* 1 here" in clients[0].lines_until(" here: ")[-1])
' "$clients" || exit 1
stop
