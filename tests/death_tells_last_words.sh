# The line about a death tells the last lines of the dead worker's stderr, escaped; what it wrote is in
# the log too. The worker is made to write and abort by a library that is loaded in front of libc.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_log.sh"

preload <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

ssize_t recv(int fd, void *buf, size_t n, int flags);

/* A handler's first read. */
ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	(void)fd, (void)buf, (void)n, (void)flags;
	fprintf(stderr, "first\nsecond \033[31mred\nservice=other forged");
	abort();
}
C

conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" workers = 2 }'
start
wait_workers echo 2
exec {client}<>/dev/tcp/127.0.0.1/7007
echo x >&$client
wait_log 'service=echo worker=[0-9]+ pid=[0-9]+ died: killed by signal 6 \(ABRT'
line=$(grep 'died: killed' "$log" | head -n 1)
expect_match "last words" 'stderr="first \| second \\x1b\[31mred \| service=other forged"' "$line"
victim=${line##* pid=}
victim=${victim%% *}
wait_log "service=echo pid=$victim stderr: first\$"
wait_log "service=echo pid=$victim stderr: service=other forged\$"
exec {client}>&-
wait_workers echo 2
stop
