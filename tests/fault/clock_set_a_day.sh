# The clock is set a day ahead and a day back, several times: no time-out strikes, no worker is replaced, nothing
# spins. The clock is a library in front of libc.
. "$(dirname "$0")/lib_fault.sh" root cc

cat >"$dir/clock.c" <<'C'
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shift; /* s */

__attribute__((constructor)) static void shift_open(void)
{
	static int64_t none;
	int fd = open(getenv("CLOCK_SHIFT"), O_RDONLY | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);

	shift = p == MAP_FAILED ? &none : p;
	if (fd >= 0)
		close(fd);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) && shift)
		ts->tv_sec += *shift;
	return rc;
}

time_t time(time_t *t)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *tv, void *tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000};
	return 0;
}
C
cc -shared -fPIC -O1 -o "$dir/clock.so" "$dir/clock.c" || fail "the library does not compile"
head -c 8 /dev/zero >"$dir/shift"
chmod 644 "$dir/shift"
preload()
{
	export CLOCK_SHIFT=$dir/shift
	export ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$dir/clock.so
	exec "$@"
}
prefix=(preload)
conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 idle-timeout = 600
	session-timeout = 600 first-byte-timeout = 600 rate = '100000/1' max-connections = 100000 }
service chat { listen = '127.0.0.1:7002' handler = chat workers = 2 idle-timeout = 600 }
service run { listen = '127.0.0.1:7003' handler = exec command = {'/bin/cat'} workers = 2 session-timeout = 600 }
service relay { listen = '127.0.0.1:7004' handler = proxy upstream = {'127.0.0.1:7998'} workers = 2 idle-timeout = 600 }"
start
own=$(children "$master" | sort)
set_clock() { py 'open(sys.argv[1], "r+b").write(struct.pack("q", int(sys.argv[2])))' "$dir/shift" "$1"; }
mkfifo "$dir/turns"
pyx '
held = [Client("127.0.0.1:%d" % p) for p in (7001, 7001, 7003, 7004)]
mute = Client("127.0.0.1:7001")
talk = join("127.0.0.1:7002", "one")
for turn in open(sys.argv[1]):
    for c in held:
        c.send("x")
        expect("a held connection", b"x", c.take(1))
    check("the mute one lives", mute.quiet(0.1))
    check("the one of the chat lives", talk.quiet(0.1))
    print(turn, flush=True)
' "$dir/turns" >"$dir/held" 2>&1 &
started+=($!)
exec {turns}>"$dir/turns"
# all_live TURN
all_live()
{
	echo "turn $1" >&$turns
	wait_for 5 grep -q "turn $1" "$dir/held" || fail "$1: a held connection is lost: $(cat "$dir/held")"
	expect "processes after $1" "$own" "$(children "$master" | sort)"
}
all_live before
for turn in 1 2 3 4 5; do
	for shift in 86400 -86400; do
		set_clock $shift
		mark
		kill -USR1 "$master"
		wait_log "^$(date -u -d "$shift seconds" +%F)T.* service=echo status "
		all_live "$turn,$shift"
		expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
	done
done
fault_lasts a_day_back
all_live after
set_clock 86400
fault_lasts a_day_ahead
all_live after+1
expect "deaths" 0 "$(since=1 logged_times 'died|timeout')"
exec {turns}>&-
stop
