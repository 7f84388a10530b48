/* spawn.h: start a program in a child that shares the memory of the worker until it execs, so that the
 * cost does not grow with the worker. Source: vfork(2), clone(2) */
#ifndef SOCKD_HANDLERS_SPAWN_H
#define SOCKD_HANDLERS_SPAWN_H

#include "conf/conf.h"

/* What becomes of the child; all borrowed. */
struct spawn {
	const struct conf_service *conf; /* command, directory, limit[] */
	char *const *envp;               /* all of the environment */
	int fd[3]; /* becomes 0, 1, 2: that number, or one above 2; nothing else stays open */
};

/* Start it: session and process group of its own, empty signal mask, every signal at its default,
 * limits, directory. The pid is that of its group.
 * Returns the pid, or -1 with errno and in *step what failed ("exec", "directory", ...). All signals
 * are to be blocked by the caller. */
pid_t spawn(const struct spawn *s, const char **step);

/* The same steps for a process that has been forked and becomes the program: returns only on failure,
 * with errno and *step.
 * first_fd  descriptors up to below it stay open
 * parent    who must still be there: its death from now on sends the stop-signal */
void spawn_become(const struct spawn *s, int first_fd, pid_t parent, const char **step);

/* Add to the environment what `pass-environment` and `environment` ask for, the later winning over
 * the earlier of the same name. Returns 0, or -1: out of memory. */
struct spawn_env {
	char **var; /* NULL at its end */
	size_t n;
};
int spawn_env_set(struct spawn_env *e, const char *name, const char *value);
int spawn_env_conf(struct spawn_env *e, const struct conf_service *conf);

/* RLIMIT_* of each limit of the settings. */
extern const int spawn_resource[CONF_LIMITS];

#endif
