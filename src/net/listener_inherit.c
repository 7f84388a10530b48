/* listener_inherit.c: sockets that systemd (or whoever speaks its protocol) hands over at the start, and
 * those of the program that this one takes over from.
 * They are kept here until a service takes them. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener_internal.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */

struct handed {
	int fd; /* -1: of no use */
	bool taken;
	struct addr addr;
	char *name; /* NULL: none */
	bool lent; /* by the program before; the service's name, and its own address alone fits it */
	bool stored; /* ours, from the descriptor store; likewise */
	bool any_port;
	struct listener_tune tune;
	dev_t dev;
	ino_t ino;
};

static struct handed *handed;
static size_t n_handed;

/* A number of the environment, or 0 if it is none. */
static long env_number(const char *key)
{
	const char *text = getenv(key);
	char *end;
	long n;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end ? 0 : n;
}

/* How many descriptors are meant for this process. */
static size_t env_count(void)
{
	long n = env_number("LISTEN_PID") == getpid() ? env_number("LISTEN_FDS") : 0;
	struct rlimit max;

	if (getrlimit(RLIMIT_NOFILE, &max) == 0 && (rlim_t)n > max.rlim_cur) {
		log_msg(LOG_WARNING, "LISTEN_FDS=%ld is more than a process can have: ignored", n);
		return 0;
	}
	return (size_t)n;
}

static bool option_is(int fd, int option, int wanted)
{
	int value = 0;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 && value == wanted;
}

static struct listener listener_of(const struct handed *h)
{
	return (struct listener){.fd = h->fd,
		.addr = h->addr,
		.bound = h->addr,
		.tune = h->tune,
		.inherited = !h->stored,
		.lent = h->lent,
		.stored = h->stored,
		.dev = h->dev,
		.ino = h->ino};
}

static void stored_drop(const struct handed *h)
{
	struct listener l = listener_of(h);

	if (h->any_port && l.addr.sa.sa_family != AF_UNIX)
		l.addr.in.sin_port = 0; /* as it was asked for, and as it is named */
	listener_unstore(&l, h->name ? h->name : "");
}

/* Look at one descriptor. Returns NULL if a service can use it, else why not. */
static const char *inspect(struct handed *h)
{
	int flags = fcntl(h->fd, F_GETFD);

	if (flags < 0)
		return "no such descriptor";
	if (fcntl(h->fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return strerror(errno);
	if (listener_name(h->fd, &h->addr) < 0)
		return "not a socket";
	if (!option_is(h->fd, SO_TYPE, SOCK_STREAM))
		return "not a stream socket";
	if (!option_is(h->fd, SO_ACCEPTCONN, 1))
		return "not listening (a socket unit needs Accept=no)";
	return NULL;
}

static bool file_is(const struct handed *h)
{
	struct stat st;

	return lstat(h->addr.un.sun_path, &st) == 0 && st.st_dev == h->dev && st.st_ino == h->ino;
}

/* One that an earlier master had stored. Returns NULL, or why it cannot be used. */
static const char *stored_inspect(struct handed *h)
{
	char service[256];

	h->stored = h->name && listener_is_stored(h->name, service, &h->dev, &h->ino);
	if (!h->stored)
		return NULL;
	h->any_port = service[0] != '\0';
	free(h->name);
	h->name = strdup(service);
	if (h->addr.sa.sa_family != AF_UNIX || file_is(h))
		return NULL;
	stored_drop(h);
	return "its path is no longer there";
}

int listener_inherit(void)
{
	const char *names = getenv("LISTEN_FDNAMES"); /* one for each, which may be empty */
	int behind = FIRST_FD;

	n_handed = env_count();
	handed = calloc(n_handed + 1, sizeof(*handed));
	if (!handed)
		fatal(EXIT_FAILURE, "inherited sockets: %s", strerror(errno));
	for (size_t i = 0; i < n_handed; i++) {
		struct handed *h = &handed[i];
		size_t len = names ? strcspn(names, ":") : 0;
		const char *why;

		if (len)
			h->name = strndup(names, len);
		if (names)
			names += len + (names[len] == ':');
		h->fd = FIRST_FD + (int)i;
		why = inspect(h);
		if (!why)
			why = stored_inspect(h);
		if (!why) {
			behind = h->fd + 1;
			continue;
		}
		log_msg(LOG_WARNING, "inherited descriptor %d (name %s) is not used: %s", h->fd,
			h->name ? h->name : "none", why);
		fd_close(&h->fd);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return behind;
}

/* An inherited 0.0.0.0 serves a "*" too: it is what "*" becomes where there is no IPv6. */
static bool stands_in(const struct handed *h, const struct addr *a)
{
	return a->dual && h->addr.sa.sa_family == AF_INET &&
	       h->addr.in.sin_addr.s_addr == htonl(INADDR_ANY) &&
	       h->addr.in.sin_port == a->in6.sin6_port;
}

/* Port 0 was asked for: any port of this service. */
static bool port_fits(const struct handed *h, const struct addr *a, const char *service)
{
	struct addr asked = *a;

	if (!h->any_port || !service || !h->name || strcmp(h->name, service) != 0)
		return false;
	asked.in.sin_port = h->addr.in.sin_port; /* where IPv6 has it, too */
	return addr_equal(&asked, &h->addr) || stands_in(h, &asked);
}

static struct handed *find(const struct addr *a, const char *service)
{
	bool any_port = a->sa.sa_family != AF_UNIX && addr_port(a) == 0;
	struct handed *second = NULL, *third = NULL;

	for (size_t i = 0; i < n_handed; i++) {
		struct handed *h = &handed[i];

		if (h->fd < 0 || h->taken)
			continue;
		if (!any_port && addr_equal(&h->addr, a))
			return h;
		if (!any_port && !second && stands_in(h, a))
			second = h;
		if ((h->lent || h->stored) && any_port && port_fits(h, a, service))
			return h;
		if (!third && !h->lent && !h->stored && service && h->name &&
			strcmp(h->name, service) == 0)
			third = h;
	}
	return second ? second : third;
}

int listener_take(struct listener *out, const struct addr *a, const char *service)
{
	struct handed *h = find(a, service);

	if (!h)
		return -1;
	*out = listener_of(h);
	out->addr = *a;
	out->inherited |= h->lent;
	h->taken = true;
	if (h->stored && !h->lent) {
		h->fd = -1; /* it is nobody else's */
		listener_tune_unknown(out);
	}
	/* One that is lent is in use: it stays as it is until the new workers need it otherwise. */
	if (!h->lent && listener_nonblock(out, false) < 0)
		log_msg(LOG_WARNING, "inherited socket: cannot make it blocking: %s",
			strerror(errno));
	return 0;
}

bool listener_give_back(const struct listener *l)
{
	for (size_t i = 0; i < n_handed; i++) {
		if (handed[i].fd == l->fd) {
			handed[i].taken = false;
			return true;
		}
	}
	return false;
}

void listener_warn_untaken(void)
{
	for (size_t i = 0; i < n_handed; i++) {
		const struct handed *h = &handed[i];
		char address[ADDR_TEXT_MAX];

		if (h->fd < 0 || h->taken || h->lent || h->stored)
			continue;
		addr_format(&h->addr, address);
		log_msg(LOG_WARNING, "inherited socket %s (name %s) belongs to no service", address,
			h->name ? h->name : "none");
	}
}

/* Words without blanks, the name last: "listen LENT|STORED ANY_PORT DEV INO T,U,N,E,... NAME". */
void listener_describe(const struct listener *l, const char *service, struct buf *out)
{
	const struct listener_tune *t = &l->tune;
	bool any_port = l->addr.sa.sa_family != AF_UNIX && addr_port(&l->addr) == 0;

	buf_printf(out, "listen %d %d %ju %ju %d,%d,%d,%d,%d,%d,%d %s\n", !l->inherited + l->stored,
		any_port, (uintmax_t)l->dev, (uintmax_t)l->ino, t->nodelay, t->keepalive_s,
		t->defer_accept_s, t->fastopen, t->user_timeout_s, t->receive_buffer,
		t->send_buffer, service);
}

bool listener_untaken(size_t *from, struct listener *l, const char **name)
{
	for (; *from < n_handed; (*from)++) {
		const struct handed *h = &handed[*from];

		if (h->fd < 0 || h->taken || h->lent || h->stored)
			continue;
		*l = listener_of(h);
		*name = h->name ? h->name : "";
		(*from)++;
		return true;
	}
	return false;
}

const char *listener_lend(int fd, const char *line)
{
	struct handed h = {.fd = fd}, *more = reallocarray(handed, n_handed + 1, sizeof(*more));
	struct listener_tune *t = &h.tune;
	uintmax_t dev, ino;
	int lent, any_port, at = 0;
	const char *why;

	if (!more)
		return "out of memory";
	handed = more;
	if (sscanf(line, "listen %d %d %ju %ju %d,%d,%d,%d,%d,%d,%d %n", &lent, &any_port, &dev,
		    &ino, &t->nodelay, &t->keepalive_s, &t->defer_accept_s, &t->fastopen,
		    &t->user_timeout_s, &t->receive_buffer, &t->send_buffer, &at) < 11 ||
		!at)
		return "not understood";
	why = inspect(&h);
	if (why)
		return why;
	h.lent = lent;
	h.stored = lent == 2;
	h.any_port = any_port;
	h.dev = (dev_t)dev;
	h.ino = (ino_t)ino;
	h.name = line[at] ? strdup(line + at) : NULL;
	handed[n_handed++] = h;
	return NULL;
}

void listener_own(struct listener *l)
{
	for (size_t i = 0; l->lent && i < n_handed; i++) {
		if (handed[i].fd == l->fd)
			handed[i].fd = -1;
	}
	l->inherited &= !l->lent;
	l->lent = false;
}

void listener_own_untaken(void)
{
	for (size_t i = 0; i < n_handed; i++) {
		struct listener l = listener_of(&handed[i]);

		if (l.fd < 0 || handed[i].taken || !l.lent)
			continue;
		if (l.stored)
			stored_drop(&handed[i]);
		l.stored = false;
		listener_own(&l);
		listener_close(&l);
	}
}

void listener_unstore_untaken(void)
{
	for (size_t i = 0; i < n_handed; i++) {
		struct listener l = listener_of(&handed[i]);
		char address[ADDR_TEXT_MAX];

		if (l.fd < 0 || handed[i].taken || l.lent || !l.stored)
			continue;
		addr_format(&l.addr, address);
		log_msg(LOG_NOTICE, "stored socket %s belongs to no service: closed", address);
		stored_drop(&handed[i]);
		l.stored = false;
		handed[i].fd = -1;
		listener_close(&l);
	}
}

int listener_from(struct listener *out, int fd)
{
	struct stat st;

	*out = (struct listener){.fd = fd};
	if (listener_name(fd, &out->bound) < 0)
		return -1;
	out->addr = out->bound;
	if (out->addr.sa.sa_family == AF_UNIX && lstat(out->addr.un.sun_path, &st) == 0) {
		out->dev = st.st_dev;
		out->ino = st.st_ino;
	}
	return 0;
}
