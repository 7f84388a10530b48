# RFC 868: the seconds since 1900 as four bytes, most significant first, then the end.
. "$(dirname "$0")/lib.sh"

conf 'service time { listen = {"127.0.0.1:7037"} handler = "time" }'
start
py '
begin = int(time.time())
c = Client("127.0.0.1:7037")
got = c.rest()
expect("length", 4, len(got))
now = struct.unpack("!I", got)[0] - 2208988800
check("seconds since 1900", begin <= now <= time.time(), now - begin)
' || exit 1
wait_log 'service=time .* closed .*bytes_in=0 bytes_out=4 end=done$'
stop
