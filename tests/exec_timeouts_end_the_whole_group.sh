# session-timeout, first-byte-timeout and idle-timeout end a program with all of its group, also members
# that ignore TERM, and the line of the connection says which of them it was.
. "$(dirname "$0")/lib.sh"

cat >"$dir/group" <<'SCRIPT'
#!/bin/sh
trap '' TERM
sleep infinity &
echo $$ $!
(trap '' TERM HUP; exec sleep infinity) &
echo $!
wait
SCRIPT
chmod 755 "$dir/group"
conf "defaults { handler = 'exec' workers = 4 command = {'$dir/group'} }
service session { listen = '127.0.0.1:7001' session-timeout = 1 }
service first { listen = '127.0.0.1:7002' first-byte-timeout = 1 command = {'/bin/cat'} }
service enough { listen = '127.0.0.1:7007' first-byte-timeout = 1 command = {'/bin/cat'} workers = 1 }
service idle { listen = '127.0.0.1:7003' idle-timeout = 1 command = {'/bin/cat'} }
service talks { listen = '127.0.0.1:7008' idle-timeout = 2 command = {'/bin/cat'} }
service proxied { listen = '127.0.0.1:7004' workers = 1 first-byte-timeout = 1 command = {'/bin/cat'}
	proxy-protocol = 'v1' proxy-trusted = '127.0.0.1' }
service both { listen = '127.0.0.1:7005' first-byte-timeout = 30 idle-timeout = 1 command = {'/bin/cat'} }
service polite { listen = '127.0.0.1:7006' session-timeout = 1 stop-signal = 'INT'
	command = {'/bin/sh', '-c', 'trap \"echo bye; exit 9\" INT; read x; read x'} }"
start -l debug
py '
well = []

# All at the same time. What ends too late for a busy machine is another matter.
def case(f):
    def run():
        f()
        well.append(f.__name__)
    t = threading.Thread(target=run)
    t.start()
    return t

def ends(what, c, began, low, high=15):
    c.rest()
    took = time.monotonic() - began
    check(what + " took", low <= took <= high * int(os.environ.get("SOCKD_TEST_SLOW", 1)), took)

@case
def session():
    began = time.monotonic()
    c = Client("127.0.0.1:7001")
    pids = " ".join([c.line(), c.line()]).split()
    ends("end of a group that ignores TERM", c, began, 1.3)
    for pid in pids:
        wait_until(lambda: not os.path.exists("/proc/" + pid))

@case
def first():
    began = time.monotonic()
    ends("first byte", Client("127.0.0.1:7002"), began, 0.95)

@case
def first_behind_a_header():
    began = time.monotonic()
    c = Client("127.0.0.1:7004")
    c.send(proxy_v1())
    ends("first byte behind a header", c, began, 0.95)

@case
def first_is_enough():
    before = Client("127.0.0.1:7007")
    before.send("x")
    expect("echo", b"x", before.take(1))
    c = Client("127.0.0.1:7007") # waits, so that its byte is there when its time begins
    c.send("a")
    before.close()
    expect("echo", b"a", c.take(1))
    check("a first byte is enough", c.quiet(1.5))
    c.close()

@case
def idle():
    began = time.monotonic()
    ends("idle", Client("127.0.0.1:7003"), began, 0.95)

@case
def idle_after_data():
    c = Client("127.0.0.1:7003")
    began = time.monotonic()
    c.send("hello")
    expect("echo", b"hello", c.take(5))
    ends("idle after data", c, began, 0.95)

@case
def idle_is_shorter():
    c = Client("127.0.0.1:7005")
    began = time.monotonic()
    c.send("x")
    expect("echo", b"x", c.take(1))
    ends("idle comes before a long first byte", c, began, 0.95)

@case
def keeps_talking():
    for _ in range(5):
        c, last, longest = Client("127.0.0.1:7008"), time.monotonic(), 0
        try:
            for i in range(5):
                time.sleep(0.5)
                c.send(b"%d" % i)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
                expect("echo %d" % i, b"%d" % i, c.take(1))
            c.close()
            return
        except (ConnectionError, SystemExit):
            check("the end of one who is never silent for 2 s", longest > 1.5, longest)
    check("a machine on which somebody can talk for some seconds", False)

@case
def polite():
    began = time.monotonic()
    ends("a program that hears its stop-signal", Client("127.0.0.1:7006"), began, 0.95)

cases = session, first, first_behind_a_header, first_is_enough, idle, idle_after_data, idle_is_shorter, keeps_talking, polite
for t in cases:
    t.join()
expect("cases that ended well", len(cases), len(well))
' || exit 1
wait_log 'service=session .*closed .*end=session-timeout program=[0-9]+ signal=KILL'
wait_log 'service=first .*closed .*end=first-byte-timeout .*signal=TERM'
wait_log 'service=idle .*closed .*bytes_in=0 bytes_out=0 end=idle-timeout .*signal=TERM'
wait_log 'service=idle .*closed .*bytes_in=5 bytes_out=5 end=idle-timeout .*signal=TERM'
wait_log 'service=talks .*closed .*bytes_in=5 bytes_out=5 end=exited'
wait_log 'service=proxied .*closed .*bytes_in=0 bytes_out=0 end=first-byte-timeout'
wait_log 'service=both .*closed .*end=idle-timeout'
wait_log 'service=polite .*closed .*end=session-timeout .*exit=9'
wait_log 'service=enough .*closed .*bytes_in=1 bytes_out=1 end=exited'
wait_for 5 eval '[ "$(logged_times "service=enough .*closed .*bytes_in=1 bytes_out=1 end=exited")" -eq 2 ]' ||
	fail "not both who sent a byte were left alone"

# A byte that comes right behind a PROXY header is not taken for a part of it, nor the header for a byte.
if command -v strace >/dev/null; then
	inject ioctl delay_enter=300000 "$(workers proxied)"
	py '
c = Client("127.0.0.1:7004")
c.send(proxy_v1())
c.quiet(0.1)
c.send("x")
expect("echo", b"x", c.take(1))
c.fin()
c.rest()
' || exit 1
	wait_log 'service=proxied .*closed .*bytes_out=1 .*exit='
	inject_end
	logged 'service=proxied .*bytes_in=1 bytes_out=1 end=exited' || fail "bytes were taken for a header"
fi
stop
