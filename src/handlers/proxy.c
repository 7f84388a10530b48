/* proxy.c: the handler `proxy`: which upstream a connection goes to, and the way there. What happens
 * then is in proxy_relay.c.
 *
 * Upstreams take turns. One that fails is passed over, and rested for a while by all workers of the
 * service, so that not each of them waits for its connect-timeout.
 */
#include "handlers/handler.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handlers/proxy_relay.h"
#include "net/listener.h"
#include "net/proxy_header.h"

#define REST_MS      5000
#define REST_PLACES  1024
#define WARN_MS      1000 /* between lines about connections without upstream, in all workers */
#define REASONS_SIZE 512
#define FULL_MS      10 /* between tries to get into a full queue */

/* Shared by the workers, also by those of other settings before and after a reload. Upstreams are known
 * by a hash: two with the same one rest together, which does no harm, since all at rest means all tried.
 */
struct area {
	_Atomic uint64_t rest_until_ms[REST_PLACES];
	_Atomic uint64_t warned_ms; /* last line */
	_Atomic uint64_t unsaid;    /* failures since then */
};

struct upstream {
	struct addr addr;
	unsigned place;
	uint64_t tried; /* by the connection of this turn */
	uint64_t full;  /* for it: the queue of a unix socket */
	char name[ADDR_TEXT_MAX];
};

static struct upstream *upstream;
static size_t n_upstreams;
static uint64_t turn;

/* Of the connection in hand, for its line. */
static const struct upstream *used;
static uint64_t connect_ms;

static int upstream_add(const struct addr *a)
{
	struct upstream *more = reallocarray(upstream, n_upstreams + 1, sizeof(*more)), *u;
	uint32_t hash = 2166136261U; /* FNV-1a, draft-eastlake-fnv */

	if (!more)
		return -1;
	upstream = more;
	u = &more[n_upstreams++];
	memset(u, 0, sizeof(*u));
	u->addr = *a;
	addr_format(a, u->name);
	for (const char *p = u->name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619U;
	u->place = hash % REST_PLACES;
	return 0;
}

static int proxy_prepare(const struct handler_env *env)
{
	const struct conf_list *list = &env->conf->upstream;
	struct addr found[ADDR_MAX];
	char err[256];

	for (size_t i = 0; i < list->n; i++) {
		int n = addr_parse(list->item[i], 0, found, err, sizeof(err));

		if (n < 0)
			log_msg(LOG_WARNING, "upstream %s is passed over: %s", list->item[i], err);
		for (int k = 0; k < n; k++) {
			if (upstream_add(&found[k]) < 0)
				fatal(1, "upstream: %m");
		}
	}
	if (!n_upstreams)
		log_msg(LOG_ERR, "no upstream can be looked up");
	turn = env->slot; /* workers do not all start at the same one */
	return n_upstreams ? 0 : -1;
}

static void upstream_rest(struct area *area, const struct upstream *u, const char *why)
{
	uint64_t now = mono_ms();
	uint64_t before = atomic_exchange(&area->rest_until_ms[u->place], now + REST_MS);

	if (before < now)
		log_msg(LOG_NOTICE, "upstream %s: %s; passed over for %d s", u->name, why,
			REST_MS / 1000);
}

/* Wait until a connect() has come to its end. Returns 0 or an errno; -1: c->end is set. */
static int connect_wait(struct conn *c, int fd, long timeout_s)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int ms = timeout_s > INT_MAX / 1000 ? INT_MAX : (int)timeout_s * 1000, error = 0;
	int rc = conn_poll(c, &p, 1, ms ? ms : -1);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

/* Nobody tells when a full queue has room again. Returns like connect_wait(). */
static int connect_again(struct conn *c, int fd, const struct addr *a, long timeout_s)
{
	uint64_t start_ms = mono_ms();
	int error = EAGAIN;

	while (error == EAGAIN) {
		if (timeout_s && mono_ms() - start_ms >= (uint64_t)timeout_s * 1000)
			return ETIMEDOUT;
		if (conn_poll(c, NULL, 0, FULL_MS) < 0)
			return -1;
		error = connect(fd, &a->sa, a->len) < 0 ? errno : 0;
	}
	return error;
}

/* Connect to one. wait  even if its queue is full
 * Returns 0 with its socket, non-blocking; an errno, EAGAIN: full; or -1 with c->end set. */
static int connect_to(
	struct conn *c, const struct upstream *u, const struct conf_service *s, bool wait, int *out)
{
	int fd = socket(u->addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return errno;
	/* These are for both sides. */
	if ((s->keepalive || s->user_timeout) && u->addr.sa.sa_family != AF_UNIX)
		listener_tune(&(struct listener){.fd = fd, .bound = u->addr},
			&(struct listener_tune){.keepalive_s = (int)s->keepalive,
				.user_timeout_s = (int)s->user_timeout});
	error = connect(fd, &u->addr.sa, u->addr.len) < 0 ? errno : 0;
	/* One on this host has answered before connect() returned: the second call tells. */
	if (error == EINPROGRESS)
		error = connect(fd, &u->addr.sa, u->addr.len) < 0 ? errno : 0;
	if (error == EALREADY)
		error = connect_wait(c, fd, s->connect_timeout);
	else if (error == EAGAIN && wait)
		error = connect_again(c, fd, &u->addr, s->connect_timeout);
	if (error)
		fd_close(&fd);
	*out = fd;
	return error;
}

/* One line a second at most, in all workers. */
static void warn(struct area *area, const char *reasons)
{
	uint64_t now = mono_ms(), last = atomic_load(&area->warned_ms);
	struct log_record r;

	if ((last && now - last < WARN_MS) ||
		!atomic_compare_exchange_strong(&area->warned_ms, &last, now)) {
		atomic_fetch_add(&area->unsaid, 1);
		return;
	}
	log_begin(&r, LOG_WARNING, LOG_F_NOREPEAT, "no upstream can be reached");
	log_str(&r, "tried", reasons);
	log_num(&r, "unsaid", atomic_exchange(&area->unsaid, 0));
	log_send(&r);
}

/* Connect to the next that can be reached; those at rest only if there is no other, and then those are
 * waited for whose queues were full. Returns the socket, or -1 with c->end set. */
static int upstream_connect(const struct handler_env *env, struct conn *c)
{
	struct area *area = env->area;
	uint64_t first = ++turn, now = mono_ms();
	char reasons[REASONS_SIZE] = "";
	size_t len = 0;

	for (size_t i = 0, n = n_upstreams; n && i < 3 * n; i++) {
		struct upstream *u = &upstream[(first + i) % n];
		bool rests = atomic_load(&area->rest_until_ms[u->place]) > now, wait = i >= 2 * n;
		int fd = -1, error;

		if (wait ? u->full != first : u->tried == first || (rests && i < n))
			continue;
		u->tried = first;
		error = connect_to(c, u, env->conf, wait, &fd);
		if (error < 0)
			return -1;
		if (!error) {
			used = u;
			return fd;
		}
		if (error == EAGAIN) {
			u->full = first;
			continue;
		}
		upstream_rest(area, u, strerrordesc_np(error));
		if (len < sizeof(reasons))
			len += (size_t)snprintf(reasons + len, sizeof(reasons) - len, "%s%s: %s",
				len ? ", " : "", u->name, strerrordesc_np(error));
	}
	warn(area, reasons);
	c->end = "no-upstream";
	return -1;
}

static void proxy_serve(const struct handler_env *env, struct conn *c)
{
	unsigned char head[PROXY_HEADER_MAX];
	long version = env->conf->send_proxy;
	uint64_t start_ms = mono_ms();
	size_t n = 0;
	int fd;

	used = NULL;
	fd = upstream_connect(env, c);
	if (fd < 0)
		return;
	connect_ms = mono_ms() - start_ms;
	if (version != CONF_PROXY_OFF)
		n = proxy_header_write(version == CONF_PROXY_V1 ? PROXY_V1 : PROXY_V2, &c->peer,
			conn_local(c), head);
	relay_run(c, fd, head, n, start_ms);
	close(fd);
}

static void proxy_report(const struct conn *c, struct log_record *r)
{
	(void)c;
	if (!used)
		return;
	log_str(r, "upstream", used->name);
	log_num(r, "connect_ms", connect_ms);
}

const struct handler handler_proxy = {
	.name = "proxy",
	.area_size = sizeof(struct area),
	.prepare = proxy_prepare,
	.serve = proxy_serve,
	.report = proxy_report,
};
