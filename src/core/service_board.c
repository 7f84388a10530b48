/* service_board.c: what the master tells the readers of the scoreboards. */
#include "core/service_parts.h"

#include <stdio.h>

void service_totals_add(const struct service *s, struct service_totals *t)
{
	for (const struct pool *p = s->pool; p; p = p->next) {
		t->workers += (unsigned)p->n;
		for (size_t i = 0; i < p->n; i++) {
			const struct board_slot *b = &s->board->slot[p->worker[i].slot];

			t->busy += atomic_load(&b->state) == SLOT_BUSY;
		}
	}
	for (unsigned i = 0; i < board_slots(s->board); i++)
		t->connections += atomic_load(&s->board->slot[i].connections);
}

void service_queues_publish(void)
{
	uint64_t now = mono_ms();

	for (const struct service *s = services; s; s = s->next) {
		struct board_service *b = &s->board->service;
		unsigned limit;

		b->queue = service_queue(s, &limit);
		b->queue_limit = limit;
		b->queue_ms = now;
	}
}

void service_publish(struct service *s)
{
	struct board_service *b = &s->board->service;
	const struct pool *p = s->pool;
	uint32_t n;

	if (!p)
		return;
	b->mode = s->leaving      ? MODE_LEAVING
		  : s->paused     ? MODE_PAUSED
		  : p->backoff_ms ? MODE_BACKOFF
				  : MODE_RUNNING;
	b->workers = (uint32_t)p->conf->workers;
	b->max_workers = (uint32_t)p->conf->max_workers;
	b->target = (uint32_t)p->target;
	if (b->generation == p->generation)
		return;
	/* The rest changes with the generation alone. */
	atomic_fetch_add(&b->version, 1);
	b->generation = p->generation;
	snprintf(b->name, sizeof(b->name), "%s", s->name);
	snprintf(b->handler, sizeof(b->handler), "%s", p->area->handler->name);
	/* Counted here: what stands in the board a worker may change between two looks. */
	for (n = 0; n < s->n_listeners && n < BOARD_LISTEN; n++)
		addr_format(&s->listener[n].bound, b->listen[n]);
	b->n_listen = n;
	atomic_fetch_add(&b->version, 1);
}
