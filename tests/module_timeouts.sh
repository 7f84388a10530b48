# Time-outs end a module's connection, whether it reads by sockd or by itself; a module that does not come back from
# serve is killed some time after.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$top_builddir/examples/http.so" "$dir"
service()
{
	echo "service $1 { listen = {\"127.0.0.1:$2\"} handler = module module = '$dir/hostile.so' workers = 2 options = {'do=$3'} $4 }"
}
conf "$(service first 7001 none 'first-byte-timeout = 1 idle-timeout = 30')
$(service idle 7002 none 'first-byte-timeout = 30 idle-timeout = 1')
$(service session 7003 none 'session-timeout = 1')
$(service own 7004 own-read 'idle-timeout = 1')
$(service ownsession 7005 own-read 'session-timeout = 1')
$(service spin 7006 spin 'session-timeout = 1')
$(service hang 7007 hang 'session-timeout = 1')"
start -l debug
py '
def talk(port, text):
    c = Client("127.0.0.1:%d" % port, timeout=20)
    c.send(text)
    if port == 7002: # the others may be over before that
        expect("echo at %d" % port, text.encode(), c.take(len(text)))
    return c
all = [Client("127.0.0.1:7001", timeout=20)] + [talk(port, "x") for port in range(7002, 7006)]
all += [Client("127.0.0.1:%d" % port, timeout=20) for port in (7006, 7007)]
for c in all:
    try:
        check("rest", c.rest() in (b"", b"x"))
    except ConnectionResetError:
        pass
' || exit 1
wait_log 'service=first .*closed .*end=first-byte-timeout'
wait_log 'service=idle .*closed .*end=idle-timeout'
wait_log 'service=session .*closed .*end=session-timeout'
wait_log 'service=own .*closed .*end=idle-timeout'
wait_log 'service=ownsession .*closed .*end=session-timeout'
for service in spin hang; do
	wait_log "service=$service .*serves a connection for longer than session-timeout"
	wait_log "service=$service .*did not leave in time: KILL"
	wait_workers $service 2
done
stop
