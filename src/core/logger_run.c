/* logger_run.c: the logger process: channels in, lines out. It alone may block on syslog. */
#include "core/logger_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/child.h"
#include "core/privs.h"

#define BATCH          32
#define ROUND_BATCHES  64
#define REPEAT_MS      10000 /* equal lines within it are one line and a count */
#define RETRY_MS       100   /* between two tries to reach a stalled sink */
#define GATHER_MS      2     /* after some lines, more are likely: take them together */
#define FINISH_MS      1000  /* how long a stalled sink, and what more comes, delays the end */
#define STDERR_BURST   100   /* lines of stderr at once from a service, ... */
#define STDERR_PER_SEC 10    /* ... then so many a second; the rest is counted */
#define STDERR_READS   16    /* of 1 MiB: all that is there, for writers sleep until 3/4 are gone */
#define TELL_MS        1000  /* between two looks at what is to be told: repeats and losses */
#define HOLD_MS        1500 /* longer than a pause in a crash loop: the life of one who dies early */

/* What the logger remembers of a channel. */
struct reader {
	struct log_channel *ch;
	bool open;                     /* somebody is left who could send */
	char last[LOG_RECORD_MAX + 1]; /* NUL-terminated */
	size_t last_len;
	uint64_t last_ms, repeats;
	uint64_t tokens_ms; /* 1000 for each line of stderr that may be written now */
	uint64_t refilled_ms, losses_ms;
	uint64_t hold_ms; /* in a crash loop: until then stderr rests, its losses are not told */
};

static struct {
	struct logger_options o;
	struct reader *reader, *own; /* own: the master's, and the logger's */
	size_t n, n_open;
	int epoll_fd;
	pid_t master;
} lg;

static volatile uint64_t finish_ms; /* when TERM came */
static volatile sig_atomic_t detached;
static sigset_t none; /* whoever waits lets every signal in */
static int null_fd;

static void on_term(int sig)
{
	(void)sig;
	finish_ms = mono_ms();
}

/* By a signal, and not by a record: a stalled syslog must not keep a terminal. */
static void on_detach(int sig)
{
	int saved = errno;

	(void)sig;
	detached = 1;
	dup2(null_fd, STDERR_FILENO);
	errno = saved;
}

static bool read_stderr(struct reader *r);
static bool read_records(struct reader *r);
static bool read_all(void);

/* The sink takes nothing and time is over: the next logger tells what is lost. Why a start has failed is
 * told all the same. */
static _Noreturn void give_up(void)
{
	uint64_t lost = sink_unsent();

	for (size_t i = 0; i < lg.n; i++)
		lost += lg.reader[i].repeats;
	lg.own->ch->shared->refused += lost;
	sink_discard();
	for (int i = 0; i < ROUND_BATCHES && lg.o.copy_errors && !detached && read_all(); i++)
		;
	_exit(LOGGER_STALLED);
}

/* True if TERM was so long ago that what still comes is for the next logger. */
static bool late(void)
{
	return finish_ms && mono_ms() - finish_ms > FINISH_MS;
}

/* Write the batch, however long it takes: meanwhile the channels hold what comes, but stderr is read,
 * lest its writers block, and at the start what the sink has room for, lest nobody hears of it. At the
 * end, a sink that stays stalled is given up. */
static void flush(void)
{
	uint64_t start = mono_ms();

	while (!sink_flush()) {
		(void)sink_wait(RETRY_MS);
		for (size_t i = 0; i < lg.n; i++) {
			for (int n = 0; n < STDERR_READS && read_stderr(&lg.reader[i]); n++)
				;
			if (lg.o.copy_errors && !detached && sink_room(2 * BATCH))
				(void)read_records(&lg.reader[i]);
		}
		if (!finish_ms && getppid() == lg.master)
			start = mono_ms();
		else if (late() || mono_ms() - start > FINISH_MS)
			give_up();
	}
}

static void write_record(const char *data, size_t n, const char *service, pid_t pid)
{
	char line[8000]; /* with what the sink puts before it a line of 8 KiB */
	size_t len = (lg.o.json ? log_render_json : log_render_text)(
		line, sizeof(line), data, n, service, pid);

	if (!sink_room(1))
		flush();
	sink_line(data[0], line, len);
}

/* Tell of lines that were lost. What the sink does not take is told again, or by the next logger. */
static void tell(struct reader *r, const char *text, const char *key, _Atomic uint64_t *count)
{
	struct log_record rec;
	uint64_t n = *count;

	if (!n || !sink_works())
		return;
	log_begin(&rec, LOG_WARNING, 0, text);
	log_num(&rec, key, n);
	write_record(rec.data, rec.len, r->ch->service, 0);
	flush();
	if (sink_works())
		*count -= n;
}

static bool losses(const struct log_shared *s)
{
	return (s->lost || s->dropped || s->refused) && sink_works();
}

static void losses_tell(struct reader *r)
{
	struct log_shared *s = r->ch->shared;

	r->losses_ms = mono_ms();
	tell(r, "log lines lost", "lost", &s->lost);
	tell(r, "lines of stderr dropped", "dropped", &s->dropped);
	tell(r, "log lines could not be written", "lost", &s->refused);
}

static void repeats_tell(struct reader *r)
{
	struct log_record rec;

	if (!r->repeats)
		return;
	log_begin(&rec, r->last[0], 0, "last line repeated");
	log_num(&rec, "times", r->repeats);
	log_str(&rec, "line", r->last + 2);
	r->repeats = 0;
	write_record(rec.data, rec.len, r->ch->service, 0);
}

/* Copy a record without its worker field: the same words from two workers are a repeat. */
static size_t repeat_key(char *out, const char *data, size_t n)
{
	static const char field[] = "#worker=";
	size_t pos = 2 + strnlen(data + 2, n - 2) + 1, len = 0;

	pos = pos < n ? pos : n;
	if (n - pos >= sizeof(field) && memcmp(data + pos, field, sizeof(field) - 1) == 0) {
		len = strnlen(data + pos, n - pos) + 1;
		len = len < n - pos ? len : n - pos;
	}
	memcpy(out, data, pos);
	memcpy(out + pos, data + pos + len, n - pos - len);
	return n - len;
}

/* True if this record is like the last one of the channel: counted, not written. */
static bool is_repeat(struct reader *r, const char *data, size_t n)
{
	char key[LOG_RECORD_MAX];
	uint64_t now = mono_ms();
	size_t len = repeat_key(key, data, n);

	if (len == r->last_len && memcmp(key, r->last, len) == 0 && now - r->last_ms < REPEAT_MS) {
		r->repeats++;
		return true;
	}
	repeats_tell(r);
	memcpy(r->last, key, len);
	r->last[len] = '\0';
	r->last_len = len;
	r->last_ms = now;
	return false;
}

/* Never waits for the sink: it may be called while that stalls. */
static void on_stderr_line(void *arg, pid_t pid, const char *line, size_t n)
{
	struct reader *r = arg;
	struct log_record rec;
	char text[LOG_RECORD_MAX / 2];
	uint64_t now = mono_ms();

	r->tokens_ms += (now - r->refilled_ms) * STDERR_PER_SEC;
	r->refilled_ms = now;
	if (r->tokens_ms > STDERR_BURST * 1000)
		r->tokens_ms = STDERR_BURST * 1000;
	/* Two: it may end a row of repeats. */
	if (now < r->hold_ms || r->tokens_ms < 1000 || (!sink_room(2) && !sink_flush())) {
		r->ch->shared->dropped++;
		return;
	}
	r->tokens_ms -= 1000;
	snprintf(text, sizeof(text), "stderr: %.*s", (int)n, line);
	log_begin(&rec, LOG_NOTICE, 0, text);
	if (!is_repeat(r, rec.data, rec.len))
		write_record(rec.data, rec.len, r->ch->service, pid);
}

/* The pid that the kernel stamped on a message; 0 if there is none. */
static pid_t message_pid(struct msghdr *m)
{
	struct ucred cred;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			return cred.pid;
		}
	}
	return 0;
}

/* Read stderr of a channel until it is empty. Returns true if anything was there. */
static bool read_stderr(struct reader *r)
{
	char data[16384], ctl[CMSG_SPACE(sizeof(struct ucred))];
	bool any = false;

	for (int i = 0; i < 64; i++) {
		struct iovec iov = {data, sizeof(data)};
		struct msghdr m = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = ctl,
			.msg_controllen = sizeof(ctl)};
		ssize_t n = recvmsg(r->ch->err_rx, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n <= 0)
			break;
		any = true;
		stderr_feed(message_pid(&m), data, (size_t)n, on_stderr_line, r);
	}
	return any;
}

/* The value of a field of a record of the master's, or "". field  with what stands around its name */
static const char *record_field(const char *data, size_t n, const char *field)
{
	const char *p = memmem(data, n, field, strlen(field));

	return p ? p + strlen(field) : "";
}

/* The master is about to start what dies at once, and there is nobody else. */
static void hold(const char *data, size_t n)
{
	const char *service = record_field(data, n, "service=");
	uint64_t pause_ms = strtoul(record_field(data, n, "#next_try_s="), NULL, 10) * 1000;

	for (size_t i = 0; i < lg.n; i++) {
		const char *name = lg.reader[i].ch->service;

		if (name && !strcmp(name, service))
			lg.reader[i].hold_ms = mono_ms() + pause_ms + HOLD_MS;
	}
}

/* The master tells of a death: add what the dead wrote last. */
static size_t add_last_words(char *data, size_t n)
{
	struct log_record rec;
	char words[512];

	for (size_t i = 0; i < lg.n; i++)
		(void)read_stderr(&lg.reader[i]);
	if (!stderr_last_words((pid_t)atol(record_field(data, n, "#pid=")), words, sizeof(words),
		    on_stderr_line))
		return n;
	memcpy(rec.data, data, n);
	rec.len = n;
	log_str(&rec, "stderr", words);
	memcpy(data, rec.data, rec.len);
	return rec.len;
}

static void handle_record(struct reader *r, char *data, size_t n, pid_t pid)
{
	const char *service = r->ch->service;
	int flags = data[1], level = data[0] & LOG_PRIMASK;

	/* What is more urgent goes to every terminal of the host. */
	data[0] = (char)(level < LOG_ERR ? LOG_ERR : level);
	if (service)
		flags &= LOG_F_NOREPEAT; /* the others are the master's */
	else
		pid = 0;
	if (flags & LOG_F_HOLD)
		hold(data, n);
	if (flags & LOG_F_DEATH)
		n = add_last_words(data, n);
	if (flags & LOG_F_NOREPEAT) {
		repeats_tell(r);
		r->last_len = 0;
	} else if (is_repeat(r, data, n)) {
		return;
	}
	write_record(data, n, service, pid);
}

/* Read records of a channel until it is empty, or for a while. Returns true if any was there. */
static bool read_records(struct reader *r)
{
	static char data[BATCH][LOG_RECORD_MAX + 1]; /* with a NUL behind it */
	static char ctl[BATCH][CMSG_SPACE(sizeof(struct ucred))];
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	int n;

	if (!r->open)
		return false;
	/* For each a line about repeats and its own: give_up() would not see what waits here. */
	if (!sink_room(2 * BATCH))
		flush();
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){data[i], LOG_RECORD_MAX};
		msg[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = ctl[i],
			.msg_controllen = sizeof(ctl[i])};
	}
	n = recvmmsg(r->ch->rx, msg, BATCH, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	for (int i = 0; i < n; i++) {
		pid_t pid = message_pid(&msg[i].msg_hdr);

		if (msg[i].msg_len == 0 && pid == 0) { /* an empty message carries a pid */
			r->open = false;
			lg.n_open--;
			break;
		}
		data[i][msg[i].msg_len] = '\0';
		if (msg[i].msg_len >= 2)
			handle_record(r, data[i], msg[i].msg_len, pid);
	}
	return n > 0;
}

static bool read_all(void)
{
	bool any = false;

	for (size_t i = 0; i < lg.n; i++) {
		struct reader *r = &lg.reader[i];

		any |= read_records(r);
		any |= read_stderr(r);
		if (losses(r->ch->shared) && mono_ms() - r->losses_ms >= TELL_MS &&
			mono_ms() >= r->hold_ms)
			losses_tell(r);
	}
	return any;
}

/* Tell of repeats that are due. Returns the ms until another look; -1: nothing waits to be told. */
static int due(void)
{
	int wait_ms = stderr_settle(finish_ms != 0, on_stderr_line) ? TELL_MS : -1;

	for (size_t i = 0; i < lg.n; i++) {
		struct reader *r = &lg.reader[i];

		if (r->repeats && mono_ms() - r->last_ms >= REPEAT_MS) {
			repeats_tell(r);
			r->last_len = 0;
		}
		if (r->repeats || losses(r->ch->shared))
			wait_ms = TELL_MS;
	}
	flush();
	return wait_ms;
}

static void watch(int fd)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.fd = fd};

	if (fd >= 0 && epoll_ctl(lg.epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		fatal(EXIT_FAILURE, "logger: epoll: %m");
}

static void logger_init(struct log_channel *channels, const struct logger_options *o, pid_t master)
{
	struct child_fds keep = {0};
	size_t i = 0;

	log_attach(-1, NULL, -1); /* what goes wrong here nobody else would write */
	lg.o = *o;
	lg.master = master;
	for (struct log_channel *ch = channels; ch; ch = ch->next) {
		child_keep(&keep, ch->rx);
		child_keep(&keep, ch->err_rx);
		lg.n++;
		lg.n_open++;
	}
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		fatal(EXIT_FAILURE, "logger: /dev/null: %m");
	child_keep(&keep, null_fd);
	child_close_others(&keep);
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	prctl(PR_SET_NAME, "sockd-logger");
	if (o->drop && privs_disarm() < 0)
		_exit(EXIT_FAILURE);
	lg.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	lg.reader = calloc(lg.n, sizeof(*lg.reader));
	if (lg.epoll_fd < 0 || !lg.reader)
		fatal(EXIT_FAILURE, "logger: %m");
	for (struct log_channel *ch = channels; ch; ch = ch->next, i++) {
		lg.reader[i] = (struct reader){.ch = ch, .open = true};
		lg.reader[i].refilled_ms = mono_ms();
		lg.reader[i].tokens_ms = STDERR_BURST * 1000;
		if (!ch->service)
			lg.own = &lg.reader[i];
		watch(ch->rx);
		watch(ch->err_rx);
	}
	sink_open(&lg.o, master, &lg.own->ch->shared->refused, &detached);
}

void logger_run(struct log_channel *channels, const struct logger_options *o, pid_t master)
{
	static const int ignored[] = {
		SIGINT, SIGQUIT, SIGHUP, SIGUSR2, SIGTTIN, SIGTTOU, SIGPIPE, SIGWINCH, SIGXFSZ};
	/* Being woken for each line would cost more than writing it. */
	static const struct timespec gather = {0, GATHER_MS * 1000000L};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, LOGGER_SIG_DETACH);
	child_signals(ignored, ARRAY_SIZE(ignored));
	logger_init(channels, o, master);
	child_handle(SIGTERM, on_term);
	child_handle(LOGGER_SIG_DETACH, o->to_syslog ? on_detach : SIG_IGN);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (;;) {
		struct epoll_event ev;
		bool any = false;
		int wait_ms;

		for (int i = 0; i < ROUND_BATCHES && read_all(); i++)
			any = true;
		flush();
		if (any && !late()) {
			if (!finish_ms)
				(void)ppoll(NULL, 0, &gather, &none);
			continue;
		}
		wait_ms = due();
		if (finish_ms || !lg.n_open)
			break;
		epoll_pwait(lg.epoll_fd, &ev, 1, wait_ms, &none);
	}
	for (size_t i = 0; i < lg.n; i++) {
		repeats_tell(&lg.reader[i]);
		losses_tell(&lg.reader[i]);
	}
	flush();
	_exit(late() ? LOGGER_LATE : EXIT_SUCCESS);
}
