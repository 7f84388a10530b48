/* pool_program.h: what is different about a pool of programs, as the master sees it: how it learns that one
 * is ready, how a generation takes the place of another, how one is told to leave. */
#ifndef SOCKD_CORE_POOL_PROGRAM_H
#define SOCKD_CORE_POOL_PROGRAM_H

#include "core/pool.h"

struct program_start; /* one that was forked and has not told yet whether it runs */

bool pool_is_program(const struct pool *p);

/* Open the socket that programs send READY=1 to, if it is not open yet.
 * Returns its name for NOTIFY_SOCKET, borrowed, or NULL with errno. Source: sd_notify(3) */
const char *program_notify_open(void);

/* Learn when the program that was just forked runs.
 * start_fd  a pipe's reading end, closed from now on by this room. Returns NULL with errno: it is closed */
struct program_start *program_watch(struct pool *p, int start_fd);
/* It may have told by now. It may be gone after that. */
void program_look(struct program_start *start);
void program_unwatch(struct program_start *start);

/* How many more programs may be started now, if the service shall have no more than its number and
 * max-surge, in all generations. */
long program_room(const struct pool *p);

/* A program of the newest generation is ready: one of the older ones is no longer needed. */
void program_roll(struct pool *p);

/* Signal one: its stop-signal, once, or KILL to all of its group. Returns 0, or -1 with errno. */
int program_signal(const struct pool *p, const struct worker *w, enum leave how);

/* A child has died and is not reaped yet: if it was a program, tell what is left of its group. */
void program_died(pid_t pid);

/* It is reaped: what is left of its group has drain-timeout to leave, or as long as the pool has. Then it
 * is killed. Until it is gone the pool is not empty: it may have the listeners. */
void program_reaped(struct pool *p, pid_t pid);

/* Leave the queues of listeners that are on hold to the programs, for as long as clients come out of
 * them, then tell the programs to leave. */
void program_drain(struct pool *p);

#endif
