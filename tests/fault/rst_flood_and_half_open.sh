# Resets without a pause, and clients that vanish behind a firewall with connections open, half-way, or in the queue:
# nothing spins, and the slots come back within the time-out.
. "$(dirname "$0")/lib_fault.sh" root nft

conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 8 idle-timeout = 3 keepalive = 1 user-timeout = 3
	log-connections = false }
service out { listen = '127.0.0.1:7002' handler = chargen workers = 4 idle-timeout = 3 log-connections = false }
service defer { listen = '127.0.0.1:7003' handler = echo workers = 2 defer-accept = 1 first-byte-timeout = 3 }"
start
# Resets: before a byte, after some, with an answer on its way.
pyx '
import random
def flood():
    n = 0
    while True:
        c = Client(random.choice(("127.0.0.1:7001", "127.0.0.1:7002", "127.0.0.1:7003")))
        try:
            if n % 3:
                c.send(b"x" * (n % 3000))
            if n % 3 == 2:
                c.more()
        except OSError:
            pass
        c.rst()
        n += 1
threads = [threading.Thread(target=flood, daemon=True) for _ in range(4)]
for t in threads:
    t.start()
stay()
' &
flood=$!
started+=($flood)
fault_lasts rst_flood
kill -KILL $flood
wait_for 5 gone $flood
wait_for 5 answers 127.0.0.1:7001 || fail "no answer after the flood"

# All slots are held; then not one packet of these clients arrives any more, nor one of sockd at them.
busy() { py 'from control import *
print(sum(State().services[n]["states"].count("busy") for n in ("echo", "out", "defer")))'; }
busy_is() { [ "$(busy)" -eq "$1" ]; }
wait_for 10 busy_is 0 || fail "$(busy) workers are busy after the flood"
mkfifo "$dir/hold"
pyx '
held = [Client("127.0.0.1:7001", source="127.0.0.9") for _ in range(8)] + \
       [Client("127.0.0.1:7002", source="127.0.0.9", receive_buffer=4096) for _ in range(4)]
for c in held[:8]:
    c.send("x")
    c.take(1)
queued = [Client("127.0.0.1:7001", source="127.0.0.9") for _ in range(20)]
print("held", flush=True)
stay()
' >"$dir/held" &
held=$!
started+=($held)
wait_for 10 grep -q held "$dir/held" || fail "no clients"
wait_for 5 busy_is 12 || fail "$(busy) workers are busy, expected 12"
nft -f - <<'NFT' || skip "nft does not work here"
table inet fault {
	chain in {
		type filter hook input priority 0;
		ip saddr 127.0.0.9 drop
		ip daddr 127.0.0.9 drop
	}
}
NFT
# A SYN flood from there, too: the handshakes are never finished.
pyx '
while True:
    for _ in range(50):
        s = socket.socket()
        s.setblocking(False)
        s.bind(("127.0.0.9", 0))
        s.connect_ex(("127.0.0.1", 7001))
        s.close()
    time.sleep(0.05)
' &
syns=$!
started+=($syns)
kill -KILL $held
from=$(now_us)
fault_lasts half_open
wait_for 20 busy_is 0 || fail "$(busy) workers are still busy 20 s after their clients vanished"
figure slots_back "$((($(now_us) - from) / 1000))ms"
wait_for 2 answers 127.0.0.1:7001 || fail "no answer"
kill -KILL $syns
nft delete table inet fault
stop
