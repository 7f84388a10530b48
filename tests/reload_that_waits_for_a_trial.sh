# What may happen while a trial worker is not ready yet: another HUP, other askers, its death, a pause, an order
# to stop. Each asker gets the result of a reload that began after it had asked.
. "$(dirname "$0")/lib_control.sh"
. "$(dirname "$0")/lib_app.sh"

app_write '
put("pid", str(os.getpid()))
await_file("go")
if os.path.exists(where + "bad"):
    sys.exit("told to fail")
ready()
serve(os.environ["ROUND"])'
settings()
{
	conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 2 }
service app { listen = '127.0.0.1:7002' handler = program command = '$app'
	workers = 1 notify = true environment = 'ROUND=$1' $2 }
$3"
}
serves() { [ "$(ask 127.0.0.1:7002 '')" = "$1" ]; }
# trial ROUND [MORE]: ask for a reload whose trial is not ready; its pid is $trial
trial()
{
	rm -f "$where/"*
	settings "$1" "${2-}" "${3-}"
	mark
	ctl_begin "asked$1" reload
	wait_for 10 test -s "$where/pid" || fail "no trial of round $1"
	trial=$(cat "$where/pid")
}
go() { touch "$where/go"; }
touch "$where/go"
settings 0 '' ''
start
serves 0 || fail "it does not serve"
fds=$(master_fds)
old=$(workers echo)

# killed
trial 1 '' "service new { listen = '127.0.0.1:7003' handler = echo }"
kill -KILL "$trial"
expect_match "answer after the death of the trial" "^error the old settings stay in force
$conf:2: service 'app': .*killed by signal 9" "$(answered asked1)"
serves 0 || fail "the old program does not serve"
wait_for 5 master_fds_are "$fds" || fail "descriptors: $(master_fds) for $fds"

# others ask meanwhile: HUP, reload twice, diff; the file changes once more
trial 2 ''
kill -HUP "$master"
kill -HUP "$master"
ctl_begin second reload
ctl_begin third reload
ctl_begin dry diff
ctl version >"$dir/version" # those before it have been heard
serves 0 || fail "the old program does not serve during the trial"
[ ! -e "$dir/second" ] || fail "the second was answered before the first"
settings 3 '' ''
rm "$where/pid"
go
expect "first" "ok done" "$(answered asked2 | paste -sd' ')"
expect "second" "ok done" "$(answered second | paste -sd' ')"
expect "third" "ok done" "$(answered third | paste -sd' ')"
expect "diff" "ok no difference" "$(answered dry | paste -sd' ')"
expect "reloads for one, and two and HUPs that came meanwhile" 2 "$(logged_times 'reload: done')"
wait_for 5 serves 3 || fail "round 3 does not serve: $(ask 127.0.0.1:7002 '')"

# the first fails, the next is good
rm "$dir/second"
trial 4 ''
touch "$where/bad"
ctl_begin second reload
settings 3 '' ''
go
expect_match "first" "^error" "$(answered asked4)"
expect_match "second" "^ok" "$(answered second)"
wait_for 5 serves 3 || fail "round 3 does not serve"
expect "workers of the unchanged service" "$old" "$(workers echo)"

# paused during the trial: nobody serves until it is resumed
trial 5 ''
expect_match "pause" "^ok" "$(ctl pause app)"
go
expect_match "reload" "^ok" "$(answered asked5)"
ctl_begin_client() { pyx 'print(Client("127.0.0.1:7002", timeout=30).rest().decode(), flush=True)' >"$dir/client" & started+=($!); }
paused_empty() { [ "$(state 's["app"]["pids"]')" = '[]' ]; }
wait_for 5 paused_empty || fail "programs of a paused service: $(state 's["app"]["pids"]')"
ctl_begin_client
queued() { [ "$(state 's["app"]["queue"]')" = 1 ]; }
wait_for 5 queued || fail "the client does not wait in the queue: $(state 's["app"]')"
expect_match "resume" "^ok" "$(ctl resume app)"
wait_for 5 grep -qx 5 "$dir/client" || fail "not served after resume: $(cat "$dir/client")"

# a client that asked and left
trial 6 ''
kill "$asker"
wait_for 5 gone "$asker"
ctl_begin late reload
go
expect_match "reload" "^ok" "$(answered late)"
wait_for 5 serves 6 || fail "round 6 does not serve"
wait_for 5 master_fds_are "$fds" || fail "descriptors: $(master_fds) for $fds"

# an order to stop: who waits for the reload does not wait for those in hand
exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 5 -u $held answer || fail "no connection"
trial 7 ''
pids=$(descendants "$master")
kill -TERM "$master"
answered asked7 >/dev/null
gone "$master" && fail "the master has not waited for the one in hand"
exec {held}>&-
wait_exit 10
expect "exit status" 0 "$status"
expect_match "answer to who waits" "^error .*leaving" "$(answered asked7)"
for pid in $pids; do wait_for 2 gone "$pid" || fail "process $pid is left"; done

# while sockd starts there is nothing to pause, and nothing that a start could wait for in vain
rm -f "$where/"*
settings 8 '' ''
launch
wait_for 10 test -s "$where/pid" || fail "no program"
expect_match "pause while it starts" "^error sockd is starting" "$(ctl pause app)"
ctl_begin early reload
go
wait_log ' ready services='
expect_match "reload asked for while it started" "^ok" "$(answered early)"
stop
