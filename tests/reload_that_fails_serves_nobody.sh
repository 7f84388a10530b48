# A trial worker is ready and waits: no client meets settings that are not in force, and may never be.
. "$(dirname "$0")/lib_control.sh"

mkdir -m 0777 "$dir/where"
printf '#!/bin/sh\ntouch "$WHERE/runs"; until test -e "$WHERE/go"; do sleep 0.05; done; exit 3\n' >"$dir/slow"
chmod 755 "$dir/slow"
good="service one { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service two { listen = {'127.0.0.1:7002', '127.0.0.1:7003'} handler = echo workers = 2 }"
bad="${good//= echo/= discard}
service new { listen = {'127.0.0.1:7004'} handler = echo workers = 1 }"
slow="service slow { listen = {'127.0.0.1:7005'} handler = program command = {'$dir/slow'} notify = true environment = 'WHERE=$dir/where' }"
conf "$good"
start
wait_workers two 2
fds=$(master_fds)
conf "$bad
$slow"
ctl_begin asked reload
wait_for 10 test -e "$dir/where/runs" || fail "no trial"
wait_workers one 3
wait_workers two 3
wait_workers new 1
all_idle() { [ "$(state '{w for n in ("one", "two") for w in s[n]["states"]}')" = "{'idle'}" ]; }
wait_for 10 all_idle || fail "trials are not ready"
cpy '
for port in (7001, 7002, 7003):
    wrong = [one_round("127.0.0.1:%d" % port) for _ in range(50)]
    check("answers of port %d" % port, not any(wrong), set(wrong))
' || fail "see above"
# who comes to a new service waits, until it is known to be none
pyx 'from control import *
c = Client("127.0.0.1:7004")
print("connected", flush=True)
c.send("x")
try:
    print("got", c.rest())
except ConnectionError:
    print("closed", flush=True)' >"$dir/early" &
started+=($!)
wait_for 10 grep -q connected "$dir/early" || fail "no client"
expect "services in force" "['one', 'two']" "$(state 'sorted(s)')"
touch "$dir/where/go"
expect_match "answer" "^error" "$(answered asked)"
wait_for 10 grep -qx closed "$dir/early" || fail "the client of the new service: $(cat "$dir/early")"
wait_workers one 2
wait_workers two 2
wait_workers new 0
wait_for 5 master_fds_are $((fds + 1)) || fail "descriptors: $(master_fds) for $fds and that of notify"

# and those of a good one begin at once
conf "$bad"
old=$(for s in one two; do workers $s; done | sort)
expect_match "answer" "^ok" "$(ctl reload)"
replaced() { [ -z "$(comm -12 <(echo "$old") <(for s in one two; do workers $s; done | sort))" ]; }
wait_for 10 replaced || fail "old workers stay"
for port in 7001 7002 7003; do expect "port $port" "" "$(ask 127.0.0.1:$port ping)"; done
answers 127.0.0.1:7004 || fail "the new service does not serve"
conf "${good/workers = 2/workers = 1}"
expect_match "answer" "^ok" "$(ctl reload)"
load_begin 127.0.0.1:7001 2
conf "${good/workers = 2/workers = 1 umask = 077}"
expect_match "answer" "^ok" "$(ctl reload)"
load_end
expect "lost of $load_rounds" 0 "$load_lost"
stop
