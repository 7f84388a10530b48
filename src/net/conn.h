/* conn.h: one accepted connection, as a handler sees it: reads and writes that count bytes, remember
 * how it ended, and stop when the worker is told to. */
#ifndef SOCKD_NET_CONN_H
#define SOCKD_NET_CONN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/addr.h"

struct conn {
	int fd; /* blocking; owned by the worker, which closes it */
	struct addr peer;
	uint64_t bytes_in;
	uint64_t bytes_out;
	const char *end; /* how it ended, static: "eof", "done", "reset", ...; NULL = not yet */
	int error;       /* errno that goes with end = "error" */
	bool eof;        /* the peer has sent its FIN */
	bool failed;     /* conn_fail() was called */
	const volatile sig_atomic_t *stop; /* not 0: leave at once */
};

/* Read what is there, at most n bytes, waiting for the first.
 * Returns the number of bytes, 0 at end of file, or -1 with c->end set (reset, terminated, error).
 * Before it sleeps it tries a few times without waiting, because the request is often on its way. */
ssize_t conn_read(struct conn *c, void *buf, size_t n);

/* Write all of n bytes. Returns 0, or -1 with c->end set. No SIGPIPE. */
int conn_write(struct conn *c, const void *data, size_t n);

/* Set c->end (and c->error) from an errno of a socket call. Always returns -1. */
int conn_fail(struct conn *c, int error);

/* Sleep until the socket is ready for one of events (POLLIN, POLLOUT of poll(2)) or has failed. For
 * handlers that use MSG_DONTWAIT themselves: a stop cannot slip in before the sleep.
 * Returns what is ready, or -1 with c->end set. */
int conn_wait(struct conn *c, short events);

/* End a connection on which the handler has said all it wanted: send FIN, then swallow what the peer
 * had on its way, for at most wait_ms and a bounded number of bytes, so that close() does not turn
 * into a reset that destroys the answer. Sets c->end to "done" unless the handler has set it. Does
 * nothing after conn_fail(). */
void conn_finish(struct conn *c, unsigned wait_ms);

#endif
