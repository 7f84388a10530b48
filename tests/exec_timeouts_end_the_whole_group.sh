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
conf "defaults { handler = 'exec' workers = 1 command = {'$dir/group'} }
service session { listen = '127.0.0.1:7001' session-timeout = 1 }
service first { listen = '127.0.0.1:7002' first-byte-timeout = 1 command = {'/bin/cat'} }
service idle { listen = '127.0.0.1:7003' idle-timeout = 1 command = {'/bin/cat'} }
service proxied { listen = '127.0.0.1:7004' first-byte-timeout = 1 command = {'/bin/cat'}
	proxy-protocol = 'v1' proxy-trusted = '127.0.0.1' }
service both { listen = '127.0.0.1:7005' first-byte-timeout = 30 idle-timeout = 1 command = {'/bin/cat'} }
service polite { listen = '127.0.0.1:7006' session-timeout = 1 stop-signal = 'INT'
	command = {'/bin/sh', '-c', 'trap \"echo bye; exit 9\" INT; read x; read x'} }"
start -l debug
py '
def ended(what, address, low, high, first=b"", echo=True):
    began = time.monotonic()
    c = Client(address)
    if first:
        c.send(first)
        if echo:
            expect(what, first, c.take(len(first)))
    c.rest()
    took = time.monotonic() - began
    check(what + " took", low <= took <= high * int(os.environ.get("SOCKD_TEST_SLOW", 1)), took)

c = Client("127.0.0.1:7001")
pids = " ".join([c.line(), c.line()]).split()
began = time.monotonic()
c.rest()
took = time.monotonic() - began
check("end of a group that ignores TERM", 1.3 <= took <= 4, took)
for pid in pids:
    check("process %s of the group is gone" % pid, not os.path.exists("/proc/" + pid))
ended("first byte", "127.0.0.1:7002", 0.95, 4)
ended("idle", "127.0.0.1:7003", 0.95, 4)
ended("idle after data", "127.0.0.1:7003", 0.95, 4, b"hello")
ended("first byte behind a header", "127.0.0.1:7004", 0.95, 4, proxy_v1(), False)
ended("idle comes before a long first byte", "127.0.0.1:7005", 0.95, 5, b"x")

# Whoever keeps talking stays.
c = Client("127.0.0.1:7003")
for i in range(5):
    time.sleep(0.4)
    c.send(b"%d" % i)
    expect("echo %d" % i, b"%d" % i, c.take(1))
c.close()
c = Client("127.0.0.1:7002")
c.send("a")
c.take(1)
check("a first byte is enough", c.quiet(1.5))
c.close()
c = Client("127.0.0.1:7006")
c.rest()
' || exit 1
wait_log 'service=session .*closed .*end=session-timeout program=[0-9]+ signal=KILL'
wait_log 'service=first .*closed .*end=first-byte-timeout .*signal=TERM'
wait_log 'service=idle .*closed .*bytes_in=0 bytes_out=0 end=idle-timeout .*signal=TERM'
wait_log 'service=idle .*closed .*bytes_in=5 bytes_out=5 end=idle-timeout .*signal=TERM'
wait_log 'service=idle .*closed .*bytes_in=5 bytes_out=5 end=exited'
wait_log 'service=proxied .*closed .*bytes_in=0 bytes_out=0 end=first-byte-timeout'
wait_log 'service=both .*closed .*end=idle-timeout'
wait_log 'service=polite .*closed .*end=session-timeout .*exit=9'
logged_times 'service=first .*end=exited' >/dev/null || fail "the one that had spoken was ended"
stop
