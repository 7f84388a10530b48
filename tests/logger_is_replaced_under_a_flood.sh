# A worker that never stops logging kept the logger from noticing that it was told to leave: no reload
# of log settings came into force. The flood comes from a library in front of libc.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_log.sh"

preload <<'C'
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t recv(int fd, void *buf, size_t n, int flags);

static int log_fd(void)
{
	for (int fd = 3; fd < 64; fd++) {
		int type = 0;
		socklen_t len = sizeof(type);

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET)
			return fd;
	}
	return -1;
}

/* A handler's first read: equal lines until its connection ends. */
ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	static const char line[] = "\6\0flood";
	int log = log_fd();

	for (;;) {
		for (int i = 0; i < 256; i++)
			(void)send(log, line, sizeof(line), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (syscall(SYS_recvfrom, fd, buf, n, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == 0)
			return syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);
	}
}
C

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
start
exec {client}<>/dev/tcp/127.0.0.1/7001
wait_log 'service=echo pid=[0-9]+ flood$'
old=$(logger_pid)
kill -HUP "$master"
replaced() { [ -n "$(logger_pid)" ] && [ "$(logger_pid)" != "$old" ]; }
wait_for 5 replaced || fail "logger $old is still there 5 s after the reload"
wait_log 'reload: done'
grep -q 'logger died' "$log" && fail "the logger had to be killed"
exec {client}<&- {client}>&-
stop
wait_log ' stopped$'
