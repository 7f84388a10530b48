/* conn.h: one accepted connection, as a handler sees it: reads and writes that count bytes, remember
 * how it ended, and stop when the worker is told to. */
#ifndef SOCKD_NET_CONN_H
#define SOCKD_NET_CONN_H

#include <poll.h>
#include <signal.h>

#include "net/addr.h"

/* Why *stop is not 0. */
#define CONN_TERMINATED 1 /* the worker was told to end its connection */
#define CONN_TIMED_OUT  2 /* session-timeout */

struct conn {
	int fd;            /* blocking; owned by the worker, which closes it */
	struct addr peer;  /* of the client; a PROXY header's replaces the socket's */
	struct addr local; /* what it connected to; asked for by conn_local() */
	uint64_t id;       /* unique among the connections of all workers of all services */
	size_t ahead;      /* bytes of a PROXY header, which came before all that counts */
	uint64_t bytes_in;
	uint64_t bytes_out;
	const char *end; /* how it ended, static: "eof", "done", "reset", ...; NULL = not yet */
	int error;       /* errno that goes with end = "error" */
	int program;  /* how that of exec ended: 1 + exit status, or - signal; 0: there is none */
	bool eof;     /* the peer has sent its FIN */
	bool failed;  /* conn_fail() was called */
	bool notable; /* worth a line even if no byte was moved */
	bool patient; /* conn_read() sleeps at once: the peer will take its time */
	unsigned first_byte_ms; /* time-outs; 0: none. The session's comes through *stop */
	unsigned idle_ms;
	const volatile sig_atomic_t *stop; /* not 0: leave at once */
	const volatile sig_atomic_t *part; /* not 0: leave when what is in hand is finished */
};

/* Read what is there, at most n bytes, waiting for the first.
 * Returns the number of bytes, 0 at end of file, or -1 with c->end set (reset, terminated, a time-out,
 * error).
 * Before it sleeps it tries a few times without waiting, because the request is often on its way. In a
 * longer talk that costs more than it brings: set c->patient. */
ssize_t conn_read(struct conn *c, void *buf, size_t n);

/* Write all of n bytes. Returns 0, or -1 with c->end set. No SIGPIPE. */
int conn_write(struct conn *c, const void *data, size_t n);

/* Set c->end (and c->error) from an errno of a socket call; EAGAIN is a time-out of a blocking call.
 * Always returns -1. */
int conn_fail(struct conn *c, int error);

/* Have blocking reads and writes of c->fd end with EAGAIN after the first-byte or the idle time-out;
 * conn_read() changes from the one to the other. Without time-outs it does nothing.
 * Source: socket(7), SO_RCVTIMEO */
void conn_timeouts(struct conn *c);

/* How long a poll may wait for the peer's next byte, in ms; -1: for ever. */
int conn_patience(const struct conn *c);

/* The address that the peer connected to. Returns &c->local; of length 0 if it is not known. */
const struct addr *conn_local(struct conn *c);

/* Sleep until the socket is ready for one of events (POLLIN, POLLOUT of poll(2)) or has failed. For
 * handlers that use MSG_DONTWAIT themselves: a stop cannot slip in before the sleep.
 * Returns what is ready, or -1 with c->end set, also by a time-out. */
int conn_wait(struct conn *c, short events);

/* The same for several descriptors. p, n  as of ppoll(2)
 * timeout_ms  -1: none
 * Returns what ppoll() does, 0 after the time, or -1 with c->end set. */
int conn_poll(struct conn *c, struct pollfd *p, size_t n, int timeout_ms);

/* End a connection on which the handler has said all it wanted: send FIN, then swallow what the peer
 * had on its way, for at most wait_ms and a bounded number of bytes, so that close() does not turn
 * into a reset that destroys the answer. Sets c->end to "done" unless the handler has set it. Does
 * nothing after conn_fail(). */
void conn_finish(struct conn *c, unsigned wait_ms);

#endif
