/* reload.c: compare, open what is new, then put it all into force at once.
 *
 * A later step between plan_make() and plan_commit() may try the new workers first: until the
 * commit, nothing in force is touched.
 */
#include "core/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/service.h"

static struct listener_options listener_options(const struct conf_service *c)
{
	return (struct listener_options){.backlog = (int)c->backlog,
		.freebind = c->freebind,
		.socket_mode = (mode_t)c->socket_mode,
		.socket_uid = c->socket_uid,
		.socket_gid = c->socket_gid};
}

static bool is_taken(const struct plan_item *it, const struct listener *l)
{
	for (size_t i = 0; i < it->n; i++) {
		if (it->from[i] == l)
			return true;
	}
	return false;
}

/* A listener in force for this address: the service's own, else that of any other, which then no
 * longer has the address in its settings. Many may have asked for port 0: those do not change hands. */
static struct listener *listener_in_force(const struct plan_item *it, const struct addr *a)
{
	bool any_port = a->sa.sa_family != AF_UNIX && addr_port(a) == 0;

	for (int others = 0; others < (any_port ? 1 : 2); others++) {
		for (struct service *s = services; s; s = s->next) {
			if ((s == it->service) == others || s->leaving)
				continue;
			for (size_t i = 0; i < s->n_listeners; i++) {
				struct listener *l = &s->listener[i];

				if (l->fd >= 0 && addr_equal(&l->addr, a) && !is_taken(it, l))
					return l;
			}
		}
	}
	return NULL;
}

static int item_alloc(struct plan_item *it, struct buf *err)
{
	size_t n = it->conf->n_addrs;

	it->listener = calloc(n, sizeof(*it->listener));
	it->from = calloc(n, sizeof(struct listener *));
	if (!it->listener || !it->from) {
		buf_printf(err, "service '%s': out of memory\n", it->conf->name);
		return -1;
	}
	it->n = n;
	for (size_t i = 0; i < n; i++)
		it->listener[i].fd = -1;
	return 0;
}

static int item_open(struct plan_item *it, int retry_ms, struct buf *err)
{
	const struct conf_service *c = it->conf;
	struct listener_options o = listener_options(c);
	char reason[256], name[ADDR_TEXT_MAX];

	if (item_alloc(it, err) < 0)
		return -1;
	/* By address first: a socket that fits one address must not be used up for another. */
	for (size_t i = 0; i < it->n; i++) {
		it->from[i] = listener_in_force(it, &c->addrs[i]);
		if (it->from[i])
			it->listener[i] = *it->from[i];
		else
			(void)listener_take(&it->listener[i], &c->addrs[i], NULL);
	}
	for (size_t i = 0; i < it->n; i++) {
		struct listener *l = &it->listener[i];

		if (l->fd >= 0 || listener_take(l, &c->addrs[i], c->name) == 0)
			continue;
		if (listener_open(l, &c->addrs[i], &o, retry_ms, reason, sizeof(reason)) < 0) {
			l->fd = -1;
			addr_format(&c->addrs[i], name);
			buf_printf(err, "%s:%d: service '%s': cannot listen on %s: %s\n", c->file,
				c->line, c->name, name, reason);
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
	struct plan_item *it, const struct conf_service *c, int retry_ms, struct buf *err)
{
	const struct conf_service *old;

	it->conf = c;
	it->service = service_find(c->name);
	if (it->service && it->service->leaving) {
		buf_printf(err, "%s:%d: service '%s' is still leaving; reload again later\n",
			c->file, c->line, c->name);
		return -1;
	}
	old = conf_in_force(it->service);
	it->effect = old ? conf_compare(old, c, NULL) : (unsigned)CONF_LISTEN;
	return it->effect & CONF_LISTEN ? item_open(it, retry_ms, err) : 0;
}

int plan_make(struct plan *p, struct settings *settings, int retry_ms, struct buf *err)
{
	struct conf *c = settings->conf;
	int rc = 0;

	*p = (struct plan){.settings = settings_hold(settings)};
	p->item = calloc(c->n_services + 1, sizeof(*p->item));
	if (!p->item) {
		buf_puts(err, "out of memory\n");
		rc = -1;
	}
	for (size_t i = 0; i < c->n_services && p->item; i++) {
		if (c->service[i].enabled)
			rc |= item_make(&p->item[p->n++], &c->service[i], retry_ms, err);
	}
	if (rc < 0)
		plan_free(p);
	return rc;
}

static void item_free(struct plan_item *it)
{
	for (size_t i = 0; it->listener && i < it->n; i++) {
		if (!it->from[i] && it->listener[i].fd >= 0)
			listener_close(&it->listener[i]);
	}
	free(it->listener);
	free(it->from);
	it->listener = NULL;
	it->from = NULL;
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; p->item && i < p->n; i++)
		item_free(&p->item[i]);
	free(p->item);
	settings_release(p->settings);
	*p = (struct plan){0};
}

int plan_prepare(struct plan *p)
{
	size_t i = 0;

	for (; i < p->n; i++) {
		struct plan_item *it = &p->item[i];

		if (!it->service)
			it->service = service_new(it->conf->name, p->settings->conf->log_level);
		if (!it->service)
			break;
	}
	if (i == p->n)
		return 0;
	for (struct service *s = services, *next; s; s = next) {
		next = s->next;
		if (!s->pool)
			service_free(s);
	}
	return -1;
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

static int item_commit(struct plan_item *it, struct settings *settings)
{
	struct service *s = it->service;
	uint64_t drain_ms = (uint64_t)settings->conf->drain_timeout * 1000;
	struct listener_options o = listener_options(it->conf);
	int rc;

	if (it->effect & CONF_SOCKET) {
		for (size_t i = 0; i < s->n_listeners; i++) {
			if (listener_adjust(&s->listener[i], &o) < 0)
				log_service(LOG_ERR, s->name, "listener: %m");
		}
	}
	if (!(it->effect & (CONF_LISTEN | CONF_WORKERS))) {
		/* Also if nothing changed: the old settings can go. */
		pool_reconfigure(s->pool, settings, it->conf);
		return 0;
	}
	if (!(it->effect & CONF_LISTEN))
		return service_generation(
			s, settings, it->conf, s->listener, s->n_listeners, drain_ms);
	for (size_t i = 0; i < it->n; i++) {
		if (it->from[i])
			(void)listener_adjust(&it->listener[i], &o);
	}
	rc = service_generation(s, settings, it->conf, it->listener, it->n, drain_ms);
	it->listener = NULL; /* the service's now */
	listening_log(s);
	return rc;
}

/* The listeners that stay leave the sets in force, before any of those is given up. */
static void item_take(struct plan_item *it)
{
	struct service *s = it->service;

	for (size_t i = 0; it->listener && i < it->n; i++) {
		struct listener *from = it->from[i];

		if (!from)
			continue;
		if (from < s->listener || from >= s->listener + s->n_listeners)
			s->taken_over = true;
		from->fd = -1;
	}
}

static bool is_planned(const struct plan *p, const struct service *s)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->item[i].service == s)
			return true;
	}
	return false;
}

void plan_commit(struct plan *p)
{
	uint64_t drain_ms = (uint64_t)p->settings->conf->drain_timeout * 1000;

	for (size_t i = 0; i < p->n; i++)
		item_take(&p->item[i]);
	for (size_t i = 0; i < p->n; i++)
		(void)item_commit(&p->item[i], p->settings);
	for (struct service *s = services, *next; s; s = next) {
		next = s->next;
		if (!s->leaving && !is_planned(p, s)) {
			log_service(LOG_NOTICE, s->name, "removed");
			service_leave(s, LEAVE_DRAIN, drain_ms);
		}
	}
}
