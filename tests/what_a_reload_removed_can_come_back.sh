# A service or an address that one reload took away, and where one client is still served, can be had
# again by the next: the address was in use, by sockd itself.
. "$(dirname "$0")/lib.sh"

stays='service stays { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
tcp="service tcp { listen = {'127.0.0.1:7002'} handler = 'echo' workers = 2 }"
unix="service unix { listen = {'unix:$dir/s'} handler = 'echo' workers = 2 }"
one='service more { listen = {"127.0.0.1:7003"} handler = "echo" workers = 2 }'
more="service more { listen = {'127.0.0.1:7003', '127.0.0.1:7004', 'unix:$dir/t'} handler = 'echo' workers = 5 }"
addresses="127.0.0.1:7002 unix:$dir/s 127.0.0.1:7004 unix:$dir/t"
all="$stays
$tcp
$unix
$more"

conf "$all"
start
mkfifo "$dir/go"
: >"$dir/held"
# shellcheck disable=SC2086
pyx '
held = [Client(a) for a in sys.argv[2:]]
for c in held:
    c.send("x")
    c.take(1)
print("held", flush=True)
open(sys.argv[1]).read()
for c in held:
    c.send("still here")
    expect("a connection in hand", b"still here", c.take(10))
print("done", flush=True)
' "$dir/go" $addresses >"$dir/held" &
holder=$!
started+=($holder)
wait_for 5 grep -q held "$dir/held" || fail "no client: $(cat "$dir/held")"

for round in 1 2; do
	conf "$stays
$one"
	reload
	if [ $round -eq 2 ]; then
		# The idle workers have left, and the queues are closed.
		wait_workers tcp 1
		wait_workers unix 1
	fi
	conf "$all"
	reload
	for a in $addresses; do
		wait_for 5 answers "$a" || fail "$a does not answer after round $round"
	done
done
echo >"$dir/go"
wait_exit 5 $holder
expect "what became of those in hand" "done" "$(tail -n 1 "$dir/held")"
wait_workers tcp 2
wait_workers unix 2
wait_workers more 5
for a in $addresses; do
	answers "$a" || fail "$a does not answer when its old workers have left"
done
stop
