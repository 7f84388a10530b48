/* status_html.c: the page as it is without JavaScript. status_page.html has what never changes, and @names@
 * where this file puts in what does; its script then keeps up to date what it finds there. */
#include "handlers/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "board/admit.h"
#include "board/tally.h"

#define ROOM_MAX 64 /* larger pools do not show the places that they may grow by */
#define TEXT_MAX 40 /* bytes of a number with its unit */

/* Text of others: a line breaks, what else is not printable ASCII becomes \xNN. */
static void html(struct buf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
			buf_printf(out, "&#%d;", c);
		else if ((c < ' ' && c != '\n') || c > '~')
			buf_printf(out, "\\x%02x", c);
		else
			buf_add(out, s, 1);
	}
}

static void count(struct buf *out, uint64_t n)
{
	if (n >= 1000)
		count(out, n / 1000);
	/* A narrow space that does not break. */
	buf_printf(out, n >= 1000 ? "\u202f%03" PRIu64 : "%" PRIu64, n % 1000);
}

static void bytes(struct buf *out, uint64_t n)
{
	static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double d = (double)n;
	size_t i = 0;

	for (; d >= 999.5; i++)
		d /= 1000;
	buf_printf(out, "%.*f %s", i && d < 9.995 ? 1 : 0, d, unit[i]);
}

static void milliseconds(struct buf *out, double ms)
{
	if (ms < 1000)
		buf_printf(out, "%.*f ms", ms < 9.95 && ms != (double)(int)ms ? 1 : 0, ms);
	else
		buf_printf(out, "%.1f s", ms / 1000);
}

static void span(struct buf *out, uint64_t s)
{
	if (s < 60)
		buf_printf(out, "%" PRIu64 " s", s);
	else if (s < 3600)
		buf_printf(out, "%" PRIu64 " min", s / 60);
	else if (s < 86400)
		buf_printf(out, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
	else
		buf_printf(out, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s % 86400 / 3600);
}

static void ago(struct buf *out, uint64_t now_s, uint64_t then_s)
{
	span(out, now_s > then_s ? now_s - then_s : 0);
	buf_puts(out, " ago");
}

static uint64_t sum(const uint64_t *n, size_t size)
{
	uint64_t total = 0;

	while (size--)
		total += n[size];
	return total;
}

/* All services added up. */
static void total(const struct status *s, struct view_service *t)
{
	*t = (struct view_service){0};
	for (size_t i = 0; i < s->n; i++) {
		const struct view_service *v = &s->service[i].v;

		t->connections += v->connections;
		t->bytes_in += v->bytes_in;
		t->bytes_out += v->bytes_out;
		t->queue += v->queue;
		t->queue_limit += v->queue_limit;
		t->refused[0] += sum(v->refused, REFUSED_REASONS);
		t->wait[0] += sum(v->wait, BOARD_WAITS);
		t->wait_ms += v->wait_ms;
		for (size_t j = 0; j < SLOT_STATES; j++)
			t->state[j] += v->state[j];
	}
}

/* --- Rows ------------------------------------------------------------------------------------- */

static void cell(struct buf *out, const char *state, unsigned n)
{
	while (n--)
		buf_printf(out, "<i class=\"%s\"></i>", state);
}

static void cells(struct buf *out, const struct status_service *s)
{
	const struct view_service *v = &s->v;
	unsigned places = status_backoff(v), n = 0, from = 0;
	struct view_worker w;

	for (unsigned i = 0; i < SLOT_STATES; i++)
		places += v->state[i];
	buf_printf(out, "<div class=\"cells%s\">", places > 128 ? " many" : "");
	for (; n < STATUS_CELLS && view_worker(s->board, &from, &w); n++)
		cell(out, view_state(w.state), 1);
	cell(out, "backoff",
		status_backoff(v) < STATUS_CELLS - n ? status_backoff(v) : STATUS_CELLS - n);
	if (v->max_workers > places && v->max_workers <= ROOM_MAX)
		cell(out, "room", v->max_workers - places);
	buf_printf(out, "</div><small>%u %s", v->state[v->counted ? SLOT_BUSY : SLOT_IDLE],
		v->counted ? "busy" : "running");
	if (v->counted && v->state[SLOT_IDLE])
		buf_printf(out, ", %u idle", v->state[SLOT_IDLE]);
	if (v->state[SLOT_STARTING])
		buf_printf(out, ", %u starting", v->state[SLOT_STARTING]);
	if (v->state[SLOT_LEAVING])
		buf_printf(out, ", %u stopping", v->state[SLOT_LEAVING]);
	if (status_backoff(v))
		buf_printf(out, ", %u backing off", status_backoff(v));
	if (v->max_workers > v->workers)
		buf_printf(out, ", at most %u", v->max_workers);
	buf_puts(out, "</small>");
}

/* The mean, and the bound below which 99 % are. */
static void latency(struct buf *out, const uint64_t *bucket, unsigned n, uint64_t bound(unsigned),
	uint64_t sum_ms)
{
	uint64_t all = sum(bucket, n);
	int i = view_percentile(bucket, n, 99);

	buf_puts(out, "<b>");
	milliseconds(out, all ? (double)sum_ms / (double)all : 0);
	buf_puts(out, "</b><small>");
	if (i >= 0 && bound((unsigned)i) != UINT64_MAX) {
		buf_puts(out, "99 % &lt; ");
		milliseconds(out, (double)bound((unsigned)i));
	}
	buf_puts(out, "</small><svg></svg>");
}

static void rate(struct buf *out, const struct view_service *v)
{
	buf_puts(out, "<b>");
	count(out, v->connections);
	buf_puts(out, "</b><small>in all</small><svg></svg>");
}

static void queue(struct buf *out, const struct view_service *v)
{
	buf_puts(out, "<b>");
	count(out, v->queue);
	buf_puts(out, "</b><small>of ");
	count(out, v->queue_limit);
	buf_puts(out, "</small><svg></svg>");
}

static void wait(struct buf *out, const struct view_service *v)
{
	latency(out, v->wait, BOARD_WAITS, tally_wait_bound, v->wait_ms);
}

static void duration(struct buf *out, const struct view_service *v)
{
	latency(out, v->time, BOARD_TIMES, tally_time_bound, v->time_ms);
}

static void flow(struct buf *out, const struct view_service *v)
{
	buf_puts(out, "<b>");
	bytes(out, v->bytes_out);
	buf_puts(out, "</b><small>");
	bytes(out, v->bytes_in);
	buf_puts(out, " in</small><svg></svg>");
}

static void refused(struct buf *out, const struct view_service *v)
{
	uint64_t all = sum(v->refused, REFUSED_REASONS);
	unsigned most = 0;

	for (unsigned i = 1; i < REFUSED_REASONS; i++) {
		if (v->refused[i] > v->refused[most])
			most = i;
	}
	buf_printf(out, "<b class=\"%s\">", all ? "bad" : "none");
	count(out, all);
	buf_printf(out, "</b><small>%s</small>", all ? admit_reason(most) : "");
}

static void lost(struct buf *out, const struct view_service *v)
{
	static const enum board_exit how[] = {EXIT_CRASHED, EXIT_FAILED, EXIT_KILLED};
	const char *comma = "";
	uint64_t all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(how); i++)
		all += v->exits[how[i]];
	buf_printf(out, "<b class=\"%s\">", all ? "bad" : "none");
	count(out, all);
	buf_puts(out, "</b><small>");
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		if (!v->exits[how[i]])
			continue;
		buf_printf(out, "%s%" PRIu64 " %s", comma, v->exits[how[i]], view_exit(how[i]));
		comma = ", ";
	}
	buf_puts(out, "</small>");
}

static void service_row(struct buf *out, const struct status_service *s)
{
	static const struct {
		const char *name, *label;
		void (*put)(struct buf *out, const struct view_service *v);
		bool always; /* known of services, too, whose connections are not counted */
	} field[] = {
		{"rate", "Connections", rate, false},
		{"queue", "Queue", queue, true},
		{"wait", "Wait", wait, false},
		{"time", "Duration", duration, false},
		{"flow", "Traffic", flow, false},
		{"refused", "Refused", refused, false},
		{"lost", "Lost", lost, true},
	};
	const struct view_service *v = &s->v;

	buf_puts(out, "\n<tr data-s=\"");
	html(out, v->name);
	buf_puts(out, "\"><th scope=\"row\"><b>");
	html(out, v->name);
	buf_puts(out, "</b><small>");
	html(out, v->handler);
	buf_printf(out, "</small><span class=\"mode %s\">%s</span>", view_mode(v->mode),
		view_mode(v->mode));
	for (unsigned i = 0; i < v->n_listen; i++) {
		buf_puts(out, "<code>");
		html(out, v->listen[i]);
		buf_puts(out, "</code>");
	}
	buf_puts(out, "</th><td class=\"pool\">");
	cells(out, s);
	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		buf_printf(
			out, "</td><td class=\"%s\" data-l=\"%s\">", field[i].name, field[i].label);
		if (v->counted || field[i].always)
			field[i].put(out, v);
		else
			buf_puts(out, "<b class=\"none\">-</b><small></small>");
	}
	buf_puts(out, "</td></tr>");
}

static void recent_row(struct buf *out, const struct status *s, const struct status_recent *recent)
{
	const struct board_recent *r = &recent->r;
	char peer[ADDR_TEXT_MAX], end[VIEW_END_MAX];

	view_peer(&r->peer, peer);
	view_end(r, end, sizeof(end));
	buf_puts(out, "\n<tr><td>");
	if (s->now_ms < r->ended_ms + 1000)
		buf_puts(out, "now");
	else
		ago(out, s->now_ms / 1000, r->ended_ms / 1000);
	buf_puts(out, "</td><td>");
	html(out, s->service[recent->service].v.name);
	buf_puts(out, "</td><td><code>");
	html(out, peer);
	buf_puts(out, "</code></td><td>");
	milliseconds(out, (double)r->duration_ms);
	buf_puts(out, "</td><td>");
	bytes(out, r->bytes_in);
	buf_puts(out, "</td><td>");
	bytes(out, r->bytes_out);
	buf_printf(out, "</td><td%s>", r->refusal == REFUSED_NOT ? "" : " class=\"refused\"");
	html(out, end);
	buf_puts(out, "</td></tr>");
}

/* --- Names in the page ------------------------------------------------------------------------ */

#define IS(text) (strcmp(name, text) == 0)

/* Each of these writes what stands for a name, if it is one of its own. */
static void put_master(const struct status *s, struct buf *out, const char *name)
{
	const struct view_master *m = &s->master;
	bool failed = *m->reload_text && strcmp(m->reload_text, "done") != 0;

	if (IS("version")) {
		html(out, m->sockd);
	} else if (IS("state")) {
		buf_puts(out, view_master_state(m->state));
	} else if (IS("up")) {
		span(out, s->now_s > m->started_s ? s->now_s - m->started_s : 0);
	} else if (IS("pid")) {
		buf_printf(out, "%d", m->pid);
	} else if (IS("file")) {
		html(out, m->file);
	} else if (IS("loaded")) {
		ago(out, s->now_s, m->loaded_s);
	} else if (IS("reload") && !m->reloaded_s) {
		buf_puts(out, "none yet");
	} else if (IS("reload")) {
		buf_puts(out, failed ? "<span class=\"failed\">failed " : "<span>done ");
		ago(out, s->now_s, m->reloaded_s);
		buf_puts(out, "</span>");
	} else if (IS("trouble") && failed) {
		buf_puts(out, "<code>");
		html(out, m->reload_text);
		buf_puts(out, "</code>");
	}
}

static void put_total(const struct view_service *t, struct buf *out, const char *name)
{
	if (IS("connections"))
		count(out, t->connections);
	else if (IS("refused"))
		count(out, t->refused[0]);
	else if (IS("busy"))
		count(out, t->state[SLOT_BUSY]);
	else if (IS("workers"))
		count(out, (uint64_t)t->state[SLOT_STARTING] + t->state[SLOT_IDLE] +
				   t->state[SLOT_BUSY] + t->state[SLOT_LEAVING]);
	else if (IS("queue"))
		count(out, t->queue);
	else if (IS("queue_limit"))
		count(out, t->queue_limit);
	else if (IS("wait"))
		milliseconds(out, t->wait[0] ? (double)t->wait_ms / (double)t->wait[0] : 0);
	else if (IS("out"))
		bytes(out, t->bytes_out);
	else if (IS("in"))
		bytes(out, t->bytes_in);
}

static void put_rows(const struct status *s, struct buf *out, const char *name)
{
	for (size_t i = 0; IS("services") && i < s->n; i++)
		service_row(out, &s->service[i]);
	for (size_t i = 0; IS("recent") && i < s->n_recent; i++)
		recent_row(out, s, &s->recent[i]);
}

/* Write a line of the page. */
static void line_put(const struct status *s, const struct view_service *t, struct buf *out,
	const char *line, const char *nonce)
{
	const char *at;
	char name[16];

	while ((at = strchr(line, '@'))) {
		size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");

		buf_add(out, line, (size_t)(at - line));
		line = at + 1;
		if (line[n] != '@' || n >= sizeof(name)) {
			buf_puts(out, "@");
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)n, line);
		line += n + 1;
		put_master(s, out, name);
		put_total(t, out, name);
		put_rows(s, out, name);
		if (IS("nonce"))
			buf_puts(out, nonce);
	}
	buf_puts(out, line);
}

void status_page(const struct status *s, struct buf *out, const char *nonce)
{
	struct view_service t;

	total(s, &t);
	for (size_t i = 0; status_page_html[i]; i++)
		line_put(s, &t, out, status_page_html[i], nonce);
}
