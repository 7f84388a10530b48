/* pool_watch.c: workers that have not come back from a connection long after its session-timeout: they are
 * stopped, or stuck in somebody's code, and the time-out in the worker itself came to nothing. */
#include "base/log.h"
#include "core/service.h"

#define GRACE_MS    3000 /* more than a worker needs to end a program and to close */
#define LOOK_MIN_MS 500
#define LOOK_MAX_MS 10000

static void look(void *arg)
{
	struct pool *p = arg;
	uint64_t now = mono_ms(), limit = (uint64_t)p->conf->session_timeout * 1000 + GRACE_MS;

	for (size_t i = 0; i < p->n; i++) {
		struct worker *w = &p->worker[i];
		const struct board_slot *slot = &p->service->board->slot[w->slot];
		bool busy = atomic_load(&slot->state) == SLOT_BUSY; /* first: it is written last */

		/* A worker can write what it likes here: the worst that follows is its own end. */
		if (!busy || w->expire_ms || atomic_load(&slot->since_ms) + limit > now)
			continue;
		log_service(LOG_WARNING, p->service->name,
			"pid=%d serves a connection for longer than session-timeout", (int)w->pid);
		pool_expire(p, w, 1);
	}
	pool_watch(p);
}

void pool_watch(struct pool *p)
{
	uint64_t ms = (uint64_t)p->conf->session_timeout * 250;

	ms = ms < LOOK_MIN_MS ? LOOK_MIN_MS : ms > LOOK_MAX_MS ? LOOK_MAX_MS : ms;
	if (!p->conf->session_timeout || p->watch.armed)
		return;
	p->watch = (struct loop_timer){.fn = look, .arg = p};
	loop_timer_set(&p->watch, ms);
}
