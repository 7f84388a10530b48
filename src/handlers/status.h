/* status.h: what the files of the handler share: a look at all scoreboards, and what is written of it. */
#ifndef SOCKD_HANDLERS_STATUS_H
#define SOCKD_HANDLERS_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "board/view.h"

#define STATUS_CELLS  1024 /* workers of a service that are told one by one */
#define STATUS_RECENT 24   /* ended connections that are told, of all services together */

/* One of the last connections. */
struct status_recent {
	size_t service; /* its index */
	struct board_recent r;
};

struct status_service {
	const struct board *board;
	struct view_service v;
};

/* All of it at one moment. */
struct status {
	struct view_master master;
	struct status_service *service; /* by name */
	size_t n;
	struct status_recent recent[STATUS_RECENT]; /* the newest first */
	size_t n_recent;
	uint64_t now_ms, now_s; /* CLOCK_MONOTONIC, CLOCK_REALTIME */
};

/* Write it as a page, as JSON, as metrics for Prometheus: OpenMetrics 1.0 or text 0.0.4.
 * nonce  what scripts and styles of the page must carry */
void status_page(const struct status *s, struct buf *out, const char *nonce);
void status_json(const struct status *s, struct buf *out);
void status_metrics(const struct status *s, struct buf *out, bool openmetrics);

/* Lines of src/handlers/status_page.html, NULL at the end. */
extern const char *const status_page_html[];

/* Places of a pool in back-off that have no worker. */
unsigned status_backoff(const struct view_service *v);

#endif
