# RFC 863: what comes is thrown away; the connection ends when the client ends it.
. "$(dirname "$0")/lib.sh"

conf 'service discard { listen = {"127.0.0.1:7009"} handler = "discard" }'
start
py '
c = Client("127.0.0.1:7009")
c.send(b"x" * 1000000)
check("nothing comes back", c.quiet(0.1))
c.fin()
expect("what comes back after the FIN", b"", c.rest())
' || exit 1
wait_log 'service=discard .* closed .*bytes_in=1000000 bytes_out=0 end=eof$'
stop
