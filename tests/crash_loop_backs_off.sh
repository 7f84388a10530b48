# After three early deaths in a row a service waits, 1 s and doubling; other services do not notice.
. "$(dirname "$0")/lib.sh"

conf 'service bad { listen = {"127.0.0.1:7007"} handler = "echo" workers = 1 }
service good { listen = {"127.0.0.1:7008"} handler = "echo" workers = 2 }'
start
good=$(workers good)
py '
master = int(sys.argv[1])

def worker():
    with open("/proc/%d/task/%d/children" % (master, master)) as f:
        for pid in f.read().split():
            try:
                with open("/proc/%s/comm" % pid) as c, open("/proc/%s/stat" % pid) as s:
                    if c.read() == "sockd:bad\n" and s.read().rsplit(")", 1)[1].split()[0] != "Z":
                        return int(pid)
            except OSError:
                pass
    return 0

def crash():
    """Kill the worker; returns how long the next one took to come."""
    wait_until(worker)
    pid = worker()
    os.kill(pid, signal.SIGSEGV)
    begin = time.monotonic()
    wait_until(lambda: worker() not in (0, pid), 15)
    return time.monotonic() - begin

import signal
time.sleep(1.2) # the first death is not early: that worker has lived a second
took = [crash() for i in range(6)]
print(took)
check("the first three deaths are replaced at once", max(took[:3]) < 0.5, took)
check("the fourth waits a second", 0.9 < took[3] < 1.9, took)
check("the fifth waits two", 1.9 < took[4] < 3.9, took)
check("and the next one four", 3.9 < took[5] < 7.9, took)
' "$master" || exit 1
expect "workers of the other service" "$good" "$(workers good)"
expect "answer of the other service" ping "$(ask 127.0.0.1:7008 ping)"
[ "$(logged_times 'service=bad .*died: killed by signal 11 \(SEGV\)')" -ge 3 ] || fail "the log does not name the cause"
expect "answer once it has recovered" ping "$(ask 127.0.0.1:7007 ping)"
stop
