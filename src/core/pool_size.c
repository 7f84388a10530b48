/* pool_size.c: grow on demand, shrink when the demand is gone.
 *
 * Growing is asked for by the workers: one that becomes busy and finds too few idle ones rings the
 * bell. Shrinking is the master's: while a pool is larger than it must be, a timer looks at how many
 * are busy, and what was not needed for `worker-idle` seconds leaves. accept() wakes sleepers in
 * turn, so that no single worker would ever be idle for long: demand is what counts.
 */
#include "base/log.h"
#include "core/pool_program.h"
#include "core/service.h"

#define GROW_AT_ONCE  32
#define SAMPLE_MIN_MS 50
#define SAMPLE_MAX_MS 1000

static void sample_due(void *arg);

static long size_min(const struct pool *p)
{
	long n = p->conf->workers + p->adjust;

	return n > 1 ? n : 1;
}

static long size_max(const struct pool *p)
{
	long max = p->conf->max_workers, min = size_min(p);

	return max > min ? max : min;
}

/* Ten looks in each window, but not more than needed. */
static uint64_t sample_ms(const struct pool *p)
{
	uint64_t ms = (uint64_t)p->conf->worker_idle * 100;

	return ms < SAMPLE_MIN_MS ? SAMPLE_MIN_MS : ms > SAMPLE_MAX_MS ? SAMPLE_MAX_MS : ms;
}

void pool_size_publish(struct pool *p)
{
	struct board *b = p->service->board;

	if (p != p->service->pool)
		return; /* an older generation, which does not grow any more */
	service_publish(p->service);
	atomic_store(&b->spare, (uint32_t)p->conf->spare_workers);
	atomic_store(&b->may_grow, p->target < size_max(p));
	if (p->target > size_min(p) && !p->sample.armed && p->leave == LEAVE_NOT) {
		p->window_ms = mono_ms();
		p->peak = 0;
		p->sample = (struct loop_timer){.fn = sample_due, .arg = p};
		loop_timer_set(&p->sample, sample_ms(p));
	}
}

/* Workers of this pool in a state of the board; those still starting count as idle. */
static void count(const struct pool *p, unsigned *idle, unsigned *busy)
{
	const struct board *b = p->service->board;

	*idle = *busy = 0;
	for (size_t i = 0; i < p->n; i++) {
		uint32_t state = atomic_load(&b->slot[p->worker[i].slot].state);

		if (p->worker[i].leave != LEAVE_NOT)
			continue;
		*busy += state == SLOT_BUSY;
		*idle += state == SLOT_IDLE || state == SLOT_STARTING;
	}
}

static void resize(struct pool *p, long target)
{
	long min = size_min(p), max = size_max(p);
	size_t have;

	target = target < min ? min : target > max ? max : target;
	if (target != p->target)
		log_service(LOG_DEBUG, p->service->name, "pool from %ld to %ld workers", p->target,
			target);
	p->target = target;
	have = pool_staying(p);
	if (have > (size_t)target)
		pool_dismiss(p, have - (size_t)target, pool_is_program(p) ? p->drain_ms : 0);
	pool_fill(p);
	if (pool_is_program(p) && p->next && pool_is_program(p->next))
		program_roll(p); /* so many may be ready already */
}

static void sample_due(void *arg)
{
	struct pool *p = arg;
	unsigned idle, busy;
	uint64_t now = mono_ms();
	long need;

	count(p, &idle, &busy);
	if (busy > p->peak)
		p->peak = busy;
	if (now - p->window_ms >= (uint64_t)p->conf->worker_idle * 1000) {
		need = (long)p->peak + p->conf->spare_workers;
		p->window_ms = now;
		p->peak = busy;
		if (need < p->target)
			resize(p, need);
	}
	if (p->target > size_min(p))
		loop_timer_set(&p->sample, sample_ms(p));
}

static void grow(struct pool *p, unsigned queue)
{
	unsigned idle, busy;
	long more;

	count(p, &idle, &busy);
	more = p->conf->spare_workers + (long)queue - (long)idle;
	if (more > GROW_AT_ONCE)
		more = GROW_AT_ONCE;
	if (more > 0)
		resize(p, p->target + more);
}

void pool_was_ready(struct pool *p)
{
	if (pool_is_program(p) && p->next && pool_is_program(p->next)) {
		service_events.ready(p->service);
		program_roll(p);
	} else {
		service_pool_ready(p->service, p);
	}
}

void pool_bell(struct pool *p, unsigned queue)
{
	struct board *b = p->service->board;
	bool first = !p->ready, more = false;

	for (size_t i = 0; i < p->n; i++) {
		struct worker *w = &p->worker[i];

		if (w->ready || atomic_load(&b->slot[w->slot].state) <= SLOT_STARTING)
			continue;
		w->ready = p->ready = more = true;
	}
	if (more && p == p->service->trial) {
		if (first) /* a worker in the place of one that retired is no second good trial */
			service_events.tried(p->service, NULL);
		return;
	}
	if (more && (first || pool_is_program(p)))
		pool_was_ready(p);
	if (p == p->service->pool && p->leave == LEAVE_NOT && atomic_exchange(&b->wanted, 0))
		grow(p, queue);
}

void pool_reconfigure(struct pool *p, struct settings *settings, const struct conf_service *conf)
{
	bool shrunk = conf->workers < p->conf->workers;
	unsigned limit;

	settings_hold(settings);
	settings_release(p->settings);
	p->settings = settings;
	p->conf = conf;
	p->drain_ms = (uint64_t)settings->conf->drain_timeout * 1000;
	p->adjust = 0;
	resize(p, shrunk || p->target < conf->workers ? conf->workers : p->target);
	if (!p->service->paused) /* who is busy for long rings no bell */
		grow(p, service_queue(p->service, &limit));
}

void pool_adjust(struct pool *p, long n)
{
	long before = size_min(p);

	p->adjust += n;
	if (p->conf->workers + p->adjust < 1)
		p->adjust = 1 - p->conf->workers;
	resize(p, p->target + size_min(p) - before);
}

void pool_scale(struct pool *p, long n)
{
	p->adjust = n - p->conf->workers;
	resize(p, n);
}
