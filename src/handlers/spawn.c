/* spawn.c: from a worker to a program: the child borrows the worker's memory until it execs, so it may
 * write to nothing but its own stack and struct child. */
#include "handlers/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (64 * 1024) /* pages that are not reached are never touched */

/* An instrumented function that never returns would leave its marks on a stack that is used again. */
#define IN_CHILD __attribute__((noinline, no_sanitize("address", "undefined")))

struct child {
	const struct spawn *s;
	pid_t parent;
	uint64_t reset;   /* signals */
	const char *step; /* NULL until something has failed */
	int error;
};

const int spawn_resource[CONF_LIMITS] = {
	[CONF_NOFILE] = RLIMIT_NOFILE,
	[CONF_AS] = RLIMIT_AS,
	[CONF_CPU] = RLIMIT_CPU,
	[CONF_CORE] = RLIMIT_CORE,
	[CONF_NPROC] = RLIMIT_NPROC,
	[CONF_FSIZE] = RLIMIT_FSIZE,
};

/* The kernel's struct sigaction, all zero: the default. Not sigaction(3), which hides two signals. */
static const unsigned long default_action[8];

static int action(int sig, const void *new, void *old)
{
	return (int)syscall(SYS_rt_sigaction, sig, new, old, (size_t)_NSIG / 8);
}

/* The signals that are not at their default, a bit each; exec alone would leave those ignored. */
static uint64_t touched(void)
{
	static uint64_t set;
	static bool known;
	unsigned long old[8];

	for (int sig = 1; !known && sig < _NSIG; sig++) {
		memset(old, 0, sizeof(old));
		if (action(sig, NULL, old) == 0 && memcmp(old, default_action, sizeof(void *)) != 0)
			set |= 1ULL << (sig - 1);
	}
	known = true;
	return set;
}

/* All but the exec. Returns what has failed, with errno, or NULL. The mask is emptied last, so that no
 * handler of the worker's runs here. */
IN_CHILD static const char *become(
	const struct spawn *s, int first_fd, pid_t parent, uint64_t reset)
{
	static const sigset_t none;

	for (int sig = 1; sig < _NSIG; sig++) {
		if (reset >> (sig - 1) & 1)
			(void)action(sig, default_action, NULL);
	}
	if (setsid() < 0)
		return "session";
	for (int i = 0; i < 3; i++) {
		if (s->fd[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(s->fd[i], i) < 0)
			return "descriptors";
	}
	/* Closed by exec: until then a failure can still be told through them. */
	if (close_range((unsigned)first_fd, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return "descriptors";
	for (int i = 0; i < CONF_LIMITS; i++) {
		long n = s->conf->limit[i];
		rlim_t max = n == CONF_UNLIMITED ? RLIM_INFINITY : (rlim_t)n;
		struct rlimit r = {max, max};

		if (n != CONF_INHERIT && setrlimit(spawn_resource[i], &r) < 0)
			return "limits";
	}
	if (chdir(s->conf->directory ? s->conf->directory : "/") < 0)
		return "directory";
	if (prctl(PR_SET_PDEATHSIG, s->conf->stop_signal) < 0)
		return "parent-death signal";
	if (getppid() != parent) {
		errno = ESRCH;
		return "parent";
	}
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? "signal mask" : NULL;
}

/* A coverage build wraps writing its counters around execve() and _exit(): not here, they are the
 * worker's. */
IN_CHILD static int child_main(void *arg)
{
	struct child *c = arg;
	char *const *argv = c->s->conf->command.item;

	c->step = become(c->s, 3, c->parent, c->reset);
	if (!c->step && syscall(SYS_execve, argv[0], argv, c->s->envp) < 0)
		c->step = "exec";
	c->error = errno;
	return (int)syscall(SYS_exit_group, 127);
}

pid_t spawn(const struct spawn *s, const char **step)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));
	struct child child = {.s = s, .parent = getpid(), .reset = touched()};
	pid_t pid;

	pid = clone(child_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
	if (pid < 0) {
		*step = "fork";
	} else if (child.step) {
		(void)waitpid(pid, NULL, 0);
		*step = child.step;
		errno = child.error;
		pid = -1;
	}
	return pid;
}

void spawn_become(const struct spawn *s, int first_fd, pid_t parent, const char **step)
{
	char *const *argv = s->conf->command.item;

	*step = become(s, first_fd, parent, touched());
	if (!*step && execve(argv[0], argv, s->envp) < 0)
		*step = "exec";
}

int spawn_env_set(struct spawn_env *e, const char *name, const char *value)
{
	size_t len = strlen(name), i = 0;
	char **var, *text;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return -1;
	while (i < e->n && (strncmp(e->var[i], name, len) != 0 || e->var[i][len] != '='))
		i++;
	if (i < e->n) {
		free(e->var[i]);
		e->var[i] = text;
		return 0;
	}
	var = reallocarray(e->var, e->n + 2, sizeof(*var));
	if (!var) {
		free(text);
		return -1;
	}
	var[e->n++] = text;
	var[e->n] = NULL;
	e->var = var;
	return 0;
}

int spawn_env_conf(struct spawn_env *e, const struct conf_service *conf)
{
	int rc = 0;

	for (size_t i = 0; i < conf->pass_environment.n; i++) {
		const char *name = conf->pass_environment.item[i], *value = getenv(name);

		if (value)
			rc |= spawn_env_set(e, name, value);
	}
	for (size_t i = 0; i < conf->environment.n; i++) {
		char *name = strdup(conf->environment.item[i]);
		char *equals = name ? strchr(name, '=') : NULL;

		if (equals)
			*equals = '\0';
		rc |= equals ? spawn_env_set(e, name, equals + 1) : name ? 0 : -1;
		free(name);
	}
	return rc;
}
