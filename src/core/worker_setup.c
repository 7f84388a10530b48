/* worker_setup.c: what a worker keeps of the master, and what it may do. */
#include "core/worker_setup.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/child.h"
#include "core/privs.h"
#include "handlers/spawn.h"

int setup_descriptors(const struct worker_args *a, int *life_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct child_fds keep = {0};
	char life[32];

	log_attach(a->log->tx, a->log->shared, (int)a->env.slot);
	dup2(a->log->err_tx, STDERR_FILENO);
	if (null_fd < 0)
		fatal(WORKER_FAILED, "/dev/null: %m");
	/* A pipe's O_ASYNC belongs to the open file, so this worker opens one of its own. */
	snprintf(life, sizeof(life), "/proc/self/fd/%d", a->life_fd);
	*life_fd = open(life, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	for (size_t i = 0; i < a->n_listen; i++)
		child_keep(&keep, a->listen_fd[i]);
	child_keep(&keep, a->notify_fd);
	child_keep(&keep, a->env.bell);
	child_keep(&keep, a->log->tx);
	child_keep(&keep, a->start_fd);
	child_keep(&keep, a->go_fd);
	child_keep(&keep, *life_fd);
	child_keep(&keep, null_fd);
	child_close_others(&keep);
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	return null_fd;
}

static const char *const limit_name[CONF_LIMITS] = {[CONF_NOFILE] = "nofile",
	[CONF_AS] = "as",
	[CONF_CPU] = "cpu",
	[CONF_CORE] = "core",
	[CONF_NPROC] = "nproc",
	[CONF_FSIZE] = "fsize"};

/* The limits themselves are for the programs that a handler starts, if it starts any: then only the hard
 * ones are raised here, which its children could not do. */
static void setup_limits(const struct conf_service *s, bool for_children)
{
	for (size_t i = 0; i < CONF_LIMITS; i++) {
		rlim_t want = s->limit[i] == CONF_UNLIMITED ? RLIM_INFINITY : (rlim_t)s->limit[i];
		struct rlimit now, set = {want, want};

		if (s->limit[i] == CONF_INHERIT || getrlimit(spawn_resource[i], &now) < 0)
			continue;
		if (for_children)
			set = (struct rlimit){
				now.rlim_cur, want > now.rlim_max ? want : now.rlim_max};
		if (setrlimit(spawn_resource[i], &set) < 0)
			fatal(WORKER_FAILED, "limits: %s: %m", limit_name[i]);
	}
}

static void setup_root(const char *path)
{
	/* Later they would be looked for in the new root. */
	tzset();
	(void)getpwuid(0);
	if (chroot(path) < 0 || chdir("/") < 0)
		fatal(WORKER_FAILED, "chroot %s: %m", path);
}

void setup_identity(const struct worker_args *a)
{
	const struct conf_service *s = a->env.conf;
	char name[CONF_NAME_MAX + 8];

	snprintf(name, sizeof(name), "sockd:%s", s->name);
	prctl(PR_SET_NAME, name);
	setup_limits(s, !a->handler->serve || a->handler->limits_children);
	if (s->nice && setpriority(PRIO_PROCESS, 0, (int)s->nice) < 0)
		fatal(WORKER_FAILED, "nice %ld: %m", s->nice);
	umask((mode_t)s->umask);
	if (a->handler->prepare && a->handler->prepare(&a->env) < 0)
		exit(WORKER_FAILED);
	if (s->chroot)
		setup_root(s->chroot);
	if (s->change_user && privs_drop(s->uid, s->gid, s->groups, s->n_groups) < 0)
		exit(WORKER_FAILED);
	if (s->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal(WORKER_FAILED, "no-new-privileges: %m");
}

/* By the parent-death signal, and by a pipe that signals its end, since the former is not sent by a
 * parent without the right to signal us. Source: fcntl(2), pipe(7), PR_SET_PDEATHSIG(2const) */
void setup_orphan_watch(const struct worker_args *a, int life_fd)
{
	char byte;

	if (life_fd >= 0) {
		(void)fcntl(life_fd, F_SETOWN, getpid());
		(void)fcntl(life_fd, F_SETSIG, WORKER_SIG_LEAVE);
		(void)fcntl(life_fd, F_SETFL, O_ASYNC | O_NONBLOCK);
	}
	(void)prctl(PR_SET_PDEATHSIG, WORKER_SIG_LEAVE);
	if (getppid() != a->master || (life_fd >= 0 && read(life_fd, &byte, 1) == 0))
		raise(WORKER_SIG_LEAVE);
}
