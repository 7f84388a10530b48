# idle-timeout ends connections on which nothing has moved for so long, and no others: not the client that
# sends a byte now and then, not the one that reads slowly.
. "$(dirname "$0")/lib.sh"

conf 'defaults { workers = 4 idle-timeout = 1 }
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }
service discard { listen = {"127.0.0.1:7002"} handler = "discard" }
service chargen { listen = {"127.0.0.1:7003"} handler = "chargen" send-buffer = 8000 }
service chat { listen = {"127.0.0.1:7004"} handler = "chat" }'
start
py '
def at(port, **how):
    return Client("127.0.0.1:%d" % port, **how)

def ended(c):
    try:
        c.rest()
    except ConnectionError:
        pass

slow = [at(port) for port in (7001, 7002, 7004)]
reader = at(7003, receive_buffer=4096)
mute = [at(port) for port in (7001, 7002, 7004)]
deaf_chargen = at(7003, receive_buffer=4096)
deaf_echo = at(7001, receive_buffer=4096)
start = time.monotonic()
for c in mute:
    c.send("x\n")
deaf_echo.s.settimeout(0.05)
try:
    while True:
        deaf_echo.send(b"y" * 65536)
except (TimeoutError, ConnectionError):
    pass
while time.monotonic() < start + 3: # three times the time-out
    for c in slow:
        c.send("\n")
    check("the slow reader is served", reader.more())
    time.sleep(0.3)
for c in slow[:1] + slow[2:]:
    check("the slow sender is served", not c.quiet(1))
for c in slow:
    c.close()
reader.close()
for c in mute:
    ended(c)
p = select.poll()
p.register(deaf_echo.s, 0) # POLLHUP
check("the deaf one is given up", p.poll(10000))
' || exit 1
one_of()
{
	wait_log "service=$1 .*closed .*$2end=idle-timeout$"
	expect "lines of $1 with idle-timeout" "$3" "$(logged_times "service=$1 .*end=idle-timeout$")"
}
one_of discard bytes_in=2.* 1
one_of chat bytes_in=2.* 1
one_of chargen bytes_in=0.* 1
one_of echo bytes_in=2.* 2
took=$(sed -n 's/.*duration_ms=\([0-9]*\) bytes_in=2 .*end=idle-timeout$/\1/p' "$log")
for ms in $took; do
	[ "$ms" -ge 1000 ] && [ "$ms" -lt 5000 ] || fail "a time-out of 1 s came after $ms ms"
done
stop
