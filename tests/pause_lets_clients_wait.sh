# pause: those in hand are finished, new ones wait in the queue and are not refused, resume serves them. It lasts
# over reloads and may be said twice; a stop does not wait for those in the queue.
. "$(dirname "$0")/lib_control.sh"
. "$(dirname "$0")/lib_app.sh"

app_write 'serve("hello")'
settings()
{
	conf "drain-timeout = ${2:-0}
service echo { listen = {'127.0.0.1:7001', '127.0.0.1:7002'} handler = echo workers = 2 umask = $1 }
service app { listen = {'127.0.0.1:7003'} handler = program command = '$app' workers = 1 }
service other { listen = {'127.0.0.1:7004'} handler = echo workers = 1 }"
}
paused() { [ "$(state "(s['$1']['mode'], s['$1']['pids'])")" = "('paused', [])" ]; }
queued() { [ "$(state "s['echo']['queue']")" -ge "$1" ]; }
# Four clients who wait for an answer of echo
clients_begin()
{
	rm -f "$dir/clients"
	([ ! -e "/proc/self/fd/${held:-none}" ] || exec {held}>&-
	pyx '
cs = [Client("127.0.0.1:%d" % p, timeout=60) for p in (7001, 7002, 7001, 7002)]
for c in cs:
    c.send("wait")
    c.fin()
got = [c.rest() for c in cs]
open(sys.argv[1] + ".part", "w").write(repr(set(got)))
os.rename(sys.argv[1] + ".part", sys.argv[1])' "$dir/clients") &
	clients=$!
	started+=($clients)
	wait_for 10 queued 4 || fail "in the queue: $(state "s['echo']")"
}
settings 022
start
wait_workers echo 2
exec {held}<>/dev/tcp/127.0.0.1/7001
echo a >&$held
read -r -t 5 -u $held answer || fail "no connection"

expect_match "pause" "^ok
service 'echo': paused" "$(ctl pause echo)"
wait_workers echo 1
expect "mode" paused "$(state "s['echo']['mode']")"
clients_begin
expect_match "pause again" "^ok" "$(ctl pause echo)"
echo b >&$held
read -r -t 5 -u $held answer || fail "the connection in hand was cut off"
exec {held}>&-
wait_workers echo 0
wait_for 5 paused echo || fail "not paused: $(state 's["echo"]')"
answers 127.0.0.1:7004 || fail "another service does not serve"

# killed children, bells, signals and reloads do not wake it
for round in 023 024 024; do
	settings $round
	expect_match "reload" "^ok" "$(ctl reload)"
done
kill -TTIN "$master"
kill -TTOU "$master"
expect_match "scale" "^ok" "$(ctl scale echo 3)"
cpy 'time.sleep(0.3)'
paused echo || fail "not paused after reloads: $(state 's["echo"]')"
queued 4 || fail "clients are gone: $(state 's["echo"]')"
[ ! -e "$dir/clients" ] || fail "clients were served"
expect_match "resume" "^ok
service 'echo': resumed" "$(ctl resume echo)"
wait_for 10 test -e "$dir/clients" || fail "clients are not served after resume"
expect "what clients got" "{b'wait'}" "$(cat "$dir/clients")"
wait_workers echo 3
expect_match "resume again" "^ok" "$(ctl resume echo)"
expect "mode" running "$(state "s['echo']['mode']")"

# a program, too
expect "answer of the program" hello "$(ask 127.0.0.1:7003 '')"
expect_match "pause" "^ok" "$(ctl pause app)"
wait_for 5 paused app || fail "not paused: $(state 's["app"]')"
pyx 'ask("127.0.0.1:7003", "")' >"$dir/app.out" &
started+=($!)
app_queued() { [ "$(state "s['app']['queue']")" = 1 ]; }
wait_for 5 app_queued || fail "in the queue of app: $(state 's["app"]')"
expect_match "resume" "^ok" "$(ctl resume app)"
wait_for 10 grep -q hello "$dir/app.out" || fail "the program does not serve after resume"

# under load
load_begin 127.0.0.1:7001 4
for round in 1 2 3 4 5; do
	expect_match "pause" "^ok" "$(ctl pause echo)"
	cpy 'time.sleep(0.1)'
	expect_match "resume" "^ok" "$(ctl resume echo)"
done
load_end
expect "lost of $load_rounds in pauses" 0 "$load_lost"

# no longer than drain-timeout as it is now
settings 024 1
expect_match "reload" "^ok" "$(ctl reload)"
exec {held}<>/dev/tcp/127.0.0.1/7001
echo a >&$held
read -r -t 5 -u $held answer || fail "no connection"
expect_match "pause" "^ok" "$(ctl pause echo)"
wait_for 5 paused echo || fail "not paused: $(state 's["echo"]')"
wait_log 'service=echo .*closed .*end=terminated'
logged KILL && fail "who did not end a connection in time was killed at once"
exec {held}>&-
expect_match "resume" "^ok" "$(ctl resume echo)"

# removed and stopped while it is paused
expect_match "pause" "^ok" "$(ctl pause other)"
expect_match "pause" "^ok" "$(ctl pause echo)"
sed -i '/service other/d' "$conf"
expect_match "reload" "^ok" "$(ctl reload)"
expect_match "resume of who has gone" "^error there is no service" "$(ctl resume other)"
clients_begin
stop
