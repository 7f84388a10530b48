/* status_metrics.c: the scoreboards as metrics. Names are a promise to those who have dashboards.
 * Source: OpenMetrics 1.0; Prometheus, "Exposition formats", text 0.0.4 */
#include "handlers/status.h"

#include <inttypes.h>

#include "board/admit.h"
#include "board/tally.h"

struct metrics {
	struct buf *out;
	bool openmetrics;
};

/* A counter's family has no _total in OpenMetrics; its samples always have. */
static void family(const struct metrics *m, const char *name, const char *type, const char *help)
{
	const char *total = !m->openmetrics && type[0] == 'c' ? "_total" : "";

	buf_printf(
		m->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total, help, name, total, type);
}

/* One sample; names of services need no escapes. */
static void sample(const struct metrics *m, const char *name, const char *service,
	const char *label, const char *value, uint64_t n)
{
	buf_printf(m->out, "%s{service=\"%s\"", name, service);
	if (label)
		buf_printf(m->out, ",%s=\"%s\"", label, value);
	buf_printf(m->out, "} %" PRIu64 "\n", n);
}

static void seconds(struct buf *out, uint64_t ms)
{
	buf_printf(out, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
}

static void histogram(const struct metrics *m, const char *name, const char *service,
	const uint64_t *bucket, size_t n, uint64_t bound(unsigned), uint64_t sum_ms)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < n; i++) {
		total += bucket[i];
		buf_printf(m->out, "%s_bucket{service=\"%s\",le=\"", name, service);
		if (bound(i) == UINT64_MAX)
			buf_puts(m->out, "+Inf");
		else
			seconds(m->out, bound(i));
		buf_printf(m->out, "\"} %" PRIu64 "\n", total);
	}
	buf_printf(m->out, "%s_count{service=\"%s\"} %" PRIu64 "\n%s_sum{service=\"%s\"} ", name,
		service, total, name, service);
	seconds(m->out, sum_ms);
	buf_puts(m->out, "\n");
}

/* For each service: the view of it is v. COUNTED: whose connections are counted. */
#define EACH_SERVICE(s, v) \
	for (size_t i_ = 0; i_ < (s)->n; i_++) \
		for (const struct view_service *v = &(s)->service[i_].v; v; v = NULL)
#define EACH_COUNTED(s, v) \
	EACH_SERVICE(s, v) \
	if (v->counted)

static void workers(const struct status *s, const struct metrics *m)
{
	family(m, "sockd_workers", "gauge",
		"Workers by state; backoff: places that wait to be filled.");
	EACH_SERVICE(s, v)
	{
		for (unsigned i = SLOT_STARTING; i < SLOT_STATES; i++) {
			if (v->counted || i != SLOT_BUSY)
				sample(m, "sockd_workers", v->name, "state", view_state(i),
					v->state[i]);
		}
		sample(m, "sockd_workers", v->name, "state", "backoff", status_backoff(v));
	}
	family(m, "sockd_worker_exits", "counter", "Workers that ended, by how.");
	EACH_SERVICE(s, v)
	{
		for (unsigned i = 0; i < EXIT_REASONS; i++)
			sample(m, "sockd_worker_exits_total", v->name, "reason", view_exit(i),
				v->exits[i]);
	}
}

static void connections(const struct status *s, const struct metrics *m)
{
	family(m, "sockd_connections", "counter", "Connections that were served to their end.");
	EACH_COUNTED(s, v)
	sample(m, "sockd_connections_total", v->name, NULL, NULL, v->connections);
	family(m, "sockd_connections_active", "gauge", "Connections that are served now.");
	EACH_COUNTED(s, v)
	sample(m, "sockd_connections_active", v->name, NULL, NULL, v->state[SLOT_BUSY]);
	family(m, "sockd_refused", "counter", "Connections that were refused, by the limit.");
	EACH_COUNTED(s, v)
	{
		for (unsigned i = REFUSED_NOT + 1; i < REFUSED_REASONS; i++)
			sample(m, "sockd_refused_total", v->name, "reason", admit_reason(i),
				v->refused[i]);
	}
	family(m, "sockd_bytes", "counter", "Bytes from (in) and to (out) clients.");
	EACH_COUNTED(s, v)
	{
		sample(m, "sockd_bytes_total", v->name, "direction", "in", v->bytes_in);
		sample(m, "sockd_bytes_total", v->name, "direction", "out", v->bytes_out);
	}
	family(m, "sockd_connection_seconds", "histogram", "How long connections took.");
	EACH_COUNTED(s, v)
	histogram(m, "sockd_connection_seconds", v->name, v->time, BOARD_TIMES, tally_time_bound,
		v->time_ms);
}

static void queues(const struct status *s, const struct metrics *m)
{
	family(m, "sockd_accept_queue", "gauge", "Connections that wait for a worker.");
	EACH_SERVICE(s, v)
	sample(m, "sockd_accept_queue", v->name, NULL, NULL, v->queue);
	family(m, "sockd_accept_queue_limit", "gauge", "How many may wait.");
	EACH_SERVICE(s, v)
	sample(m, "sockd_accept_queue_limit", v->name, NULL, NULL, v->queue_limit);
	family(m, "sockd_accept_wait_seconds", "histogram",
		"How long connections waited for a worker.");
	EACH_COUNTED(s, v)
	histogram(m, "sockd_accept_wait_seconds", v->name, v->wait, BOARD_WAITS, tally_wait_bound,
		v->wait_ms);
}

void status_metrics(const struct status *s, struct buf *out, bool openmetrics)
{
	struct metrics m = {out, openmetrics};

	connections(s, &m);
	workers(s, &m);
	queues(s, &m);
	/* Reloads belong to no service: an empty label is none. */
	family(&m, "sockd_reloads", "counter", "Reloads of the settings, by how they ended.");
	sample(&m, "sockd_reloads_total", "", "result", "done", s->master.reloads_good);
	sample(&m, "sockd_reloads_total", "", "result", "failed", s->master.reloads_bad);
	if (openmetrics)
		buf_puts(out, "# EOF\n");
}
