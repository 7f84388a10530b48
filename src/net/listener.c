/* listener.c: listening sockets: TCP, and what all kinds have in common. Paths are the business of
 * listener_unix.c, sockets from systemd that of listener_inherit.c. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener_internal.h"

#define RETRY_PAUSE_MS 20

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* One try. Returns the descriptor, or -1 with errno. */
static int tcp_bind(const struct addr *a, const struct listener_options *o)
{
	bool v6 = a->sa.sa_family == AF_INET6;
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* IPV6_V6ONLY is said both ways: net.ipv6.bindv6only sets the default. */
	if (fd < 0 || set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
		(v6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !a->dual) < 0) ||
		(o->freebind && set_option(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
					v6 ? IPV6_FREEBIND : IP_FREEBIND, 1) < 0) ||
		bind(fd, &a->sa, a->len) < 0) {
		fd_close(&fd);
		return -1;
	}
	/* Before the first client comes. */
	listener_tune(&(struct listener){.fd = fd, .bound = *a}, &o->tune);
	if (listen(fd, o->backlog) < 0)
		fd_close(&fd);
	return fd;
}

static int open_once(struct listener *out, const struct addr *a, const struct listener_options *o,
	char *err, size_t size)
{
	const char *hint = "";

	if (a->sa.sa_family == AF_UNIX)
		return listener_unix_open(out, a, o, err, size);
	out->fd = tcp_bind(a, o);
	if (out->fd < 0 && a->dual && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		struct addr v4 = {.len = sizeof(v4.in)};

		v4.in.sin_family = AF_INET;
		v4.in.sin_port = a->in6.sin6_port;
		out->fd = tcp_bind(&v4, o);
	}
	if (out->fd >= 0)
		return 0;
	if (errno == EACCES)
		hint = " (low ports need root or CAP_NET_BIND_SERVICE)";
	else if (errno == EADDRNOTAVAIL)
		hint = " (no interface has it; freebind = true listens before one does)";
	snprintf(err, size, "%s%s", strerror(errno), hint);
	return -1;
}

long listener_sysctl(const char *path, long fallback)
{
	struct buf text = {0};
	long n;

	if (read_file(path, 64, &text) < 0)
		return fallback;
	n = strtol(text.data, NULL, 10);
	buf_free(&text);
	return n;
}

static void warn_backlog(const struct addr *a, int backlog)
{
	char name[ADDR_TEXT_MAX];
	long max = listener_sysctl("/proc/sys/net/core/somaxconn", 0);

	if (max <= 0 || backlog <= max)
		return;
	addr_format(a, name);
	log_msg(LOG_WARNING, "%s: backlog %d is cut to %ld by net.core.somaxconn", name, backlog,
		max);
}

int listener_name(int fd, struct addr *out)
{
	int only = 1;
	socklen_t n = sizeof(only);

	*out = (struct addr){.len = sizeof(out->un)};
	if (getsockname(fd, &out->sa, &out->len) < 0)
		return -1;
	if (out->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&out->in6.sin6_addr) &&
		getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &n) == 0)
		out->dual = !only;
	return 0;
}

int listener_open(struct listener *out, const struct addr *a, const struct listener_options *o,
	int retry_ms, char *err, size_t size)
{
	const struct timespec pause = {.tv_nsec = RETRY_PAUSE_MS * 1000000L};
	uint64_t deadline = mono_ms() + (uint64_t)(retry_ms > 0 ? retry_ms : 0);

	*out = (struct listener){.fd = -1, .addr = *a};
	while (open_once(out, a, o, err, size) < 0) {
		if (errno != EADDRINUSE || mono_ms() >= deadline)
			return -1;
		nanosleep(&pause, NULL);
	}
	if (listener_name(out->fd, &out->bound) < 0) {
		snprintf(err, size, "getsockname: %s", strerror(errno));
		listener_close(out);
		return -1;
	}
	if (a->sa.sa_family == AF_UNIX)
		listener_tune(out, &o->tune);
	out->tune = o->tune;
	warn_backlog(&out->bound, o->backlog);
	return 0;
}

int listener_adjust(struct listener *l, const struct listener_options *o)
{
	listener_tune(l, &o->tune);
	if (listen(l->fd, o->backlog) < 0)
		return -1;
	warn_backlog(&l->bound, o->backlog);
	if (l->addr.sa.sa_family != AF_UNIX || l->inherited)
		return 0;
	return listener_unix_adjust(l, o);
}

void listener_refuse(struct listener *l)
{
	if (l->fd < 0 || l->inherited || l->stored || l->refused)
		return;
	shutdown(l->fd, SHUT_RDWR);
	l->refused = true;
}

void listener_close(struct listener *l)
{
	if (l->fd < 0)
		return;
	if (l->inherited && listener_give_back(l)) {
		if (!l->lent)
			listener_tune(l, &(struct listener_tune){0});
		l->fd = -1;
		return;
	}
	if (l->addr.sa.sa_family == AF_UNIX && !l->inherited && !l->stored)
		listener_unix_unlink(l);
	fd_close(&l->fd);
}

int listener_nonblock(const struct listener *l, bool on)
{
	int flags = fcntl(l->fd, F_GETFL);
	int want = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;

	if (flags < 0)
		return -1;
	return want == flags ? 0 : fcntl(l->fd, F_SETFL, want);
}
