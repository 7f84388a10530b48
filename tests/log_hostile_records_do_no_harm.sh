# Records as no honest worker sends them: bytes that grow when they are escaped gave JSON that did not
# close, a level of 0 went to every terminal of the host, and a text without an end was read beyond it.
. "$(dirname "$0")/lib.sh" root cc
. "$(dirname "$0")/lib_log.sh"

preload <<'C'
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t recv(int fd, void *buf, size_t n, int flags);

/* What a handler reads is sent to the logger as it is. */
ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	ssize_t got = syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);

	for (int log = 3; got > 0 && log < 64; log++) {
		int type = 0;
		socklen_t len = sizeof(type);

		if (getsockopt(log, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET)
			(void)send(log, buf, (size_t)got, MSG_NOSIGNAL);
	}
	return got;
}
C

private_dev
syslog_begin
for format in json text; do
	conf "log-format = $format
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 1 }"
	log=$dir/syslog
	: >>"$log"
	mark
	launch_to_syslog
	wait_log 'ready'
	py '
def record(data, times=1):
    for _ in range(times):
        c = Client("127.0.0.1:7001")
        c.send(data)
        expect("what comes back", data, c.take(len(data)))
        c.close()

record(b"\0\0" + b"\1" * 2046)
record(b"\6\0" + b"\"" * 2046, 3)
record(b"\0\0#pid=1\0x=" + b"\2" * 2000)
record(b"\xff\xff" + b"x" * 2046, 3)
record(b"\0\0", 3)
record(b"\6\0a\0#worker=1", 2)
record(b"\6\0a\0#worker=1\0k=v", 2)
record(b"\1", 3)
record(bytes(range(256)) * 8)
record(b"\2\0the last one\0")
' || exit 1
	wait_log 'the last one'
	kill -TERM "$master"
	wait_exit 5
	expect "exit status" 0 $status
	expect "stderr" "" "$(cat "$dir/err")"
	grep -q 'logger died' "$log" && fail "the logger died"
	py '
import json, re
lines = open(sys.argv[1], "rb").read().splitlines()[int(sys.argv[2]) - 1:]
check("lines", len(lines) > 15, len(lines))
for line in lines:
    m = re.match(rb"<(\d+)>.{15} sockd\[\d+\]: (.*)$", line)
    check("head", m, line)
    check("level", int(m.group(1)) % 8 >= 3, line)
    if sys.argv[3] == "json":
        check("message", "message" in json.loads(m.group(2)), line)
' "$log" "$since" $format || exit 1
done
