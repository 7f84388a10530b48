/* service_listen.c: the listening sockets of a service, over all its generations. */
#include "core/service_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "core/pool_program.h"

#define STORE_AGAIN_MS 100 /* systemd's socket was full */

static bool trial_listens_on(int fd)
{
	for (const struct service *s = services; s; s = s->next) {
		if (s->trial && pool_listens_on(s->trial, fd))
			return true;
	}
	return false;
}

void service_close_listeners(struct listener **l, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		if ((*l)[i].fd >= 0 && !trial_listens_on((*l)[i].fd))
			listener_close(&(*l)[i]);
	}
	free(*l);
	*l = NULL;
	*n = 0;
}

/* One listener is accepted from directly, so it blocks; where a pool has several, they do not. Programs
 * find it blocking, and change that as they like: it is not taken from them while they run. */
void service_listeners_settle(const struct service *s)
{
	bool several = false, theirs = false;

	for (const struct pool *p = s->pool; p; p = p->next) {
		several |= p->n_listen > 1 && !pool_is_program(p);
		theirs |= p->n && pool_is_program(p);
	}
	if (!s->pool || s->leaving || (theirs && !several))
		return;
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)listener_nonblock(&s->listener[i], several);
}

void service_unstore_listeners(struct service *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		listener_unstore(&s->listener[i], s->name);
}

static void store_due(void *arg)
{
	(void)arg;
	service_store_listeners();
}

void service_store_listeners(void)
{
	static struct loop_timer again = {.fn = store_due};
	int rc = 0;

	for (struct service *s = services; s; s = s->next) {
		for (size_t i = 0; !s->leaving && i < s->n_listeners && rc == 0; i++)
			rc = listener_store(&s->listener[i], s->name);
	}
	if (rc < 0)
		loop_timer_set(&again, STORE_AGAIN_MS);
}

void service_replace_listeners(struct service *s, struct listener *listener, size_t n)
{
	for (size_t i = 0; i < s->n_listeners; i++) {
		if (s->listener[i].fd < 0) /* it has changed hands */
			continue;
		listener_unstore(&s->listener[i], s->name);
		s->dropped[s->n_dropped++] = s->listener[i];
	}
	free(s->listener);
	s->listener = listener;
	s->n_listeners = n;
}

bool service_any_listens_on(int fd)
{
	for (const struct service *s = services; s; s = s->next) {
		for (size_t i = 0; i < s->n_listeners; i++) {
			if (s->listener[i].fd == fd)
				return true;
		}
		for (size_t i = 0; i < s->n_dropped; i++) {
			if (s->dropped[i].fd == fd)
				return true;
		}
	}
	return trial_listens_on(fd);
}

bool service_hold_listeners(const struct service *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_listeners; i++) {
		if (s->listener[i].fd >= 0 && !s->listener[i].inherited)
			any |= listener_hold(&s->listener[i]) == 0;
	}
	for (size_t i = 0; i < s->n_dropped; i++)
		any |= !s->dropped[i].inherited && listener_hold(&s->dropped[i]) == 0;
	return any;
}

/* What a reload is about to take up again stays usable: a unix socket would be shut for ever. */
static void refuse_drained(struct listener *l, const struct pool *p)
{
	if (pool_listens_on(p, l->fd) && !trial_listens_on(l->fd))
		listener_refuse(l);
}

void service_drained(struct service *s, const struct pool *p)
{
	for (size_t i = 0; i < s->n_dropped; i++)
		refuse_drained(&s->dropped[i], p);
	for (size_t i = 0; s->leaving && i < s->n_listeners; i++)
		refuse_drained(&s->listener[i], p);
}

void service_close_dropped(struct service *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_dropped; i++) {
		bool used = false;

		for (const struct pool *p = s->pool; p; p = p->next)
			used |= pool_listens_on(p, s->dropped[i].fd);
		if (used || trial_listens_on(s->dropped[i].fd))
			s->dropped[n++] = s->dropped[i];
		else
			listener_close(&s->dropped[i]);
	}
	s->n_dropped = n;
}

void service_close_all_dropped(void)
{
	for (struct service *s = services; s; s = s->next)
		service_close_dropped(s);
}

unsigned service_queue(const struct service *s, unsigned *limit)
{
	unsigned n = 0, one;

	*limit = 0;
	for (size_t i = 0; i < s->n_listeners; i++) {
		n += listener_queue(s->listener[i].fd, &one);
		*limit += one;
	}
	return n;
}

/* shutdown() by a hostile worker closes a shared listener for all. */
void service_revive_listeners(struct service *s)
{
	for (size_t i = 0; !s->leaving && s->pool && i < s->n_listeners; i++) {
		int on = 1;
		socklen_t len = sizeof(on);

		if (getsockopt(s->listener[i].fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) < 0 || on)
			continue;
		if (listener_reopen(&s->listener[i], (int)s->pool->conf->backlog) < 0)
			log_service(LOG_ERR, s->name, "listener was shut down; listen: %m");
		else
			log_service(LOG_ERR, s->name,
				"listener was shut down by a worker; it listens again");
	}
}
