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

/* Those that are lent by the program before, or stored by us, have the name of their service, and their
 * own address alone fits them. */
struct handed {
	struct listener l; /* fd -1: of no use */
	char *name;        /* NULL: none */
	bool taken;
	bool any_port; /* port 0 was asked for */
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

static void stored_drop(const struct handed *h)
{
	struct listener l = h->l;

	if (h->any_port && l.addr.sa.sa_family != AF_UNIX)
		l.addr.in.sin_port = 0; /* as it was asked for, and as it is named */
	listener_unstore(&l, h->name ? h->name : "");
}

/* Look at one descriptor. Returns NULL if a service can use it, else why not. */
static const char *inspect(struct listener *l)
{
	int flags = fcntl(l->fd, F_GETFD);

	if (flags < 0)
		return "no such descriptor";
	if (fcntl(l->fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return strerror(errno);
	if (listener_name(l->fd, &l->bound) < 0)
		return "not a socket";
	if (!option_is(l->fd, SO_TYPE, SOCK_STREAM))
		return "not a stream socket";
	if (!option_is(l->fd, SO_ACCEPTCONN, 1))
		return "not listening (a socket unit needs Accept=no)";
	l->addr = l->bound;
	l->inherited = true;
	return NULL;
}

static bool file_is(const struct listener *l)
{
	struct stat st;

	return lstat(l->addr.un.sun_path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

/* One that an earlier master had stored. Returns NULL, or why it cannot be used. */
static const char *stored_inspect(struct handed *h)
{
	char service[256];

	h->l.stored = h->name && listener_is_stored(h->name, service, &h->l.dev, &h->l.ino);
	if (!h->l.stored)
		return NULL;
	h->l.inherited = false;
	h->any_port = service[0] != '\0';
	free(h->name);
	h->name = strdup(service);
	if (h->l.addr.sa.sa_family != AF_UNIX || file_is(&h->l))
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
		h->l.fd = FIRST_FD + (int)i;
		why = inspect(&h->l);
		if (!why)
			why = stored_inspect(h);
		if (!why) {
			behind = h->l.fd + 1;
			continue;
		}
		log_msg(LOG_WARNING, "inherited descriptor %d (name %s) is not used: %s", h->l.fd,
			h->name ? h->name : "none", why);
		fd_close(&h->l.fd);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return behind;
}

/* An inherited 0.0.0.0 serves a "*" too: it is what "*" becomes where there is no IPv6. */
static bool stands_in(const struct handed *h, const struct addr *a)
{
	return a->dual && h->l.addr.sa.sa_family == AF_INET &&
	       h->l.addr.in.sin_addr.s_addr == htonl(INADDR_ANY) &&
	       h->l.addr.in.sin_port == a->in6.sin6_port;
}

/* Port 0 was asked for: any port of this service. */
static bool port_fits(const struct handed *h, const struct addr *a, const char *service)
{
	struct addr asked = *a;

	if (!h->any_port || !service || !h->name || strcmp(h->name, service) != 0)
		return false;
	asked.in.sin_port = h->l.addr.in.sin_port; /* where IPv6 has it, too */
	return addr_equal(&asked, &h->l.addr) || stands_in(h, &asked);
}

static struct handed *find(const struct addr *a, const char *service)
{
	bool any_port = a->sa.sa_family != AF_UNIX && addr_port(a) == 0;
	struct handed *second = NULL, *third = NULL;

	for (size_t i = 0; i < n_handed; i++) {
		struct handed *h = &handed[i];

		if (h->l.fd < 0 || h->taken)
			continue;
		if (!any_port && addr_equal(&h->l.addr, a))
			return h;
		if (!any_port && !second && stands_in(h, a))
			second = h;
		if ((h->l.lent || h->l.stored) && any_port && port_fits(h, a, service))
			return h;
		if (!third && !h->l.lent && !h->l.stored && service && h->name &&
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
	*out = h->l;
	out->addr = *a;
	out->inherited |= h->l.lent;
	h->taken = true;
	if (h->l.stored && !h->l.lent) {
		h->l.fd = -1; /* it is nobody else's */
		listener_tune_unknown(out);
	}
	/* One that is lent is in use: it stays as it is until the new workers need it otherwise. */
	if (!h->l.lent && listener_nonblock(out, false) < 0)
		log_msg(LOG_WARNING, "inherited socket: cannot make it blocking: %s",
			strerror(errno));
	return 0;
}

bool listener_give_back(const struct listener *l)
{
	for (size_t i = 0; i < n_handed; i++) {
		if (handed[i].l.fd == l->fd) {
			handed[i].taken = false;
			return true;
		}
	}
	return false;
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

		if (h->l.fd < 0 || h->taken || h->l.lent || h->l.stored)
			continue;
		*l = h->l;
		*name = h->name ? h->name : "";
		(*from)++;
		return true;
	}
	return false;
}

void listener_warn_untaken(void)
{
	char address[ADDR_TEXT_MAX];
	struct listener l;
	const char *name;

	for (size_t at = 0; listener_untaken(&at, &l, &name);) {
		addr_format(&l.addr, address);
		log_msg(LOG_WARNING, "inherited socket %s (name %s) belongs to no service", address,
			*name ? name : "none");
	}
}

const char *listener_lend(int fd, const char *line)
{
	struct handed h = {.l.fd = fd}, *more = reallocarray(handed, n_handed + 1, sizeof(*more));
	struct listener_tune *t = &h.l.tune;
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
	why = inspect(&h.l);
	if (why)
		return why;
	h.l.lent = lent;
	h.l.stored = lent == 2;
	h.l.inherited = !h.l.stored;
	h.l.dev = (dev_t)dev;
	h.l.ino = (ino_t)ino;
	h.any_port = any_port;
	h.name = line[at] ? strdup(line + at) : NULL;
	handed[n_handed++] = h;
	return NULL;
}

void listener_own(struct listener *l)
{
	for (size_t i = 0; l->lent && i < n_handed; i++) {
		if (handed[i].l.fd == l->fd)
			handed[i].l.fd = -1;
	}
	l->inherited &= !l->lent;
	l->lent = false;
}

void listener_own_untaken(void)
{
	for (size_t i = 0; i < n_handed; i++) {
		struct listener l = handed[i].l;

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
		struct listener l = handed[i].l;
		char address[ADDR_TEXT_MAX];

		if (l.fd < 0 || handed[i].taken || l.lent || !l.stored)
			continue;
		addr_format(&l.addr, address);
		log_msg(LOG_NOTICE, "stored socket %s belongs to no service: closed", address);
		stored_drop(&handed[i]);
		l.stored = false;
		handed[i].l.fd = -1;
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
