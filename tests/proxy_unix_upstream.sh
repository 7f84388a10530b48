# An upstream on a unix socket; one that closes for good ends the connection, whatever the client does. One
# whose queue is full is waited for as long as connect-timeout says.
. "$(dirname "$0")/lib.sh"

conf "service front { listen = {\"127.0.0.1:7000\"} handler = \"proxy\" upstream = {\"unix:$dir/up\"} }
service full { listen = {\"127.0.0.1:7001\"} handler = \"proxy\" upstream = {\"unix:$dir/full\"} }
service short { listen = {\"127.0.0.1:7002\"} handler = \"proxy\" upstream = {\"unix:$dir/full\"} connect-timeout = 1 }"
start
py '
up = Upstream("unix:" + sys.argv[1])
os.chmod(sys.argv[1], 0o666)
c, u = up.pair("127.0.0.1:7000")
c.send("question")
expect("what the upstream gets", b"question", u.take(8))
c.fin()
expect("the FIN of the client", b"", u.rest())
u.send("answer")
u.close()
expect("what the client gets", (b"answer", "FIN"), how_it_ends(c))

c, u = up.pair("127.0.0.1:7000")
u.send("bye")
u.close()
expect("what the client gets", (b"bye", "FIN"), how_it_ends(c))

# Enough for the way through a pipe.
c, u = up.pair("127.0.0.1:7000")
data = os.urandom(8 << 20)
threading.Thread(target=lambda: (u.send(data), u.close())).start()
check("8 MiB arrive whole", c.rest() == data)
c.close()

path = os.path.dirname(sys.argv[1]) + "/full"
full = Upstream("unix:" + path)
os.chmod(path, 0o666)
full.s.listen(0) # a queue of one
clients = [Client("127.0.0.1:7001") for i in range(4)]
for c in clients:
    c.send("x")
impatient = Client("127.0.0.1:7002")
expect("what a client of another gets in the end", b"", how_it_ends(impatient)[0])
for i in range(4):
    u = full.accept()
    u.send(u.take(1))
for c in clients:
    expect("an answer for each", b"x", c.take(1))
    c.close()
' "$dir/up" || exit 1
wait_log 'service=short .* upstream unix:.*/full: Connection timed out; passed over'
wait_log "bytes_in=8 bytes_out=6 end=eof upstream=unix:$dir/up"
# The second client never closed: its worker is free all the same.
wait_log "bytes_in=0 bytes_out=3 end=eof upstream=unix:$dir/up"
wait_log "bytes_in=0 bytes_out=8388608 end=eof"
stop
