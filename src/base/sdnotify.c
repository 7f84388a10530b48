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
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

int sdnotify(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	ssize_t sent;
	int fd, n;

	if (!address_len || muted)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		errno = EMSGSIZE;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	sent = sendto(fd, text, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&address, address_len);
	fd_close(&fd);
	return sent < 0 ? -1 : 0;
}

unsigned sdnotify_watchdog_ms(void)
{
	return watchdog_ms;
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
	snprintf(text, sizeof(text), "%llu", watchdog_ms * 2000ULL);
	if (watchdog_ms)
		setenv("WATCHDOG_USEC", text, 1);
}
