# Upstreams take turns. One that refuses is passed over without a loss, rested by all workers together, and
# asked again later. None left: the client is closed, and the log says why, not more than once a second.
. "$(dirname "$0")/lib.sh"

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" workers = 4
	upstream = {"127.0.0.1:7001", "127.0.0.1:7002", "127.0.0.1:7003"} }
service turns { listen = {"127.0.0.1:7010"} handler = "proxy" workers = 1 upstream = {"127.0.0.1:7001", "127.0.0.1:7002"} }
service none { listen = {"127.0.0.1:7020"} handler = "proxy" workers = 4 upstream = {"127.0.0.1:7098", "unix:/none"} }'
start -l debug
py '
def serve(name, port):
    up = Upstream("127.0.0.1:%d" % port, timeout=None)
    def run():
        while True:
            u = up.accept()
            u.send(name)
            u.close()
    threading.Thread(target=run, daemon=True).start()

def who(port=7000):
    c = Client("127.0.0.1:%d" % port)
    c.fin()
    return c.rest().decode()

serve("1", 7001)
serve("3", 7003)
begin = time.monotonic()
seen = collections.Counter(who() for i in range(60))
check("both that live have served, nobody else, and nobody was lost: %s" % seen,
      set(seen) == {"1", "3"} and min(seen.values()) >= 10)
print(int(time.monotonic() - begin) // 5 + 1)
serve("2", 7002)
wait_until(lambda: who() == "2", 20)
expect("turns", 2, len(set(who(7010) + who(7010))))

for i in range(40):
    c = Client("127.0.0.1:7020")
    expect("a client without upstream", (b"", "FIN"), how_it_ends(c))
    c.close()
' >"$dir/rests" || fail "$(cat "$dir/rests")"
ended() { [ "$(logged_times 'service=none .* closed .*end=no-upstream$')" -eq 40 ]; }
wait_for 10 ended || fail "connections without upstream: $(logged_times 'service=none .* closed .*end=no-upstream$'), expected 40"
# On a machine that takes long for 60 connections it may have been asked again.
down=$(logged_times 'service=front .* upstream 127\.0\.0\.1:7002: Connection refused; passed over for 5 s')
[ "$down" -ge 1 ] && [ "$down" -le "$(cat "$dir/rests")" ] ||
	fail "lines about the one that is down: $down, expected 1 to $(cat "$dir/rests")"
expect "lines about the others" 0 "$(logged_times 'service=front .* upstream 127\.0\.0\.1:700[13]:')"
wait_log 'warning service=none .* no upstream can be reached tried="[^"]*" unsaid=0'
for reason in '127\.0\.0\.1:7098: Connection refused' 'unix:/none: No such file or directory'; do
	logged "service=none .* tried=\".*$reason" || fail "the log does not say $reason"
done
lines=$(logged_times 'service=none .* no upstream can be reached')
[ "$lines" -le 10 ] || fail "$lines lines about 40 connections"
stop
