/* pool.c: fork, reap, replace and send away the workers of one generation. How many there should be
 * is decided in pool_size.c. */
#include "core/pool.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/log.h"
#include "core/pool_program.h"
#include "core/service.h"
#include "core/worker.h"

#define EARLY_MS      1000  /* a death sooner than this, with nothing done, is early */
#define EARLY_ROW_MS  10000 /* early deaths further apart are not in a row */
#define EARLY_MANY    3     /* so many early deaths in a row are a crash loop */
#define BACKOFF_MIN   1000
#define BACKOFF_MAX   30000
#define FORK_RETRY_MS 500
#define KILL_AFTER_MS 1000 /* from TERM to KILL */
#define KILL_AGAIN_MS 1000

static void retry_due(void *arg);
static void escalate_due(void *arg);
static void expire_due(void *arg);
static void drain_due(void *arg);

struct pool *pool_new(struct service *s, struct settings *settings, const struct conf_service *conf,
	size_t n_listen)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->service = s;
	p->settings = settings_hold(settings);
	p->conf = conf;
	p->target = conf->workers;
	p->go[0] = p->go[1] = -1;
	p->retry = (struct loop_timer){.fn = retry_due, .arg = p};
	p->escalate = (struct loop_timer){.fn = escalate_due, .arg = p};
	p->expire = (struct loop_timer){.fn = expire_due, .arg = p};
	p->drain = (struct loop_timer){.fn = drain_due, .arg = p};
	p->area =
		area_get(s->pool ? s->pool->area : NULL, handler_find(conf->handler), conf->module);
	p->listen_fd = calloc(n_listen, sizeof(*p->listen_fd));
	p->n_listen = n_listen;
	if (p->area && p->listen_fd && gate_lists_make(&p->lists, conf) == 0 &&
		(!pool_is_program(p) || program_notify_open()))
		return p;
	pool_free(p);
	return NULL;
}

void pool_free(struct pool *p)
{
	int saved = errno;

	loop_timer_clear(&p->retry);
	loop_timer_clear(&p->escalate);
	loop_timer_clear(&p->sample);
	loop_timer_clear(&p->expire);
	loop_timer_clear(&p->watch);
	loop_timer_clear(&p->drain);
	fd_close(&p->go[0]);
	fd_close(&p->go[1]);
	settings_release(p->settings);
	area_release(p->area);
	gate_lists_free(&p->lists);
	free(p->listen_fd);
	free(p->worker);
	free(p);
	errno = saved;
}

bool pool_listens_on(const struct pool *p, int fd)
{
	for (size_t i = 0; i < p->n_listen; i++) {
		if (p->listen_fd[i] == fd)
			return true;
	}
	return false;
}

size_t pool_staying(const struct pool *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->worker[i].leave == LEAVE_NOT;
	return n;
}

/* Room for so many workers. Returns false without memory. */
static bool room_make(struct pool *p, size_t cap)
{
	struct worker *more = realloc(p->worker, cap * sizeof(*more));

	if (!more)
		return false;
	p->worker = more;
	p->cap = cap;
	return true;
}

static bool spawn_one(struct pool *p)
{
	struct worker w = {.started_ms = mono_ms()};

	if (p->n == p->cap && !room_make(p, p->cap ? 2 * p->cap : 16)) {
		log_service(LOG_ERR, p->service->name, "fork: out of memory");
		return false;
	}
	w.pid = service_fork(p->service, p, &w);
	if (w.pid < 0)
		return false;
	p->worker[p->n++] = w;
	return true;
}

void pool_fill(struct pool *p)
{
	size_t have = pool_staying(p);

	pool_size_publish(p);
	pool_watch(p);
	if (p->leave != LEAVE_NOT || p->retry.armed || p->service->paused)
		return;
	for (; have < (size_t)p->target && program_room(p) > 0; have++) {
		if (!spawn_one(p)) {
			loop_timer_set(&p->retry, FORK_RETRY_MS);
			break;
		}
		if (p->backoff_ms) {
			/* One at a time, until one of them lasts. */
			p->probe = p->worker[p->n - 1].pid;
			loop_timer_set(&p->retry, EARLY_MS);
			break;
		}
	}
}

static struct worker *worker_find(struct pool *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->worker[i].pid == pid)
			return &p->worker[i];
	}
	return NULL;
}

static void crash_loop_end(struct pool *p)
{
	p->backoff_ms = 0;
	p->probe = 0;
	p->early = 0;
}

/* A pause is over. In a crash loop: if the last attempt has lasted, the loop is over too. */
static void retry_due(void *arg)
{
	struct pool *p = arg;
	const struct worker *w = p->probe ? worker_find(p, p->probe) : NULL;

	if (w && !w->ready) {
		loop_timer_set(&p->retry, EARLY_MS); /* still starting */
		return;
	}
	if (w || (p->backoff_ms && pool_staying(p) >= (size_t)p->target)) { /* or fewer will do */
		log_service(LOG_NOTICE, p->service->name, "workers stay alive again");
		crash_loop_end(p);
	}
	pool_fill(p);
}

/* How a death reads in the log. */
static void death_text(char *out, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "died: killed by signal %d (%s)%s", WTERMSIG(status),
			signal_name(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "");
	else
		snprintf(out, size, "died: exit status %d", WEXITSTATUS(status));
}

static void death_log(struct pool *p, const struct worker *w, int status, bool expected)
{
	int level = expected ? LOG_DEBUG : LOG_WARNING;
	bool loop = !expected && p->early >= EARLY_MANY, alone = p->n == 1 && !p->next;
	struct log_record r;
	char text[96];

	if (!log_wants(level))
		return;
	death_text(text, sizeof(text), status);
	/* What the next one says has its place in the line about its end, if nobody else speaks. */
	log_begin(&r, level, LOG_F_DEATH | (loop && alone ? LOG_F_HOLD : 0),
		expected ? "left" : text);
	log_str(&r, "service", p->service->name);
	log_num(&r, "worker", w->slot);
	log_num(&r, "pid", (uint64_t)w->pid);
	if (!expected && p->early)
		log_num(&r, "early", p->early);
	if (loop)
		log_num(&r, "next_try_s", p->backoff_ms / 1000);
	if (!expected && p->untold) {
		log_num(&r, "others", p->untold);
		p->untold = 0;
	}
	log_send(&r);
}

static void exit_count(const struct pool *p, const struct worker *w, int status, bool expected)
{
	_Atomic uint64_t *exits = p->service->board->service.exits;
	enum board_exit how = EXIT_FAILED;

	if (w->leave == LEAVE_KILL)
		how = EXIT_KILLED;
	else if (expected)
		how = w->leave == LEAVE_NOT ? EXIT_RETIRED : EXIT_LEFT;
	else if (WIFSIGNALED(status))
		how = EXIT_CRASHED;
	atomic_fetch_add(&exits[how], 1);
}

/* A death is early if the worker never was ready, or had no time and served nobody. SIGKILL comes
 * from outside and says nothing about the service. */
static bool death_is_early(const struct pool *p, const struct worker *w, int status)
{
	const struct board_slot *slot = &p->service->board->slot[w->slot];

	if (!w->ready)
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return false;
	return mono_ms() - w->started_ms < EARLY_MS &&
	       atomic_load(&slot->connections) == w->connections;
}

static void crash_count(struct pool *p, pid_t pid, bool early)
{
	uint64_t now = mono_ms();

	if (p->backoff_ms && pid != p->probe)
		return; /* one of those that died together, or were there before */
	if (!early) {
		if (p->backoff_ms)
			loop_timer_clear(&p->retry);
		crash_loop_end(p);
		return;
	}
	p->probe = 0;
	if (!p->backoff_ms && now - p->early_ms > EARLY_ROW_MS)
		p->early = 0;
	p->early_ms = now;
	if (++p->early < EARLY_MANY)
		return;
	p->backoff_ms = p->backoff_ms ? 2 * p->backoff_ms : BACKOFF_MIN;
	if (p->backoff_ms > BACKOFF_MAX)
		p->backoff_ms = BACKOFF_MAX;
	loop_timer_set(&p->retry, p->backoff_ms);
}

/* Told to leave, or its time was up. The latter is the worker's word, so it counts only where it can
 * be true. */
static bool death_is_expected(const struct pool *p, const struct worker *w, int status)
{
	if (w->leave != LEAVE_NOT)
		return true;
	return p->conf->max_connections > 0 && w->ready && WIFEXITED(status) &&
	       WEXITSTATUS(status) == WORKER_DONE &&
	       atomic_load(&p->service->board->retiring) == w->slot + 1;
}

bool pool_reap(struct pool *p, pid_t pid, int status)
{
	struct worker *w = worker_find(p, pid);
	bool expected, early, ready, more;
	char how[96];

	if (!w)
		return false;
	/* It may have said that it is ready and died before that was heard. */
	if (w->start) {
		program_look(w->start);
		w = worker_find(p, pid);
		if (!w)
			return false;
	}
	if (atomic_load(&p->service->board->slot[w->slot].state) > SLOT_STARTING)
		w->ready = true;
	ready = w->ready;
	expected = death_is_expected(p, w, status);
	early = !expected && death_is_early(p, w, status);
	more = early && p->backoff_ms && pid != p->probe && p->n > 1 && status == p->told;
	if (!expected || !p->backoff_ms)
		crash_count(p, pid, early);
	if (more)
		p->untold++;
	else
		death_log(p, w, status, expected);
	if (early)
		p->told = status;
	exit_count(p, w, status, expected);
	if (w->leave == LEAVE_DRAIN && WIFEXITED(status) && WEXITSTATUS(status) == WORKER_DRAINED)
		service_drained(p->service, p);
	service_slot_clear(p->service, w->slot);
	program_unwatch(w->start);
	*w = p->worker[--p->n];
	/* What a large table leaves behind glibc would keep: M_TRIM_THRESHOLD grows with it. */
	if (p->cap > 64 && p->n < p->cap / 4 && room_make(p, p->cap / 2))
		malloc_trim(0);
	if (pool_is_program(p))
		program_reaped(p, pid);
	if (p->leave != LEAVE_NOT && p->n == 0 && !p->left) {
		service_pool_empty(p->service, p); /* p may be gone */
		return true;
	}
	if (p == p->service->trial && !(expected && ready)) {
		death_text(how, sizeof(how), status);
		service_events.tried(p->service, how);
		return true; /* p may be gone */
	}
	if (p == p->service->trial && !p->ready) {
		p->ready = true; /* it retired before the bell was heard */
		service_events.tried(p->service, NULL);
	}
	if (early && !p->ready && service_events.stillborn(p->service))
		return true; /* the service was given up: p may be gone */
	pool_fill(p);
	if (p->service->pool && p != p->service->pool)
		pool_fill(p->service->pool); /* programs wait for those before them */
	service_retire_check(p->service);
	return true;
}

/* Push one worker one step further. Only a child that was not reaped is ever signalled. */
static void worker_leave(const struct pool *p, struct worker *w, enum leave how)
{
	static const int sig[] = {[LEAVE_GENTLY] = WORKER_SIG_LEAVE,
		[LEAVE_DRAIN] = WORKER_SIG_DRAIN,
		[LEAVE_STOP] = WORKER_SIG_STOP,
		[LEAVE_KILL] = SIGKILL};

	if (how < w->leave || (how == w->leave && how != LEAVE_KILL))
		return;
	if ((pool_is_program(p) ? program_signal(p, w, how) : kill(w->pid, sig[how])) < 0)
		log_msg(LOG_ERR, "pid=%d kill: %m", (int)w->pid);
	w->leave = how;
}

void pool_leave(struct pool *p, enum leave how, uint64_t timeout_ms)
{
	bool urgent = how >= LEAVE_STOP && p->leave < LEAVE_STOP;

	loop_timer_clear(&p->retry);
	loop_timer_clear(&p->sample);
	if (how > p->leave)
		p->leave = how;
	if (p->leave == LEAVE_DRAIN && pool_is_program(p) && p->n) {
		p->leave = LEAVE_GENTLY; /* it is not over before it is told to them */
		if (!p->drain.armed)
			program_drain(p);
	} else {
		for (size_t i = 0; i < p->n; i++)
			worker_leave(p, &p->worker[i], p->leave);
	}
	/* To say it again does not put off the next step; a shorter time counts. */
	if (urgent)
		loop_timer_set(&p->escalate, KILL_AFTER_MS);
	else if (timeout_ms && (!p->escalate.armed || p->escalate.due > mono_ms() + timeout_ms))
		loop_timer_set(&p->escalate, timeout_ms);
	if (p->n == 0 && !p->left)
		service_pool_empty(p->service, p);
}

static const char *step_name(const struct pool *p, enum leave how)
{
	return signal_name(how == LEAVE_KILL    ? SIGKILL
			   : pool_is_program(p) ? (int)p->conf->stop_signal
						: WORKER_SIG_STOP);
}

static void escalate_due(void *arg)
{
	struct pool *p = arg;
	/* Programs that still had a queue to drain were told nothing yet. */
	bool told = pool_is_program(p) && !p->drain.armed;

	loop_timer_clear(&p->drain);
	p->leave = p->leave < LEAVE_STOP && !told ? LEAVE_STOP : LEAVE_KILL;
	if (p->n)
		log_service(LOG_WARNING, p->service->name, "%zu workers did not leave in time: %s",
			p->n, step_name(p, p->leave));
	for (size_t i = 0; i < p->n; i++)
		worker_leave(p, &p->worker[i], p->leave);
	loop_timer_set(&p->escalate, p->leave == LEAVE_STOP ? KILL_AFTER_MS : KILL_AGAIN_MS);
}

static void drain_due(void *arg)
{
	program_drain(arg);
}

/* End those whose time is up, and see to the next. */
static void expire_due(void *arg)
{
	struct pool *p = arg;
	uint64_t now = mono_ms(), next = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct worker *w = &p->worker[i];

		if (w->expire_ms && w->expire_ms <= now) {
			enum leave how = w->leave == LEAVE_GENTLY && !pool_is_program(p)
						 ? LEAVE_STOP
						 : LEAVE_KILL;

			log_service(LOG_WARNING, p->service->name,
				"pid=%d did not leave in time: %s", (int)w->pid, step_name(p, how));
			worker_leave(p, w, how);
			w->expire_ms = now + KILL_AFTER_MS;
		}
		if (w->expire_ms && (!next || w->expire_ms < next))
			next = w->expire_ms;
	}
	if (next)
		loop_timer_set(&p->expire, next - now);
}

void pool_expire(struct pool *p, struct worker *w, uint64_t ms)
{
	w->expire_ms = mono_ms() + ms;
	if (!p->expire.armed || p->expire.due > w->expire_ms)
		loop_timer_set(&p->expire, ms);
}

void pool_dismiss(struct pool *p, size_t n, uint64_t timeout_ms)
{
	const struct board *b = p->service->board;

	/* First those that are of no use yet, then the idle, then those that must finish something. */
	for (uint32_t most = SLOT_STARTING; most <= SLOT_LEAVING; most++) {
		for (size_t i = p->n; i-- > 0 && n > 0;) {
			struct worker *w = &p->worker[i];

			if (w->leave != LEAVE_NOT)
				continue;
			if (most < SLOT_LEAVING && atomic_load(&b->slot[w->slot].state) > most)
				continue;
			worker_leave(p, w, LEAVE_GENTLY);
			if (timeout_ms)
				pool_expire(p, w, timeout_ms);
			n--;
		}
	}
}
