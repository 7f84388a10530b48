# Every single malloc() of the master fails once, and then from there on all of them, in everything that it is asked
# for; then the same in its children. It survives, and what it cannot do is refused with a message.
. "$(dirname "$0")/lib_fault.sh" root cc

cc -shared -fPIC -O1 -o "$dir/no_memory.so" "$tests/fault/no_memory.c" || fail "the library does not compile"
head -c 16 /dev/zero >"$dir/plan"
chmod 666 "$dir/plan" # of the workers' user too
preload()
{
	export NO_MEMORY=$dir/plan
	export ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$dir/no_memory.so
	exec "$@"
}
prefix=(preload)
SOCKD_FAULT_RELOADS=100
write()
{
	conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 max-connections = $1
		allow = {'127.0.0.0/8', '::1'} max-per-source = 100 log-connections = false }
	service chat { listen = {'127.0.0.1:7002', '127.0.0.1:$((7100 + $1 % 2))'} handler = chat workers = 2 }
	service run { listen = 'unix:$dir/run' handler = exec command = {'/bin/cat'} }
	service app { listen = '127.0.0.1:7003' handler = program command = {'/bin/sleep', '1000'} workers = 2 }"
}
write 1000
start
py '
from control import *
import re, signal

master, plan_path, conf, log, service = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], "127.0.0.1:7001"
plan = mmap.mmap(os.open(plan_path, os.O_RDWR), 16)
text = open(conf).read()
turn = [0]

def set_plan(*values):
    plan[:] = struct.pack("4i", *values)

def alive():
    try:
        with open("/proc/%d/stat" % master) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False

def tail(at):
    with open(log, errors="replace") as f:
        f.seek(at)
        return f.read()

def pids(name):
    out = []
    with open("/proc/%d/task/%d/children" % (master, master)) as f:
        for pid in f.read().split():
            try:
                if open("/proc/%s/comm" % pid).read().strip() == name:
                    out.append(int(pid))
            except OSError:
                pass
    return out

def hup():
    """New settings, other ports: everything that a reload may have to do."""
    turn[0] += 1
    with open(conf, "w") as f:
        f.write(text.replace("max-connections = 1000", "max-connections = %d" % (1000 + turn[0]))
                .replace("7100", str(7100 + turn[0] % 2)))
    return command("reload")

def command(words):
    s = control_open(timeout=40)
    try:
        s.sendall(words.encode() + b"\n")
    except BrokenPipeError: # it was refused before
        pass
    return rest(s).decode()

def reap():
    before = set(pids("sockd:echo"))
    for pid in list(before)[:2] + pids("sleep")[:1]:
        os.kill(pid, 9)
    # until they are replaced or the log says why they are not
    at = os.path.getsize(log)
    end = time.monotonic() + 3
    while time.monotonic() < end and alive():
        if len(set(pids("sockd:echo")) - before) >= 2 or re.search("fork|memory", tail(at)):
            break
        time.sleep(0.01)
    return "ok"

def usr1():
    os.kill(master, signal.SIGUSR1)
    return command("version")

deeds = [("reload", hup), ("diff", lambda: command("diff")), ("boards", lambda: command("boards")),
         ("scale", lambda: command("scale echo %d" % (4 + turn[0] % 3))), ("pause", lambda: command("pause chat")),
         ("resume", lambda: command("resume chat")), ("log-level", lambda: command("log-level notice")),
         ("worker killed", reap), ("USR1", usr1)]
for children in 0, 1:
    for what, deed in deeds:
        if children and what not in ("reload", "diff", "worker killed"):
            continue
        for bad in 1, 1 << 30:
            # How many are there? Of very many, a sample of the first (they read the settings) and all of the last.
            set_plan(master, children, 1 << 30, 0)
            deed()
            calls = (1 << 30) - struct.unpack("4i", plan[:])[2]
            most = int(os.environ.get("SOCKD_FAULT_CALLS", 300))
            some = list(range(0, max(calls - most, 0), max(1, calls // most))) + list(range(max(calls - most, 0), calls + 1))
            refused = 0
            for n in some:
                at = os.path.getsize(log)
                set_plan(master, children, n, bad)
                answer = deed()
                left = struct.unpack("4i", plan[:])
                set_plan(0, 0, 0, 0)
                said = tail(at)
                where = "%s, %s call %d %s" % (what, "child" if children else "master", n, "fails" if bad == 1 else "and all after fail")
                if not alive():
                    print("FAIL: the master is gone:", where, "\n", said[-2000:])
                    sys.exit(1)
                wait_until(lambda: one_round(service) is None, 35)
                if left[3] == bad: # it did not come to that
                    continue
                refused += not answer.startswith("ok")
                if not answer.startswith("ok") and not answer.startswith("error ") and " error " not in said:
                    print("FAIL: refused without a word:", where, repr(answer), said)
                    sys.exit(1)
            print("%s in %s: %d calls, %d refusals of %d when %s" % (what, "children" if children else "the master",
                  calls, refused, len(some), "one fails" if bad == 1 else "all the rest fail"), flush=True)
with open(conf, "w") as f:
    f.write(text)
check("a reload afterwards", command("reload").startswith("ok"))
command("scale echo 4")
' "$master" "$dir/plan" "$conf" "$log" || exit 1
wait_workers echo 4
wait_workers chat 2 # the name of its older pool too
stop
