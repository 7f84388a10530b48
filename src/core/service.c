/* service.c: what belongs to a service for as long as it exists, over all its generations. */
#include "core/service.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "core/worker.h"

#define RINGS_A_SECOND 200 /* what a healthy service may need; then the bell rests */
#define REST_MS        50

struct service *services;
struct service_events service_events;
pid_t master_pid;
int master_life_fd = -1;

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

struct service *service_new(const char *name, int log_level)
{
	struct service *s = calloc(1, sizeof(*s));

	if (!s)
		goto fail;
	s->bell = s->notify.fd = -1;
	s->next = services;
	services = s;
	s->name = strdup(name);
	s->slot_taken = calloc(BOARD_SLOTS, 1);
	s->board = board_new();
	s->log = log_channel_new(name, log_level);
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

static void area_free(struct service *s)
{
	if (s->area)
		munmap(s->area, s->area_of->area_size);
	fd_close(&s->bell);
	s->area = NULL;
	s->area_of = NULL;
}

/* The handler's shared memory outlives a reload that keeps the handler. */
static int area_make(struct service *s, const struct handler *h)
{
	void *map;

	if (s->area_of == h)
		return 0;
	area_free(s);
	s->area_of = h;
	if (!h->area_size)
		return 0;
	map = mmap(NULL, h->area_size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -1;
	s->area = map;
	s->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->bell < 0 ? -1 : 0;
}

static void listeners_close(struct listener **l, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		if ((*l)[i].fd >= 0)
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
	area_free(s);
	board_free(s->board);
	if (s->log)
		log_channel_free(s->log);
	free(s->slot_taken);
	free(s->listen_fd);
	free(s->name);
	free(s);
}

/* Put the listeners that the new generation does not have where they wait to be drained. */
static int listeners_replace(struct service *s, struct listener *listener, size_t n)
{
	struct listener *dropped;
	size_t n_dropped = s->n_dropped;
	int *fd;

	if (s->listener == listener)
		return 0;
	fd = realloc(s->listen_fd, n * sizeof(*fd));
	if (!fd)
		return -1;
	s->listen_fd = fd;
	dropped = realloc(s->dropped, (n_dropped + s->n_listeners + 1) * sizeof(*dropped));
	if (!dropped)
		return -1;
	s->dropped = dropped;
	for (size_t i = 0; i < s->n_listeners; i++) {
		if (s->listener[i].fd >= 0) /* not one of those that moved to the new set */
			dropped[n_dropped++] = s->listener[i];
	}
	s->n_dropped = n_dropped;
	free(s->listener);
	s->listener = listener;
	s->n_listeners = n;
	for (size_t i = 0; i < n; i++)
		fd[i] = listener[i].fd;
	return 0;
}

/* One listener is accepted from directly, so it blocks; several do not. It must not block either
 * while older workers, which drain what they have, may try it. */
static void listeners_set_blocking(const struct service *s)
{
	bool off = s->n_listeners > 1 || s->n_dropped > 0 || s->taken_over;

	for (size_t i = 0; i < s->n_listeners; i++)
		(void)listener_nonblock(&s->listener[i], off);
}

static void drain_begin(struct listener *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)listener_hold(&l[i]);
		(void)listener_nonblock(&l[i], true);
	}
}

int service_generation(struct service *s, struct settings *settings,
	const struct conf_service *conf, struct listener *listener, size_t n, uint64_t drain_ms)
{
	struct pool *fresh = pool_new(s, settings, conf);
	bool had_dropped;

	if (!fresh || area_make(s, handler_find(conf->handler)) < 0 ||
		listeners_replace(s, listener, n) < 0) {
		log_service(LOG_ERR, s->name, "cannot begin: %s", strerrordesc_np(errno));
		if (fresh)
			pool_free(fresh);
		return -1;
	}
	had_dropped = s->n_dropped > 0;
	drain_begin(s->dropped, s->n_dropped);
	listeners_set_blocking(s); /* before any worker drains */
	fresh->next = s->pool;
	s->pool = fresh;
	pool_fill(fresh);
	for (struct pool *p = fresh->next, *next; p; p = next) {
		next = p->next;
		pool_leave(p, had_dropped ? LEAVE_DRAIN : LEAVE_GENTLY, drain_ms);
	}
	return 0;
}

/* True if somebody else (systemd) keeps all queues open: then they are left to the next owner. */
static bool all_inherited(const struct service *s)
{
	for (size_t i = 0; i < s->n_listeners; i++) {
		if (!s->listener[i].inherited)
			return false;
	}
	return true;
}

void service_leave(struct service *s, enum leave how, uint64_t timeout_ms)
{
	if (how == LEAVE_DRAIN && all_inherited(s))
		how = LEAVE_GENTLY;
	if (!s->leaving && how == LEAVE_DRAIN)
		drain_begin(s->listener, s->n_listeners);
	s->leaving = true;
	for (struct pool *p = s->pool, *next; p; p = next) {
		next = p->next;
		pool_leave(p, how, timeout_ms);
	}
}

/* In the child: what other services share with their workers is none of its business. */
static void forget_others(const struct service *me)
{
	for (struct service *s = services; s; s = s->next) {
		if (s == me)
			continue;
		board_free(s->board);
		if (s->area)
			munmap(s->area, s->area_of->area_size);
	}
	log_channels_keep(me->log);
}

static _Noreturn void child_run(struct service *s, const struct pool *p, unsigned slot)
{
	forget_others(s);
	worker_run(&(struct worker_args){
		.conf = p->conf,
		.handler = s->area_of,
		.env = {.service = s->name,
			.text = p->conf->text,
			.slot = slot,
			.board = s->board,
			.area = s->area,
			.bell = s->bell},
		.board = s->board,
		.listen_fd = s->listen_fd,
		.n_listen = s->n_listeners,
		.notify_fd = s->notify.fd,
		.life_fd = master_life_fd,
		.master = master_pid,
		.log = s->log,
	});
}

pid_t service_fork(struct service *s, const struct pool *p, unsigned *slot)
{
	struct board *b = s->board;
	unsigned i = 0;
	pid_t pid;

	while (i < BOARD_SLOTS && s->slot_taken[i])
		i++;
	if (i == BOARD_SLOTS) {
		log_service(LOG_ERR, s->name, "has no free slot for a worker");
		return -1;
	}
	s->slot_taken[i] = 1;
	if (i + 1 > atomic_load(&b->slots_used))
		atomic_store(&b->slots_used, i + 1);
	atomic_store(&b->slot[i].connections, 0);
	atomic_store(&b->slot[i].state, SLOT_STARTING);
	pid = fork();
	if (pid == 0)
		child_run(s, p, i);
	if (pid < 0) {
		log_service(LOG_ERR, s->name, "fork: %m");
		service_slot_clear(s, i);
	}
	*slot = i;
	return pid;
}

void service_slot_clear(struct service *s, unsigned slot)
{
	struct board_slot *b = &s->board->slot[slot];

	s->slot_taken[slot] = 0;
	s->connections += atomic_load(&b->connections);
	atomic_store(&b->connections, 0);
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

void service_drained(struct service *s)
{
	for (size_t i = 0; i < s->n_dropped; i++)
		listener_refuse(&s->dropped[i]);
	for (size_t i = 0; s->leaving && i < s->n_listeners; i++)
		listener_refuse(&s->listener[i]);
}

/* When no pool drains any more, listeners that changed hands become like others. */
static void taken_over_end(void)
{
	for (const struct service *s = services; s; s = s->next) {
		if (s->leaving || (s->pool && s->pool->next))
			return;
	}
	for (struct service *s = services; s; s = s->next) {
		if (s->taken_over) {
			s->taken_over = false;
			listeners_set_blocking(s);
		}
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
		service_events.gone(s); /* s may be gone */
	} else if (!s->pool->next) {
		listeners_close(&s->dropped, &s->n_dropped);
		if (!s->leaving)
			listeners_set_blocking(s);
	}
	taken_over_end();
}

unsigned service_queue(const struct service *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n_listeners; i++) {
		struct tcp_info info = {0};
		socklen_t len = sizeof(info);

		/* tcpi_unacked of a listener is the length of its queue. */
		if (getsockopt(s->listener[i].fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
			n += info.tcpi_unacked;
	}
	return n;
}

/* shutdown() by a hostile worker closes a shared listener for all: listen() opens it again. */
static void listeners_revive(struct service *s)
{
	for (size_t i = 0; !s->leaving && s->pool && i < s->n_listeners; i++) {
		int on = 1;
		socklen_t len = sizeof(on);

		if (getsockopt(s->listener[i].fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) < 0 || on)
			continue;
		if (listen(s->listener[i].fd, (int)s->pool->conf->backlog) < 0)
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
	for (struct pool *p = s->pool; p; p = p->next)
		pool_bell(p, p == s->pool ? service_queue(s) : 0);
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
			t->connections += atomic_load(&b->connections);
		}
	}
	t->connections += s->connections;
}
