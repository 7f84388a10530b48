/* listener_inherit.c: sockets that systemd (or whoever speaks its protocol) hands over at the start.
 * They are kept here until a service takes them. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "net/listener_internal.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */

struct handed {
	int fd; /* -1: of no use */
	bool taken;
	struct addr addr;
	char *name; /* NULL: none */
};

static struct handed *handed;
static size_t n_handed;

/* A number of the environment, or 0 if it is none. */
static long env_number(const char *key)
{
	const char *text = getenv(key);
	char *end;
	long n;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end ? 0 : n;
}

/* How many descriptors are meant for this process. */
static size_t env_count(void)
{
	long n = env_number("LISTEN_PID") == getpid() ? env_number("LISTEN_FDS") : 0;
	struct rlimit max;

	if (getrlimit(RLIMIT_NOFILE, &max) == 0 && (rlim_t)n > max.rlim_cur) {
		log_msg(LOG_WARNING, "LISTEN_FDS=%ld is more than a process can have: ignored", n);
		return 0;
	}
	return (size_t)n;
}

static bool option_is(int fd, int option, int wanted)
{
	int value = 0;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 && value == wanted;
}

/* Look at one descriptor. Returns NULL if a service can use it, else why not. */
static const char *inspect(struct handed *h)
{
	int flags = fcntl(h->fd, F_GETFD);

	if (flags < 0)
		return "no such descriptor";
	if (fcntl(h->fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return strerror(errno);
	if (listener_name(h->fd, &h->addr) < 0)
		return "not a socket";
	if (!option_is(h->fd, SO_TYPE, SOCK_STREAM))
		return "not a stream socket";
	if (!option_is(h->fd, SO_ACCEPTCONN, 1))
		return "not listening (a socket unit needs Accept=no)";
	return NULL;
}

int listener_inherit(void)
{
	const char *names = getenv("LISTEN_FDNAMES"); /* one for each, which may be empty */
	int behind = FIRST_FD;

	n_handed = env_count();
	handed = calloc(n_handed + 1, sizeof(*handed));
	if (!handed)
		fatal(EXIT_FAILURE, "inherited sockets: %s", strerror(errno));
	for (size_t i = 0; i < n_handed; i++) {
		struct handed *h = &handed[i];
		size_t len = names ? strcspn(names, ":") : 0;
		const char *why;

		if (len)
			h->name = strndup(names, len);
		if (names)
			names += len + (names[len] == ':');
		h->fd = FIRST_FD + (int)i;
		why = inspect(h);
		if (!why) {
			behind = h->fd + 1;
			continue;
		}
		log_msg(LOG_WARNING, "inherited descriptor %d (name %s) is not used: %s", h->fd,
			h->name ? h->name : "none", why);
		fd_close(&h->fd);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return behind;
}

/* An inherited 0.0.0.0 serves a "*" too: it is what "*" becomes where there is no IPv6. */
static bool stands_in(const struct handed *h, const struct addr *a)
{
	return a->dual && h->addr.sa.sa_family == AF_INET &&
	       h->addr.in.sin_addr.s_addr == htonl(INADDR_ANY) &&
	       h->addr.in.sin_port == a->in6.sin6_port;
}

static struct handed *find(const struct addr *a, const char *service)
{
	bool any_port = a->sa.sa_family != AF_UNIX && addr_port(a) == 0;
	struct handed *second = NULL, *third = NULL;

	for (size_t i = 0; i < n_handed; i++) {
		struct handed *h = &handed[i];

		if (h->fd < 0 || h->taken)
			continue;
		if (!any_port && addr_equal(&h->addr, a))
			return h;
		if (!any_port && !second && stands_in(h, a))
			second = h;
		if (!third && service && h->name && strcmp(h->name, service) == 0)
			third = h;
	}
	return second ? second : third;
}

int listener_take(struct listener *out, const struct addr *a, const char *service)
{
	struct handed *h = find(a, service);

	if (!h)
		return -1;
	*out = (struct listener){.fd = h->fd, .addr = *a, .bound = h->addr, .inherited = true};
	h->taken = true;
	if (listener_nonblock(out, false) < 0)
		log_msg(LOG_WARNING, "inherited socket: cannot make it blocking: %s",
			strerror(errno));
	return 0;
}

bool listener_give_back(const struct listener *l)
{
	for (size_t i = 0; i < n_handed; i++) {
		if (handed[i].fd == l->fd) {
			handed[i].taken = false;
			return true;
		}
	}
	return false;
}

void listener_warn_untaken(void)
{
	for (size_t i = 0; i < n_handed; i++) {
		const struct handed *h = &handed[i];
		char address[ADDR_TEXT_MAX];

		if (h->fd < 0 || h->taken)
			continue;
		addr_format(&h->addr, address);
		log_msg(LOG_WARNING, "inherited socket %s (name %s) belongs to no service", address,
			h->name ? h->name : "none");
	}
}
