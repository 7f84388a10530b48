# idle-timeout ends connections on which nothing has moved for so long, and no others: not the client that
# sends a byte now and then, not the one that reads slowly.
. "$(dirname "$0")/lib.sh"

conf 'defaults { workers = 4 idle-timeout = 2 }
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }
service discard { listen = {"127.0.0.1:7002"} handler = "discard" }
service chargen { listen = {"127.0.0.1:7003"} handler = "chargen" send-buffer = 8000 }
service chat { listen = {"127.0.0.1:7004"} handler = "chat" }'
# 75: this machine was so slow that those who are to stay were silent for too long.
talk()
{
	py '
def at(port, **how):
    return Client("127.0.0.1:%d" % port, **how)

def ended(c):
    try:
        c.rest()
    except ConnectionError:
        pass

start = last = time.monotonic()
slow = [at(port) for port in (7001, 7002, 7004)]
reader = at(7003, receive_buffer=4096)
mute = [at(port) for port in (7001, 7002, 7004)]
deaf_chargen = at(7003, receive_buffer=4096)
deaf_echo = at(7001, receive_buffer=4096)
for c in mute:
    c.send("x\n")
deaf_echo.s.settimeout(0.05)
try:
    while True:
        deaf_echo.send(b"y" * 65536)
except (TimeoutError, ConnectionError):
    pass
longest = 0
try:
    while time.monotonic() < start + 5: # more than twice the time-out
        for c in slow:
            c.send("\n")
        got = reader.more()
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
        check("the slow reader is served", got or longest > 1.5)
        time.sleep(0.3)
except ConnectionError:
    check("the slow ones are served", longest > 1.5, longest)
if longest > 1.5:
    sys.exit(75)
for c in slow[:1] + slow[2:]:
    check("the slow sender is served", not c.quiet(10))
for c in slow:
    c.close()
reader.close()
for c in mute:
    ended(c)
p = select.poll()
p.register(deaf_echo.s, 0) # POLLHUP
check("the deaf one is given up", p.poll(25000))
'
}
for i in {1..8}; do
	[ "$i" -le 7 ] || fail "this machine is too slow: nobody can speak each second"
	start
	talk && break
	[ $? -eq 75 ] || exit 1
	stop
done
so_many() { [ "$(logged_times "service=$1 .*end=idle-timeout$")" -ge "$2" ]; }
one_of()
{
	wait_log "service=$1 .*closed .*$2end=idle-timeout$"
	wait_for 5 so_many "$1" "$3"
	expect "lines of $1 with idle-timeout" "$3" "$(logged_times "service=$1 .*end=idle-timeout$")"
}
one_of discard bytes_in=2.* 1
one_of chat bytes_in=2.* 1
one_of chargen bytes_in=0.* 1
one_of echo bytes_in=2.* 2
took=$(sed -n 's/.*duration_ms=\([0-9]*\) bytes_in=2 .*end=idle-timeout$/\1/p' "$log")
for ms in $took; do
	[ "$ms" -ge 2000 ] && [ "$ms" -lt 25000 ] || fail "a time-out of 2 s came after $ms ms"
done
stop
