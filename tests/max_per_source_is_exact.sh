# max-per-source is kept to the connection: for many at once, over a worker's death, over a reload, for
# each IPv4 address and each /64.
. "$(dirname "$0")/lib.sh"

limit=3
service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\"} handler = \"echo\" workers = 60 max-per-source = $limit $1 }
service behind { listen = {\"127.0.0.1:7008\"} handler = \"echo\" workers = 12 max-per-source = 2
	proxy-protocol = \"any\" proxy-trusted = {\"127.0.0.1\"} }"
}

# Clients that are told what to do on their standard input, a line each:
# burst SOURCE... (12 from each at once; prints how many are served), drop SOURCE, end
cat >"$dir/clients.py" <<'END'
from client import *
held = collections.defaultdict(list)
lock = threading.Lock()

def enter(source, start):
    start.wait()
    c = served("127.0.0.1:7007", source)
    if c:
        with lock:
            held[source].append(c)

for line in sys.stdin:
    verb, *sources = line.split()
    if verb == "burst":
        before = {s: len(held[s]) for s in sources}
        start = threading.Barrier(12 * len(sources))
        threads = [threading.Thread(target=enter, args=(s, start)) for s in sources * 12]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print(*[len(held[s]) - before[s] for s in sources], flush=True)
    elif verb == "drop":
        c = next(c for c in held[sources[0]] if c.quiet(0))
        held[sources[0]].remove(c)
        c.close()
        print("dropped", flush=True)
    else:
        for c in sum(held.values(), []):
            c.close()
        print("ended", flush=True)
END

service ''
start
coproc clients { PYTHONPATH=$tests exec $python -s -B "$dir/clients.py"; }
started+=("$clients_PID")

tell()
{
	echo "$*" >&"${clients[1]}"
	read -r -t 30 answer <&"${clients[0]}" || fail "no answer of the clients to: $*"
}

tell burst 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5
expect "served of 12 from each of four" "3 3 3 3" "$answer"
wait_log 'refused source=127\.0\.0\.[2-5]:[0-9]+ reason=max-per-source'
tell burst 127.0.0.2 127.0.0.6
expect "served of 12 more of an old and a new one" "0 3" "$answer"

# One goes, one may come.
mark
tell drop 127.0.0.2
wait_log 'closed source=127.0.0.2:'
tell burst 127.0.0.2
expect "served after one has left" 1 "$answer"

# A worker's death takes its connection along, and no more.
mark
kill -KILL "$(busy_worker echo)"
wait_log 'died: killed by signal 9'
tell burst 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6
expect "served after a worker has died" 1 "$((${answer// /+}))"

# Those that the old workers hold count as well.
service 'idle-timeout = 1000'
reload
tell burst 127.0.0.2 127.0.0.3 127.0.0.7
expect "served after a reload" "0 0 3" "$answer"
mark
tell drop 127.0.0.3
wait_log 'closed source=127.0.0.3:'
tell burst 127.0.0.3
expect "served when one of the old ones has left" 1 "$answer"

# The source is the one that the PROXY header names; of IPv6 a /64.
expect "served of IPv6 sources" "2001:db8::1 2001:db8::2 2001:db8:0:1::1 192.0.2.1 192.0.2.1" "$(py '
held = []
for source in ("2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:3", "2001:db8:0:1::1", "192.0.2.1",
               "192.0.2.1", "192.0.2.1", "2001:db8::4"):
    to = "::1" if ":" in source else "127.0.0.1"
    c = served("127.0.0.1:7008", first=proxy_v2(source, destination=to))
    if c:
        held.append(c)
        print(source, end=" ")
' | sed 's/ $//')"
tell end
stop
