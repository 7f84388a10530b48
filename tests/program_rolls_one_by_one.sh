# A reload replaces programs one after the other: at no time are there more than workers + max-surge of them, nor
# fewer than workers that are ready; generations count up. The same when one of them dies.
. "$(dirname "$0")/lib.sh"

cat >"$dir/slow.py" <<'PY'
import os, signal, socket, time
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
s = socket.socket(fileno=3)
time.sleep(0.2)
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
open(os.environ["READY"] + "/%d" % os.getpid(), "w").close()
n.sendto(b"STATUS=ready soon\nREADY=1\n", b"\0" + os.environ["NOTIFY_SOCKET"][1:].encode())
while True:
    c = s.accept()[0]
    c.sendall(os.environ["SERVER_STARTER_GENERATION"].encode())
    c.close()
PY
python_path=$(readlink -f "$(command -v $python)")
mkdir -m 0777 "$dir/ready"
settings()
{
	conf "service slow {
	listen = '127.0.0.1:7007'
	handler = program
	command = {'$python_path', '-S', '-E', '$dir/slow.py'}
	workers = 3
	max-surge = $1
	notify = true
	umask = $2
	environment = {'READY=$dir/ready'}
}"
}
settings 1 022
start
# Looks at the programs until the file `done` is there; prints the most that lived and the least that were ready.
watch='
most, least = 0, 99
while not os.path.exists(sys.argv[1] + "/done"):
    alive = set()
    for pid in os.listdir("/proc"):
        try:
            if pid.isdigit() and b"slow.py" in open("/proc/%s/cmdline" % pid, "rb").read().split(b"/")[-1]:
                if open("/proc/%s/stat" % pid).read().split()[2] != "Z":
                    alive.add(pid)
        except OSError:
            pass
    most = max(most, len(alive))
    least = min(least, len(alive & set(os.listdir(sys.argv[1] + "/ready"))))
    time.sleep(0.005)
print(most, least)
'
all_of()
{
	for _ in 1 2 3 4 5 6 7 8 9; do [ "$(ask 127.0.0.1:7007 '')" = "$1" ] || return 1; done
}
programs()
{
	children "$master" | while read -r p; do grep -qa slow.py "/proc/$p/cmdline" 2>/dev/null && echo "$p"; done
}
count_is()
{
	[ "$(programs | wc -l)" = "$1" ]
}
wait_for 5 count_is 3 || fail "three programs did not start"
wait_for 5 eval '[ $(ls "$dir/ready" | wc -l) = 3 ]'
pyx "$watch" "$dir" >"$dir/seen" &
watcher=$!
settings 1 077
reload
wait_for 10 all_of 2 || fail "the new generation does not serve alone"
wait_for 5 count_is 3 || fail "not three programs after the reload: $(programs | wc -l)"
touch "$dir/done"
wait $watcher
expect "most alive, least ready, with max-surge 1" "4 3" "$(cat "$dir/seen")"

rm "$dir/done"
pyx "$watch" "$dir" >"$dir/seen" &
watcher=$!
settings 3 022
reload
wait_for 10 all_of 3 || fail "the third generation does not serve alone"
wait_for 5 count_is 3 || fail "not three programs after the second reload"
touch "$dir/done"
wait $watcher
read -r most least <"$dir/seen"
[ "$most" -le 6 ] && [ "$least" -ge 3 ] || fail "with max-surge 3: $most alive, $least ready"

kill -9 "$(programs | head -n 1)"
wait_log 'service=slow .*died: killed by signal 9'
wait_for 5 count_is 3 || fail "the dead one is not replaced"
expect "generation of its successor" 3 "$(ask 127.0.0.1:7007 '')"
stop
