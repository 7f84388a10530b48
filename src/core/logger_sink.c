/* logger_sink.c: write lines to /dev/log or stderr.
 *
 * Not syslog(3): it tells nobody when a line is lost, it blocks when syslogd does, and it sends one
 * line per system call. The datagram is the one that syslog(3) would send.
 */
#include "core/logger_parts.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192 /* rsyslogd's default limit for a message */
#define BATCH_LINES    128

static struct {
	const struct logger_options *o;
	pid_t master;
	const volatile sig_atomic_t *detached;
	bool journal; /* stderr lines carry <N> for the journal */
	int fd;       /* connected to /dev/log, or -1 */
	struct mmsghdr msg[BATCH_LINES];
	struct iovec iov[BATCH_LINES];
	size_t end[BATCH_LINES]; /* of data, which the line reaches to */
	size_t first, n;         /* lines not written yet */
	char data[BATCH_LINES * LINE_MAX_BYTES];
	size_t used, done; /* bytes put in, bytes written to stderr */
	_Atomic uint64_t *refused;
	bool broken;       /* the last write failed for good */
	bool discarded;    /* nothing is written any more */
	bool torn;         /* it left a line without its end */
	time_t stamp_time; /* second that `stamp` is for */
	char stamp[32];
} sink = {.fd = -1};

/* stderr is the journal's if JOURNAL_STREAM names its device and inode. Source: systemd.exec(5) */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void sink_open(const struct logger_options *o, pid_t master, _Atomic uint64_t *refused,
	const volatile sig_atomic_t *detached)
{
	sink.o = o;
	sink.refused = refused;
	sink.master = master;
	sink.detached = detached;
	sink.journal = !o->to_syslog && stderr_is_journal();
	tzset();
}

bool sink_room(size_t lines)
{
	return sink.n + lines <= BATCH_LINES;
}

/* "Nov 22 11:22:33" as RFC 3164 has it. No locale is set, so %b is English. */
static const char *syslog_stamp(void)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now != sink.stamp_time) {
		sink.stamp_time = now;
		localtime_r(&now, &tm);
		strftime(sink.stamp, sizeof(sink.stamp), "%b %e %H:%M:%S", &tm);
	}
	return sink.stamp;
}

static int stderr_prefix(char *out, size_t size, int level)
{
	char now[LOG_TIME_MAX];

	if (sink.journal)
		return snprintf(out, size, "<%d>", level);
	if (sink.o->json)
		return 0;
	log_time(now);
	return snprintf(out, size, "%s %s ", now, log_level_name(level));
}

void sink_line(int level, const char *text, size_t n)
{
	char *line = sink.data + sink.used;
	size_t len, max = LINE_MAX_BYTES - 1;

	if (sink.o->to_syslog)
		len = (size_t)snprintf(line, max, "<%d>%s sockd[%d]: ", sink.o->facility | level,
			syslog_stamp(), (int)sink.master);
	else
		len = (size_t)stderr_prefix(line, max, level);
	if (n > max - len)
		n = max - len;
	memcpy(line + len, text, n);
	len += n;
	if (sink.o->to_syslog && sink.o->copy_errors && !*sink.detached && level <= LOG_WARNING)
		dprintf(STDERR_FILENO, "sockd: %.*s\n", (int)n, text);
	if (!sink.o->to_syslog)
		line[len++] = '\n';
	sink.iov[sink.n] = (struct iovec){line, len};
	sink.msg[sink.n].msg_hdr = (struct msghdr){.msg_iov = &sink.iov[sink.n], .msg_iovlen = 1};
	sink.used += len;
	sink.end[sink.n++] = sink.used;
}

/* stderr is shared, so it stays as blocking as it is. The lines lie side by side: one write for many,
 * but no more than a pipe that polls writable takes at once. Source: pipe(7) */
static bool flush_stderr(void)
{
	while (sink.first < sink.n) {
		size_t left = sink.used - sink.done;
		ssize_t w;

		if (!sink_wait(0))
			return false;
		if (sink.torn && write(STDERR_FILENO, "\n", 1) == 1)
			sink.torn = false;
		w = write(STDERR_FILENO, sink.data + sink.done, left < PIPE_BUF ? left : PIPE_BUF);
		if (w < 0 && (errno == EINTR || errno == EAGAIN))
			return false;
		sink.broken = w <= 0;
		if (sink.broken) {
			sink.torn |= sink.done > (sink.first ? sink.end[sink.first - 1] : 0);
			*sink.refused += sink_unsent();
			break;
		}
		sink.done += (size_t)w;
		while (sink.first < sink.n && sink.end[sink.first] <= sink.done)
			sink.first++;
	}
	return true;
}

static bool syslog_connect(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	if (sink.fd >= 0)
		return true;
	sink.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sink.fd >= 0 && connect(sink.fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return true;
	fd_close(&sink.fd);
	return false;
}

static bool flush_syslog(void)
{
	int tries = 2; /* a syslogd that was restarted needs one new connect() */

	while (sink.first < sink.n) {
		int sent;

		if (!syslog_connect())
			return false;
		sent = sendmmsg(sink.fd, sink.msg + sink.first, (unsigned)(sink.n - sink.first),
			MSG_NOSIGNAL);
		sink.broken = sent < 0 && errno == EMSGSIZE;
		if (sent > 0) {
			sink.first += (size_t)sent;
		} else if (errno == EMSGSIZE) {
			sink.first++;
			++*sink.refused;
		} else if (errno == EAGAIN) {
			return false;
		} else if (errno != EINTR) {
			fd_close(&sink.fd);
			if (--tries == 0)
				return false;
		}
	}
	return true;
}

bool sink_flush(void)
{
	if (!sink.discarded && !(sink.o->to_syslog ? flush_syslog() : flush_stderr()))
		return false;
	sink.first = sink.n = sink.used = sink.done = 0;
	return true;
}

void sink_discard(void)
{
	sink.discarded = true;
}

size_t sink_unsent(void)
{
	return sink.n - sink.first;
}

bool sink_works(void)
{
	return !sink.broken;
}

bool sink_wait(int ms)
{
	struct pollfd p = {.fd = sink.o->to_syslog ? sink.fd : STDERR_FILENO, .events = POLLOUT};
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t none;

	sigemptyset(&none); /* TERM may come in */
	return ppoll(&p, 1, &ts, &none) > 0;
}
