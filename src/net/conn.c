/* conn.c: reads and writes of one connection. It must not log and must not close: the worker does. */
#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/util.h"

#define READ_TRIES   4           /* reads that do not wait, before one that does: measured */
#define SWALLOW_MAX  (64 * 1024) /* bytes that conn_finish() reads at most */
#define SWALLOW_STEP 4096

int conn_fail(struct conn *c, int error)
{
	/* The worker puts /dev/null in the place of the socket when it is told to stop, so that no
	 * call can block any more; whatever error that gives is the stop's doing. */
	if (*c->stop) {
		c->end = "terminated";
	} else if (error == ECONNRESET || error == EPIPE) {
		c->end = "reset";
	} else {
		c->end = "error";
		c->error = error;
	}
	c->failed = true;
	return -1;
}

ssize_t conn_read(struct conn *c, void *buf, size_t n)
{
	int tries = 0;

	for (;;) {
		ssize_t got = recv(c->fd, buf, n, tries < READ_TRIES ? MSG_DONTWAIT : 0);

		if (got > 0) {
			c->bytes_in += (uint64_t)got;
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

int conn_wait(struct conn *c, short events)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	sigset_t all, before;
	int rc;

	/* A signal between the check and the wait would be lost: let it in only while waiting. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	do {
		rc = *c->stop ? -1 : ppoll(&p, 1, NULL, &before);
	} while (rc < 0 && errno == EINTR && !*c->stop);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc < 0)
		return conn_fail(c, errno);
	return p.revents;
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
