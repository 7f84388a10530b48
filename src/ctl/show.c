/* show.c: status, workers and recent: all of it is computed here, from the boards. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/admit.h"
#include "board/tally.h"
#include "board/view_json.h"
#include "ctl/ctl.h"

static void take(struct snapshot *s, const char *service)
{
	char error[512];

	if (!snapshot_take(s, service, ASK_MS, error))
		die(EXIT_FAILURE, "%s", error);
}

static uint64_t since(uint64_t then, uint64_t now)
{
	return now > then ? now - then : 0;
}

uint64_t sum(const uint64_t *n, size_t count)
{
	uint64_t all = 0;

	while (count--)
		all += *n++;
	return all;
}

enum style mode_style(enum board_mode mode)
{
	static const enum style style[BOARD_MODES] = {[MODE_RUNNING] = GREEN,
		[MODE_PAUSED] = YELLOW,
		[MODE_BACKOFF] = RED,
		[MODE_LEAVING] = DIM};

	return style[mode];
}

enum style state_style(unsigned master_state)
{
	return strcmp(view_master_state(master_state), "running") == 0 ? GREEN : YELLOW;
}

static void status_sockd(struct buf *out, const struct snapshot *s)
{
	const struct view_master *m = &s->master;
	bool good = strcmp(m->reload_text, "done") == 0;

	buf_printf(out, "sockd %s  ", plain(m->sockd));
	text_styled(out, state_style(m->state), view_master_state(m->state), 0);
	buf_printf(out, "  pid %d  up %s, since %s\n", m->pid,
		human_ms(since(m->started_s, s->now_s) * 1000),
		human_clock(m->started_s, s->now_s));
	buf_printf(out, "settings %s, loaded %s\n", plain(m->file),
		human_clock(m->loaded_s, s->now_s));
	if (!m->reloaded_s)
		return;
	buf_printf(out, "last reload %s: ", human_clock(m->reloaded_s, s->now_s));
	text_styled(out, good ? GREEN : RED, good ? "done" : "failed", 0);
	buf_printf(
		out, " (%" PRIu64 " done, %" PRIu64 " failed)\n", m->reloads_good, m->reloads_bad);
	if (good)
		return;
	for (const char *line = m->reload_text; *line;) {
		size_t n = strcspn(line, "\n");
		char text[sizeof(m->reload_text)];

		snprintf(text, sizeof(text), "%.*s", (int)n, line);
		buf_printf(out, "  %s\n", plain(text));
		line += n + (line[n] != '\0');
	}
}

/* A number, or what stands for one that nobody counts. */
static void known_cell(struct table *t, bool known, enum style style, const char *number)
{
	table_cell(t, known ? style : PLAIN, "%s", known ? number : "-");
}

static void status_row(struct table *t, const struct view_service *v, uint64_t up_s)
{
	double rate = (double)v->connections / (double)(up_s ? up_s : 1);
	uint64_t refused = sum(v->refused, REFUSED_REASONS);
	const char *wait = human_percentiles(v->wait, BOARD_WAITS, tally_wait_bound);
	const char *time = human_percentiles(v->time, BOARD_TIMES, tally_time_bound);
	unsigned busy = v->state[SLOT_BUSY];

	table_cell(t, BOLD, "%s", v->name);
	table_cell(t, PLAIN, "%s", v->handler);
	table_cell(t, PLAIN, v->n_listen > 1 ? "%s +%u" : "%s", v->n_listen ? v->listen[0] : "-",
		v->n_listen - 1);
	table_cell(t, mode_style(v->mode), "%s", view_mode(v->mode));
	known_cell(t, v->counted, busy ? CYAN : PLAIN, human_count(busy));
	table_cell(t, PLAIN, "%u", v->state[SLOT_IDLE]);
	table_cell(t, v->state[SLOT_STARTING] ? YELLOW : PLAIN, "%u", v->state[SLOT_STARTING]);
	table_cell(t, PLAIN, "%u", v->state[SLOT_LEAVING]);
	table_cell(t, PLAIN, "%u/%u", v->target, v->max_workers);
	table_cell(t, v->queue ? YELLOW : PLAIN, v->queue_limit ? "%u/%u" : "-", v->queue,
		v->queue_limit); /* the kernel does not tell of unix sockets */
	known_cell(t, v->counted, PLAIN, human_count(v->connections));
	table_cell(t, PLAIN, v->counted ? "%s/s" : "-", human_rate(rate));
	known_cell(t, v->counted, refused ? YELLOW : PLAIN, human_count(refused));
	table_cell(t, PLAIN, "%s", human_count(sum(v->exits, EXIT_REASONS)));
	table_cell(
		t, v->exits[EXIT_CRASHED] ? RED : PLAIN, "%s", human_count(v->exits[EXIT_CRASHED]));
	known_cell(t, v->counted, PLAIN, wait);
	known_cell(t, v->counted, PLAIN, time);
}

/* What has no room in the row of a service. */
static void status_more(struct buf *out, const struct view_service *v)
{
	const char *between;

	buf_puts(out, "\nlisten     ");
	for (unsigned i = 0; i < v->n_listen; i++)
		buf_printf(out, " %s", v->listen[i]);
	buf_printf(out, "\ngeneration  %u\nworkers     %u configured", v->generation, v->workers);
	if (v->counted)
		buf_printf(out, "\nbytes       %s in, %s out", human_bytes(v->bytes_in),
			human_bytes(v->bytes_out));
	between = "\nrefused     ";
	for (unsigned i = REFUSED_NOT + 1; v->counted && i < REFUSED_REASONS; i++, between = ", ")
		buf_printf(out, "%s%s %s", between, admit_reason((enum board_refusal)i),
			human_count(v->refused[i]));
	between = "\nexits       ";
	for (unsigned i = 0; i < EXIT_REASONS; i++, between = ", ")
		buf_printf(out, "%s%s %s", between, view_exit((enum board_exit)i),
			human_count(v->exits[i]));
	buf_puts(out, "\n");
}

void show_status(const char *service)
{
	struct buf out = {0};
	struct snapshot s;
	struct table t;

	take(&s, service);
	if (ctl.json) {
		json_begin(&out, NULL, '{');
		json_bool(&out, "ok", true);
		view_master_json(&out, "sockd", &s.master);
		json_begin(&out, "services", '[');
		for (size_t i = 0; i < s.n; i++)
			view_service_json(&out, NULL, &s.service[i].v);
		buf_puts(&out, "]}\n");
		print(&out);
	}
	status_sockd(&out, &s);
	buf_puts(&out, "\n");
	table_begin(&t, "llllrrrrrrrrrrrrr", "-58--c129de4b3a76",
		"SERVICE HANDLER LISTEN STATE BUSY IDLE START LEAVE TARGET/MAX QUEUE CONNS RATE "
		"REFUSED EXITS CRASHED WAIT-P50/P99 TIME-P50/P99");
	for (size_t i = 0; i < s.n; i++)
		status_row(&t, &s.service[i].v, since(s.master.started_s, s.now_s));
	table_end(&t, &out, ctl.width);
	if (service)
		status_more(&out, &s.service[0].v);
	snapshot_free(&s);
	print(&out);
}

static void workers_row(
	struct table *t, const struct view_service *v, const struct view_worker *w, uint64_t now_ms)
{
	static const enum style style[SLOT_STATES] = {
		[SLOT_STARTING] = YELLOW, [SLOT_BUSY] = CYAN, [SLOT_LEAVING] = DIM};
	char client[ADDR_TEXT_MAX];

	view_peer(&w->peer, client);
	table_cell(t, BOLD, "%s", v->name);
	table_cell(t, PLAIN, "%u", w->slot);
	table_cell(t, PLAIN, "%d", w->pid);
	table_cell(t, w->generation == v->generation ? PLAIN : YELLOW, "%u", w->generation);
	table_cell(t, style[w->state], "%s", view_state(w->state));
	table_cell(t, PLAIN, "%s", human_ms(since(w->since_ms, now_ms)));
	table_cell(t, PLAIN, "%s", human_ms(since(w->started_ms, now_ms)));
	known_cell(t, v->counted, PLAIN, human_count(w->connections));
	known_cell(t, v->counted, PLAIN, human_bytes(w->bytes_in));
	known_cell(t, v->counted, PLAIN, human_bytes(w->bytes_out));
	table_cell(t, PLAIN, "%s", client[0] ? client : "-");
}

void show_workers(const char *service)
{
	struct buf out = {0};
	struct view_worker w;
	struct snapshot s;
	struct table t;

	take(&s, service);
	table_begin(&t, "lrrrlrrrrrl", "-1-2--3654-",
		"SERVICE SLOT PID GEN STATE FOR AGE CONNS IN OUT CLIENT");
	if (ctl.json)
		buf_puts(&out, "{\"ok\":true,\"services\":[");
	for (size_t i = 0; i < s.n; i++) {
		if (ctl.json) {
			json_begin(&out, NULL, '{');
			json_text(&out, "name", s.service[i].v.name);
			json_begin(&out, "workers", '[');
		}
		for (unsigned slot = 0; view_worker(s.service[i].board, &slot, &w);) {
			if (ctl.json)
				view_worker_json(&out, NULL, &s.service[i].v, &w, s.now_ms);
			else
				workers_row(&t, &s.service[i].v, &w, s.now_ms);
		}
		if (ctl.json)
			buf_puts(&out, "]}");
	}
	if (ctl.json)
		buf_puts(&out, "]}\n");
	else
		table_end(&t, &out, ctl.width);
	print(&out);
}

static void recent_row(struct table *t, const struct ended *e, const struct snapshot *s)
{
	uint64_t ago_ms = since(e->r.ended_ms, s->now_ms);
	char source[ADDR_TEXT_MAX], end[VIEW_END_MAX];

	view_peer(&e->r.peer, source);
	view_end(&e->r, end, sizeof(end));
	table_cell(t, PLAIN, "%s", human_clock(since(ago_ms / 1000, s->now_s), s->now_s));
	table_cell(t, PLAIN, "%s", human_ms(ago_ms));
	table_cell(t, BOLD, "%s", e->service);
	table_cell(t, PLAIN, "%s", source[0] ? source : "-");
	table_cell(t, PLAIN, "%s", human_ms(e->r.duration_ms));
	table_cell(t, PLAIN, "%s", human_bytes(e->r.bytes_in));
	table_cell(t, PLAIN, "%s", human_bytes(e->r.bytes_out));
	table_cell(t, e->r.refusal == REFUSED_NOT ? PLAIN : YELLOW, "%s", end);
}

void recent_table(struct buf *out, const struct snapshot *s, size_t max, size_t width)
{
	struct ended *e;
	struct table t;
	size_t n;

	e = snapshot_recent(s, max, &n);
	table_begin(&t, "lrllrrrl", "19--432-", "WHEN AGO SERVICE SOURCE DURATION IN OUT END");
	for (size_t i = 0; i < n; i++)
		recent_row(&t, &e[i], s);
	table_end(&t, out, width);
	free(e);
}

void show_recent(const char *service)
{
	struct buf out = {0};
	struct snapshot s;
	struct ended *e;
	size_t n;

	take(&s, service);
	if (!ctl.json) {
		recent_table(&out, &s, ctl.lines, ctl.width);
		print(&out);
	}
	e = snapshot_recent(&s, ctl.lines, &n);
	buf_puts(&out, "{\"ok\":true,\"recent\":[");
	for (size_t i = 0; i < n; i++)
		view_recent_json(&out, NULL, e[i].service, &e[i].r, s.now_ms);
	buf_puts(&out, "]}\n");
	free(e);
	print(&out);
}
