/* loop.h: the master's one place to wait: signals, timers and descriptors. An idle loop without a
 * timer makes no system call. */
#ifndef SOCKD_CORE_LOOP_H
#define SOCKD_CORE_LOOP_H

#include "base/util.h"

struct loop_timer {
	void (*fn)(void *arg);
	void *arg;
	uint64_t due; /* ms of CLOCK_MONOTONIC */
	bool armed;
	struct loop_timer *next;
};

/* A descriptor to read from; the caller owns fd and this struct. */
struct loop_io {
	int fd;
	void (*fn)(void *arg);
	void *arg;
};

/* Block the signals in `signals` (0 ends it) and have them delivered to on_signal, one call for
 * each kind that is pending. Returns 0, or -1 with errno. Source: signalfd(2), epoll(7) */
int loop_init(const int *signals, void (*on_signal)(int sig));

/* Keeps those in bounds who have somebody call in: zero at first. */
struct loop_limit {
	struct loop_io *io;
	struct loop_timer rest;
	uint64_t second_ms;
	unsigned calls;
};

/* A call of io, which need not be heard so often: after 200 in a second it rests for 50 ms, so that one who
 * calls without end costs the master next to nothing. */
void loop_limit(struct loop_limit *l, struct loop_io *io);

/* Watch io->fd for input, until loop_remove(). Returns 0, or -1 with errno. */
int loop_add(struct loop_io *io);
void loop_remove(struct loop_io *io);

/* Call t->fn(t->arg) once, in ms from now; replaces an earlier time. */
void loop_timer_set(struct loop_timer *t, uint64_t ms);
void loop_timer_clear(struct loop_timer *t);

/* Close what loop_init() opened; the signals stay blocked. */
void loop_close(void);

/* Wait and call back, until loop_stop(). Returns 0, or -1 after logging why waiting is impossible. */
int loop_run(void);
void loop_stop(void);

#endif
