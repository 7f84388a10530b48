/* listener_internal.h: what the listener*.c files share. For them alone. */
#ifndef SOCKD_NET_LISTENER_INTERNAL_H
#define SOCKD_NET_LISTENER_INTERNAL_H

#include "net/listener.h"

/* What getsockname() says, with `dual` read back from the socket. Returns 0, or -1 with errno. */
int listener_name(int fd, struct addr *out);

/* Nobody knows what is in force: the next listener_tune() sets everything. */
void listener_tune_unknown(struct listener *l);

/* Read the name of a socket that was stored. service  receives "" unless it had asked for port 0.
 * Returns false if it is none. */
bool listener_is_stored(const char *name, char service[256], dev_t *dev, ino_t *ino);

/* A number of /proc/sys, or fallback. */
long listener_sysctl(const char *path, long fallback);

/* Bind and listen on a->un, replacing a stale socket of ours. Its path ends with a NUL.
 * out     receives fd, dev and ino
 * err     receives the reason of a failure
 * Returns 0, or -1 with errno; EADDRINUSE if somebody listens there, who may soon be gone. */
int listener_unix_open(struct listener *out, const struct addr *a, const struct listener_options *o,
	char *err, size_t size);

/* Give the socket file that l made its owner and mode.
 * Returns 0, or -1 with errno; ESTALE if another file stands there now. */
int listener_unix_adjust(const struct listener *l, const struct listener_options *o);

/* Unlink the socket file if it is still the one that l made. */
void listener_unix_unlink(const struct listener *l);

#endif
