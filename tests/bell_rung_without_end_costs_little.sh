# A worker may ring the master's bell as often as it likes; the master listens to so many a second.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service other { listen = {"127.0.0.1:7002"} handler = "echo" workers = 1 }'
start
wait_workers echo 2
worker=$(workers echo | head -n 1)
# pidfd_getfd(2), for which Python has no name
py '
import ctypes

master, worker, seconds = int(sys.argv[1]), int(sys.argv[2]), 2
libc = ctypes.CDLL(None, use_errno=True)
fds = "/proc/%d/fd/" % worker
theirs = [int(fd) for fd in os.listdir(fds) if "eventfd]" in os.readlink(fds + fd)]
expect("bells of the worker", 1, len(theirs))
bell = libc.syscall(438, os.pidfd_open(worker), theirs[0], 0)
if bell < 0:
    print("SKIP: pidfd_getfd:", os.strerror(ctypes.get_errno()))
    sys.exit(77)

def ticks():
    with open("/proc/%d/stat" % master) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))

before, n = ticks(), 0
end = time.monotonic() + seconds
while time.monotonic() < end:
    os.write(bell, struct.pack("=Q", 1))
    n += 1
spent = (ticks() - before) / os.sysconf("SC_CLK_TCK")
check("the bell was rung often", n > 10000, n)
check("time that %d rings cost the master, in seconds:" % n, spent < 0.1 * seconds, spent)
' "$master" "$worker" || exit
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "answer of the other service" ping "$(ask 127.0.0.1:7002 ping)"
kill -KILL "$worker"
wait_for 5 gone "$worker"
wait_workers echo 2
stop
