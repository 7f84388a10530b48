/* upgrade_start.c: what the new program is given, and how it is started.
 *
 * A nurse, forked for that, is the parent of the new program until it is ready, and tells how it ended.
 * When the nurse has left, the new master is the child of whoever watches over daemons here: systemd
 * would not see the end of a process that is a grandchild.
 */
#include "core/upgrade_start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/child.h"
#include "core/control.h"
#include "core/daemon.h"
#include "core/heir.h"
#include "core/service.h"
#include "core/upgrade.h"

#define FIRST_FD 3

static struct {
	char **argv; /* ends with NULL */
	char *folder;
	const char *path;
} self;

/* The name that was executed, found in $PATH or not: a link that a package manager moves on to the next
 * version is followed anew. Source: getauxval(3) */
void upgrade_init(int argc, char **argv)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	char *full;

	self.argv = calloc((size_t)argc + 1, sizeof(*self.argv));
	self.folder = getcwd(NULL, 0);
	self.path = path && *path ? path : "/proc/self/exe";
	if (self.argv)
		memcpy(self.argv, argv, (size_t)argc * sizeof(*argv));
	if (self.path[0] != '/' && self.folder &&
		asprintf(&full, "%s/%s", self.folder, self.path) > 0)
		self.path = full;
}

const char *upgrade_path(void)
{
	return self.path;
}

/* --- What is handed over ------------------------------------------------------------------- */

static struct {
	int *fd;
	size_t n, cap;
	struct buf text;
} bag;

static void bag_add(int fd, const char *line)
{
	int *more = bag.fd;

	if (bag.n == bag.cap) {
		bag.cap = 2 * bag.cap + 16;
		more = reallocarray(bag.fd, bag.cap, sizeof(*more));
	}
	bag.text.failed |= !more;
	if (!more)
		return;
	bag.fd = more;
	bag.fd[bag.n++] = fd;
	buf_puts(&bag.text, line);
}

static void bag_add_listener(const struct listener *l, const char *name)
{
	struct buf line = {0};

	listener_describe(l, name, &line);
	bag.text.failed |= line.failed;
	if (!line.failed)
		bag_add(l->fd, line.data);
	buf_free(&line);
}

static void bag_add_board(const char *service, int fd)
{
	char line[128];

	snprintf(line, sizeof(line), "board %s\n", service);
	bag_add(fd, line);
}

static void bag_empty(void)
{
	free(bag.fd);
	buf_free(&bag.text);
	memset(&bag, 0, sizeof(bag));
}

static int bag_fill(int tell_fd)
{
	struct listener theirs;
	const char *name;
	size_t at = 0;

	bag_add(tell_fd, "tell\n");
	if (pidfile_fd() >= 0)
		bag_add(pidfile_fd(), "pidfile\n");
	if (control_fd() >= 0)
		bag_add(control_fd(), "control\n");
	for (const struct service *s = services; s; s = s->next) {
		for (size_t i = 0; !s->leaving && i < s->n_listeners; i++)
			bag_add_listener(&s->listener[i], s->name);
		bag_add_board(s->name, s->board_fd);
		if (s->paused && !s->leaving)
			buf_printf(&bag.text, UPGRADE_PAUSED "%s\n", s->name);
	}
	heir_older_each(bag_add);
	while (listener_untaken(&at, &theirs, &name))
		bag_add_listener(&theirs, name);
	heir_boards_each(bag_add_board);
	if (!bag.text.failed)
		return 0;
	bag_empty();
	return -1;
}

/* --- The new program ----------------------------------------------------------------------- */

static _Noreturn void exec_failed(int tell_fd, const char *what)
{
	char text[PATH_MAX + 128];
	int n = snprintf(text, sizeof(text), "E%s: %s", what, strerrordesc_np(errno));

	(void)!send(tell_fd, text, (size_t)n, MSG_NOSIGNAL);
	_exit(1);
}

/* In the process that becomes it: what it gets goes to descriptor 3 and on, in order. */
static _Noreturn void program_become(int tell_fd)
{
	int end = FIRST_FD + (int)bag.n;
	struct buf text = {0};
	sigset_t none;

	buf_printf(&text, "1 %d\n", (int)getpid());
	buf_add(&text, bag.text.data, bag.text.len);
	tell_fd = fcntl(tell_fd, F_DUPFD_CLOEXEC, end);
	for (size_t i = 0; i < bag.n; i++) {
		bag.fd[i] = fcntl(bag.fd[i], F_DUPFD_CLOEXEC, end);
		if (bag.fd[i] < 0)
			exec_failed(tell_fd, "descriptors");
	}
	for (size_t i = 0; i < bag.n; i++)
		dup2(bag.fd[i], FIRST_FD + (int)i);
	if (text.failed || setenv(UPGRADE_VARIABLE, text.data, 1) < 0)
		exec_failed(tell_fd, "memory");
	sdnotify_export();
	/* A folder that is gone matters only if the arguments name something in it. */
	if (self.folder)
		(void)!chdir(self.folder);
	child_signals(NULL, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(self.path, self.argv);
	exec_failed(tell_fd, self.path);
}

static void nurse_wait(pid_t child, int tell_fd)
{
	char text[32];
	int status, n;

	if (waitpid(child, &status, WNOHANG) != child)
		return;
	n = snprintf(text, sizeof(text), "X%d", status);
	(void)!send(tell_fd, text, (size_t)n, MSG_NOSIGNAL);
	_exit(0);
}

static _Noreturn void nurse_run(int tell_fd)
{
	sigset_t all, mine;
	pid_t child;
	int sig;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	child_signals(NULL, 0);
	prctl(PR_SET_NAME, "sockd-upgrade");
	prctl(PR_SET_PDEATHSIG, NURSE_SIG_KILL);
	if (getppid() != master_pid)
		_exit(1);
	child = fork();
	if (child == 0)
		program_become(tell_fd);
	if (child < 0)
		exec_failed(tell_fd, "fork");
	tell_fd = dup2(tell_fd, FIRST_FD);
	close_range(FIRST_FD + 1, ~0U, 0);
	sigemptyset(&mine);
	sigaddset(&mine, SIGCHLD);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, NURSE_SIG_KILL);
	for (;;) {
		nurse_wait(child, tell_fd);
		if (sigwait(&mine, &sig) == 0 && sig != SIGCHLD)
			kill(child, sig == SIGTERM ? SIGTERM : SIGKILL);
	}
}

pid_t upgrade_start(int *word_fd)
{
	pid_t nurse = -1;
	int fd[2];

	errno = ENOMEM;
	if (!self.argv || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return -1;
	if (bag_fill(fd[1]) == 0)
		nurse = fork();
	if (nurse == 0)
		nurse_run(fd[1]);
	bag_empty();
	fd_close(&fd[1]);
	if (nurse < 0)
		fd_close(&fd[0]);
	*word_fd = fd[0];
	return nurse;
}
