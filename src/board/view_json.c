/* view_json.c: names of keys are a promise to programs: add, but do not rename. */
#include "board/view_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "board/admit.h"
#include "board/tally.h"

/* Seconds since 1970, or null for what has never been. */
static void time_s(struct buf *b, const char *key, uint64_t s)
{
	if (s)
		json_num(b, key, s);
	else
		json_null(b, key);
}

void view_master_json(struct buf *b, const char *key, const struct view_master *m)
{
	json_begin(b, key, '{');
	json_text(b, "version", m->sockd);
	json_num(b, "pid", m->pid > 0 ? (uint64_t)m->pid : 0);
	json_text(b, "state", view_master_state(m->state));
	json_text(b, "file", m->file);
	time_s(b, "started_s", m->started_s);
	time_s(b, "loaded_s", m->loaded_s);
	time_s(b, "reloaded_s", m->reloaded_s);
	json_text(b, "reload_result", m->reload_text);
	json_num(b, "reloads_good", m->reloads_good);
	json_num(b, "reloads_bad", m->reloads_bad);
	json_end(b, '}');
}

static void bound(struct buf *b, const char *key, uint64_t ms)
{
	if (ms == UINT64_MAX)
		json_null(b, key);
	else
		json_num(b, key, ms);
}

static void num_or_null(struct buf *b, const char *key, uint64_t n, bool known)
{
	if (known)
		json_num(b, key, n);
	else
		json_null(b, key);
}

static void percentile(struct buf *b, const char *key, const uint64_t *count, unsigned n,
	unsigned percent, uint64_t (*bound_ms)(unsigned))
{
	int i = view_percentile(count, n, percent);

	bound(b, key, i < 0 ? UINT64_MAX : bound_ms((unsigned)i));
}

/* Counts of what took less than "below_ms" and not less than that of the bucket before. */
static void histogram(struct buf *b, const char *key, const uint64_t *count, unsigned n,
	uint64_t sum_ms, uint64_t (*bound_ms)(unsigned))
{
	json_begin(b, key, '{');
	percentile(b, "p50_below_ms", count, n, 50, bound_ms);
	percentile(b, "p99_below_ms", count, n, 99, bound_ms);
	json_num(b, "sum_ms", sum_ms);
	json_begin(b, "buckets", '[');
	for (unsigned i = 0; i < n; i++) {
		json_begin(b, NULL, '{');
		bound(b, "below_ms", bound_ms(i));
		json_num(b, "count", count[i]);
		json_end(b, '}');
	}
	json_end(b, ']');
	json_end(b, '}');
}

void view_service_json(struct buf *b, const char *key, const struct view_service *v)
{
	json_begin(b, key, '{');
	json_text(b, "name", v->name);
	json_text(b, "handler", v->handler);
	json_begin(b, "listen", '[');
	for (unsigned i = 0; i < v->n_listen; i++)
		json_text(b, NULL, v->listen[i]);
	json_end(b, ']');
	json_text(b, "state", view_mode(v->mode));
	json_num(b, "generation", v->generation);
	json_begin(b, "workers", '{');
	for (unsigned i = SLOT_STARTING; i < SLOT_STATES; i++)
		num_or_null(b, view_state((enum board_state)i), v->state[i],
			v->counted || i != SLOT_BUSY);
	json_num(b, "target", v->target);
	json_num(b, "configured", v->workers);
	json_num(b, "max", v->max_workers);
	json_end(b, '}');
	json_num(b, "queue", v->queue);
	json_num(b, "queue_limit", v->queue_limit);
	num_or_null(b, "connections", v->connections, v->counted);
	num_or_null(b, "bytes_in", v->bytes_in, v->counted);
	num_or_null(b, "bytes_out", v->bytes_out, v->counted);
	if (v->counted) {
		json_begin(b, "refused", '{');
		for (unsigned i = REFUSED_NOT + 1; i < REFUSED_REASONS; i++)
			json_num(b, admit_reason((enum board_refusal)i), v->refused[i]);
		json_end(b, '}');
		histogram(b, "wait", v->wait, BOARD_WAITS, v->wait_ms, tally_wait_bound);
		histogram(b, "time", v->time, BOARD_TIMES, v->time_ms, tally_time_bound);
	} else {
		json_null(b, "refused");
		json_null(b, "wait");
		json_null(b, "time");
	}
	json_begin(b, "exits", '{');
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		json_num(b, view_exit((enum board_exit)i), v->exits[i]);
	json_end(b, '}');
	json_end(b, '}');
}

static void peer(struct buf *b, const char *key, const struct board_peer *p)
{
	char text[ADDR_TEXT_MAX];

	view_peer(p, text);
	if (text[0])
		json_text(b, key, text);
	else
		json_null(b, key);
}

void view_worker_json(struct buf *b, const char *key, const struct view_service *v,
	const struct view_worker *w, uint64_t now_ms)
{
	json_begin(b, key, '{');
	json_num(b, "slot", w->slot);
	json_num(b, "pid", (uint64_t)w->pid);
	json_num(b, "generation", w->generation);
	json_text(b, "state", view_state(w->state));
	json_num(b, "for_ms", now_ms > w->since_ms ? now_ms - w->since_ms : 0);
	json_num(b, "age_ms", now_ms > w->started_ms ? now_ms - w->started_ms : 0);
	num_or_null(b, "connections", w->connections, v->counted);
	num_or_null(b, "bytes_in", w->bytes_in, v->counted);
	num_or_null(b, "bytes_out", w->bytes_out, v->counted);
	peer(b, "client", &w->peer);
	json_end(b, '}');
}

void view_recent_json(struct buf *b, const char *key, const char *service,
	const struct board_recent *r, uint64_t now_ms)
{
	char id[17];

	json_begin(b, key, '{');
	json_text(b, "service", service);
	snprintf(id, sizeof(id), "%016" PRIx64, r->id); /* as the log has it */
	json_text(b, "conn", id);
	peer(b, "source", &r->peer);
	json_num(b, "ago_ms", now_ms > r->ended_ms ? now_ms - r->ended_ms : 0);
	json_num(b, "duration_ms", r->duration_ms);
	json_num(b, "bytes_in", r->bytes_in);
	json_num(b, "bytes_out", r->bytes_out);
	if (r->refusal == REFUSED_NOT)
		json_null(b, "refused");
	else
		json_text(b, "refused", admit_reason((enum board_refusal)r->refusal));
	json_text(b, "end", r->refusal == REFUSED_NOT ? r->end : "refused");
	if (r->program > 0)
		json_num(b, "exit", (uint64_t)r->program - 1);
	else
		json_null(b, "exit");
	if (r->program < 0)
		json_text(b, "signal", signal_name(-r->program));
	else
		json_null(b, "signal");
	json_end(b, '}');
}
