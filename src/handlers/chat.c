/* chat.c: one client's session in the room. Nothing here blocks but the wait for events, the breath of
 * one who speaks on and on, and the last farewell: a session that cannot write lets its place in the
 * rings fall behind. */
#include "handlers/handler.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "handlers/chat_line.h"
#include "handlers/chat_room.h"

#define COMMANDS     "/nick NAME, /who, /quit"
#define GREETING_MAX 4096
#define OUT_MAX      (64 * 1024) /* bytes that wait for the client */
#define OUT_HEAR_MAX (44 * 1024) /* above it nothing is heard; the rest is for answers */
#define WHO_MAX      (15 * 1024) /* bytes of names */
#define NOTICE_MAX   64          /* of what tells about missed lines */
#define FAREWELL_MS  2000        /* for the last bytes to go */
#define BREATH_MS    5           /* after an eighth of a ring: the others wake up, and hear it */

static struct session {
	struct conn *c;
	int epoll;
	uint64_t moved, moved_ms; /* bytes, and when the last of them moved; with time-outs alone */
	bool readable, writable;  /* until a call says otherwise: the events are edges */
	size_t out_len;
	struct seat seat;
	struct chat_line line;
	char text[CHAT_LINE_MAX + 1];
	char heard[ROOM_LINE_MAX + 1];
	char out[OUT_MAX];
} session; /* its pages are touched as far as they are used */

/* Put something into out. What does not fit counts as a missed line. */
static PRINTF_LIKE(2, 3) void tell(struct session *s, const char *fmt, ...)
{
	size_t space = sizeof(s->out) - s->out_len, n;
	va_list ap;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(s->out + s->out_len, space, fmt, ap);
	va_end(ap);
	if (n < space)
		s->out_len += n;
	else
		s->seat.missed++;
}

static void tell_missed(struct session *s)
{
	unsigned long long n = s->seat.missed;

	if (n == 0 || sizeof(s->out) - s->out_len < NOTICE_MAX)
		return;
	s->seat.missed = 0;
	tell(s, "* you missed %llu line%s\n", n, n == 1 ? "" : "s");
}

static void command_nick(struct session *s, const char *nick)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";
	char before[ROOM_NICK_MAX + 1];
	size_t n = strspn(nick, allowed);

	strcpy(before, s->seat.nick);
	if (n == 0 || n > ROOM_NICK_MAX || nick[n]) {
		tell(s, "* a nick has 1 to %d of letters, digits, _ - .\n", ROOM_NICK_MAX);
	} else if (!room_take_nick(&s->seat, nick)) {
		tell(s, "* nick %s is taken\n", nick);
	} else {
		tell(s, "* you are now %s\n", nick);
		if (strcmp(before, nick) != 0)
			room_say(&s->seat, "* %s is now known as %s\n", before, nick);
	}
}

static void command_who(struct session *s)
{
	static char names[WHO_MAX];
	unsigned slots = board_slots(s->seat.board), members = 0, named = 0;
	char nick[ROOM_NICK_MAX + 1], more[32] = "";
	size_t n = 0;

	for (unsigned i = 0; i < slots; i++) {
		if (!room_nick(&s->seat, i, nick))
			continue;
		members++;
		if (sizeof(names) - n < sizeof(nick) + 2)
			continue;
		n += (size_t)sprintf(names + n, "%s%s", named ? ", " : "", nick);
		named++;
	}
	if (members > named)
		snprintf(more, sizeof(more), " and %u more", members - named);
	tell(s, "* %u here: %s%s\n", members, names, more);
}

static void command(struct session *s, char *text)
{
	char *argument = text + strcspn(text, " ");

	if (*argument)
		*argument++ = '\0';
	argument += strspn(argument, " ");
	argument[strcspn(argument, " ")] = '\0';
	if (strcmp(text, "/nick") == 0)
		command_nick(s, argument);
	else if (strcmp(text, "/who") == 0)
		command_who(s);
	else if (strcmp(text, "/quit") == 0)
		s->c->end = "quit";
	else
		tell(s, "* unknown command; there are " COMMANDS "\n");
}

/* One who pastes a file speaks faster than the others wake: let them hear it before it is overwritten. */
static void take_breath(struct session *s)
{
	if (s->seat.spoken < ROOM_RING / 8)
		return;
	s->seat.spoken = 0;
	room_ring(&s->seat);
	(void)poll(NULL, 0, BREATH_MS);
}

static void take_line(struct session *s)
{
	if (chat_line_take(&s->line, s->text))
		tell(s, "* line too long: cut to %d bytes\n", CHAT_LINE_MAX);
	if (s->text[0] == '/')
		command(s, s->text);
	else if (s->text[0])
		room_say(&s->seat, "<%s> %s\n", s->seat.nick, s->text);
	take_breath(s);
}

/* Take what the client has sent, at most one buffer. Returns 0, or -1 if the connection has failed. */
static int take_input(struct session *s)
{
	static char in[4096];
	ssize_t got;

	if (!s->readable)
		return 0;
	got = recv(s->c->fd, in, sizeof(in), MSG_DONTWAIT);
	if (got < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			s->readable = false;
		else if (errno != EINTR)
			return conn_fail(s->c, errno);
		return 0;
	}
	if (got == 0) {
		if (*s->c->stop)
			return conn_fail(s->c, EINTR);
		s->c->eof = true;
		s->c->end = "eof";
		take_line(s); /* the last one may lack its newline */
	}
	s->c->bytes_in += (uint64_t)got;
	for (ssize_t i = 0; i < got && !s->c->end; i++) {
		if (chat_line_add(&s->line, (uint8_t)in[i]))
			take_line(s);
	}
	room_ring(&s->seat);
	return 0;
}

/* Move lines of the others to the client's buffer. */
static void hear_others(struct session *s)
{
	while (s->out_len <= OUT_HEAR_MAX && room_hear(&s->seat, s->heard)) {
		tell_missed(s);
		tell(s, "%s", s->heard);
	}
	tell_missed(s);
}

/* Write what the client takes without waiting. Returns 0, or -1 if the connection has failed. */
static int send_out(struct session *s)
{
	while (s->writable && s->out_len > 0) {
		ssize_t put = send(s->c->fd, s->out, s->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put >= 0) {
			s->c->bytes_out += (uint64_t)put;
			s->out_len -= (size_t)put;
			memmove(s->out, s->out + put, s->out_len);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			s->writable = false;
		} else if (errno != EINTR || *s->c->stop) {
			return conn_fail(s->c, errno);
		}
	}
	return 0;
}

/* How long to wait, in ms. While only other clients talk, the time-out for the first byte runs on; bytes
 * in either direction put off the one for idleness. */
static int patience(struct session *s)
{
	int ms = conn_patience(s->c);
	uint64_t bytes = s->c->bytes_in ? s->c->bytes_in + s->c->bytes_out : 0, idle;

	if (ms < 0)
		return ms;
	if (!s->moved_ms || bytes != s->moved)
		s->moved_ms = mono_ms();
	s->moved = bytes;
	idle = mono_ms() - s->moved_ms;
	return idle < (uint64_t)ms ? ms - (int)idle : 0;
}

/* Sleep until the client or the bell has something. Returns 0, or -1 with c->end set. */
static int wait_for_events(struct session *s)
{
	struct epoll_event ev[2];
	sigset_t all, before;
	int n = -1, timeout_ms = patience(s);

	/* A stop that comes between the check and the wait must end the wait. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	errno = EINTR;
	if (!*s->c->stop)
		n = epoll_pwait(s->epoll, ev, 2, timeout_ms, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (*s->c->stop || (n < 0 && errno != EINTR))
		return conn_fail(s->c, errno);
	if (n == 0)
		return conn_fail(s->c, EAGAIN);
	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd == s->c->fd)
			s->readable = s->writable = true;
	}
	return 0;
}

/* Until the client has ended. Returns 0, or -1 if the connection has failed. */
static int converse(struct session *s)
{
	for (;;) {
		bool full;

		if (take_input(s) < 0)
			return -1;
		hear_others(s);
		full = s->out_len > OUT_HEAR_MAX;
		if (send_out(s) < 0)
			return -1;
		if (s->c->end)
			return 0;
		if (!s->readable && !(full && s->writable) && wait_for_events(s) < 0)
			return -1;
	}
}

/* Deliver what was answered before the client ended, if it reads. */
static void say_farewell(struct session *s)
{
	struct pollfd p = {.fd = s->c->fd, .events = POLLOUT};
	uint64_t until = mono_ms() + FAREWELL_MS;
	const char *end = s->c->end;

	while (s->out_len > 0 && mono_ms() < until && !*s->c->stop) {
		/* Short, since a stop may slip in before it. */
		(void)poll(&p, 1, 100);
		s->writable = true;
		if (send_out(s) < 0) {
			/* It asked to leave, and has left without listening to the end. */
			if (!*s->c->stop)
				s->c->end = end;
			return;
		}
	}
	conn_finish(s->c, LINGER_MS);
}

/* Greet, and join under the first free name: "guest" and a number that no other slot tries. */
static void join(struct session *s, const char *text)
{
	unsigned number = s->seat.slot + 1;
	char nick[ROOM_NICK_MAX + 1];

	if (text)
		tell(s, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
	do {
		snprintf(nick, sizeof(nick), "guest%u", number);
		number += BOARD_SLOTS;
	} while (!room_take_nick(&s->seat, nick));
	tell(s, "* you are %s; there are " COMMANDS "\n", nick);
	room_say(&s->seat, "* %s joined\n", nick);
}

static int watch(struct session *s, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events | EPOLLET, .data.fd = fd};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void chat_serve(const struct handler_env *env, struct conn *c)
{
	struct session *s = &session;
	int rc;

	s->c = c;
	s->readable = s->writable = true;
	s->moved_ms = 0;
	s->out_len = s->line.len = s->line.telnet = 0;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || watch(s, c->fd, EPOLLIN | EPOLLOUT) < 0 ||
		watch(s, env->bell, EPOLLIN) < 0) {
		conn_fail(c, errno);
		goto out;
	}
	room_sit(&s->seat);
	join(s, env->conf->text);
	room_ring(&s->seat);
	rc = converse(s);
	/* The others learn it now, however slowly the client takes what is left. */
	room_leave(&s->seat);
	room_ring(&s->seat);
	if (rc == 0)
		say_farewell(s);
out:
	fd_close(&s->epoll);
}

static int chat_start(const struct handler_env *env)
{
	struct seat *seat = &session.seat;

	seat->room = env->area;
	seat->board = env->board;
	seat->slot = env->slot;
	seat->bell = env->bell;
	room_sit(seat);
	return 0;
}

static const char *chat_check(const struct conf_service *conf, char *err, size_t size)
{
	if (conf->text && strlen(conf->text) > GREETING_MAX) {
		snprintf(err, size, "%zu bytes; a greeting has at most %d", strlen(conf->text),
			GREETING_MAX);
		return "text";
	}
	return NULL;
}

const struct handler handler_chat = {
	.name = "chat",
	.area_size = sizeof(struct room),
	.check = chat_check,
	.start = chat_start,
	.serve = chat_serve,
};
