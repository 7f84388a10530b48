/* view_json.h: what view.h gives, as JSON for programs. */
#ifndef SOCKD_BOARD_VIEW_JSON_H
#define SOCKD_BOARD_VIEW_JSON_H

#include "base/json.h"
#include "board/view.h"

/* Each appends one object. now_ms  of CLOCK_MONOTONIC: ages count from it. key  NULL in an array */
void view_master_json(struct buf *b, const char *key, const struct view_master *m);
void view_service_json(struct buf *b, const char *key, const struct view_service *v);
void view_worker_json(struct buf *b, const char *key, const struct view_service *v,
	const struct view_worker *w, uint64_t now_ms);
void view_recent_json(struct buf *b, const char *key, const char *service,
	const struct board_recent *r, uint64_t now_ms);

#endif
