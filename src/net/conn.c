/* conn.c: reads and writes of one connection. It must not log and must not close: the worker does. */
#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define READ_TRIES   4           /* reads that do not wait, before one that does: measured */
#define SWALLOW_MAX  (64 * 1024) /* bytes that conn_finish() reads at most */
#define SWALLOW_STEP 4096

int conn_fail(struct conn *c, int error)
{
	/* The worker puts /dev/null in the place of the socket when it is told to stop, so that no
	 * call can block any more; whatever error that gives is the stop's doing. */
	if (*c->stop) {
		c->end = *c->stop == CONN_TIMED_OUT ? "session-timeout" : "terminated";
	} else if (error == EAGAIN || error == EWOULDBLOCK) {
		c->end = c->bytes_in || !c->first_byte_ms ? "idle-timeout" : "first-byte-timeout";
	} else if (error == ECONNRESET || error == EPIPE) {
		c->end = "reset";
	} else {
		c->end = "error";
		c->error = error;
	}
	c->failed = true;
	return -1;
}

static void timeout_set(const struct conn *c, int option, unsigned ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000L};

	(void)setsockopt(c->fd, SOL_SOCKET, option, &tv, sizeof(tv));
}

void conn_timeouts(struct conn *c)
{
	if (c->first_byte_ms || c->idle_ms)
		timeout_set(c, SO_RCVTIMEO, (unsigned)conn_patience(c));
	if (c->idle_ms)
		timeout_set(c, SO_SNDTIMEO, c->idle_ms);
}

int conn_patience(const struct conn *c)
{
	unsigned ms = !c->bytes_in && c->first_byte_ms ? c->first_byte_ms : c->idle_ms;

	return ms ? (int)ms : -1;
}

const struct addr *conn_local(struct conn *c)
{
	if (c->local.len == 0) {
		c->local.len = sizeof(c->local.un);
		if (getsockname(c->fd, &c->local.sa, &c->local.len) < 0)
			c->local.len = 0;
	}
	return &c->local;
}

/* The first bytes have come: from now on the other time-out counts. */
static void took(struct conn *c, size_t n)
{
	if (!c->bytes_in && c->first_byte_ms && c->first_byte_ms != c->idle_ms)
		timeout_set(c, SO_RCVTIMEO, c->idle_ms);
	c->bytes_in += n;
}

ssize_t conn_read(struct conn *c, void *buf, size_t n)
{
	int tries = c->patient ? READ_TRIES : 0;

	for (;;) {
		ssize_t got = recv(c->fd, buf, n, tries < READ_TRIES ? MSG_DONTWAIT : 0);

		if (got > 0) {
			took(c, (size_t)got);
			return got;
		}
		if (*c->stop)
			return conn_fail(c, 0);
		if (got == 0) {
			c->eof = true;
			return 0;
		}
		if ((errno == EAGAIN || errno == EWOULDBLOCK) && tries < READ_TRIES) {
			if (++tries < READ_TRIES)
				sched_yield();
		} else if (errno != EINTR) {
			return conn_fail(c, errno);
		}
	}
}

int conn_write(struct conn *c, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t put = send(c->fd, p, n, MSG_NOSIGNAL);

		if (put >= 0) {
			c->bytes_out += (uint64_t)put;
			p += put;
			n -= (size_t)put;
		} else if (errno != EINTR || *c->stop) {
			return conn_fail(c, errno);
		}
	}
	return 0;
}

int conn_poll(struct conn *c, struct pollfd *p, size_t n, int timeout_ms)
{
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	sigset_t all, before;
	int rc;

	/* A signal between the check and the wait would be lost: let it in only while waiting. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	do {
		rc = *c->stop ? -1 : ppoll(p, n, timeout_ms < 0 ? NULL : &ts, &before);
	} while (rc < 0 && errno == EINTR && !*c->stop);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc < 0 ? conn_fail(c, errno) : rc;
}

int conn_wait(struct conn *c, short events)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int rc = conn_poll(c, &p, 1, conn_patience(c));

	return rc > 0 ? p.revents : rc == 0 ? conn_fail(c, EAGAIN) : -1;
}

/* Read and forget until the peer's FIN, a failure, the time or the amount is up. */
static void swallow(struct conn *c, uint64_t until)
{
	char buf[SWALLOW_STEP];
	size_t total = 0;

	while (total < SWALLOW_MAX && !*c->stop) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		ssize_t got = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		uint64_t now;

		if (got > 0) {
			c->bytes_in += (uint64_t)got;
			total += (size_t)got;
			continue;
		}
		if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
			c->eof = got == 0;
			return;
		}
		now = mono_ms();
		if (now >= until)
			return;
		/* A stop that slips in before the wait costs wait_ms at most. */
		(void)poll(&p, 1, (int)(until - now));
	}
}

void conn_finish(struct conn *c, unsigned wait_ms)
{
	if (c->failed)
		return;
	if (!c->end)
		c->end = "done";
	/* Whatever fails from here on, the peer has been told everything: the end stays as it is. */
	if (shutdown(c->fd, SHUT_WR) == 0 && !c->eof)
		swallow(c, mono_ms() + wait_ms);
}
