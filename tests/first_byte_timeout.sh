# first-byte-timeout ends connections of clients that have sent nothing for so long; once they have sent a
# byte they may be silent.
. "$(dirname "$0")/lib.sh"

conf 'defaults { workers = 3 first-byte-timeout = 1 }
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }
service discard { listen = {"127.0.0.1:7002"} handler = "discard" }
service chargen { listen = {"127.0.0.1:7003"} handler = "chargen" }
service chat { listen = {"127.0.0.1:7004"} handler = "chat" }
service both { listen = {"127.0.0.1:7005"} handler = "echo" idle-timeout = 2 }'
start
pids=$(for s in echo discard chargen chat both; do workers $s; done)
kill -STOP $pids # so that a first byte is there when its time begins
py '
silent = {port: Client("127.0.0.1:%d" % port) for port in (7001, 7002, 7004, 7005)}
spoke = {port: Client("127.0.0.1:%d" % port) for port in silent}
for c in spoke.values():
    c.send("x\n")
spoken = Client("127.0.0.1:7003")
spoken.send("x")
start = time.monotonic()
for pid in sys.argv[1:]:
    os.kill(int(pid), signal.SIGCONT)
chargen = Client("127.0.0.1:7003") # it never waits for this client, which reads fast
try:
    while chargen.more():
        chargen.data = b""
        check("silent reader of chargen is still there after", time.monotonic() - start < 25, time.monotonic() - start)
except ConnectionError:
    pass
for _ in range(100):
    check("chargen goes on for whom that spoke", spoken.take(5000))
for port, c in silent.items():
    try:
        c.rest()
    except ConnectionError:
        pass
    check("port %d: silent for" % port, time.monotonic() - start < 25, time.monotonic() - start)
for port in 7001, 7002, 7004:
    c = spoke[port]
    while not c.quiet(0.3):
        check("port %d: who spoke is still there" % port, c.more())
        c.data = b""
spoke[7005].rest()
' $pids || exit 1
for s in echo discard chargen chat both; do
	wait_log "service=$s .*closed .*bytes_in=0 .*end=first-byte-timeout$"
	took=$(sed -n "s/.*service=$s .*duration_ms=\([0-9]*\) .*end=first-byte-timeout$/\1/p" "$log")
	[ "$took" -ge 1000 ] && [ "$took" -lt 25000 ] || fail "$s: a time-out of 1 s came after $took ms"
	expect "lines of $s with first-byte-timeout" 1 "$(logged_times "service=$s .*end=first-byte-timeout$")"
done
wait_log 'service=both .*closed .*bytes_in=2 .*end=idle-timeout$'
stop
