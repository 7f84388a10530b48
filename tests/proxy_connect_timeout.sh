# An upstream that does not answer costs connect-timeout once, not once for each worker: it is rested by
# all of them. A stop does not wait for it.
. "$(dirname "$0")/lib.sh"

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" workers = 2 connect-timeout = 3
	upstream = {"127.0.0.1:7001", "127.0.0.1:7002"} }
service long { listen = {"127.0.0.1:7010"} handler = "proxy" workers = 1 connect-timeout = 4294968 upstream = {"127.0.0.1:7001"} }'
start -l debug
pyx '
# A full queue drops SYNs.
full = socket.socket()
full.bind(("127.0.0.1", 7001))
full.listen(0)
held = []
for i in range(4):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", 7001))
    held.append(s)
up = Upstream("127.0.0.1:7002")
times = []
for i in range(6):
    start = time.monotonic()
    c, u = up.pair("127.0.0.1:7000")
    u.send("x")
    c.take(1)
    times.append(time.monotonic() - start)
    c.close()
    u.close()
slow = [t for t in times if t > 2.9]
check("one of 6 connections paid the time-out, once: %s" % times, len(slow) == 1 and slow[0] < 5.8)
c = Client("127.0.0.1:7010")
c.send("x")
print("waits", flush=True)
expect("a client whose upstream does not answer, at the stop", b"", how_it_ends(c)[0])
' >"$dir/py" 2>&1 &
started+=($!)
client=$!
wait_for 20 grep -q . "$dir/py"
expect "the clients" waits "$(cat "$dir/py")"
wait_log 'service=front .* upstream 127\.0\.0\.1:7001: Connection timed out; passed over for 5 s'
# In milliseconds that is 704 more than an int can count.
wait_for 1 logged 'service=long .*passed over' && fail "50 days have passed in no time"
kill -TERM "$master"
wait_log ' stopping'
kill -TERM "$master"
wait_exit 5
wait_exit 5 $client
expect "exit status of the clients" 0 $status
wait_log 'service=long .* end=terminated'
