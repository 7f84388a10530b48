/* pool_size.h: how many workers a pool should have, between `workers` and `max-workers`. */
#ifndef SOCKD_CORE_POOL_SIZE_H
#define SOCKD_CORE_POOL_SIZE_H

#include "core/pool.h"

void pool_size_init(struct pool *p);

/* Tell the workers whether to ring when too few are idle. */
void pool_size_publish(struct pool *p);

/* Tell n workers to leave, idle ones first, and kill those that have not after timeout_ms (0 = never).
 * In pool.c. */
void pool_dismiss(struct pool *p, size_t n, uint64_t timeout_ms);

#endif
