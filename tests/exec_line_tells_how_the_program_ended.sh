# Exit status or signal, CPU time, memory and bytes of a program are in the line of its connection.
. "$(dirname "$0")/lib.sh"

conf "defaults { handler = 'exec' workers = 1 }
service status { listen = '127.0.0.1:7001' command = {'/bin/sh', '-c', 'read x; echo 1234567; exit 42'} }
service signal { listen = '127.0.0.1:7002' command = {'/bin/sh', '-c', 'read x; kill -USR2 \$\$'} }
service work { listen = '127.0.0.1:7003' command = {'$python', '-c', '
import os, time
pid = os.fork()
if pid == 0:
    while time.process_time() < 0.3:
        pass
    os._exit(0)
os.wait()
x = bytearray(50000000)
print(len(x))'} }
service unix { listen = 'unix:$dir/s' command = {'/bin/sh', '-c', 'echo hello; exit 5'} }
service behind { listen = 'unix:$dir/p' command = {'/bin/echo', 'hello'}
	proxy-protocol = 'v1' proxy-trusted = {'127.0.0.1'} }
service outside { listen = '127.0.0.1:7004' command = {'/bin/sh', '-c', 'echo \$\$; read x'} }"
start -l debug
ask 127.0.0.1:7001 $'question\n' >/dev/null
wait_log 'service=status .*closed source=127\.0\.0\.1:[0-9]+ conn=[0-9a-f]{16} duration_ms=[0-9]+ bytes_in=9 bytes_out=8 end=exited program=[0-9]+ exit=42 cpu_ms=[0-9]+ maxrss_kib=[0-9]+$'
ask 127.0.0.1:7002 $'x\n' >/dev/null
wait_log 'service=signal .*closed .* bytes_in=2 bytes_out=0 end=killed program=[0-9]+ signal=USR2 cpu_ms='
ask 127.0.0.1:7003 >/dev/null
wait_log 'service=work .*closed .* end=exited .*exit=0 cpu_ms=[0-9]+'
cpu=$(sed -n 's/.*service=work .*cpu_ms=\([0-9]*\).*/\1/p' "$log")
rss=$(sed -n 's/.*service=work .*maxrss_kib=\([0-9]*\).*/\1/p' "$log")
[ "$cpu" -ge 300 ] && [ "$cpu" -lt 5000 ] || fail "300 ms of CPU became cpu_ms=$cpu"
[ "$rss" -ge 48000 ] && [ "$rss" -lt 500000 ] || fail "50 MB became maxrss_kib=$rss"
expect "answer over a unix socket" hello "$(ask "unix:$dir/s")"
wait_log 'service=unix .*closed source=unix: .*end=exited .*exit=5'
expect "answer behind a balancer on this host" hello "$(ask "unix:$dir/p" $'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')"
wait_log 'info service=behind .*closed source=192\.0\.2\.1:1 via=unix: .*end=exited .*exit=0'
# A client that leaves in the middle, and a program that somebody kills.
py '
c = Client("127.0.0.1:7004")
os.kill(int(c.line()), 9)
expect("rest", b"", c.rest())
' || exit 1
wait_log 'service=outside .*closed .*end=killed .*signal=KILL'
stop
