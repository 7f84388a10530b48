/* child.c: leave the master's things behind. */
#include "core/child.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

void child_keep(struct child_fds *k, int fd)
{
	if (fd < 0)
		return;
	if (!k->many && k->n < ARRAY_SIZE(k->few)) {
		k->few[k->n++] = fd;
		return;
	}
	if (!k->many || k->n >= k->cap) {
		size_t cap = 2 * k->n;
		int *p = realloc(k->many, cap * sizeof(*p));

		if (!p)
			fatal(1, "child: out of memory");
		if (!k->many)
			memcpy(p, k->few, sizeof(k->few));
		k->many = p;
		k->cap = cap;
	}
	k->many[k->n++] = fd;
}

static void sort(int *fd, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		int x = fd[i];
		size_t j = i;

		for (; j > 0 && fd[j - 1] > x; j--)
			fd[j] = fd[j - 1];
		fd[j] = x;
	}
}

void child_close_others(struct child_fds *k)
{
	int *fd = k->many ? k->many : k->few;
	int next = STDERR_FILENO + 1;

	sort(fd, k->n); /* mostly in order already; qsort() may call malloc() */
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
