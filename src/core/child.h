/* child.h: the first steps of every forked child: descriptors and signals. */
#ifndef SOCKD_CORE_CHILD_H
#define SOCKD_CORE_CHILD_H

#include <signal.h>

#include "base/util.h"

/* Descriptors that a child keeps; zero-initialise. The first ones need no malloc(): a page of heap
 * that a worker writes to is a page of its own. */
struct child_fds {
	int few[16]; /* in order */
	int *many;   /* NULL: few is enough */
	size_t n, cap;
};

/* Add a descriptor; negative ones are passed over. Leaves the process if memory is short. */
void child_keep(struct child_fds *k, int fd);

/* Fork a child that has, of all descriptors above 2, the writing end of a pipe alone.
 * fd  receives that in the child, and in the parent the reading end (CLOEXEC)
 * Returns what fork(2) does, or -1 with errno and *fd -1. */
pid_t child_fork(int *fd);

/* Close every descriptor above 2 that is not in k, and empty k. Source: close_range(2) */
void child_close_others(struct child_fds *k);

/* Only in the master: when memory runs out, the kernel shall rather choose anybody else; it needs rights for that.
 * Source: proc_pid_oom_score_adj(5) */
void child_outlive(void);

/* In a child: it shall choose this one before others. */
void child_expendable(void);

/* Every signal at its default, but these ignored; and undo what child_outlive() has done. */
void child_signals(const int *ignored, size_t n);

/* Install a handler without SA_RESTART: a blocked call returns EINTR. */
void child_handle(int sig, void (*fn)(int));

#endif
