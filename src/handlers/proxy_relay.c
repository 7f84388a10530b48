/* proxy_relay.c: two flows, one each way, each with one buffer: a flow reads only when all that it has
 * read is sent, so that a slow reader slows the other side down and costs no memory.
 *
 * No call here waits but poll(): sockets are read and written with MSG_DONTWAIT.
 */
#include "handlers/proxy_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "handlers/handler.h"

#define BUFFER     (64 * 1024)
#define READ_TRIES 4 /* reads in hope before a poll() that may sleep: measured */
#define DRAIN_MS   5 /* between looks at a queue that empties */

/* A flow goes through a pipe after BULK_AFTER reads in a row of BULK_LARGE bytes or more (few fill the
 * buffer, even on loopback), until BULK_UNTIL in a row have brought less than BULK_SMALL. Measured. */
#define BULK_LARGE (BUFFER / 2)
#define BULK_AFTER 4
#define BULK_SMALL (BUFFER / 4)
#define BULK_UNTIL 8
#define PIPE_SIZE  (256 * 1024)

enum { CLIENT, UPSTREAM };

/* The bytes from one side to the other. */
struct flow {
	size_t start, end; /* what waits in the buffer */
	size_t piped;      /* what waits in the pipe */
	int pipe[2];       /* -1: none yet */
	unsigned sends;    /* so far */
	unsigned row; /* reads in a row that speak for the other way: through the pipe or not */
	bool bulk;    /* reads go through the pipe */
	bool ready;   /* worth a step */
	bool eof;     /* the sender's FIN has come */
	bool broken;  /* the receiver is gone: what comes is thrown away */
	bool done;    /* FIN passed on, or broken */
};

static unsigned char buffer[2][BUFFER]; /* static: a page is touched only when data reaches it */

static struct conn *conn;
static int fd[2];
static int last;     /* side that has sent something last */
static int tries;    /* since then */
static int error[2]; /* errno by which a side went away without a FIN */
static struct flow flow[2];
static uint64_t deadline_ms; /* of the first byte; 0: none */

static size_t waiting(const struct flow *f)
{
	return f->end - f->start + f->piped;
}

static bool is_again(int e)
{
	return e == EAGAIN || e == EWOULDBLOCK || e == EINTR;
}

/* Open the pipe of a flow, for this connection alone: pipes are few (pipe(7), pipe-user-pages-soft), and
 * one that is left over may hold bytes. Returns false if there is none: the buffer does as well. */
static bool pipe_open(struct flow *f)
{
	int flags = fcntl(fd[CLIENT], F_GETFL);

	if (f->pipe[0] >= 0)
		return true;
	/* splice(2) waits for a socket that is not O_NONBLOCK, whatever its flags say. */
	if (flags < 0 || fcntl(fd[CLIENT], F_SETFL, flags | O_NONBLOCK) < 0)
		return false;
	if (pipe2(f->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	return fcntl(f->pipe[1], F_SETPIPE_SZ, PIPE_SIZE) >= BUFFER ||
	       fcntl(f->pipe[1], F_GETPIPE_SZ) >= BUFFER;
}

static void pipe_close(struct flow *f)
{
	fd_close(&f->pipe[0]);
	fd_close(&f->pipe[1]);
	f->bulk = false;
	f->piped = 0;
}

/* Bulk goes through a pipe, where the kernel hands pages over; small messages cost less copied. */
static void way_choose(struct flow *f, size_t n)
{
	if (f->broken || f->bulk != (n < (f->bulk ? BULK_SMALL : BULK_LARGE))) {
		f->row = 0;
	} else if (++f->row >= (f->bulk ? BULK_UNTIL : BULK_AFTER)) {
		f->row = 0;
		f->bulk = !f->bulk && pipe_open(f);
	}
}

/* Read what is there. Returns 0, or -1 if the side has failed. */
static int flow_read(int i)
{
	struct flow *f = &flow[i];
	size_t room = BUFFER - f->end;
	bool piped = f->bulk;
	ssize_t n = piped ? splice(fd[i], NULL, f->pipe[1], NULL, PIPE_SIZE, SPLICE_F_NONBLOCK)
			  : recv(fd[i], buffer[i] + f->end, room, MSG_DONTWAIT);
	int e = errno;

	f->ready = false;
	/* What stands in the place of a stopped connection reads like an end of file. */
	if (*conn->stop)
		return conn_fail(conn, 0);
	if (n < 0 && is_again(e))
		return 0;
	if (n < 0) {
		error[i] = e;
		return -1;
	}
	f->eof = n == 0;
	f->ready = (size_t)n >= room; /* or else that was all */
	way_choose(f, (size_t)n);
	last = i;
	tries = 0;
	if (i == CLIENT)
		conn->bytes_in += (size_t)n;
	if (piped)
		f->piped = (size_t)n;
	else if (!f->broken)
		f->end += (size_t)n;
	return 0;
}

/* The receiver takes no more. What it has said before is still to be read by the other flow. EPIPE is
 * the error of one that had sent its FIN; any other means that its last words may be missing. */
static void flow_break(int i, int e)
{
	struct flow *f = &flow[i];

	if (e != EPIPE && !flow[!i].eof)
		error[!i] = e;
	pipe_close(f);
	f->start = f->end = 0;
	f->broken = f->done = true;
	f->ready = flow[!i].ready = true;
}

/* Send what waits. Returns 0, or -1 with conn->end set. */
static int flow_write(int i)
{
	static const int on = 1;
	struct flow *f = &flow[i];
	int to = fd[!i];

	while (waiting(f)) {
		ssize_t n;
		int e;

		/* Segments are passed on as they come. The first needs no option for that. */
		if (f->sends++ == 1)
			(void)setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (f->end > f->start)
			n = send(to, buffer[i] + f->start, f->end - f->start,
				MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = splice(f->pipe[0], NULL, to, NULL, f->piped, SPLICE_F_NONBLOCK);
		e = errno;
		if (*conn->stop)
			return conn_fail(conn, 0);
		if (n < 0) {
			f->ready = false;
			if (!is_again(e))
				flow_break(i, e);
			return 0;
		}
		if (f->end > f->start)
			f->start += (size_t)n;
		else
			f->piped -= (size_t)n;
		if (i == UPSTREAM)
			conn->bytes_out += (size_t)n;
	}
	f->start = f->end = 0;
	return 0;
}

/* Pass on what waits, and the FIN behind it. Returns 0, or -1. */
static int flow_pass(int i)
{
	struct flow *f = &flow[i];

	if (flow_write(i) < 0)
		return -1;
	if (!f->eof || waiting(f))
		return 0;
	f->ready = false;
	if (!f->done && !flow[!i].done) /* else close() sends it */
		(void)shutdown(fd[!i], SHUT_WR);
	f->done = true;
	return 0;
}

/* Move what can be moved, at most one buffer, so that the other flow has its turn. Returns 0, or -1. */
static int flow_step(int i)
{
	struct flow *f = &flow[i];

	if (!waiting(f) && !f->eof && flow_read(i) < 0)
		return -1;
	return flow_pass(i);
}

/* ms until a time-out; -1: none; 0: it is over. */
static int patience(void)
{
	uint64_t now;

	if (!deadline_ms || conn->bytes_in)
		return conn_patience(conn);
	now = mono_ms();
	return now < deadline_ms ? (int)(deadline_ms - now) : 0;
}

/* What poll() should tell of a side. */
static struct pollfd side_events(int i)
{
	struct pollfd p = {.fd = fd[i]};

	if (!flow[i].eof && !waiting(&flow[i]))
		p.events |= POLLIN;
	if (waiting(&flow[!i]))
		p.events |= POLLOUT;
	/* Nothing to do with it for now. If it has failed, that would wake us again and again. One that
	 * has sent its FIN and may still get something is watched, to learn that it is gone. */
	if (!p.events && (!flow[i].eof || flow[!i].done))
		p.fd = -1;
	return p;
}

/* Sleep until a flow can go on. Returns 0, or -1 with conn->end set. */
static int flows_wait(void)
{
	struct pollfd p[2] = {side_events(CLIENT), side_events(UPSTREAM)};
	int ms = patience(), rc;

	if (ms == 0) {
		rc = 0;
	} else if (p[CLIENT].fd >= 0 && p[CLIENT].events) {
		/* A stop puts something in its place that is always ready: no need to mask signals. */
		rc = poll(p, 2, ms);
		if (*conn->stop || (rc < 0 && errno != EINTR))
			return conn_fail(conn, errno);
	} else {
		rc = conn_poll(conn, p, 2, ms);
		if (rc < 0)
			return -1;
	}
	if (rc == 0)
		return conn_fail(conn, EAGAIN);
	for (int i = 0; i < 2 && rc > 0; i++) {
		if (p[i].revents && p[i].events & POLLIN)
			flow[i].ready = true;
		if (p[i].revents && p[i].events & POLLOUT)
			flow[!i].ready = true;
		if (p[i].revents && !p[i].events)
			flow_break(!i, EPIPE);
	}
	return 0;
}

/* Look again after others have had the processor: the answer is often on its way. What was passed on in
 * bulk is not answered yet. Returns false if there is nothing to hope for. */
static bool flow_try(void)
{
	struct flow *f = &flow[flow[last].bulk ? last : !last];

	if (f->eof || waiting(f))
		return false;
	sched_yield();
	f->ready = true;
	return true;
}

/* Returns 0 when all is said, or -1: a side has failed, or conn->end is set. */
static int relay_loop(void)
{
	for (;;) {
		for (int i = 0; i < 2; i++) {
			if (flow[i].ready && flow_step(i) < 0)
				return -1;
		}
		if (flow[CLIENT].done && flow[UPSTREAM].done)
			return 0;
		if (flow[CLIENT].ready || flow[UPSTREAM].ready)
			continue;
		if ((tries++ >= READ_TRIES || !flow_try()) && flows_wait() < 0)
			return -1;
	}
}

/* Have close() send a reset, but not before the peer has what was sent: a reset destroys that. */
static void side_reset(int i)
{
	static const struct linger now = {.l_onoff = 1};
	uint64_t until = mono_ms() + LINGER_MS;
	int left;

	while (!*conn->stop && ioctl(fd[i], SIOCOUTQ, &left) == 0 && left > 0 && mono_ms() < until)
		(void)poll(NULL, 0, DRAIN_MS);
	(void)setsockopt(fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void relay_end(void)
{
	if (error[UPSTREAM] && !conn->end) {
		bool reset = error[UPSTREAM] == ECONNRESET || error[UPSTREAM] == EPIPE;

		conn->end = reset ? "upstream-reset" : "upstream-error";
		conn->error = reset ? 0 : error[UPSTREAM];
		side_reset(CLIENT);
	} else if (error[CLIENT] || conn->end) {
		if (!conn->end)
			conn_fail(conn, error[CLIENT]);
		side_reset(UPSTREAM);
	} else {
		conn->end = "eof";
		conn->eof = flow[CLIENT].eof;
		/* The client may still be sending to an upstream that is gone: let it have the answer. */
		if (!conn->eof)
			conn_finish(conn, LINGER_MS);
	}
}

void relay_run(struct conn *c, int upstream, const void *head, size_t n, uint64_t start_ms)
{
	conn = c;
	fd[CLIENT] = c->fd;
	fd[UPSTREAM] = upstream;
	tries = 0;
	last = UPSTREAM; /* as if: a client's first bytes are on their way */
	deadline_ms = c->first_byte_ms ? start_ms + c->first_byte_ms : 0;
	memset(error, 0, sizeof(error));
	memset(flow, 0, sizeof(flow));
	for (int i = 0; i < 2; i++)
		flow[i].pipe[0] = flow[i].pipe[1] = -1;
	memcpy(buffer[CLIENT], head, n);
	flow[CLIENT].end = n;
	if (flow_read(CLIENT) == 0 && flow_pass(CLIENT) == 0)
		(void)relay_loop();
	pipe_close(&flow[CLIENT]);
	pipe_close(&flow[UPSTREAM]);
	relay_end();
}
