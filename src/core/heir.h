/* heir.h: the new program of an upgrade, at its start: what it is given, and the moment from which it is
 * alone. The other side is upgrade.h. */
#ifndef SOCKD_CORE_HEIR_H
#define SOCKD_CORE_HEIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "board/board.h"
#include "conf/conf.h"

/* See whether this program is started by an upgrade, and take what it is given.
 * Returns the number behind the last descriptor of those, or 0: it is a start like any other. Leaves the
 * process if it cannot use them. */
int heir_init(void);

/* True until the old master has gone; nothing that it may still need is to be changed. */
bool heir_waits(void);

/* True once it has: there is no way back. */
bool heir_took_over(void);

/* Tell the old master why this start fails; what stands for nothing in a start like any other. */
void heir_failed(const char *reason);

/* Tell the old master that this one is no heir any more, and only finishes what its workers have begun to
 * serve. Returns false if there is no old master that waits. */
bool heir_leaves(void);

/* A sign of life. From heir_live() on they come by themselves: the loop is about to run. */
void heir_alive(void);
void heir_live(void);

/* Every service is ready: have the old master give up. then() follows once it has.
 * Returns false if there is none: the caller goes on. */
bool heir_ready(void (*then)(void));

/* Old masters that have given up and whose workers have not all left. They are to be told of a stop, and are
 * waited for by it, so that connections in their hands are as good as others: word  "S" for a gentle
 * one, "K" for one at once. */
void heir_stop(const char *word);
bool heir_waits_for_older(void);

/* The next program takes care of them: call fn for each; then forget them. */
void heir_older_each(void (*fn)(int fd, const char *line));
void heir_older_forget(void);

/* True if pid is one of them. */
bool heir_is_older(pid_t pid);

/* True if a service was paused, for as long as the old master is there: it is to begin so. */
bool heir_finds_paused(const char *service);

/* Scoreboards of a service that older programs have, for readers, up to a NULL. Returns NULL if there is
 * none. The list is the caller's to free(), the boards stay. */
const struct board *const *heir_boards(const char *service);

/* In a worker: unmap those of other services. */
void heir_boards_forget(const char *but_service);

/* Call fn for each that still counts somebody. */
void heir_boards_each(void (*fn)(const char *service, int fd));

#endif
