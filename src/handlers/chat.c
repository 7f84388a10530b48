/* chat.c: one client's session in the room. Nothing here blocks but the wait for events, and the
 * last farewell: a session that cannot write lets its place in the rings fall behind. */
#include "handlers/handler.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "handlers/chat_name.h"
#include "handlers/chat_session.h"

#define GREETING_MAX 4096
#define HOLD_MS      250 /* for how long somebody who says a lot waits for those who lag */
#define HOLD_STEP_MS 1
#define FAREWELL_MS  2000 /* for the last bytes to go */
#define LINGER_MS    1000

/* Its pages are touched as far as they are used. */
static struct session session;

static void wake_others(struct session *s)
{
	if (s->said)
		room_wake(&s->seat, s->bell);
	s->said = false;
}

/* True while the client has said so much that the others must catch up first. */
static bool is_held(struct session *s)
{
	uint64_t now;

	if (s->seat.ahead < ROOM_AHEAD)
		return false;
	wake_others(s);
	now = mono_ms();
	if (!s->hold_until)
		s->hold_until = now + HOLD_MS;
	if (!room_follows(&s->seat, now >= s->hold_until))
		return true;
	s->hold_until = 0;
	return false;
}

/* Take what the client has sent, at most one buffer. Returns 0, or -1 with c->end set. */
static int take_input(struct session *s)
{
	size_t used;

	if (s->in_at == s->in_end && s->readable) {
		ssize_t got = recv(s->c->fd, s->in, sizeof(s->in), MSG_DONTWAIT);

		s->in_at = s->in_end = 0;
		if (got > 0) {
			s->in_end = (size_t)got;
			s->c->bytes_in += (uint64_t)got;
		} else if (got == 0) {
			if (*s->c->stop)
				return conn_fail(s->c, EINTR);
			s->c->eof = true;
			s->c->end = "eof";
			s->ended = true;
			if (chat_line_finish(&s->line))
				chat_take_line(s);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			s->readable = false;
		} else if (errno != EINTR) {
			return conn_fail(s->c, errno);
		}
	}
	while (s->in_at < s->in_end && !s->ended && !is_held(s)) {
		bool complete =
			chat_line_feed(&s->line, s->in + s->in_at, s->in_end - s->in_at, &used);

		s->in_at += used;
		if (complete)
			chat_take_line(s);
	}
	wake_others(s);
	return 0;
}

/* Move lines of the others to the client's buffer. */
static void hear_others(struct session *s)
{
	uint64_t clock = room_clock(&s->seat);
	int n;

	for (;;) {
		size_t space = sizeof(s->out) - s->out_len;

		space = space > CHAT_ANSWER_ROOM + CHAT_NOTICE_ROOM
				? space - CHAT_ANSWER_ROOM - CHAT_NOTICE_ROOM
				: 0;
		n = room_hear(
			&s->seat, s->heard, space < sizeof(s->heard) ? space : sizeof(s->heard));
		if (n <= 0)
			break;
		chat_answer(s, s->heard, (size_t)n);
	}
	s->waiting = n < 0;
	if (!s->waiting)
		chat_notice(s);
	room_heard(&s->seat, s->waiting ? ROOM_SLOW : clock);
}

/* Write what the client takes without waiting. Returns 0, or -1 with c->end set. */
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

/* Sleep until the client or the bell has something. Returns 0, or -1 with c->end set. */
static int wait_for_events(struct session *s, int timeout_ms)
{
	struct epoll_event ev[2];
	sigset_t all, before;
	int n = -1;

	/* A stop that comes between the check and the wait must end the wait. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	errno = EINTR;
	if (!*s->c->stop)
		n = epoll_pwait(s->epoll, ev, 2, timeout_ms, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (*s->c->stop || (n < 0 && errno != EINTR))
		return conn_fail(s->c, errno);
	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd != s->c->fd)
			continue;
		if (ev[i].events & ~(unsigned)EPOLLOUT)
			s->readable = true;
		if (ev[i].events & ~(unsigned)EPOLLIN)
			s->writable = true;
	}
	return 0;
}

/* Until the client has ended. Returns 0, or -1 if the connection has failed, with c->end set. */
static int converse(struct session *s)
{
	for (;;) {
		int timeout_ms = -1;

		if (take_input(s) < 0)
			return -1;
		hear_others(s);
		if (send_out(s) < 0)
			return -1;
		if (s->ended)
			return 0;
		if ((s->waiting && s->writable) ||
			(!s->hold_until && (s->readable || s->in_at < s->in_end)))
			timeout_ms = 0;
		else if (s->hold_until)
			timeout_ms = HOLD_STEP_MS;
		if (wait_for_events(s, timeout_ms) < 0)
			return -1;
	}
}

/* Deliver what was answered before the client ended, if it reads. */
static void say_farewell(struct session *s)
{
	uint64_t until = mono_ms() + FAREWELL_MS;
	const char *end = s->c->end;

	while (s->out_len > 0) {
		struct pollfd p = {.fd = s->c->fd, .events = POLLOUT};

		s->writable = true;
		if (send_out(s) < 0) {
			/* It asked to leave, and has left without listening to the end. */
			if (!*s->c->stop)
				s->c->end = end;
			return;
		}
		if (s->out_len > 0 && (mono_ms() >= until || *s->c->stop))
			return;
		/* Short, since a stop may slip in before it. */
		if (s->out_len > 0)
			(void)poll(&p, 1, 100);
	}
	conn_finish(s->c, LINGER_MS);
}

static int watch(struct session *s, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events | EPOLLET, .data.fd = fd};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev);
}

/* Greet, and join under the first free name: "guest" and a number that no other slot tries. */
static void join(struct session *s, const char *text)
{
	unsigned number = s->seat.slot + 1;
	char nick[ROOM_NICK_MAX + 1];

	if (text && *text) {
		size_t n = strlen(text);

		chat_answer(s, text, n);
		if (text[n - 1] != '\n')
			chat_answer(s, "\n", 1);
	}
	room_heard(&s->seat, room_clock(&s->seat));
	do {
		snprintf(nick, sizeof(nick), "guest%u", number);
		number += BOARD_SLOTS;
	} while (name_take(&s->seat, nick) < 0);
	chat_answerf(s, "* you are %s; there are " CHAT_COMMANDS "\n", nick);
	chat_announce(s, "* %s joined\n", nick);
}

static void chat_serve(const struct handler_env *env, struct conn *c)
{
	struct session *s = &session;

	s->c = c;
	s->bell = env->bell;
	s->readable = s->writable = true;
	s->waiting = s->said = s->ended = false;
	s->hold_until = 0;
	s->in_at = s->in_end = s->out_len = 0;
	chat_line_reset(&s->line);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || watch(s, c->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP) < 0 ||
		watch(s, s->bell, EPOLLIN) < 0) {
		conn_fail(c, errno);
		goto out;
	}
	room_sit(&s->seat, env->area, env->board, env->slot);
	join(s, env->text);
	if (converse(s) == 0) {
		/* The others learn it now, however slowly the client takes what is left. */
		room_leave(&s->seat);
		room_wake(&s->seat, s->bell);
		say_farewell(s);
	} else {
		room_leave(&s->seat);
		room_wake(&s->seat, s->bell);
	}
out:
	fd_close(&s->epoll);
}

static int chat_start(const struct handler_env *env)
{
	if (!env->area || env->bell < 0) {
		log_msg(LOG_ERR, "chat: no shared memory");
		return -1;
	}
	if (room_sit(&session.seat, env->area, env->board, env->slot))
		room_wake(&session.seat, env->bell);
	return 0;
}

static const char *chat_check(const char *text, char *err, size_t size)
{
	if (text && strlen(text) > GREETING_MAX) {
		snprintf(err, size, "%zu bytes; a greeting has at most %d", strlen(text),
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
