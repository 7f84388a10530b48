/* check.c: code of others may crash, hang, leave and lie: a child runs it, and is killed in the end. */
#include "core/settings.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/child.h"
#include "core/privs.h"
#include "handlers/handler.h"

#define CHECK_MS 10000

struct answer {
	char key[32]; /* "": all is well */
	char text[480];
};

static _Noreturn void child_run(const struct handler *h, const struct conf_service *s, int fd)
{
	struct answer a = {.key = ""};
	const char *key;

	(void)dup2(STDERR_FILENO, STDOUT_FILENO); /* where -T prints the settings */
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
	struct pollfd p = {.events = POLLIN};
	int status, n;
	bool answered;
	pid_t pid;

	if (!h->check || !h->check_apart)
		return h->check ? h->check(s, err, size) : NULL;
	pid = child_fork(&p.fd);
	if (pid < 0) {
		snprintf(err, size, "cannot be checked: %m");
		return h->check_apart;
	}
	if (pid == 0)
		child_run(h, s, p.fd);
	/* A pipe takes so little as a whole. */
	answered = poll(&p, 1, CHECK_MS) > 0 && read(p.fd, &a, sizeof(a)) == sizeof(a);
	close(p.fd);
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
