# A program that leaves before its client has read everything: nothing is lost, also if the client had
# sent what nobody read.
. "$(dirname "$0")/lib.sh"

conf "service big { listen = '127.0.0.1:7001' handler = 'exec' workers = 4
	command = {'/bin/sh', '-c', 'head -c 2000000 /dev/zero; echo end'} }
service unix { listen = 'unix:$dir/s' handler = 'exec' workers = 1
	command = {'/bin/sh', '-c', 'head -c 100000 /dev/zero; echo end'} }"
start
py '
def read_slowly(what, unread, pause, keep_sending=False, address="127.0.0.1:7001", size=2000000, tries=5):
    c = Client(address, receive_buffer=65536)
    if unread:
        c.s.setblocking(False)
        sent = 0
        try:
            while sent < unread:
                sent += c.s.send(b"x" * min(65536, unread - sent))
        except BlockingIOError:
            pass
        c.s.settimeout(20)
    got, last, longest = b"", time.monotonic(), 0
    try:
        while True:
            data = c.s.recv(65536)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            if not data:
                break
            got += data
            time.sleep(pause)
            if keep_sending and len(got) < 1800000:
                c.send(b"y" * 1000)
    except ConnectionResetError:
        # Who takes nothing for a second is given up, and a busy machine may have made us do that.
        if max(longest, time.monotonic() - last) > 0.5 and tries:
            return read_slowly(what, unread, pause, keep_sending, address, size, tries - 1)
        got += b"(reset)"
    expect(what, (size + 4, b"end\n"), (len(got), got[-4:]))

read_slowly("read slowly", 0, 0.02)
read_slowly("with a little unread", 1000, 0.02)
read_slowly("with much unread", 2000000, 0.02)
read_slowly("with more to say", 1000, 0.02, True)
read_slowly("of a unix socket", 0, 0.02, False, "unix:" + sys.argv[1] + "/s", 100000)
' "$dir" || exit 1
stop
