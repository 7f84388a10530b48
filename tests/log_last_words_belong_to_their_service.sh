# What a dying worker wrote to stderr without a newline was told as a line of another service. And of
# lines of stderr that are too many, the count is told without waiting for one more line.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_log.sh"

preload <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t recv(int fd, void *buf, size_t n, int flags);

/* A handler's first read: '+' asks for many lines, all else for the end. */
ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	ssize_t got = syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);

	if (got <= 0)
		return got;
	if (*(char *)buf == '+') {
		for (int i = 0; i < 300; i++)
			fprintf(stderr, "line %d\n", i);
		return got;
	}
	fprintf(stderr, "end of %.*s", (int)got, (char *)buf);
	abort();
}
C

conf 'service a { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service b { listen = {"127.0.0.1:7002"} handler = "echo" workers = 1 }
service c { listen = {"127.0.0.1:7003"} handler = "echo" workers = 1 }'
start
expect "answer" + "$(ask 127.0.0.1:7001 +)"
wait_log 'service=a lines of stderr dropped dropped=[0-9]+'
sum() { grep -o 'dropped=[0-9]*' "$log" | awk -F= '{ n += $2 } END { print n + 0 }'; }
all() { [ $(($(logged_times 'service=a .*stderr: line') + $(sum))) -eq 300 ]; }
wait_for 5 all || fail "300 lines, but $(logged_times 'stderr: line') are written and $(sum) counted"
for name in a b c; do
	victim=$(workers $name)
	port=$(grep "^service $name " "$conf" | grep -o '700.')
	ask "127.0.0.1:$port" "$name" >/dev/null 2>&1
	wait_log "service=$name .*pid=$victim died"
	[ $name = a ] && continue # has used up its lines
	wait_log "service=$name pid=$victim stderr: end of $name\$"
done
stop
