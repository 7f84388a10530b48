# As many idle clients as a pool may have workers, up to 10,000; slow readers and slow writers: the caps hold, a new
# client is served within 100 ms while slots remain, and memory and workers come back.
. "$(dirname "$0")/lib_fault.sh" root

n=${CLIENTS:-10000}
limit=$(($(cat /proc/sys/kernel/pid_max) - 2000))
[ "$(ulimit -u)" = unlimited ] || [ "$(ulimit -u)" -gt $limit ] || limit=$(($(ulimit -u) - 2000))
files=$(($(ulimit -Hn) - 500))
free=$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) / 600)) # KiB for a worker and its client
for most in $limit $files $free; do
	[ $n -le "$most" ] || n=$most
done
ulimit -n "$(ulimit -Hn)"
sysctl -qw net.ipv4.ip_local_port_range="1024 65000" net.core.somaxconn=4096 2>/dev/null
conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 16 max-workers = $n spare-workers = 16 worker-idle = 2
	backlog = 4096 log-connections = false }
service out { listen = '127.0.0.1:7002' handler = chargen workers = 16 log-connections = false }
service in { listen = '127.0.0.1:7003' handler = echo workers = 16 log-connections = false }"
start
pyx '
n = int(sys.argv[1])
held, worst = [], 0
def one(address="127.0.0.1:7001"):
    begin = time.monotonic()
    c = Client(address, timeout=60)
    c.send("x")
    expect("echo", b"x", c.take(1))
    return c, time.monotonic() - begin
slow = [Client("127.0.0.1:7002", receive_buffer=1024) for _ in range(15)]
drip = [Client("127.0.0.1:7003") for _ in range(15)]
waits = []
def come(until, pause):
    while len(held) < until:
        c, took = one()
        held.append(c)
        waits.append(took)
        time.sleep(pause)
        if len(held) % 50 == 0:
            for c in slow:
                c.s.recv(1)
            for c in drip:
                c.send("y")
                expect("drip", b"y", c.take(1))
def tell(what):
    waits.sort()
    print("FIGURE %s=median:%dus,p99:%dms,worst:%dms" % (what, waits[len(waits) // 2] * 1e6,
          waits[len(waits) * 99 // 100] * 1e3, waits[-1] * 1e3), flush=True)
come(n - 101, 0) # as fast as they can
tell("clients=%d,flood" % n)
time.sleep(1)
waits.clear()
come(n - 1, 0.05) # and with a breath between them: what is demanded
tell("new")
c, took = one()
held.append(c)
print("FIGURE last_slot=%dms" % (took * 1e3))
for address in "127.0.0.1:7002", "127.0.0.1:7003": # beside the slow ones there is one left
    c = Client(address)
    begin = time.monotonic()
    c.send("z")
    c.take(1)
    took = time.monotonic() - begin
    check("served beside slow ones", took < 0.1 * float(os.environ.get("SOCKD_TEST_SLOW", 1)), took)
    c.close()
over = Client("127.0.0.1:7001")
over.send("over")
over.s.settimeout(1)
try:
    check("the cap holds", not over.more())
except TimeoutError:
    pass
over.s.settimeout(30)
held[0].close()
check("the next in the queue has the slot", over.take(4) == b"over")
print("full", flush=True)
sys.stdin.readline()
' "$n" < <(exec sleep 1000) >"$dir/clients" 2>&1 &
clients=$!
started+=($clients)
done_or_gone() { grep -q '^full' "$dir/clients" || gone $clients; }
wait_for 300 done_or_gone || fail "the clients are not all there after 300 s: $(cat "$dir/clients")"
grep '^FIGURE' "$dir/clients"
grep -q '^full' "$dir/clients" || fail "$(cat "$dir/clients")"
p99=$(sed -n 's/.*new=.*p99:\([0-9]*\)ms.*/\1/p' "$dir/clients")
[ "$p99" -lt 100 ] || fail "one in a hundred new clients waited for $p99 ms"
expect "workers" "$n" "$(worker_count echo)"
figure master_KiB "$(fault_kib "$master")"
fault_lasts full
kill -KILL $clients
wait_for 60 gone $clients
wait_workers echo 16 120
stop
