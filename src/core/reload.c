/* reload.c: compare, open what is new, then put it all into force at once.
 *
 * A later step between plan_make() and plan_commit() may try the new workers first: until the
 * commit, nothing in force is touched.
 */
#include "core/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/master_reload.h"
#include "core/service.h"
#include "handlers/handler.h"

static struct listener_options listener_options(const struct conf_service *c)
{
	return (struct listener_options){.backlog = (int)c->backlog,
		.freebind = c->freebind,
		.socket_mode = (mode_t)c->socket_mode,
		.socket_uid = c->socket_uid,
		.socket_gid = c->socket_gid,
		.tune = {.nodelay = c->nodelay,
			.keepalive_s = (int)c->keepalive,
			.defer_accept_s = (int)c->defer_accept,
			.fastopen = (int)c->fastopen,
			.user_timeout_s = (int)c->user_timeout,
			.receive_buffer = (int)c->receive_buffer,
			.send_buffer = (int)c->send_buffer}};
}

static bool is_taken(const struct plan_item *it, const struct listener *l)
{
	for (size_t i = 0; i < it->n; i++) {
		if (it->kept[i] && it->listener[i].fd == l->fd)
			return true;
	}
	return false;
}

static struct listener *listener_among(
	const struct plan_item *it, struct listener *l, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++) {
		/* Once shut down, a unix socket stays so, and port 0 would be another port. */
		if (l[i].refused && (a->sa.sa_family == AF_UNIX || addr_port(a) == 0))
			continue;
		if (l[i].fd >= 0 && addr_equal(&l[i].addr, a) && !is_taken(it, &l[i]))
			return &l[i];
	}
	return NULL;
}

/* A listener that is open for this address: the service's own, else that of any other, which then no
 * longer has the address in its settings; also one that is being drained. Many may have asked for
 * port 0: those do not change hands. */
static struct listener *listener_in_force(const struct plan_item *it, const struct addr *a)
{
	bool any_port = a->sa.sa_family != AF_UNIX && addr_port(a) == 0;

	for (int others = 0; others < (any_port ? 1 : 2); others++) {
		for (struct service *s = services; s; s = s->next) {
			struct listener *l;

			if ((s == it->service) == others)
				continue;
			l = listener_among(it, s->listener, s->n_listeners, a);
			if (!l)
				l = listener_among(it, s->dropped, s->n_dropped, a);
			if (l)
				return l;
		}
	}
	return NULL;
}

static int item_alloc(struct plan_item *it, struct buf *err)
{
	size_t n = it->conf->n_addrs;

	it->listener = calloc(n, sizeof(*it->listener));
	it->kept = calloc(n, sizeof(*it->kept));
	if (!it->listener || !it->kept) {
		buf_printf(err, "service '%s': out of memory\n", it->conf->name);
		return -1;
	}
	it->n = n;
	for (size_t i = 0; i < n; i++)
		it->listener[i].fd = -1;
	return 0;
}

/* A "*" beside an address of the same port that this sockd still holds cannot be had. */
static const char *conflict_hint(const struct addr *a)
{
	for (const struct service *s = services; s; s = s->next) {
		for (size_t i = 0; i < s->n_listeners; i++) {
			const struct addr *mine = &s->listener[i].addr;

			if (mine->sa.sa_family != AF_UNIX && addr_port(mine) == addr_port(a))
				return "; sockd itself has that port: remove that address with one "
				       "reload, add this one with the next";
		}
	}
	return "";
}

static int item_open(struct plan_item *it, uint64_t deadline_ms, struct buf *err)
{
	const struct conf_service *c = it->conf;
	struct listener_options o = listener_options(c);
	char reason[256], name[ADDR_TEXT_MAX];

	if (item_alloc(it, err) < 0)
		return -1;
	/* By address first: a socket that fits one address must not be used up for another. */
	for (size_t i = 0; i < it->n; i++) {
		const struct listener *l = listener_in_force(it, &c->addrs[i]);

		it->kept[i] = l != NULL;
		if (l)
			it->listener[i] = *l;
		else
			(void)listener_take(&it->listener[i], &c->addrs[i], NULL);
	}
	for (size_t i = 0; i < it->n; i++) {
		struct listener *l = &it->listener[i];
		uint64_t now = mono_ms();
		int retry_ms = deadline_ms > now ? (int)(deadline_ms - now) : 0;

		if (l->fd >= 0 || listener_take(l, &c->addrs[i], c->name) == 0)
			continue;
		if (listener_open(l, &c->addrs[i], &o, retry_ms, reason, sizeof(reason)) < 0) {
			bool busy = errno == EADDRINUSE;

			l->fd = -1;
			addr_format(&c->addrs[i], name);
			buf_printf(err, "%s:%d: service '%s': cannot listen on %s: %s%s\n", c->file,
				c->line, c->name, name, reason,
				busy ? conflict_hint(&c->addrs[i]) : "");
			return -1;
		}
	}
	return 0;
}

static const struct conf_service *conf_in_force(const struct service *s)
{
	return s && s->pool && !s->leaving ? s->pool->conf : NULL;
}

static int item_make(
	struct plan_item *it, const struct conf_service *c, uint64_t deadline_ms, struct buf *err)
{
	const struct conf_service *old;

	it->conf = c;
	it->service = service_find(c->name);
	old = conf_in_force(it->service);
	it->effect = old ? conf_compare(old, c, NULL) : (unsigned)CONF_LISTEN;
	if (old && it->service->renew >= reload_next(false) - 1)
		it->effect |= CONF_WORKERS;
	return it->effect & CONF_LISTEN ? item_open(it, deadline_ms, err) : 0;
}

static bool is_planned(const struct plan *p, const struct service *s)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->item[i].service == s)
			return true;
	}
	return false;
}

/* Workers that read all scoreboards know those that were there when they were forked. */
static void readers_renew(struct plan *p)
{
	bool changed = false;

	for (size_t i = 0; i < p->n; i++)
		changed |= !conf_in_force(p->item[i].service);
	for (const struct service *s = services; s; s = s->next)
		changed |= !s->leaving && !is_planned(p, s);
	for (size_t i = 0; i < p->n; i++) {
		const struct conf_service *c = p->item[i].conf;

		if (changed && c && handler_find(c->handler)->reads_boards)
			p->item[i].effect |= CONF_WORKERS;
	}
}

int plan_make(struct plan *p, struct settings *settings, int retry_ms, struct buf *err)
{
	struct conf *c = settings->conf;
	uint64_t deadline_ms = mono_ms() + (uint64_t)retry_ms;
	int rc = 0;

	*p = (struct plan){.settings = settings_hold(settings)};
	p->item = calloc(c->n_services + 1, sizeof(*p->item));
	if (!p->item) {
		buf_puts(err, "out of memory\n");
		rc = -1;
	}
	for (size_t i = 0; i < c->n_services && p->item; i++) {
		if (c->service[i].enabled)
			rc |= item_make(&p->item[p->n++], &c->service[i], deadline_ms, err);
	}
	if (rc < 0)
		plan_free(p);
	else
		readers_renew(p);
	return rc;
}

static void item_free(struct plan_item *it)
{
	/* What was kept may have lost its owner in the meantime. */
	for (size_t i = 0; it->listener && i < it->n; i++) {
		if (it->listener[i].fd >= 0 && !service_any_listens_on(it->listener[i].fd))
			listener_close(&it->listener[i]);
	}
	free(it->listener);
	free(it->kept);
	if (it->fresh)
		pool_free(it->fresh);
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; p->item && i < p->n; i++)
		item_free(&p->item[i]);
	free(p->item);
	settings_release(p->settings);
	*p = (struct plan){0};
}

static int item_prepare(struct plan *p, struct plan_item *it)
{
	struct service *s = it->service;
	size_t n;

	if (!s)
		s = it->service = service_new(it->conf->name);
	if (!s)
		return -1;
	if (!(it->effect & (CONF_LISTEN | CONF_WORKERS)))
		return 0;
	p->adds |= !s->pool;
	n = it->effect & CONF_LISTEN ? it->n : s->n_listeners;
	it->fresh = service_prepare(s, p->settings, it->conf, n);
	return it->fresh ? 0 : -1;
}

int plan_prepare(struct plan *p)
{
	size_t i = 0;

	while (i < p->n && item_prepare(p, &p->item[i]) == 0)
		i++;
	if (i == p->n)
		return 0;
	for (i = 0; i < p->n; i++) {
		struct plan_item *it = &p->item[i];

		if (it->service && !it->service->pool) {
			if (it->fresh)
				pool_free(it->fresh);
			it->fresh = NULL;
			service_free(it->service);
		}
	}
	return -1;
}

size_t plan_try(struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->item[i].fresh && !p->item[i].service->paused;
	p->waiting = n;
	/* All, also if one has failed: a service that is on its way out stays as long as it has a trial. */
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *it = &p->item[i];

		if (!it->fresh)
			continue;
		it->fresh->drain_ms = (uint64_t)p->settings->conf->drain_timeout * 1000;
		service_try(it->service, it->fresh,
			it->listener ? it->listener : it->service->listener);
	}
	return n;
}

void plan_abort(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *it = &p->item[i];

		if (it->fresh)
			service_give_up(it->service);
		it->fresh = NULL;
	}
}

static void listening_log(const struct service *s)
{
	char name[ADDR_TEXT_MAX];

	for (size_t i = 0; i < s->n_listeners; i++) {
		addr_format(&s->listener[i].bound, name);
		log_service(LOG_NOTICE, s->name, "listening on %s%s", name,
			s->listener[i].inherited ? " (inherited)" : "");
	}
}

/* Listeners that were there may have other options now, or have been on their way out. */
static void listeners_adjust(const struct service *s, struct listener *l, size_t n,
	const bool *kept, const struct conf_service *c)
{
	struct listener_options o = listener_options(c);

	for (size_t i = 0; i < n; i++) {
		if (kept && !kept[i] && (!l[i].stored || l[i].lent)) {
			if (!l[i].lent)
				listener_tune(&l[i], &o.tune); /* an inherited one */
			continue;
		}
		if (listener_unhold(&l[i], o.backlog) < 0 || listener_adjust(&l[i], &o) < 0)
			log_service(LOG_ERR, s->name, "listener: %m");
	}
}

static void item_commit(struct plan_item *it, struct settings *settings)
{
	struct service *s = it->service;
	uint64_t drain_ms = (uint64_t)settings->conf->drain_timeout * 1000;

	if (it->listener)
		listeners_adjust(s, it->listener, it->n, it->kept, it->conf);
	else if (it->effect & CONF_SOCKET)
		listeners_adjust(s, s->listener, s->n_listeners, NULL, it->conf);
	if (!it->fresh) {
		/* Also if nothing changed: the old settings can go. */
		pool_reconfigure(s->pool, settings, it->conf);
		return;
	}
	service_begin(s, it->fresh, it->listener, drain_ms);
	if (it->listener)
		listening_log(s);
	it->fresh = NULL; /* both are the service's now */
	it->listener = NULL;
}

/* A listener that stays leaves the set in which it is, before any of those sets is given up. */
static void listener_leave_set(int fd)
{
	for (struct service *s = services; s; s = s->next) {
		for (size_t i = 0; i < s->n_listeners; i++) {
			if (s->listener[i].fd == fd)
				s->listener[i].fd = -1;
		}
		for (size_t i = 0; i < s->n_dropped; i++) {
			if (s->dropped[i].fd == fd)
				s->dropped[i--] = s->dropped[--s->n_dropped];
		}
	}
}

void plan_commit(struct plan *p)
{
	uint64_t drain_ms = (uint64_t)p->settings->conf->drain_timeout * 1000;

	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *it = &p->item[i];

		for (size_t j = 0; it->listener && j < it->n; j++) {
			if (it->kept[j])
				listener_leave_set(it->listener[j].fd);
		}
	}
	for (size_t i = 0; i < p->n; i++)
		item_commit(&p->item[i], p->settings);
	for (struct service *s = services, *next; s; s = next) {
		next = s->next;
		if (!s->leaving && !is_planned(p, s)) {
			log_service(LOG_NOTICE, s->name, "removed");
			service_unstore_listeners(s);
			service_leave(s, LEAVE_DRAIN, drain_ms);
		}
	}
}

void reload_listeners_own(void)
{
	for (struct service *s = services; s; s = s->next) {
		for (size_t i = 0; s->pool && i < s->n_listeners; i++) {
			if (!s->listener[i].lent)
				continue;
			listener_own(&s->listener[i]);
			listeners_adjust(s, &s->listener[i], 1, NULL, s->pool->conf);
		}
	}
	listener_own_untaken();
}
