/* sdnotify.c: one datagram to $NOTIFY_SOCKET. No libsystemd: it would map five compression and
 * crypto libraries into a process that runs as root. */
#include "base/sdnotify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address;
static socklen_t address_len; /* 0: nobody wants to hear */
static unsigned watchdog_ms;
static bool muted;
static char store[16]; /* $FDSTORE */

void sdnotify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	size_t len = path ? strlen(path) : 0;

	if (len > 1 && len < sizeof(address.sun_path) && (path[0] == '/' || path[0] == '@')) {
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, path, len + 1);
		if (path[0] == '@')
			address.sun_path[0] = '\0';
		address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
		if (usec && (!pid || strtol(pid, NULL, 10) == getpid()))
			watchdog_ms = (unsigned)(strtoull(usec, NULL, 10) / 2000);
	}
	snprintf(store, sizeof(store), "%s", getenv("FDSTORE") ? getenv("FDSTORE") : "");
	unsetenv("FDSTORE");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

int sdnotify_fd(int fd, const char *fmt, ...)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char text[512];
	struct iovec iov = {text, 0};
	struct msghdr m = {.msg_name = &address,
		.msg_namelen = address_len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = fd < 0 ? NULL : &control,
		.msg_controllen = fd < 0 ? 0 : sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);
	int n, s;
	ssize_t sent;
	va_list ap;

	if (!address_len || muted)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		errno = EMSGSIZE;
		return -1;
	}
	iov.iov_len = (size_t)n;
	if (head) {
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof(int));
	}
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return -1;
	sent = sendmsg(s, &m, MSG_NOSIGNAL);
	fd_close(&s);
	return sent < 0 ? -1 : 0;
}

unsigned sdnotify_watchdog_ms(void)
{
	return watchdog_ms;
}

bool sdnotify_stores(void)
{
	return address_len && store[0] && strcmp(store, "0") != 0;
}

bool sdnotify_heard(void)
{
	return address_len > 0;
}

void sdnotify_mute(bool on)
{
	muted = on;
}

void sdnotify_export(void)
{
	char text[sizeof(address.sun_path) + 1] = "";

	if (!address_len)
		return;
	memcpy(text, address.sun_path, address_len - offsetof(struct sockaddr_un, sun_path));
	if (!text[0])
		text[0] = '@';
	setenv("NOTIFY_SOCKET", text, 1);
	setenv("FDSTORE", store, 1);
	snprintf(text, sizeof(text), "%llu", watchdog_ms * 2000ULL);
	if (watchdog_ms)
		setenv("WATCHDOG_USEC", text, 1);
}
