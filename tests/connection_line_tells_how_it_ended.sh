# One line for each connection, with source, duration, bytes and end; none with log-connections = false.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7007", "[::1]:7007"} handler = "echo" }
service mute { listen = {"127.0.0.1:7008"} handler = "echo" log-connections = false }'
start
py '
c = Client("127.0.0.1:7007")
c.send("12345678")
c.take(8)
time.sleep(0.3)
c.close()
' || exit 1
wait_log 'service=echo worker=[0-9]+ pid=[0-9]+ closed source=127\.0\.0\.1:[0-9]+ duration_ms=[0-9]+ bytes_in=8 bytes_out=8 end=eof$'
took=$(sed -n 's/.*duration_ms=\([0-9]*\).*/\1/p' "$log")
[ "$took" -ge 290 ] && [ "$took" -lt 30000 ] || fail "a connection of 300 ms took $took"

mark
py '
c = Client("127.0.0.1:7007")
c.send("x")
c.take(1)
c.rst()
' || exit 1
wait_log 'service=echo .* closed .* bytes_in=1 bytes_out=1 end=reset$'

mark
expect "answer over IPv6" six "$(ask '[::1]:7007' six)"
wait_log 'service=echo .* closed source=\[::1\]:[0-9]+ .*end=eof$'

mark
expect "answer of the mute one" hush "$(ask 127.0.0.1:7008 hush)"
expect "answer" talk "$(ask 127.0.0.1:7007 talk)"
wait_log 'service=echo .* bytes_in=4 bytes_out=4'
logged 'service=mute' && fail "log-connections = false logs"
stop
