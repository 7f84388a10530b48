# session-timeout ends every connection, whatever its client does, and no worker goes with it; the next
# connection of the same worker has all its time.
. "$(dirname "$0")/lib.sh"

conf 'defaults { workers = 3 session-timeout = 1 idle-timeout = 100 }
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }
service discard { listen = {"127.0.0.1:7002"} handler = "discard" }
service chargen { listen = {"127.0.0.1:7003"} handler = "chargen" }
service chat { listen = {"127.0.0.1:7004"} handler = "chat" }'
start
for s in echo discard chargen chat; do
	eval "pids_$s=\$(workers $s)"
done
py '
def silent(c):
    pass
def drip(c):
    c.send("\n")
    time.sleep(0.1)
def flood(c):
    c.s.settimeout(0.05)
    try:
        c.send(b"x" * 65536)
    except TimeoutError:
        pass
def read(c):
    c.data = b""
    if not c.more():
        raise EOFError

took = {}
def client(port, way):
    c = Client("127.0.0.1:%d" % port, receive_buffer=65536)
    start = time.monotonic()
    try:
        while time.monotonic() < start + 20:
            if way is silent:
                try:
                    while c.more():
                        c.data = b""
                finally:
                    break
            way(c)
    except (ConnectionError, EOFError):
        pass
    took[port, way.__name__] = time.monotonic() - start

# One after the other, by three threads on each port: six for three workers.
def several(port, ways):
    for way in ways:
        client(port, way)

threads = [threading.Thread(target=several, args=(7001 + i % 4, (silent, drip, flood, read)[i // 4:][:2]))
           for i in range(12)]
for t in threads:
    t.start()
for t in threads:
    t.join()
for (port, way), s in took.items():
    check("port %d, %s: took" % (port, way), s < 6 or (port == 7003 and way == "silent"), s)
' || exit 1
for s in echo discard chargen chat; do
	wait_log "service=$s .*closed .*end=session-timeout$"
	others=$(grep "service=$s .*closed" "$log" | grep -v 'end=session-timeout$')
	expect "connections of $s that ended otherwise" "" "$others"
	pids=pids_$s
	expect "workers of $s" "${!pids}" "$(workers $s)"
	took=$(sed -n "s/.*service=$s .*closed .*duration_ms=\([0-9]*\) .*/\1/p" "$log")
	for ms in $took; do
		[ "$ms" -ge 995 ] && [ "$ms" -lt 5000 ] || fail "$s: a time-out of 1 s came after $ms ms"
	done
done
stop
