# A reload replaces programs one after the other: at no time are there more than workers + max-surge of them, nor
# fewer than workers that are ready; generations count up. The same when one of them dies.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_app.sh"

app_write '
time.sleep(0.2)
put("ready%d" % os.getpid(), "")
ready("STATUS=ready soon\n")
serve(generation)'
settings()
{
	conf "service app {
	listen = '127.0.0.1:7007'
	handler = program
	command = '$app'
	workers = 3
	max-surge = $1
	notify = true
	umask = $2
}"
}
programs()
{
	local pid name

	for pid in $(children "$master"); do
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null && [ "$name" = app ] && echo "$pid"
	done
}
count_is() { [ "$(programs | wc -l)" = "$1" ]; }
ready_are() { [ "$(find "$where" -name 'ready*' | wc -l)" = "$1" ]; }
all_of()
{
	for _ in 1 2 3 4 5 6 7 8 9; do [ "$(ask 127.0.0.1:7007 '')" = "$1" ] || return 1; done
}
# Looks at the programs until the file `done` is there; prints the most that lived and the least that were ready. The
# master stands still meanwhile: what it has not begun does not change the picture.
watch='
import signal
master, where = sys.argv[1:]
most, least, looks = 0, 99, 0
while not os.path.exists(where + "/done"):
    alive = set()
    os.kill(int(master), signal.SIGSTOP)
    wait_until(lambda: open("/proc/%s/stat" % master).read().rsplit(") ", 1)[1][0] == "T")
    for pid in open("/proc/%s/task/%s/children" % (master, master)).read().split():
        try:
            comm, rest = open("/proc/%s/stat" % pid).read().split("(", 1)[1].rsplit(") ", 1)
            if comm == "app" and rest[0] != "Z":
                alive.add("ready" + pid)
        except OSError:
            pass
    most = max(most, len(alive))
    least = min(least, len(alive & set(os.listdir(where))))
    os.kill(int(master), signal.SIGCONT)
    if not looks:
        print("looking", flush=True)
    looks += 1
    time.sleep(0.005)
print(most, least)
'
# roll GENERATION MAX-SURGE UMASK: a reload to it; "most least" go to $seen
roll()
{
	rm -f "$where/done" "$dir/seen"
	pyx "$watch" "$master" "$where" >"$dir/seen" &
	watcher=$!
	started+=($watcher)
	wait_for 5 grep -qs looking "$dir/seen" || fail "nobody looks"
	settings "$2" "$3"
	reload
	wait_for 10 all_of "$1" || fail "generation $1 does not serve alone"
	wait_for 5 count_is 3 || fail "not three programs of generation $1: $(programs | wc -l)"
	touch "$where/done"
	wait $watcher
	seen=$(tail -n 1 "$dir/seen")
}
settings 1 022
start
wait_for 5 count_is 3 || fail "three programs did not start"
wait_for 5 ready_are 3 || fail "three programs are not ready: $(ls "$where")"
roll 2 1 077
expect "most alive, least ready, with max-surge 1" "4 3" "$seen"
roll 3 3 022
read -r most least <<<"$seen"
[ "$most" -gt 4 ] && [ "$most" -le 6 ] && [ "$least" -ge 3 ] || fail "with max-surge 3: $most alive, $least ready"

kill -9 "$(programs | head -n 1)"
wait_log 'service=app .*died: killed by signal 9'
wait_for 5 count_is 3 || fail "the dead one is not replaced"
expect "generation of its successor" 3 "$(ask 127.0.0.1:7007 '')"
stop

# Those that do not leave keep their places; should fewer be enough meanwhile, all of the old are told to leave.
app_write 'import signal
def told(*a):
    put("told%d" % os.getpid(), "")
    if os.path.exists(where + "leave"):
        sys.exit(0)
signal.signal(signal.SIGTERM, told)
serve(generation)'
told_are() { [ "$(find "$where" -name 'told*' | wc -l)" = "$1" ]; }
write() { conf "shutdown-timeout = 1 drain-timeout = 0
service app { listen = '127.0.0.1:7007' handler = program command = '$app' workers = $1 max-surge = 2 umask = $2 }"; }
write 3 022
start
wait_for 5 all_of 1 || fail "generation 1 does not serve"
write 3 077
reload
wait_for 5 count_is 5 || fail "programs: $(programs | wc -l), and not 5"
wait_for 5 told_are 2 || fail "of three old programs were told to leave: $(ls "$where")"
write 2 077
reload
wait_for 5 told_are 3 || fail "of three old programs were told to leave: $(ls "$where")"
touch "$where/leave"
stop
