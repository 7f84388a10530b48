/* service.h: a running service: its listeners, its scoreboard, its log channel, its pools. */
#ifndef SOCKD_CORE_SERVICE_H
#define SOCKD_CORE_SERVICE_H

#include "board/board.h"
#include "core/logger.h"
#include "core/loop.h"
#include "core/pool.h"
#include "core/settings.h"
#include "handlers/handler.h"
#include "net/listener.h"

struct service {
	char *name;
	struct listener *listener; /* of the current generation */
	size_t n_listeners;
	struct listener *dropped; /* those that a reload took away, while older pools have them */
	size_t n_dropped;
	struct board *board;
	int board_fd;                     /* of it, for readers */
	const struct board *const *older; /* NULL, or those of programs before, up to a NULL */
	unsigned char *slot_taken;        /* the master's own map of the slots */
	struct log_channel *log;
	struct loop_io notify; /* eventfd; workers write to it */
	struct loop_limit rings;
	struct pool *pool;    /* the current generation in front, older ones behind */
	struct pool *trial;   /* of a reload that is not decided yet: one worker */
	unsigned generations; /* so many pools have there been */
	bool leaving;         /* removed, or sockd stops */
	bool paused;          /* no workers: clients wait in the queue */
	unsigned renew;       /* ticket of the last reload that gives it new workers all the same */
	struct service *next;
};

/* All services, in no order. */
extern struct service *services;

/* What the master wants to know; all are set. */
struct service_events {
	/* A service's first worker is ready. */
	void (*ready)(struct service *s);
	/* The last process of a service is gone: free it with service_free(). */
	void (*gone)(struct service *s);
	/* A worker died before any of its generation was ready. Returns true if the service is
	 * given up for that. */
	bool (*stillborn)(struct service *s);
	/* The trial worker of a service is ready (failure NULL), or failed in this way. */
	void (*tried)(struct service *s, const char *failure);
};
extern struct service_events service_events;

/* Pids and pipes that every child is given. */
extern pid_t master_pid;
extern int master_board_fd;
extern int master_life_fd; /* reading end of a pipe whose only writer is the master */

/* Make a service without listeners and workers, and put it into the list.
 * Returns NULL after logging why. */
struct service *service_new(const char *name);
void service_free(struct service *s);
struct service *service_find(const char *name);

/* Make all that a new generation with n listeners needs and that can fail.
 * Returns its pool, to be given to service_begin() or pool_free(), or NULL after logging why. */
struct pool *service_prepare(
	struct service *s, struct settings *settings, const struct conf_service *conf, size_t n);

/* Begin a generation: workers are forked, and as soon as one is ready the older pools are told to leave
 * within drain_ms (0 = no limit).
 * listener  the new set, as many as were prepared for; owned from now on. NULL: as before */
void service_begin(
	struct service *s, struct pool *fresh, struct listener *listener, uint64_t drain_ms);

/* Fork the first worker of a generation that is yet to begin, and see whether it becomes ready; unless it is a
 * program it serves nobody before that:
 * service_events.tried(). The listeners stay the caller's. */
void service_try(struct service *s, struct pool *fresh, const struct listener *listener);

/* The trial has come to nothing: its worker finishes what it holds and leaves. */
void service_give_up(struct service *s);

/* True if a service, or a trial, has this listening descriptor. */
bool service_any_listens_on(int fd);

/* The pool has its first ready worker. */
void service_pool_ready(struct service *s, struct pool *p);

/* Stop accepting, with the listeners open, or go on. */
void service_pause(struct service *s, bool on);

/* The service is to end: all pools leave this way, by force after timeout_ms (0 = never). */
void service_leave(struct service *s, enum leave how, uint64_t timeout_ms);

/* The next program has its listeners and serves: workers finish what they hold, and leave. */
void service_hand_over(struct service *s, uint64_t timeout_ms);

/* Have systemd keep the listeners of all services, those that it does not keep yet, beyond our end. */
void service_store_listeners(void);

/* It is not to keep those of this service any more. */
void service_unstore_listeners(struct service *s);

/* Make its listeners block or not, as its workers need it, unless it is to end. */
void service_listeners_settle(const struct service *s);

/* The same for all. In a gentle stop, those that tell how the others are stay until these are gone: call it
 * again then. */
void service_leave_all(enum leave how, uint64_t timeout_ms);

/* Fork one worker into a free slot, and fill in w->slot and w->start. Returns its pid, or -1 after logging
 * why. */
pid_t service_fork(struct service *s, struct pool *p, struct worker *w);

/* A worker of this slot was reaped. */
void service_slot_clear(struct service *s, unsigned slot);

/* Let the next worker retire if the place of the last one stays empty. */
void service_retire_check(struct service *s);

/* A worker of this pool found the queues that it had to drain empty: nobody is to join them. */
void service_drained(struct service *s, const struct pool *p);

/* A reload has ended: what was kept for it alone is closed. */
void service_close_all_dropped(void);

/* A pool has lost its last worker. */
void service_pool_empty(struct service *s, struct pool *p);

/* Connections that wait in the queues of all listeners, and how many may. Source: tcp(7), TCP_INFO */
unsigned service_queue(const struct service *s, unsigned *limit);

/* Tell the readers of the boards about all queues. */
void service_queues_publish(void);

/* Counters for the status line. */
struct service_totals {
	unsigned workers, busy;
	uint64_t connections;
};
void service_totals_add(const struct service *s, struct service_totals *t);

/* Tell the readers of the board what has become of the newest pool. */
void service_publish(struct service *s);

#endif
