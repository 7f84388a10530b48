/* service.c: what belongs to a service for as long as it exists, over all its generations. */
#include "core/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "board/admit.h"
#include "core/pool_program.h"
#include "core/pool_size.h"
#include "core/worker.h"

#define RINGS_A_SECOND 200 /* what a healthy service may need; then the bell rests */
#define REST_MS        50

struct service *services;
struct service_events service_events;
pid_t master_pid;
int master_life_fd = -1;
int master_board_fd = -1;

static void on_notify(void *arg);
static void rest_over(void *arg);

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
	s->slot_taken = calloc(BOARD_SLOTS, 1);
	s->board = board_new(&s->board_fd);
	s->log = log_channel_new(name, LOG_INFO);
	s->notify = (struct loop_io){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), on_notify, s};
	s->notify_rest = (struct loop_timer){.fn = rest_over, .arg = s};
	if (s->name && s->slot_taken && s->board && s->log && s->notify.fd >= 0 &&
		loop_add(&s->notify) == 0)
		return s;
fail:
	log_service(LOG_ERR, name, "cannot be set up: %s", strerrordesc_np(errno));
	if (s)
		service_free(s);
	return NULL;
}

static bool trial_listens_on(int fd)
{
	for (const struct service *s = services; s; s = s->next) {
		if (s->trial && pool_listens_on(s->trial, fd))
			return true;
	}
	return false;
}

/* Those that a reload is about to give to others are left to it. */
static void listeners_close(struct listener **l, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		if ((*l)[i].fd >= 0 && !trial_listens_on((*l)[i].fd))
			listener_close(&(*l)[i]);
	}
	free(*l);
	*l = NULL;
	*n = 0;
}

void service_free(struct service *s)
{
	for (struct service **p = &services; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	loop_timer_clear(&s->notify_rest);
	loop_remove(&s->notify);
	fd_close(&s->notify.fd);
	listeners_close(&s->listener, &s->n_listeners);
	listeners_close(&s->dropped, &s->n_dropped);
	board_free(s->board);
	fd_close(&s->board_fd);
	if (s->log)
		log_channel_free(s->log);
	free(s->slot_taken);
	free(s->name);
	free(s);
}

/* One listener is accepted from directly, so it blocks; where a pool has several, they do not. Programs
 * find it blocking, and change that as they like: it is not taken from them while they run. */
static void listeners_set_blocking(const struct service *s)
{
	bool several = false, theirs = false;

	for (const struct pool *p = s->pool; p; p = p->next) {
		several |= p->n_listen > 1 && !pool_is_program(p);
		theirs |= p->n && pool_is_program(p);
	}
	if (theirs && !several)
		return;
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)listener_nonblock(&s->listener[i], several);
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

/* Those that the new generation does not have wait for older pools to be done with them. */
static void listeners_replace(struct service *s, struct listener *listener, size_t n)
{
	for (size_t i = 0; i < s->n_listeners; i++) {
		if (s->listener[i].fd >= 0) /* it has not changed hands */
			s->dropped[s->n_dropped++] = s->listener[i];
	}
	free(s->listener);
	s->listener = listener;
	s->n_listeners = n;
}

void service_begin(
	struct service *s, struct pool *fresh, struct listener *listener, uint64_t drain_ms)
{
	if (listener)
		listeners_replace(s, listener, fresh->n_listen);
	for (size_t i = 0; i < s->n_listeners; i++)
		fresh->listen_fd[i] = s->listener[i].fd;
	fresh->drain_ms = drain_ms;
	fresh->generation = ++s->generations;
	fresh->next = s->pool;
	fresh->target = fresh->conf->workers;
	s->pool = fresh;
	s->trial = NULL;
	s->leaving = false;
	listeners_set_blocking(s);
	pool_fill(fresh);
	if (fresh->ready)
		pool_was_ready(fresh);
	else if (s->paused)
		service_pool_ready(s, fresh); /* nobody is to wait for */
}

void service_try(struct service *s, struct pool *fresh, const struct listener *listener)
{
	for (size_t i = 0; i < fresh->n_listen; i++) {
		fresh->listen_fd[i] = listener[i].fd;
		if (fresh->n_listen > 1 && !pool_is_program(fresh))
			(void)listener_nonblock(&listener[i], true);
	}
	fresh->generation = s->generations + 1;
	fresh->target = 1;
	s->trial = fresh;
	pool_fill(fresh);
	if (!fresh->n)
		service_events.tried(s, false);
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
	listeners_set_blocking(s);
	pool_leave(p, LEAVE_GENTLY, p->drain_ms);
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

/* Put every listener on hold that ends with the service. Returns false if there is none: those that
 * systemd keeps open are left to the next owner, and those that changed hands are not ours. */
static bool listeners_hold(const struct service *s)
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

void service_pause(struct service *s, bool on)
{
	s->paused = on;
	if (on)
		pool_dismiss(s->pool, pool_staying(s->pool), s->pool->drain_ms);
	pool_fill(s->pool);
}

void service_leave(struct service *s, enum leave how, uint64_t timeout_ms)
{
	/* A worker that has nothing to drain would not be woken by being told to. */
	if (how == LEAVE_DRAIN && !s->leaving && !listeners_hold(s))
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

/* In the child: what others share with their workers is none of its business. */
static void forget_others(const struct service *me, const struct pool *mine)
{
	for (const struct service *s = services; s; s = s->next) {
		if (s != me)
			board_free(s->board);
		for (const struct pool *p = s->pool; p; p = p->next) {
			if (p->area != mine->area)
				area_forget(p->area);
		}
		if (s->trial && s->trial->area != mine->area)
			area_forget(s->trial->area);
	}
	log_channels_keep(me->log);
}

/* In the child: map every board anew, since what the master has mapped could be written to. */
static void boards_open(struct handler_env *env)
{
	const struct board **b;
	size_t n = 0;

	for (const struct service *s = services; s; s = s->next)
		n++;
	b = calloc(n, sizeof(*b));
	for (const struct service *s = services; b && s; s = s->next) {
		b[env->n_boards] = board_open(s->board_fd);
		env->n_boards += b[env->n_boards] != NULL;
	}
	env->boards = b;
	env->master_board = board_master_open(master_board_fd);
	if (env->n_boards != n || !env->master_board)
		fatal(WORKER_FAILED, "scoreboard: %m");
}

static _Noreturn void child_run(
	struct service *s, const struct pool *p, unsigned slot, int start_fd)
{
	struct worker_args args = {
		.conf = p->conf,
		.handler = p->area->handler,
		.env = {.service = s->name,
			.conf = p->conf,
			.text = p->conf->text,
			.slot = slot,
			.board = s->board,
			.area = p->area->map,
			.bell = p->area->bell,
			.ask_fd = s->notify.fd},
		.board = s->board,
		.listen_fd = p->listen_fd,
		.n_listen = p->n_listen,
		.lists = &p->lists,
		.notify_fd = s->notify.fd,
		.start_fd = start_fd,
		.generation = p->generation,
		.notify_name = p->conf->notify ? program_notify_open() : NULL,
		.life_fd = master_life_fd,
		.master = master_pid,
		.log = s->log,
	};

	if (args.handler->reads_boards)
		boards_open(&args.env);
	forget_others(s, p);
	worker_run(&args);
}

pid_t service_fork(struct service *s, struct pool *p, struct worker *w)
{
	struct board *b = s->board;
	int start[2] = {-1, -1};
	unsigned i = 0;
	pid_t pid;

	while (i < BOARD_SLOTS && s->slot_taken[i])
		i++;
	if (i == BOARD_SLOTS) {
		log_service(LOG_ERR, s->name, "has no free slot for a worker");
		return -1;
	}
	if (pool_is_program(p) && pipe2(start, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_service(LOG_ERR, s->name, "fork: pipe: %m");
		return -1;
	}
	s->slot_taken[i] = 1;
	if (i + 1 > atomic_load(&b->slots_used))
		atomic_store(&b->slots_used, i + 1);
	w->connections = atomic_load(&b->slot[i].connections);
	atomic_store(&b->slot[i].since_ms, w->started_ms);
	atomic_store(&b->slot[i].state, SLOT_STARTING);
	b->worker[i].generation = p->generation;
	b->worker[i].started_ms = w->started_ms;
	pid = fork();
	if (pid == 0)
		child_run(s, p, i, start[1]);
	if (pid < 0) {
		log_service(LOG_ERR, s->name, "fork: %m");
		service_slot_clear(s, i);
		fd_close(&start[0]);
	}
	fd_close(&start[1]);
	w->slot = i;
	b->worker[i].pid = pid > 0 ? pid : 0;
	if (start[0] >= 0)
		w->start = pid > 0 ? program_watch(p, start[0]) : NULL;
	if (pid > 0 && pool_is_program(p) && !w->start) {
		log_service(LOG_ERR, s->name, "fork: its start cannot be watched: %m");
		(void)kill(pid, SIGKILL); /* to be tried again */
	}
	return pid;
}

void service_slot_clear(struct service *s, unsigned slot)
{
	struct board_slot *b = &s->board->slot[slot];

	s->slot_taken[slot] = 0;
	admit_clear(s->board, slot);
	s->board->worker[slot].pid = 0;
	atomic_store(&b->state, SLOT_EMPTY);
	/* A worker that died between asking for growth and ringing must not silence the others. */
	atomic_store(&s->board->wanted, 0);
}

void service_retire_check(struct service *s)
{
	uint32_t r = atomic_load(&s->board->retiring);

	if (r && (r > BOARD_SLOTS || !s->slot_taken[r - 1]))
		atomic_store(&s->board->retiring, 0);
}

void service_drained(struct service *s, const struct pool *p)
{
	for (size_t i = 0; i < s->n_dropped; i++) {
		if (pool_listens_on(p, s->dropped[i].fd))
			listener_refuse(&s->dropped[i]);
	}
	for (size_t i = 0; s->leaving && i < s->n_listeners; i++) {
		if (pool_listens_on(p, s->listener[i].fd))
			listener_refuse(&s->listener[i]);
	}
}

/* Close what no pool has any more. */
static void dropped_close(struct service *s)
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
	dropped_close(s);
	if (!s->leaving)
		listeners_set_blocking(s);
	pool_fill(s->pool);
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
static void listeners_revive(struct service *s)
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

static void on_notify(void *arg)
{
	struct service *s = arg;
	uint64_t count, now = mono_ms();
	unsigned limit;

	(void)!read(s->notify.fd, &count, sizeof(count));
	if (now - s->rings_ms >= 1000) {
		s->rings_ms = now;
		s->rings = 0;
	}
	/* A worker that rings without end costs the master next to nothing. */
	if (++s->rings > RINGS_A_SECOND) {
		loop_remove(&s->notify);
		loop_timer_set(&s->notify_rest, REST_MS);
	}
	listeners_revive(s);
	if (s->pool && s->pool->area->handler->reads_boards)
		service_queues_publish();
	for (struct pool *p = s->pool; p; p = p->next)
		pool_bell(p, p == s->pool ? service_queue(s, &limit) : 0);
	if (s->trial)
		pool_bell(s->trial, 0);
}

static void rest_over(void *arg)
{
	struct service *s = arg;

	if (loop_add(&s->notify) < 0)
		loop_timer_set(&s->notify_rest, REST_MS);
}

void service_totals_add(const struct service *s, struct service_totals *t)
{
	for (const struct pool *p = s->pool; p; p = p->next) {
		t->workers += (unsigned)p->n;
		for (size_t i = 0; i < p->n; i++) {
			const struct board_slot *b = &s->board->slot[p->worker[i].slot];

			t->busy += atomic_load(&b->state) == SLOT_BUSY;
		}
	}
	for (unsigned i = 0; i < board_slots(s->board); i++)
		t->connections += atomic_load(&s->board->slot[i].connections);
}

void service_queues_publish(void)
{
	uint64_t now = mono_ms();

	for (const struct service *s = services; s; s = s->next) {
		struct board_service *b = &s->board->service;
		unsigned limit;

		b->queue = service_queue(s, &limit);
		b->queue_limit = limit;
		b->queue_ms = now;
	}
}

static void text_set(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

void service_publish(struct service *s)
{
	struct board_service *b = &s->board->service;
	const struct pool *p = s->pool;

	if (!p)
		return;
	b->mode = s->leaving      ? MODE_LEAVING
		  : s->paused     ? MODE_PAUSED
		  : p->backoff_ms ? MODE_BACKOFF
				  : MODE_RUNNING;
	b->workers = (uint32_t)p->conf->workers;
	b->max_workers = (uint32_t)p->conf->max_workers;
	b->target = (uint32_t)p->target;
	if (b->generation == p->generation)
		return;
	/* The rest changes with the generation alone. */
	atomic_fetch_add(&b->version, 1);
	b->generation = p->generation;
	text_set(b->name, sizeof(b->name), s->name);
	text_set(b->handler, sizeof(b->handler), p->area->handler->name);
	for (b->n_listen = 0; b->n_listen < s->n_listeners && b->n_listen < BOARD_LISTEN;
		b->n_listen++)
		addr_format(&s->listener[b->n_listen].bound, b->listen[b->n_listen]);
	atomic_fetch_add(&b->version, 1);
}
