# Programs that close their descriptors, never read, never write, leave at once, or make the connection
# non-blocking, and a client that sends without end: each has its line, and the one worker goes on.
. "$(dirname "$0")/lib.sh"

conf "defaults { handler = 'exec' workers = 1 }
service closer { listen = '127.0.0.1:7001' command = {'/bin/sh', '-c', 'exec <&- >&- 2>&-; sleep 0.3'} }
service deaf { listen = '127.0.0.1:7002' command = {'/bin/sh', '-c', 'read x <$dir/enough; echo end'} }
service mute { listen = '127.0.0.1:7003' command = {'/bin/sh', '-c', 'cat >/dev/null'} }
service hasty { listen = '127.0.0.1:7004' command = {'/bin/true'} }
service nonblock { listen = '127.0.0.1:7005' command = {'$python', '-c', '
import os, fcntl
os.set_blocking(0, False)
os.set_blocking(2, False)
os.write(1, b\"a\" * 100000)'} }
service slammer { listen = '127.0.0.1:7006' command = {'$python', '-c', '
import socket
s = socket.socket(fileno=0)
while s.recv(99):
    pass
s.sendall(b\"last words\")
s.shutdown(socket.SHUT_RDWR)'} }"
mkfifo -m 0666 "$dir/enough"
start -l debug
for round in 1 2; do
	mark
	expect "answer of one that closes all" "" "$(ask 127.0.0.1:7001 x)"
	wait_log 'service=closer .*closed .*end=exited .*exit=0'
	# Without end: what the kernel buffers is all that is taken.
	py '
c = Client("127.0.0.1:7002")
c.s.settimeout(0.5)
block = b"x" * 1000000
sent = 0
try:
    while sent < 500000000:
        sent += c.s.send(block)
except TimeoutError:
    pass
check("bytes taken for a program that never reads", sent < 500000000, sent)
open(sys.argv[1], "w").write("enough\n")
c.s.settimeout(30)
expect("answer of one that never reads", b"end\n", c.take(4))
' "$dir/enough" || exit 1
	wait_log 'service=deaf .*closed .*bytes_in=[0-9]{5,} bytes_out=4 end=exited .*exit=0'
	expect "answer of one that never writes" "" "$(ask 127.0.0.1:7003 "$(seq 1000)")"
	wait_log 'service=mute .*closed .*bytes_in=3892 bytes_out=0 end=exited'
	expect "answer of one that leaves at once" "" "$(ask 127.0.0.1:7004 x)"
	wait_log 'service=hasty .*closed .*end=exited .*exit=0'
	expect "length of a non-blocking answer" 100000 "$(ask 127.0.0.1:7005 x | wc -c)"
	wait_log 'service=nonblock .*closed .*bytes_in=1 bytes_out=100000 end=exited .*exit=0'
	expect "last words" "last words" "$(ask 127.0.0.1:7006 x)"
	wait_log 'service=slammer .*closed .*bytes_in=[12] bytes_out=10 end=exited .*exit=0'
done
mark
py 'knock("127.0.0.1:7003", 50)'
ended() { [ "$(logged_times 'service=mute .*closed .*end=exited')" -ge 50 ]; }
wait_for 20 ended || fail "of 50 short visits $(logged_times 'service=mute .*end=exited') were ended"
logged 'died' && fail "a worker died"
stop
