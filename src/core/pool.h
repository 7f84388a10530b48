/* pool.h: the workers of one generation of a service. */
#ifndef SOCKD_CORE_POOL_H
#define SOCKD_CORE_POOL_H

#include "core/area.h"
#include "core/gate.h"
#include "core/loop.h"
#include "core/settings.h"

struct service;

/* How far the master has gone to make a worker leave; only upwards. */
enum leave {
	LEAVE_NOT,
	LEAVE_GENTLY, /* told to finish what it holds */
	LEAVE_DRAIN,  /* told to empty the queue first */
	LEAVE_STOP,   /* told to end its connection */
	LEAVE_KILL,
};

/* The master's own book-keeping of a worker: nothing of it comes from memory that workers write. */
struct worker {
	pid_t pid;
	unsigned slot;
	uint64_t started_ms;
	uint64_t connections; /* that the slot had counted before */
	bool ready;
	enum leave leave;
	uint64_t expire_ms;          /* 0, or when it is killed if it has not left */
	struct program_start *start; /* of a program, until it runs */
};

struct pool {
	struct service *service;
	struct settings *settings; /* a reference; conf points into it */
	const struct conf_service *conf;
	struct area *area; /* a reference */
	struct gate_lists lists;
	int *listen_fd; /* of its generation; the service owns the descriptors */
	size_t n_listen;
	int go[2];             /* a pipe whose end tells those on trial to begin; or -1 */
	uint64_t drain_ms;     /* what the older pools get, once this one is ready */
	struct worker *worker; /* those that live, in no order */
	size_t n, cap;
	long target; /* how many there should be */
	long adjust; /* what TTIN and TTOU have added to `workers` */
	bool ready;  /* a worker has been ready */
	enum leave leave;
	struct loop_timer escalate; /* towards LEAVE_KILL */

	unsigned early;      /* early deaths in a row */
	uint64_t early_ms;   /* the last of them */
	uint64_t backoff_ms; /* 0: no crash loop */
	pid_t probe;         /* in a crash loop: the attempt that is watched */
	int told;            /* status of the last early death */
	unsigned untold;     /* deaths without a line: they are like the one before */
	struct loop_timer retry;

	unsigned peak; /* busy workers at most in this window */
	uint64_t window_ms;
	struct loop_timer sample; /* while the pool is larger than it must be */

	struct loop_timer watch;  /* for workers that do not come back from a connection */
	struct loop_timer expire; /* for workers that leave while the pool stays */
	struct loop_timer drain;  /* of programs; a look at the queues */
	struct loop_timer look;   /* at what programs have left behind: */
	struct program_left *left;
	uint64_t drained_ms;
	unsigned generation; /* of the service, from 1 */

	struct pool *next; /* an older generation of the service */
};

/* Make an empty pool.
 * settings    one reference is taken
 * n_listen    descriptors to serve; the caller fills in listen_fd
 * Returns NULL with errno. */
struct pool *pool_new(struct service *s, struct settings *settings, const struct conf_service *conf,
	size_t n_listen);

/* True if its workers have this listening descriptor. */
bool pool_listens_on(const struct pool *p, int fd);

/* Only without workers. */
void pool_free(struct pool *p);

/* Fork workers up to the target, as far as a crash loop allows. */
void pool_fill(struct pool *p);

/* Settings that differ from the old ones in nothing but CONF_POOL keys. */
void pool_reconfigure(struct pool *p, struct settings *settings, const struct conf_service *conf);

/* n workers more (or less, at least one stays) than the settings say. */
void pool_adjust(struct pool *p, long n);

/* n workers whatever the settings say, and whatever demand has made of the pool so far. */
void pool_scale(struct pool *p, long n);

/* The bell was rung: see who has become ready, and whether more are wanted. */
void pool_bell(struct pool *p, unsigned queue);

/* What follows from its first ready worker, and the further ones of a pool of programs. */
void pool_was_ready(struct pool *p);

/* A process was reaped. Returns false if it is none of this pool. */
bool pool_reap(struct pool *p, pid_t pid, int status);

/* All workers shall leave, this way, and by force timeout_ms from now (0 = never). No more are
 * forked. May be called again to be more urgent, never less. */
void pool_leave(struct pool *p, enum leave how, uint64_t timeout_ms);

/* Tell the workers whether to ring when too few are idle. */
void pool_size_publish(struct pool *p);

/* Look from time to time for workers that do not come back, if the service has a session-timeout. */
void pool_watch(struct pool *p);

/* Tell n workers to leave, idle ones first, and kill those that have not after timeout_ms (0 = never). */
void pool_dismiss(struct pool *p, size_t n, uint64_t timeout_ms);

/* Kill a worker ms from now, if it lives then. */
void pool_expire(struct pool *p, struct worker *w, uint64_t ms);

/* Workers that were not told to leave. */
size_t pool_staying(const struct pool *p);

#endif
