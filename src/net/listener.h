/* listener.h: listening sockets of the master: made once, kept until nobody needs them. */
#ifndef SOCKD_NET_LISTENER_H
#define SOCKD_NET_LISTENER_H

#include "net/addr.h"

/* Options that accepted sockets get from their listener; 0: as the kernel has it. None is for unix
 * sockets. Source: tcp(7), socket(7) */
struct listener_tune {
	int nodelay;
	int keepalive_s;    /* of idleness before the first probe */
	int defer_accept_s; /* for how long a client that says nothing is kept from the workers */
	int fastopen; /* clients at most that have sent data with their SYN and are not yet known */
	int user_timeout_s; /* how long sent data may stay unacknowledged */
	int receive_buffer; /* bytes, as given to SO_RCVBUF: the kernel doubles them */
	int send_buffer;
};

struct listener_options {
	int backlog;
	struct listener_tune tune;
	bool freebind;
	mode_t socket_mode; /* the next three: unix sockets only */
	uid_t socket_uid;   /* (uid_t)-1: leave it as it is */
	gid_t socket_gid;
};

struct listener {
	int fd;            /* CLOEXEC; owned */
	struct addr addr;  /* what was asked for: the identity of the listener over reloads */
	struct addr bound; /* what getsockname() says: the port, if 0 was asked for */
	struct listener_tune tune; /* what is in force */
	bool refused;              /* listener_refuse() was called */
	bool inherited;            /* came from systemd: never shut down, never unlinked */
	bool lent;   /* inherited from the program before, which may have to go on with it */
	bool stored; /* systemd keeps it for the next one: not shut down or unlinked, either */
	dev_t dev;   /* unix: the socket file we made, to unlink that one alone */
	ino_t ino;
};

/* Bind and listen.
 * a       borrowed
 * retry_ms  for how long to try again on EADDRINUSE, blocking; 0 = one try
 * out     receives the listener; close it with listener_close()
 * err     receives, on failure, the reason ("Address already in use"), without the address
 * Returns 0 or -1. A "*" address falls back to 0.0.0.0 where there is no IPv6. A unix path is
 * replaced only if it is a socket of our own user (or of socket_uid) on which nobody listens. Logs
 * a warning when backlog is above net.core.somaxconn.
 * Source: ip(7), ipv6(7), unix(7), listen(2) */
int listener_open(struct listener *out, const struct addr *a, const struct listener_options *o,
	int retry_ms, char *err, size_t size);

/* Apply options that may change while listening (all but freebind).
 * Returns 0, or -1 with errno. */
int listener_adjust(struct listener *l, const struct listener_options *o);

/* Apply those that differ from what is in force, for all connections to come. One that cannot be had
 * is told in the log, and does not matter otherwise. */
void listener_tune(struct listener *l, const struct listener_tune *t);

/* The first step of draining: let no new connection begin (as far as this process may forbid it), keep
 * the queue, and do not block. Does nothing to an inherited one. Returns 0, or -1 with errno. */
int listener_hold(const struct listener *l);

/* True if somebody, in any process, has put this socket on hold. */
bool listener_is_held(int fd);

/* Connections that wait in the queue of a listening descriptor; 0 for unix sockets. limit  NULL, or
 * receives how many may wait.
 * Source: tcp(7), TCP_INFO: tcpi_unacked of a listener is the length of its queue, tcpi_sacked its limit */
unsigned listener_queue(int fd, unsigned *limit);

/* Undo listener_hold() and listener_refuse(). Returns 0, or -1 with errno. */
int listener_unhold(struct listener *l, int backlog);

/* Listen again after a shutdown(), by whomever. Source: tcp_disconnect() by connect(2), AF_UNSPEC */
int listener_reopen(struct listener *l, int backlog);

/* Refuse new connections from now on, in every process that holds the socket. Does nothing to an
 * inherited one: those wait in the queue for the next owner. */
void listener_refuse(struct listener *l);

/* Close; unlink the file of a unix socket that we made. Sets fd to -1. */
void listener_close(struct listener *l);

/* Set or clear O_NONBLOCK on the shared socket. Returns 0, or -1 with errno. */
int listener_nonblock(const struct listener *l, bool on);

/* Sockets handed over by systemd: $LISTEN_FDS from descriptor 3, $LISTEN_FDNAMES. They are made
 * CLOEXEC, and the variables are taken out of the environment. Call it once, early, in the process
 * that was started (LISTEN_PID is compared with getpid()).
 * Returns the number behind the last usable one, 3 if there is none. Source: sd_listen_fds(3) */
int listener_inherit(void);

/* Take over an inherited socket for an address of a service: one that is bound to this address, else
 * one whose name is the service's and that nobody has taken. service NULL: by address alone.
 * Returns 0 with *out filled, or -1 if there is none. */
int listener_take(struct listener *out, const struct addr *a, const char *service);

/* A service gives up an inherited socket: it stays open, since its owner keeps it open as well, and can
 * be taken again. Returns false if it was not handed over. */
bool listener_give_back(const struct listener *l);

/* For the program that takes over from this one: a line about a listener of a service. */
void listener_describe(const struct listener *l, const char *service, struct buf *out);

/* The next socket that was handed over and that no service has taken; *from is put behind it.
 * name  receives its name, borrowed, "" for none. False: there is none. */
bool listener_untaken(size_t *from, struct listener *l, const char **name);

/* In that program: a descriptor and what listener_describe() said of it. It can be taken as one from
 * systemd, and is lent until listener_own(). Returns NULL, or why it is of no use. */
const char *listener_lend(int fd, const char *line);

/* The program before is done with it: it is ours, as if we had opened it. */
void listener_own(struct listener *l);

/* Close those lent ones that no service has taken. */
void listener_own_untaken(void);

/* Have systemd keep it beyond our end, if it does that; and no longer.
 * Returns 0, or -1 with errno: to be tried again. */
int listener_store(struct listener *l, const char *service);
void listener_unstore(struct listener *l, const char *service);

/* Give up those that were kept and that no service has taken. */
void listener_unstore_untaken(void);

/* Make a listener of an open socket. Returns 0, or -1 with errno. */
int listener_from(struct listener *out, int fd);

/* Warn of each socket that nobody has taken. */
void listener_warn_untaken(void);

#endif
