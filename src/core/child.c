/* child.c: leave the master's things behind. */
#include "core/child.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

void child_keep(struct child_fds *k, int fd)
{
	if (fd < 0)
		return;
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		int *p = realloc(k->fd, cap * sizeof(*p));

		if (!p)
			fatal(1, "child: out of memory");
		k->fd = p;
		k->cap = cap;
	}
	k->fd[k->n++] = fd;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void child_close_others(struct child_fds *k)
{
	int next = STDERR_FILENO + 1;

	if (k->n)
		qsort(k->fd, k->n, sizeof(*k->fd), by_number);
	for (size_t i = 0; i < k->n; i++) {
		if (k->fd[i] < next)
			continue;
		if (k->fd[i] > next)
			close_range((unsigned)next, (unsigned)k->fd[i] - 1, 0);
		next = k->fd[i] + 1;
	}
	close_range((unsigned)next, ~0U, 0);
	free(k->fd);
	*k = (struct child_fds){0};
}

void child_handle(int sig, void (*fn)(int))
{
	struct sigaction sa = {.sa_handler = fn};

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

void child_signals(const int *ignored, size_t n)
{
	for (int sig = 1; sig < NSIG; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			child_handle(sig, SIG_DFL);
	}
	for (size_t i = 0; i < n; i++)
		child_handle(ignored[i], SIG_IGN);
}
