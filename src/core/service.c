/* service.c: what belongs to a service for as long as it exists, over all its generations. */
#include "core/service_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "core/heir.h"
#include "core/pool_program.h"

struct service *services;
struct service_events service_events;
pid_t master_pid;
int master_life_fd = -1;
int master_board_fd = -1;

static void on_notify(void *arg);

struct service *service_find(const char *name)
{
	for (struct service *s = services; s; s = s->next) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

struct service *service_new(const char *name)
{
	struct service *s = calloc(1, sizeof(*s));

	if (!s)
		goto fail;
	s->notify.fd = s->board_fd = -1;
	s->next = services;
	services = s;
	s->name = strdup(name);
	s->older = heir_boards(name);
	s->paused = heir_finds_paused(name);
	s->slot_taken = calloc(BOARD_SLOTS, 1);
	s->board = board_new(&s->board_fd);
	s->log = log_channel_new(name, LOG_INFO);
	s->notify = (struct loop_io){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), on_notify, s};
	if (s->name && s->slot_taken && s->board && s->log && s->notify.fd >= 0 &&
		loop_add(&s->notify) == 0)
		return s;
fail:
	log_service(LOG_ERR, name, "cannot be set up: %s", strerrordesc_np(errno));
	if (s)
		service_free(s);
	return NULL;
}

void service_free(struct service *s)
{
	for (struct service **p = &services; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	loop_timer_clear(&s->rings.rest);
	loop_remove(&s->notify);
	fd_close(&s->notify.fd);
	service_close_listeners(&s->listener, &s->n_listeners);
	service_close_listeners(&s->dropped, &s->n_dropped);
	board_free(s->board);
	fd_close(&s->board_fd);
	if (s->log)
		log_channel_free(s->log);
	free((void *)(uintptr_t)s->older);
	free(s->slot_taken);
	free(s->name);
	free(s);
}

struct pool *service_prepare(
	struct service *s, struct settings *settings, const struct conf_service *conf, size_t n)
{
	struct pool *fresh = pool_new(s, settings, conf, n);
	struct listener *room =
		reallocarray(s->dropped, s->n_dropped + s->n_listeners + 1, sizeof(*room));

	if (room)
		s->dropped = room;
	if (fresh && room)
		return fresh;
	log_service(LOG_ERR, s->name, "cannot begin: %s", strerrordesc_np(errno));
	if (fresh)
		pool_free(fresh);
	return NULL;
}

void service_begin(
	struct service *s, struct pool *fresh, struct listener *listener, uint64_t drain_ms)
{
	if (listener)
		service_replace_listeners(s, listener, fresh->n_listen);
	for (size_t i = 0; i < s->n_listeners; i++)
		fresh->listen_fd[i] = s->listener[i].fd;
	fresh->drain_ms = drain_ms;
	fresh->generation = ++s->generations;
	fresh->next = s->pool;
	fresh->target = fresh->conf->workers;
	s->pool = fresh;
	s->trial = NULL;
	s->leaving = false;
	service_listeners_settle(s);
	fd_close(&fresh->go[0]);
	fd_close(&fresh->go[1]);
	pool_fill(fresh);
	if (s->paused) {
		pool_dismiss(fresh, pool_staying(fresh), drain_ms); /* paused while it was tried */
		service_pool_ready(s, fresh);                       /* nobody is to wait for */
	} else if (fresh->ready) {
		pool_was_ready(fresh);
	}
}

void service_try(struct service *s, struct pool *fresh, const struct listener *listener)
{
	/* They block as before, which may be what others need: should that hold up the trial, the next
	 * client wakes it. */
	for (size_t i = 0; i < fresh->n_listen; i++)
		fresh->listen_fd[i] = listener[i].fd;
	fresh->generation = s->generations + 1;
	fresh->target = 1;
	s->trial = fresh;
	if (s->paused)
		return; /* nobody is tried, but what the reload counts on stays */
	if (pipe2(fresh->go, O_CLOEXEC) == 0)
		pool_fill(fresh);
	if (!fresh->n)
		service_events.tried(s, "cannot be forked");
}

void service_give_up(struct service *s)
{
	struct pool *p = s->trial, **last = &s->pool;

	while (*last)
		last = &(*last)->next;
	*last = p;
	s->trial = NULL;
	s->leaving |= s->pool == p;
	p->n_listen = 0; /* its listeners may be closed now */
	service_listeners_settle(s);
	/* One that never was ready holds nothing that it could finish. */
	pool_leave(p, p->ready ? LEAVE_GENTLY : LEAVE_STOP, p->drain_ms);
}

static bool has_dropped(const struct service *s, const struct pool *p)
{
	for (size_t i = 0; i < s->n_dropped; i++) {
		if (pool_listens_on(p, s->dropped[i].fd))
			return true;
	}
	return false;
}

void service_pool_ready(struct service *s, struct pool *fresh)
{
	for (size_t i = 0; i < s->n_dropped && fresh == s->pool; i++)
		(void)listener_hold(&s->dropped[i]);
	for (struct pool *p = fresh->next, *next; p; p = next) {
		next = p->next;
		pool_leave(p, has_dropped(s, p) ? LEAVE_DRAIN : LEAVE_GENTLY, fresh->drain_ms);
	}
	service_events.ready(s);
}

void service_pause(struct service *s, bool on)
{
	s->paused = on;
	for (struct pool *p = s->pool; p && on; p = p->next) /* programs may be about to change */
		pool_dismiss(p, pool_staying(p), s->pool->drain_ms);
	pool_fill(s->pool);
}

void service_leave(struct service *s, enum leave how, uint64_t timeout_ms)
{
	/* A worker that has nothing to drain would not be woken by being told to. */
	if (how == LEAVE_DRAIN && !s->leaving && !service_hold_listeners(s))
		how = LEAVE_GENTLY;
	s->leaving = true;
	service_publish(s);
	if (!s->pool) {
		service_events.gone(s);
		return;
	}
	for (struct pool *p = s->pool, *next; p; p = next) {
		next = p->next;
		pool_leave(p, how, timeout_ms);
	}
}

static bool reads_boards(const struct service *s)
{
	return s->pool && s->pool->area->handler->reads_boards;
}

void service_leave_all(enum leave how, uint64_t timeout_ms)
{
	bool others = false;

	for (const struct service *s = services; s; s = s->next)
		others |= !reads_boards(s);
	for (struct service *s = services, *next; s; s = next) {
		next = s->next;
		if (how != LEAVE_DRAIN || !others || !reads_boards(s))
			service_leave(s, how, timeout_ms);
	}
}

void service_hand_over(struct service *s, uint64_t timeout_ms)
{
	s->leaving = true;
	for (size_t i = 0; i < s->n_listeners; i++)
		fd_close(&s->listener[i].fd); /* without a trace */
	for (size_t i = 0; i < s->n_dropped; i++)
		(void)listener_hold(&s->dropped[i]);
	if (!s->pool) {
		service_events.gone(s);
		return;
	}
	for (struct pool *p = s->pool, *next; p; p = next) {
		next = p->next;
		pool_leave(p, has_dropped(s, p) ? LEAVE_DRAIN : LEAVE_GENTLY, timeout_ms);
	}
}

void service_pool_empty(struct service *s, struct pool *p)
{
	for (struct pool **q = &s->pool; *q; q = &(*q)->next) {
		if (*q == p) {
			*q = p->next;
			break;
		}
	}
	pool_free(p);
	if (!s->pool) {
		if (!s->trial)
			service_events.gone(s); /* s is gone */
		return;
	}
	service_close_dropped(s);
	service_listeners_settle(s);
	pool_fill(s->pool);
}

static void on_notify(void *arg)
{
	struct service *s = arg;
	uint64_t count;
	unsigned limit;

	(void)!read(s->notify.fd, &count, sizeof(count));
	loop_limit(&s->rings, &s->notify);
	service_revive_listeners(s);
	if (s->pool && s->pool->area->handler->reads_boards)
		service_queues_publish();
	for (struct pool *p = s->pool; p; p = p->next)
		pool_bell(p, p == s->pool ? service_queue(s, &limit) : 0);
	if (s->trial)
		pool_bell(s->trial, 0);
}
