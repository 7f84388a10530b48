# What is counted of a service only grows: over deaths of workers, reloads that succeed and fail, a pause; and what
# comes out at the end is what clients did.
. "$(dirname "$0")/lib_control.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
settings()
{
	conf "service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 3 umask = $1 log-connections = false }
service m { listen = {'127.0.0.1:7002'} handler = module module = '$dir/m.so' workers = 1 options = {'init=$2'} }"
}
settings 020 good
start
wait_workers echo 3
cpy '
import threading
done, bad = threading.Event(), []
def look():
    keys = ("connections", "bytes_in", "bytes_out", "waits", "times", "generation")
    last, looks = None, 0
    while not done.is_set():
        s = State().services["echo"]
        now = [s[k] for k in keys] + s["exits"] + s["refused"]
        if last and any(a < b for a, b in zip(now, last)):
            bad.append((last, now))
        last, looks = now, looks + 1
        time.sleep(0.005)
    print("looks", looks)
t = threading.Thread(target=look)
t.start()
def settings(n, how):
    text = open(sys.argv[1]).read()
    import re
    text = re.sub("umask = ...", "umask = %03o" % (n + 8), text)
    text = re.sub("init=[a-z]+", "init=" + how, text)
    open(sys.argv[1], "w").write(text)
rounds = 0
for n in range(8):
    for _ in range(20):
        wrong = one_round("127.0.0.1:7001")
        check("round", not wrong, wrong)
        rounds += 1
    settings(n, "good")
    check("good reload", control("reload").startswith("ok"))
    settings(n + 1, "fail")
    check("failing reload", control("reload").startswith("error"))
    killed = State().services["echo"]["pids"]
    for pid in killed:
        try:
            os.kill(pid, 9)
        except ProcessLookupError: # one of before the reload
            pass
    def renewed():
        pids = State().services["echo"]["pids"]
        return len(pids) == 3 and not set(pids) & set(killed)
    wait_until(renewed)
    control("pause echo")
    control("resume echo")
done.set()
t.join()
check("a counter went back", not bad, bad[:1])
wait_until(lambda: "busy" not in State().services["echo"]["states"])
s = State().services["echo"]
expect("connections", rounds, s["connections"])
expect("bytes", (rounds * 64, rounds * 64), (s["bytes_in"], s["bytes_out"]))
expect("waits and times", (rounds, rounds), (s["waits"], s["times"]))
expect("workers that were killed or left", True, sum(s["exits"]) >= 8 * 3)
' "$conf" || fail "see above"
stop
