# RFC 862. What a client sent before its FIN is answered before the server's FIN.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" }'
start
expect "answer" hello "$(ask 127.0.0.1:7007 hello)"
wait_log 'service=echo worker=[0-9]+ pid=[0-9]+ closed source=127\.0\.0\.1:[0-9]+ duration_ms=[0-9]+ bytes_in=5 bytes_out=5 end=eof$'
expect "answer to nothing" "" "$(ask 127.0.0.1:7007)"

# More than all buffers hold, written before a byte is read.
py '
c = Client("127.0.0.1:7007", timeout=20)
data = os.urandom(4 << 20)
def write():
    c.send(data)
    c.fin()
t = threading.Thread(target=write)
t.start()
got = c.rest()
t.join()
expect("4 MiB come back", (len(data), True), (len(got), got == data))

# Byte by byte, each answered at once.
c = Client("127.0.0.1:7007")
c.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for i in range(100):
    c.send(bytes([i]))
    expect("byte %d" % i, bytes([i]), c.take(1))
c.close()
' || exit 1
wait_log 'bytes_in=4194304 bytes_out=4194304 end=eof$'
stop
