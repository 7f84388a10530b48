/* view.c: nothing here believes what it reads. Everything in a board of a service can be written by any
 * of its workers: it is copied once, byte by byte, and judged as a copy. */
#include "board/view.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "board/admit.h"

#define TEXT_TRIES   64 /* while it is being written; then it is taken as it is */
#define RECENT_TRIES 4  /* then it is left out: 100,000 of a hostile worker must not take long */

#define GET(x) atomic_load_explicit(&(x), memory_order_relaxed)

/* The compiler may neither read twice nor believe that nothing changes. */
static void copy(void *out, const volatile void *from, size_t n)
{
	const volatile unsigned char *p = from;
	unsigned char *to = out;

	while (n--)
		*to++ = *p++;
}

/* Copy what is guarded by a version that is odd while it is written.
 * Returns false if every try met a writer: what is there then is half of this and half of that. */
static bool copy_guarded(void *out, const volatile void *from, size_t n,
	const _Atomic uint32_t *version, unsigned tries)
{
	while (tries--) {
		uint32_t before = atomic_load_explicit(version, memory_order_acquire);

		copy(out, from, n);
		atomic_thread_fence(memory_order_acquire);
		if (!(before & 1) && GET(*version) == before)
			return true;
		if (tries > RECENT_TRIES)
			sched_yield();
	}
	return false;
}

static void text_take(char *out, size_t size, const char *raw, size_t n)
{
	escape_text(out, size, raw, strnlen(raw, n));
}

/* SLOT_EMPTY: nobody lives there. What is no state is shown as one that takes no connections. */
static enum board_state state_get(const struct board *b, unsigned slot)
{
	uint32_t state = GET(b->slot[slot].state);

	if (GET(b->worker[slot].pid) <= 0)
		return SLOT_EMPTY;
	return state < SLOT_STATES ? (enum board_state)state : SLOT_LEAVING;
}

static void slot_add(struct view_service *v, const struct board_slot *s)
{
	v->connections += GET(s->connections);
	v->bytes_in += GET(s->bytes_in);
	v->bytes_out += GET(s->bytes_out);
	v->wait_ms += GET(s->wait_ms);
	v->time_ms += GET(s->time_ms);
	for (unsigned i = 0; i < REFUSED_REASONS; i++)
		v->refused[i] += GET(s->refused[i]);
	for (unsigned i = 0; i < BOARD_WAITS; i++)
		v->wait[i] += GET(s->wait[i]);
	for (unsigned i = 0; i < BOARD_TIMES; i++)
		v->time[i] += GET(s->time[i]);
}

void view_service(const struct board *b, struct view_service *v)
{
	const struct board_service *s = &b->service;
	unsigned used = board_slots(b);
	uint32_t mode = GET(s->mode), target = GET(s->target), max = GET(s->max_workers);
	struct {
		char name[sizeof(s->name)], handler[sizeof(s->handler)];
		uint32_t n_listen;
		char listen[BOARD_LISTEN][ADDR_TEXT_MAX];
	} text;

	_Static_assert(sizeof(text) == offsetof(struct board_service, mode) -
					       offsetof(struct board_service, name),
		"the texts of a service are laid out otherwise");
	*v = (struct view_service){
		.mode = mode < BOARD_MODES ? (enum board_mode)mode : MODE_RUNNING,
		.workers = GET(s->workers),
		.max_workers = max > target ? max : target, /* scaled beyond the settings */
		.target = target,
		.queue = GET(s->queue),
		.queue_limit = GET(s->queue_limit),
		.queue_ms = GET(s->queue_ms),
		.generation = GET(s->generation)};
	(void)copy_guarded(&text, s->name, sizeof(text), &s->version, TEXT_TRIES);
	text_take(v->name, sizeof(v->name), text.name, sizeof(text.name));
	text_take(v->handler, sizeof(v->handler), text.handler, sizeof(text.handler));
	v->counted = strcmp(v->handler, "program") != 0;
	v->n_listen = text.n_listen < BOARD_LISTEN ? text.n_listen : BOARD_LISTEN;
	for (unsigned i = 0; i < v->n_listen; i++)
		text_take(
			v->listen[i], sizeof(v->listen[i]), text.listen[i], sizeof(text.listen[i]));
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		v->exits[i] = GET(s->exits[i]);
	for (unsigned i = 0; i < used; i++) {
		enum board_state state = state_get(b, i);

		if (state != SLOT_EMPTY)
			v->state[state]++;
		slot_add(v, &b->slot[i]);
	}
}

bool view_worker(const struct board *b, unsigned *from, struct view_worker *w)
{
	unsigned used = board_slots(b), i = *from;
	const struct board_slot *s;
	uint64_t now_ms = mono_ms();

	while (i < used && state_get(b, i) == SLOT_EMPTY)
		i++;
	*from = i + 1;
	if (i >= used)
		return false;
	s = &b->slot[i];
	*w = (struct view_worker){.slot = i,
		.generation = GET(b->worker[i].generation),
		.pid = GET(b->worker[i].pid),
		.state = state_get(b, i),
		.since_ms = GET(s->since_ms),
		.started_ms = GET(b->worker[i].started_ms),
		.connections = GET(s->connections),
		.bytes_in = GET(s->bytes_in),
		.bytes_out = GET(s->bytes_out)};
	if (w->state == SLOT_BUSY)
		copy(&w->peer, &s->peer, sizeof(w->peer));
	if (w->since_ms > now_ms)
		w->since_ms = now_ms;
	if (w->started_ms > now_ms)
		w->started_ms = now_ms;
	/* The slot's last owner has left, and its successor has nothing to say yet. */
	if (w->since_ms < w->started_ms)
		w->since_ms = w->started_ms;
	return true;
}

/* True with a copy of r if it is whole and newer than the last of n. */
static bool recent_take(const struct board_recent *r, uint64_t than_ms, struct board_recent *out)
{
	char end[sizeof(out->end)];

	if (!GET(r->seq) || *(const volatile uint64_t *)&r->ended_ms < than_ms ||
		!copy_guarded(out, r, sizeof(*out), &r->seq, RECENT_TRIES))
		return false;
	memcpy(end, out->end, sizeof(end));
	text_take(out->end, sizeof(out->end), end, sizeof(end));
	if (out->refusal >= REFUSED_REASONS)
		out->refusal = REFUSED_NOT;
	if (out->program < -UINT8_MAX || out->program > 1 + UINT8_MAX)
		out->program = 0;
	return true;
}

size_t view_recent(const struct board *b, struct board_recent *out, size_t max)
{
	unsigned used = board_slots(b);
	uint64_t now_ms = mono_ms();
	struct board_recent r;
	size_t n = 0;

	for (unsigned i = 0; i < used * BOARD_RECENT && max; i++) {
		const struct board_recent *from = &b->slot[i / BOARD_RECENT].last[i % BOARD_RECENT];
		size_t at;

		if (!recent_take(from, n == max ? out[n - 1].ended_ms : 0, &r))
			continue;
		if (r.ended_ms > now_ms)
			r.ended_ms = now_ms;
		if (n < max)
			n++;
		else if (r.ended_ms <= out[n - 1].ended_ms)
			continue;
		for (at = n - 1; at && out[at - 1].ended_ms < r.ended_ms; at--)
			out[at] = out[at - 1];
		out[at] = r;
	}
	return n;
}

void view_master(const struct board_master *b, struct view_master *v)
{
	struct {
		int32_t pid;
		char sockd[sizeof(b->sockd)], file[sizeof(b->file)];
		char reload_text[sizeof(b->reload_text)];
	} text;

	_Static_assert(sizeof(text) == offsetof(struct board_master, reload_text) +
					       sizeof(b->reload_text) -
					       offsetof(struct board_master, pid),
		"the texts of the master are laid out otherwise");
	*v = (struct view_master){.state = GET(b->state),
		.started_s = GET(b->started_s),
		.loaded_s = GET(b->loaded_s),
		.reloaded_s = GET(b->reloaded_s),
		.reloads_good = GET(b->reloads_good),
		.reloads_bad = GET(b->reloads_bad)};
	(void)copy_guarded(&text, &b->pid, sizeof(text), &b->version, TEXT_TRIES);
	v->pid = text.pid;
	memcpy(v->sockd, text.sockd, sizeof(v->sockd) - 1);
	memcpy(v->file, text.file, sizeof(v->file) - 1);
	memcpy(v->reload_text, text.reload_text, sizeof(v->reload_text) - 1);
}

int view_percentile(const uint64_t *count, unsigned buckets, unsigned percent)
{
	double all = 0, seen = 0; /* counts that a worker has made up do not overflow */
	unsigned i;

	for (i = 0; i < buckets; i++)
		all += (double)count[i];
	if (all <= 0)
		return -1;
	for (i = 0; i + 1 < buckets; i++) {
		seen += (double)count[i];
		if (seen * 100 >= all * percent)
			break;
	}
	return (int)i;
}

void view_peer(const struct board_peer *p, char out[ADDR_TEXT_MAX])
{
	struct addr a = {.len = sizeof(a.in)};

	out[0] = '\0';
	a.sa.sa_family = p->family;
	if (p->family == AF_INET) {
		memcpy(&a.in.sin_addr, p->addr, sizeof(a.in.sin_addr));
		a.in.sin_port = htons(p->port);
	} else if (p->family == AF_INET6) {
		a.len = sizeof(a.in6);
		memcpy(&a.in6.sin6_addr, p->addr, sizeof(a.in6.sin6_addr));
		a.in6.sin6_port = htons(p->port);
	} else if (p->family == AF_UNIX) {
		a.len = offsetof(struct sockaddr_un, sun_path);
	} else {
		return;
	}
	addr_format(&a, out);
}

void view_end(const struct board_recent *r, char *out, size_t size)
{
	if (r->refusal != REFUSED_NOT)
		snprintf(out, size, "refused: %s", admit_reason((enum board_refusal)r->refusal));
	else if (r->program < 0)
		snprintf(out, size, "%s signal=%s", r->end, signal_name(-r->program));
	else if (r->program > 0)
		snprintf(out, size, "%s exit=%d", r->end, r->program - 1);
	else
		snprintf(out, size, "%s", r->end);
}

#define NAME(table, i) ((i) < ARRAY_SIZE(table) && (table)[i] ? (table)[i] : "?")

const char *view_state(enum board_state s)
{
	static const char *const name[] = {[SLOT_EMPTY] = "empty",
		[SLOT_STARTING] = "starting",
		[SLOT_IDLE] = "idle",
		[SLOT_BUSY] = "busy",
		[SLOT_LEAVING] = "leaving"};

	return NAME(name, (unsigned)s);
}

const char *view_exit(enum board_exit e)
{
	static const char *const name[] = {[EXIT_LEFT] = "left",
		[EXIT_RETIRED] = "retired",
		[EXIT_FAILED] = "failed",
		[EXIT_CRASHED] = "crashed",
		[EXIT_KILLED] = "killed"};

	return NAME(name, (unsigned)e);
}

const char *view_mode(enum board_mode m)
{
	static const char *const name[] = {[MODE_RUNNING] = "running",
		[MODE_PAUSED] = "paused",
		[MODE_BACKOFF] = "backoff",
		[MODE_LEAVING] = "leaving"};

	return NAME(name, (unsigned)m);
}

const char *view_master_state(unsigned state)
{
	/* test_view.c compares them with enum master_state, which no room down here may include. */
	static const char *const name[] = {
		"starting", "running", "reloading", "upgrading", "stopping", "terminating"};

	return NAME(name, state);
}
