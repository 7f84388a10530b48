# 200 MB both ways at once, to a slow reader too: nothing is lost or changed, neither direction starves, and
# what waits costs the worker no memory.
. "$(dirname "$0")/lib.sh"

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" workers = 2 upstream = {"127.0.0.1:7001"} }'
start
for pid in $(workers front); do echo "$pid $(awk '/^VmHWM/ {print $2}' /proc/"$pid"/status)"; done >"$dir/before"
py '
import hashlib

block = os.urandom(1 << 20) + b"odd"

def send(x, total, sums):
    h = hashlib.sha256()
    n = 0
    while n < total:
        part = block[:total - n]
        x.send(part)
        h.update(part)
        n += len(part)
    x.fin()
    sums.append(h.hexdigest())

def read(x, sums, slow):
    h = hashlib.sha256()
    n = 0
    while True:
        part = x.s.recv(1 << 18)
        if not part:
            break
        h.update(part)
        n += len(part)
        if slow and n < 3 << 20:
            time.sleep(0.01)
    sums.append(h.hexdigest())

up = Upstream("127.0.0.1:7001", timeout=120)
for total, slow in ((200000000, False), (30000000, True)):
    c, u = up.pair("127.0.0.1:7000", timeout=120)
    sums = [[] for i in range(4)]
    threads = [threading.Thread(target=f, args=a) for f, a in (
        (send, (c, total, sums[0])), (read, (u, sums[1], slow)),
        (send, (u, total, sums[2])), (read, (c, sums[3], False)))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    expect("client to upstream, %d bytes" % total, sums[0], sums[1])
    expect("upstream to client, %d bytes" % total, sums[2], sums[3])
    c.close()
    u.close()

# Nobody reads: the sender is held up, and gets no further.
c, u = up.pair("127.0.0.1:7000")
c.s.settimeout(1)
n = 0
try:
    while n < 1 << 30:
        n += c.s.send(block)
except TimeoutError:
    pass
check("a sender whose peer does not read is held up: %d bytes" % n, n < 200 << 20)
' || exit 1
wait_log 'bytes_in=200000000 bytes_out=200000000 end=eof'
wait_log 'bytes_in=30000000 bytes_out=30000000 end=eof'
while read -r pid before; do
	grown=$(($(awk '/^VmHWM/ {print $2}' /proc/"$pid"/status) - before))
	[ -n "${SOCKD_TEST_SANITIZED:-}" ] || [ "$grown" -lt 1024 ] || fail "worker $pid has grown by $grown KiB"
done <"$dir/before"
wait_log 'bytes_out=0 end=(upstream-)?reset'
# The pipes are gone with their connections.
for pid in $(workers front); do
	find /proc/"$pid"/fd -lname 'pipe:*' | wc -l
done | sort -u >"$dir/pipes"
expect "numbers of pipes that workers hold" 1 "$(wc -l <"$dir/pipes")"
stop
