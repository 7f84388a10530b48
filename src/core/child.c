/* child.c: leave the master's things behind. */
#include "core/child.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define OOM_FILE   "/proc/self/oom_score_adj"
#define OOM_MASTER "-900"
#define OOM_FIRST  "900"

static char oom_own[16]; /* what the master had before it lowered it; "": it did not */

void child_keep(struct child_fds *k, int fd)
{
	int *all = k->many ? k->many : k->few;
	size_t at = k->n;

	if (fd < 0)
		return;
	if (k->n == (k->many ? k->cap : ARRAY_SIZE(k->few))) {
		k->cap = 2 * k->n;
		all = realloc(k->many, k->cap * sizeof(*all));
		if (!all)
			fatal(1, "child: out of memory");
		if (!k->many)
			memcpy(all, k->few, sizeof(k->few));
		k->many = all;
	}
	/* Mostly in order already. */
	for (; at > 0 && all[at - 1] > fd; at--)
		all[at] = all[at - 1];
	all[at] = fd;
	k->n++;
}

void child_close_others(struct child_fds *k)
{
	int *fd = k->many ? k->many : k->few;
	int next = STDERR_FILENO + 1;

	for (size_t i = 0; i < k->n; i++) {
		if (fd[i] < next)
			continue;
		if (fd[i] > next)
			close_range((unsigned)next, (unsigned)fd[i] - 1, 0);
		next = fd[i] + 1;
	}
	close_range((unsigned)next, ~0U, 0);
	free(k->many);
	*k = (struct child_fds){0};
}

pid_t child_fork(int *fd)
{
	struct child_fds keep = {0};
	int end[2] = {-1, -1};
	pid_t pid = pipe2(end, O_CLOEXEC) < 0 ? -1 : fork();

	*fd = end[pid == 0];
	if (pid == 0) {
		child_keep(&keep, *fd);
		child_close_others(&keep);
		return 0;
	}
	fd_close(&end[1]);
	if (pid < 0)
		fd_close(fd);
	return pid;
}

void child_handle(int sig, void (*fn)(int))
{
	struct sigaction sa = {.sa_handler = fn};

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void oom_write(const char *value)
{
	int fd = *value ? open(OOM_FILE, O_WRONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		(void)!write(fd, value, strlen(value));
	fd_close(&fd);
}

void child_outlive(void)
{
	int fd = open(OOM_FILE, O_RDWR | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, oom_own, sizeof(oom_own) - 1);

	/* Without CAP_SYS_RESOURCE it cannot go down. */
	if (n <= 0 || atoi(oom_own) <= atoi(OOM_MASTER) ||
		pwrite(fd, OOM_MASTER, strlen(OOM_MASTER), 0) < 0)
		oom_own[0] = '\0';
	fd_close(&fd);
}

void child_expendable(void)
{
	oom_write(OOM_FIRST);
}

void child_signals(const int *ignored, size_t n)
{
	oom_write(oom_own);
	for (int sig = 1; sig < NSIG; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			child_handle(sig, SIG_DFL);
	}
	for (size_t i = 0; i < n; i++)
		child_handle(ignored[i], SIG_IGN);
}
