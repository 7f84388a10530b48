/* check.c: code of others may crash, hang, leave and lie: a child runs it, and is killed in the end. */
#include "core/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/child.h"
#include "core/privs.h"

#define CHECK_MS 10000

struct answer {
	char key[32]; /* "": all is well */
	char text[480];
};

static _Noreturn void child_run(const struct handler *h, const struct conf_service *s, int fd)
{
	struct answer a = {.key = ""};
	struct child_fds keep = {0};
	const char *key;

	child_keep(&keep, fd);
	child_close_others(&keep);
	if (s->chroot && geteuid() == 0 && (chroot(s->chroot) < 0 || chdir("/") < 0)) {
		snprintf(a.text, sizeof(a.text), "%m");
		key = "chroot";
	} else if (s->change_user && privs_drop(s->uid, s->gid, s->groups, s->n_groups) < 0) {
		_exit(1);
	} else if (s->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		_exit(1);
	} else {
		key = h->check(s, a.text, sizeof(a.text));
	}
	if (key)
		snprintf(a.key, sizeof(a.key), "%s", key);
	_exit(write_all(fd, &a, sizeof(a)) < 0);
}

/* Read the answer. Returns true if all of it came in time. */
static bool answer_read(int fd, struct answer *a, uint64_t end_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t have = 0;

	while (have < sizeof(*a)) {
		uint64_t now = mono_ms();
		ssize_t got;

		if (now >= end_ms)
			return false;
		if (poll(&p, 1, (int)(end_ms - now)) <= 0)
			continue;
		got = read(fd, (char *)a + have, sizeof(*a) - have);
		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		have += got > 0 ? (size_t)got : 0;
	}
	return true;
}

/* Reap the child; one that has not left by then is killed. Returns its status, -1 for a killed one. */
static int child_end(pid_t pid, uint64_t end_ms)
{
	int status = -1;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (mono_ms() < end_ms) {
			(void)poll(NULL, 0, 2);
			continue;
		}
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return -1;
	}
	return status;
}

const char *check_run(const struct handler *h, const struct conf_service *s, char *err, size_t size)
{
	uint64_t end_ms = mono_ms() + CHECK_MS;
	static struct answer a;
	int fd[2], status, n;
	bool answered;
	pid_t pid;

	if (!h->check || !h->check_apart)
		return h->check ? h->check(s, err, size) : NULL;
	if (pipe2(fd, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		snprintf(err, size, "cannot be checked: %m");
		return h->check_apart;
	}
	if (pid == 0)
		child_run(h, s, fd[1]);
	close(fd[1]);
	answered = answer_read(fd[0], &a, end_ms);
	close(fd[0]);
	status = child_end(pid, answered ? 0 : end_ms);
	a.key[sizeof(a.key) - 1] = 0;
	a.text[sizeof(a.text) - 1] = 0;
	if (answered) {
		escape_text(err, size, a.text, strlen(a.text));
		return *a.key ? a.key : NULL;
	}
	n = snprintf(err, size, "%s %s ", h->name, s->module ? s->module : "");
	if (n < 0 || (size_t)n >= size)
		return h->check_apart;
	if (status == -1)
		snprintf(err + n, size - (size_t)n, "gave no answer within %d s", CHECK_MS / 1000);
	else if (WIFSIGNALED(status))
		snprintf(err + n, size - (size_t)n, "crashed in check: signal %s",
			signal_name(WTERMSIG(status)));
	else
		snprintf(err + n, size - (size_t)n, "left in check: exit status %d",
			WEXITSTATUS(status));
	return h->check_apart;
}
