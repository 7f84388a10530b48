# sockd's stderr is a pipe that nobody reads. A worker that wrote much to its own stderr blocked for
# ever; and without its master the logger stayed for ever.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_log.sh"

preload <<'C'
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

ssize_t recv(int fd, void *buf, size_t n, int flags);

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A handler's first read: '+' becomes '-' if one of many writes to stderr took long. */
ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	static char line[4096];
	ssize_t got = syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; got > 0 && *(char *)buf == '+' && i < 8000; i++) {
		double start = now();

		(void)!write(2, line, sizeof(line));
		if (now() - start > 5) /* a busy machine may take one or two */
			*(char *)buf = '-';
	}
	return got;
}
C

conf 'service a { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service b { listen = {"127.0.0.1:7002"} handler = "echo" workers = 2 }'
mkfifo "$dir/pipe"
exec {reader}<>"$dir/pipe"
preloaded "$SOCKD" -n -l debug -f "$conf" 2>"$dir/pipe" </dev/null {reader}>&- &
master=$!
started+=($master)
wait_for 10 answers 127.0.0.1:7002 || fail "no answer"
# More lines than a pipe holds.
py 'knock("127.0.0.1:7001", 2000)' || exit 1
full() { py 'sys.exit(bool(select.select([], [int(sys.argv[1])], [], 0)[1]))' "$reader"; }
wait_for 5 full || fail "the pipe does not fill"
ask 127.0.0.1:7001 + >"$dir/a" &
other=$!
expect "answer of one who writes much to stderr" + "$(ask 127.0.0.1:7002 +)"
wait $other
expect "answer of another service" + "$(cat "$dir/a")"
expect "answer of one who does not" ping "$(ask 127.0.0.1:7001 ping)"

# And without its master the logger leaves, with the pipe as full as it is.
logger=$(logger_pid)
kill -KILL "$master"
wait_for 5 gone "$logger" || fail "the logger stays without its master"
