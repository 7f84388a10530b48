/* ask.c: one question, one answer, and in every case an end. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"

#define ANSWER_MAX (16U << 20)
#define FDS_MAX    253 /* in a message. Source: SCM_MAX_FD of the kernel */

static bool failed(struct answer *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool failed(struct answer *a, const char *fmt, ...)
{
	char text[sizeof(a->error)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	escape_text(a->error, sizeof(a->error), text, strlen(text));
	a->good = false;
	return false;
}

static bool hung(struct answer *a, unsigned timeout_ms)
{
	if (timeout_ms >= ASK_RESULT_MS)
		return failed(a, "%s: no result after %u s; it may still come, the log will tell",
			ctl.socket, timeout_ms / 1000);
	return failed(a, "%s: sockd does not answer within %u s: it is stopped or hangs",
		ctl.socket, (timeout_ms + 999) / 1000);
}

static bool unreachable(struct answer *a, int error, unsigned timeout_ms)
{
	struct stat st;

	if (error == EAGAIN)
		return hung(a, timeout_ms);
	if (error == ENOENT || error == ENOTDIR)
		return failed(a,
			"%s: there is no control socket: sockd is not running, or its "
			"control-socket is elsewhere (see -s)",
			ctl.socket);
	if (error == EACCES || error == EPERM)
		return failed(a,
			"%s: permission denied: ask as root, as the user that sockd was "
			"started by, or as a member of its control-group, and from no process "
			"that sockd has started",
			ctl.socket);
	if (error == ECONNREFUSED && stat(ctl.socket, &st) == 0 && !S_ISSOCK(st.st_mode))
		return failed(a, "%s: that is no socket: name the control-socket of sockd with -s",
			ctl.socket);
	if (error == ECONNREFUSED)
		return failed(a,
			"%s: nobody listens there: sockd has died and is to be started "
			"again",
			ctl.socket);
	return failed(a, "%s: %s", ctl.socket, strerrordesc_np(error));
}

static bool fds_take(struct answer *a, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int *more;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		more = reallocarray(a->fd, a->n_fd + n + 1, sizeof(int));
		if (!more)
			return failed(a, "out of memory");
		a->fd = more;
		memcpy(a->fd + a->n_fd, CMSG_DATA(c), n * sizeof(int));
		a->n_fd += n;
	}
	if (m->msg_flags & MSG_CTRUNC)
		return failed(a, "the limit of open files is too low for so many services "
				 "(see ulimit -n)");
	return true;
}

/* Returns what recvmsg() does. */
static ssize_t receive(struct answer *a, int fd)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	char text[16384];
	struct iovec iov = {text, sizeof(text)};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0)
		return n;
	if (n > 0)
		buf_add(&a->text, text, (size_t)n);
	if (!fds_take(a, &m) || a->text.failed || a->text.len > ANSWER_MAX) {
		if (!a->error[0])
			failed(a, "%s: the answer has no end", ctl.socket);
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}

static bool receive_all(struct answer *a, int fd, unsigned timeout_ms)
{
	uint64_t end_ms = mono_ms() + timeout_ms, now_ms;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		ssize_t n = receive(a, fd);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
		if (n > 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return a->error[0] ? false : failed(a, "%s: %m", ctl.socket);
		now_ms = mono_ms();
		if (now_ms >= end_ms)
			return hung(a, timeout_ms);
		(void)poll(&p, 1, (int)(end_ms - now_ms));
	}
}

static bool judge(struct answer *a)
{
	char *text = a->text.data, *end = text ? strchr(text, '\n') : NULL;
	char reason[256];

	if (!a->text.len)
		return failed(a, "%s: sockd has hung up without an answer", ctl.socket);
	if (!end || strlen(text) < a->text.len ||
		(strncmp(text, "ok\n", 3) != 0 && strncmp(text, "error ", 6) != 0))
		return failed(a, "%s: what answers there is no sockd, or one of another version",
			ctl.socket);
	a->body = end + 1;
	a->good = text[0] == 'o';
	if (a->good)
		return true;
	snprintf(reason, sizeof(reason), "%.*s", (int)(end - text - 6), text + 6);
	if (strcmp(reason, "permission denied") == 0)
		return unreachable(a, EACCES, 0);
	return failed(a, "%s", reason);
}

static bool ask_once(struct answer *a, const char *command, unsigned timeout_ms)
{
	struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char line[256];
	int fd;

	if (strlen(ctl.socket) >= sizeof(to.sun_path))
		return failed(a, "%.64s...: a path of a socket has at most %zu bytes", ctl.socket,
			sizeof(to.sun_path) - 1);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", ctl.socket);
	snprintf(line, sizeof(line), "%s\n", command);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(a, "socket: %m");
	/* Bounds connect(), too. Source: unix(7), socket(7) */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		unreachable(a, errno, timeout_ms);
	} else if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 && errno != EPIPE &&
		   errno != ECONNRESET) { /* then the answer is there already */
		failed(a, "%s: %m", ctl.socket);
	} else if (receive_all(a, fd, timeout_ms)) {
		(void)judge(a);
	}
	close(fd);
	return a->good;
}

bool ask(struct answer *a, const char *command, unsigned timeout_ms)
{
	struct answer again = {0};

	if (ask_once(a, command, timeout_ms) || strcmp(a->error, "sockd is leaving") != 0)
		return a->good;
	/* If that was an upgrade, the next one has the socket, and this one has done nothing. */
	(void)ask_once(&again, command, timeout_ms);
	if (again.text.len) {
		answer_free(a);
		*a = again;
	} else {
		answer_free(&again);
	}
	return a->good;
}

void answer_free(struct answer *a)
{
	for (size_t i = 0; i < a->n_fd; i++)
		close(a->fd[i]);
	free(a->fd);
	buf_free(&a->text);
	*a = (struct answer){0};
}
