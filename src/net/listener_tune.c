/* listener_tune.c: socket options. They are set on the listener: Linux hands them down to what is
 * accepted, so that a connection pays nothing for them. */
#include "net/listener.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/listener_internal.h"

/* In Linux since 5.14, in glibc's headers since 2.35. Source: socket(7) */
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#define LOCK_SEND    1
#define LOCK_RECEIVE 2

#define PROBES         5 /* without an answer: the peer is dead, after twice the idle time at most */
#define PROBE_PAUSE_S  75 /* the kernel's; between two probes at most */
#define FASTOPEN_SERVE 2  /* bit of net.ipv4.tcp_fastopen. Source: ip-sysctl.rst */

static int option_get(int fd, int level, int name)
{
	int value = 0;
	socklen_t n = sizeof(value);

	return getsockopt(fd, level, name, &value, &n) == 0 ? value : 0;
}

/* What a socket has that was just made. */
static int option_default(const struct listener *l, int level, int name)
{
	int fd = socket(l->bound.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int value = fd < 0 ? 0 : option_get(fd, level, name);

	fd_close(&fd);
	return value;
}

static void option_set(const struct listener *l, const char *key, int level, int name, int value)
{
	char text[ADDR_TEXT_MAX];

	if (setsockopt(l->fd, level, name, &value, sizeof(value)) == 0)
		return;
	addr_format(&l->bound, text);
	log_msg(LOG_ERR, "%s: %s: %m", text, key);
}

static void keepalive_set(const struct listener *l, int idle_s)
{
	static const int name[] = {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT};
	int pause = idle_s / PROBES > PROBE_PAUSE_S ? PROBE_PAUSE_S : idle_s / PROBES;
	int value[] = {idle_s, pause ? pause : 1, PROBES};

	option_set(l, "keepalive", SOL_SOCKET, SO_KEEPALIVE, idle_s > 0);
	for (size_t i = 0; i < ARRAY_SIZE(name); i++)
		option_set(l, "keepalive", IPPROTO_TCP, name[i],
			idle_s ? value[i] : option_default(l, IPPROTO_TCP, name[i]));
}

/* The kernel doubles what it is told. A size that was set stays as it is: to have it grow by itself
 * again, the lock must be taken off too. */
static void buffer_set(const struct listener *l, const char *key, int name, int bytes)
{
	bool receive = name == SO_RCVBUF;
	int locks, got;
	char text[ADDR_TEXT_MAX];

	option_set(
		l, key, SOL_SOCKET, name, bytes ? bytes : option_default(l, SOL_SOCKET, name) / 2);
	if (!bytes) {
		locks = option_get(l->fd, SOL_SOCKET, SO_BUF_LOCK);
		option_set(l, key, SOL_SOCKET, SO_BUF_LOCK,
			locks & ~(receive ? LOCK_RECEIVE : LOCK_SEND));
		return;
	}
	got = option_get(l->fd, SOL_SOCKET, name) / 2;
	if (got >= bytes)
		return;
	addr_format(&l->bound, text);
	log_msg(LOG_WARNING, "%s: %s %d is cut to %d by net.core.%s", text, key, bytes, got,
		receive ? "rmem_max" : "wmem_max");
}

static void fastopen_set(const struct listener *l, int queue)
{
	char text[ADDR_TEXT_MAX];

	option_set(l, "fastopen", IPPROTO_TCP, TCP_FASTOPEN, queue);
	if (!queue ||
		listener_sysctl("/proc/sys/net/ipv4/tcp_fastopen", FASTOPEN_SERVE) & FASTOPEN_SERVE)
		return;
	addr_format(&l->bound, text);
	log_msg(LOG_WARNING, "%s: fastopen does nothing unless net.ipv4.tcp_fastopen is 2 or 3",
		text);
}

/* Of a unix socket's options nothing would reach the accepted one. */
static void unix_ignore(const struct listener *l, const struct listener_tune *t)
{
	char text[ADDR_TEXT_MAX];

	if (!memcmp(t, &l->tune, sizeof(*t)))
		return;
	addr_format(&l->bound, text);
	log_msg(LOG_DEBUG, "%s: options of TCP are not for a unix socket", text);
}

void listener_tune_unknown(struct listener *l)
{
	l->tune = (struct listener_tune){-1, -1, -1, -1, -1, -1, -1};
}

void listener_tune(struct listener *l, const struct listener_tune *t)
{
	const struct listener_tune *was = &l->tune;

	if (l->bound.sa.sa_family == AF_UNIX) {
		unix_ignore(l, t);
		l->tune = *t;
		return;
	}
	if (t->nodelay != was->nodelay)
		option_set(l, "nodelay", IPPROTO_TCP, TCP_NODELAY, t->nodelay);
	if (t->keepalive_s != was->keepalive_s)
		keepalive_set(l, t->keepalive_s);
	if (t->defer_accept_s != was->defer_accept_s)
		option_set(l, "defer-accept", IPPROTO_TCP, TCP_DEFER_ACCEPT, t->defer_accept_s);
	if (t->fastopen != was->fastopen)
		fastopen_set(l, t->fastopen);
	if (t->user_timeout_s != was->user_timeout_s)
		option_set(
			l, "user-timeout", IPPROTO_TCP, TCP_USER_TIMEOUT, t->user_timeout_s * 1000);
	if (t->receive_buffer != was->receive_buffer)
		buffer_set(l, "receive-buffer", SO_RCVBUF, t->receive_buffer);
	if (t->send_buffer != was->send_buffer)
		buffer_set(l, "send-buffer", SO_SNDBUF, t->send_buffer);
	l->tune = *t;
}
