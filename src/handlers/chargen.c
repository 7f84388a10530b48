/* chargen.c: characters without end; what the client sends is thrown away. Source: RFC 864 */
#include "handlers/handler.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define FIRST_CHAR ' ' /* the 95 printing characters of ASCII: ' ' to '~' */
#define CHARS      95
#define LINE_CHARS 72 /* RFC 864, and CR LF behind them */
#define LINE       (LINE_CHARS + 2)
#define CYCLE      (CHARS * LINE) /* then the lines repeat */
#define CYCLES     8              /* in one system call */

/* Line i begins with the i-th character. */
static void fill_cycle(char cycle[CYCLE])
{
	for (size_t i = 0; i < CHARS; i++) {
		char *line = cycle + i * LINE;

		for (size_t j = 0; j < LINE_CHARS; j++)
			line[j] = (char)(FIRST_CHAR + (i + j) % CHARS);
		line[LINE_CHARS] = '\r';
		line[LINE_CHARS + 1] = '\n';
	}
}

/* Forget what has come. Returns 0, or -1 with c->end set. */
static int throw_away(struct conn *c)
{
	char buf[4096];
	ssize_t got = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (got > 0)
		c->bytes_in += (uint64_t)got;
	else if (got == 0)
		c->eof = true; /* it may still read: go on */
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		return conn_fail(c, errno);
	return 0;
}

/* Nothing makes a client speak that reads fast enough for us never to wait.
 * due_ms  when its first byte must have come; 0: it has, or need not
 * Returns 0, or -1 with c->end set. */
static int first_byte_check(struct conn *c, uint64_t *due_ms)
{
	uint64_t now = *due_ms ? mono_ms() : 0;

	if (now < *due_ms) {
		c->first_byte_ms = (unsigned)(*due_ms - now); /* what is left, for conn_wait() */
		return 0;
	}
	if (*due_ms && (throw_away(c) < 0 || (!c->bytes_in && conn_fail(c, EAGAIN) < 0)))
		return -1;
	*due_ms = 0;
	return 0;
}

static void chargen_serve(const struct handler_env *env, struct conn *c)
{
	static char cycle[CYCLE];
	size_t at = 0; /* where in the cycle we are */
	uint64_t due_ms = c->first_byte_ms ? mono_ms() + c->first_byte_ms : 0;

	(void)env;
	fill_cycle(cycle);
	for (;;) {
		struct iovec iov[CYCLES];
		struct msghdr m = {.msg_iov = iov, .msg_iovlen = CYCLES};
		ssize_t put;
		int ready;

		if (first_byte_check(c, &due_ms) < 0)
			return;
		for (size_t i = 0; i < CYCLES; i++)
			iov[i] = (struct iovec){.iov_base = cycle, .iov_len = CYCLE};
		iov[0] = (struct iovec){.iov_base = cycle + at, .iov_len = CYCLE - at};
		put = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put >= 0) {
			c->bytes_out += (uint64_t)put;
			at = (at + (size_t)put) % CYCLE;
			continue;
		}
		if (errno == EINTR && !*c->stop)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			conn_fail(c, errno);
			return;
		}
		/* A client that writes before it reads would wait for us as we for it. */
		ready = conn_wait(c, c->eof ? POLLOUT : POLLIN | POLLOUT);
		if (ready < 0 || ((ready & POLLIN) && throw_away(c) < 0))
			return;
	}
}

const struct handler handler_chargen = {.name = "chargen", .serve = chargen_serve};
