/* pool_watch.h: replace workers that do not come back from a connection. */
#ifndef SOCKD_CORE_POOL_WATCH_H
#define SOCKD_CORE_POOL_WATCH_H

#include "core/pool.h"

void pool_watch_init(struct pool *p);

/* Look from time to time, if the service has a session-timeout. */
void pool_watch(struct pool *p);

/* Kill a worker ms from now, if it lives then. In pool.c. */
void pool_expire(struct pool *p, struct worker *w, uint64_t ms);

#endif
