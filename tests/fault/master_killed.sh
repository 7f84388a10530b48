# kill -9 of the master, 20 times, as root with workers of another user, and without CAP_KILL: workers leave within a
# second of what they hold, a new master binds at the first try; with sockets from outside the queue loses nobody.
. "$(dirname "$0")/lib_fault.sh" root setpriv

conf "user = nobody
service echo { listen = '127.0.0.1:7001' handler = echo workers = 8 log-connections = false }
service pair { listen = {'127.0.0.1:7002', '127.0.0.1:7003'} handler = echo workers = 2 log-connections = false }
service run { listen = '127.0.0.1:7004' handler = exec command = {'/bin/cat'} workers = 2 log-connections = false }"
fault_done=no # the bystander goes with its master
worst=0
for round in $(seq "${ROUNDS:-20}"); do
	[ $((round % 2)) -eq 0 ] && prefix=(setpriv --bounding-set -kill) || prefix=()
	launch
	wait_for 20 lib_settled
	gone "$master" && fail "round $round: the new master did not start: $(cat "$log")"
	grep -q 'in use' "$log" && fail "round $round: it did not bind at the first try"
	exec {held}<>/dev/tcp/127.0.0.1/7001 {pair}<>/dev/tcp/127.0.0.1/7003 {run}<>/dev/tcp/127.0.0.1/7004
	for fd in $held $pair $run; do
		echo one >&"$fd"
		read -r -t 5 -u "$fd" answer || fail "no answer"
	done
	pids=$(descendants "$master")
	from=$(now_us)
	kill -KILL "$master"
	for fd in $held $pair $run; do
		echo two >&"$fd"
		read -r -t 5 -u "$fd" answer || fail "round $round: what a worker held was lost"
		expect "answer on a held connection" two "$answer"
	done
	exec {held}>&- {pair}>&- {run}>&-
	from=$(now_us)
	for pid in $pids; do
		wait_for 3 gone "$pid" || fail "round $round: $(cat "/proc/$pid/comm") stays"
	done
	took=$((($(now_us) - from) / 1000))
	[ $took -le $worst ] || worst=$took
done
figure workers_gone "${worst}ms"
[ $worst -lt 1000 ] || fail "workers left after $worst ms"

# Sockets of somebody else, as from sockd.socket: clients come all the time, and each is served in the end.
py '
import subprocess, signal
listener = socket.create_server(("127.0.0.1", 7001), backlog=511)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
sockd, conf, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(conf, "w") as f:
    f.write("user = nobody\nservice echo { listen = \"127.0.0.1:7001\" handler = echo workers = 4 log-connections = false }")
def start():
    return subprocess.Popen(["/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=echo exec \"$@\"", "sh", sockd, "-n", "-f", conf],
                            close_fds=False, stdin=subprocess.DEVNULL)
lost = 0
for i in range(rounds):
    master = start()
    wait_until(lambda: one_round("127.0.0.1:7001") is None)
    os.kill(master.pid, signal.SIGKILL)
    master.wait()
    time.sleep(0.3 if i % 2 else 0) # the workers may be gone, or not
    queued = [Client("127.0.0.1:7001", timeout=20) for _ in range(50)]
    for c in queued:
        c.send("queued")
        c.fin()
    master = start()
    for c in queued:
        try:
            lost += c.rest() != b"queued"
        except OSError:
            lost += 1
        c.close()
    master.terminate()
    expect("exit status", 0, master.wait(10))
    expect("lost in round %d" % i, 0, lost)
print("FIGURE lost_of_the_queue=%d" % lost)
' "$SOCKD" "$dir/b.conf" 10 2>"$dir/b.log" || fail "$(tail -n 20 "$dir/b.log")"
prefix=()
fault_done=
start
stop
