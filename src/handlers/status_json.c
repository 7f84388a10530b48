/* status_json.c: the scoreboards as JSON, for programs and for the page. */
#include "board/view_json.h"
#include "handlers/status.h"

static void workers(const struct status_service *s, uint64_t now_ms, struct buf *out)
{
	struct view_worker w;

	json_begin(out, NULL, '{');
	json_text(out, "service", s->v.name);
	json_begin(out, "workers", '[');
	for (unsigned from = 0, n = 0; n < STATUS_CELLS && view_worker(s->board, &from, &w); n++)
		view_worker_json(out, NULL, &s->v, &w, now_ms);
	json_end(out, ']');
	json_end(out, '}');
}

void status_json(const struct status *s, struct buf *out)
{
	json_begin(out, NULL, '{');
	view_master_json(out, "sockd", &s->master);
	json_num(out, "time_s", s->now_s);
	json_num(out, "clock_ms", s->now_ms);
	json_begin(out, "services", '[');
	for (size_t i = 0; i < s->n; i++)
		view_service_json(out, NULL, &s->service[i].v);
	json_end(out, ']');
	json_begin(out, "workers", '[');
	for (size_t i = 0; i < s->n; i++)
		workers(&s->service[i], s->now_ms, out);
	json_end(out, ']');
	json_begin(out, "recent", '[');
	for (size_t i = 0; i < s->n_recent; i++)
		view_recent_json(out, NULL, s->service[s->recent[i].service].v.name,
			&s->recent[i].r, s->now_ms);
	json_end(out, ']');
	json_end(out, '}');
	buf_puts(out, "\n");
}
