# scale changes the size of a pool, of programs too, until the next reload; diff tells of it before.
. "$(dirname "$0")/lib_control.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service grows { listen = {'127.0.0.1:7002'} handler = echo workers = 2 max-workers = 6 }
service app { listen = {'127.0.0.1:7003'} handler = program command = {'/bin/sleep', 'infinity'} workers = 1 }"
start
pids_are() { [ "$(state "len(s['$1']['pids'])")" = "$2" ]; }
# size SERVICE N: scale, and wait for it
size()
{
	expect "scale" "ok service '$1': $2 workers until the next reload" "$(ctl scale "$1" "$2" | paste -sd' ')"
	wait_for 5 pids_are "$1" "$2" || fail "$1: $(state "s['$1']"), and not $2"
}
wait_workers echo 2
two=$(workers echo)
size echo 5
expect "workers from before" "$two" "$(workers echo | head -n 2)"
exec {held}<>/dev/tcp/127.0.0.1/7001
echo a >&$held
read -r -t 5 -u $held answer || fail "no connection"
size echo 1
echo b >&$held
read -r -t 5 -u $held answer || fail "a connection was cut off"
exec {held}>&-
answers 127.0.0.1:7001 || fail "one worker does not serve"
size echo 40
size echo 2
expect "what differs" "ok no difference" "$(ctl diff | paste -sd' ')"
size echo 3
size grows 4
size app 3
answers 127.0.0.1:7002 || fail "grows does not serve"
diff=$(ctl diff)
for line in "service 'echo': workers: scaled to 3 -> .*" "service 'grows': workers: scaled to 4 -> .*" \
	"service 'app': workers: scaled to 3 -> .*"; do
	expect_match "diff" "$line" "$diff"
done
kill -TTIN "$master"
wait_for 5 pids_are echo 4 || fail "TTIN: $(state 's["echo"]')"
kill -TTOU "$master"
wait_for 5 pids_are echo 3 || fail "TTOU: $(state 's["echo"]')"
kill -KILL $(workers echo)
wait_for 5 pids_are echo 3 || fail "after a kill: $(state 's["echo"]')"
expect_match "reload" "^ok" "$(ctl reload)"
wait_for 5 pids_are echo 2 || fail "echo after the reload: $(state 's["echo"]')"
wait_for 5 pids_are app 1 || fail "app after the reload: $(state 's["app"]')"
expect "what differs" "ok no difference" "$(ctl diff | paste -sd' ')"
size echo 1
expect_match "reload" "^ok" "$(ctl reload)"
wait_for 5 pids_are echo 2 || fail "echo after the reload: $(state 's["echo"]')"

# What a pool has grown to by demand does not count on top.
cpy 'held = [Client("127.0.0.1:7002") for i in range(4)]
for c in held:
    c.send("x")
    c.take(1)
wait_until(lambda: State().services["grows"]["target"] >= 5)
print(control("scale grows 3"))
expect("target", 3, State().services["grows"]["target"])
for c in held:
    c.send("y")
    expect("an answer", b"y", c.take(1))' || fail "a pool that has grown"
expect_match "no such service" "^error there is no service 'nobody'" "$(ctl scale nobody 2)"
stop
