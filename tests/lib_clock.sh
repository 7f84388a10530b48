# lib_clock.sh: for tests of what takes sockd long. Sourced after lib.sh, by tests that need cc.
#
# With $prefix as clock_begin leaves it, sockd's monotonic clock is put forward by clock_forward: what is due
# until then comes at once, and no sooner than it should. Waits that the kernel ends by itself (timers of
# workers, time-outs of sockets) are not touched. After clock_begin stopped it does not go by itself, so that
# nothing grows old on a busy machine either.
# shellcheck disable=SC2154 # dir is of lib.sh

# clock_begin [stopped]: $prefix from now on.
clock_begin()
{
	cat >"$dir/clock.c" <<-C
		#define _GNU_SOURCE 1
		#include <fcntl.h>
		#include <stdlib.h>
		#include <sys/epoll.h>
		#include <sys/syscall.h>
		#include <time.h>
		#include <unistd.h>

		int clock_gettime(clockid_t id, struct timespec *ts)
		{
			char text[16] = "";
			long rc = syscall(SYS_clock_gettime, id, ts);
			int fd = id == CLOCK_MONOTONIC ? open("$dir/clock", O_RDONLY | O_CLOEXEC) : -1;

			if (fd >= 0) {
				if (read(fd, text, sizeof(text) - 1) > 0) {
					if (text[0] == '=')
						*ts = (struct timespec){0};
					ts->tv_sec += atol(text + (text[0] == '='));
				}
				close(fd);
			}
			return (int)rc;
		}

		/* Look at the clock again, now and then. */
		int epoll_wait(int fd, struct epoll_event *ev, int n, int ms)
		{
			return epoll_pwait(fd, ev, n, ms < 0 || ms > 50 ? 50 : ms, NULL);
		}
	C
	cc -shared -fPIC -o "$dir/clock.so" "$dir/clock.c" || fail "the library does not compile"
	clock=0 clock_mode=
	[ -z "${1:-}" ] || clock_mode='=' clock=1000000
	echo $clock_mode$clock >"$dir/clock"
	prefix=(clocked)
}
clocked()
{
	ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$dir/clock.so exec "$@"
}

# clock_forward SECONDS
clock_forward()
{
	clock=$((clock + $1))
	echo $clock_mode$clock >"$dir/clock.new"
	mv "$dir/clock.new" "$dir/clock"
}

# clock_go: a clock that has stopped goes on by itself, for a stop waits for what clients may still send.
clock_go()
{
	clock_mode=
	clock_forward 0
}
