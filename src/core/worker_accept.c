/* worker_accept.c: accept() and everything that can come in its way. */
#include "core/worker_accept.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "net/listener.h"

#define PAUSE_MIN_MS   10
#define PAUSE_MAX_MS   500
#define DRAIN_GRACE_MS 300 /* longer than most round trips */

static const int *listen_fd;
static size_t n_listen;
static int epoll_fd = -1; /* with several listeners */
static int pause_ms = PAUSE_MIN_MS;
static volatile sig_atomic_t owed;

int accept_init(const int *fd, size_t n)
{
	listen_fd = fd;
	n_listen = n;
	if (n == 1)
		return 0;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; epoll_fd >= 0 && i < n; i++) {
		struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u64 = i};

		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd[i], &ev) < 0)
			fd_close(&epoll_fd);
	}
	if (epoll_fd < 0)
		log_msg(LOG_ERR, "epoll: %m");
	return epoll_fd < 0 ? -1 : 0;
}

bool accept_is_owed(void)
{
	return owed;
}

/* Wait until a listener has a connection; which one is told in *index. A signal ends the wait, also
 * one that came after the caller looked at its flags: they are looked at again with signals
 * blocked, and the wait itself unblocks them. */
static void wait_readable(
	size_t *index, const volatile sig_atomic_t *leave, const volatile sig_atomic_t *drain)
{
	struct epoll_event ev;
	struct pollfd p = {.fd = listen_fd[0], .events = POLLIN};
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (*leave || *drain) {
		/* nothing to wait for */
	} else if (epoll_fd < 0) {
		(void)ppoll(&p, 1, NULL, &before);
	} else if (epoll_pwait(epoll_fd, &ev, 1, -1, &before) == 1 && ev.data.u64 < n_listen) {
		*index = ev.data.u64;
		owed = 1;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void pause_longer(void)
{
	struct timespec ts = {pause_ms / 1000, pause_ms % 1000 * 1000000L};

	(void)nanosleep(&ts, NULL);
	pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
}

/* True for the errors that belong to a connection that is gone. Source: accept(2), Linux notes */
static int is_passing(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return 1;
	}
	return 0;
}

/* True for a lack of something that others may give back; EPERM is a firewall's. */
static int is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
	       error == EPERM;
}

/* This worker alone was woken for a connection that it cannot take; others may. On a listening socket
 * SHUT_WR has no other effect than to wake all who wait for it. */
static void wake_others(int fd)
{
	(void)shutdown(fd, SHUT_WR);
}

static int accept_from(int fd, struct conn *c)
{
	memset(c, 0, sizeof(*c));
	c->peer.len = sizeof(c->peer.un);
	c->fd = accept4(fd, &c->peer.sa, &c->peer.len, SOCK_CLOEXEC);
	return c->fd < 0 ? errno : 0;
}

/* Wait for a connection in any of the queues on hold. */
static void wait_held(uint64_t ms)
{
	struct pollfd p[64];
	nfds_t n = 0;

	for (size_t i = 0; i < n_listen && n < ARRAY_SIZE(p); i++) {
		if (listener_is_held(listen_fd[i]))
			p[n++] = (struct pollfd){.fd = listen_fd[i], .events = POLLIN};
	}
	(void)poll(p, n, (int)ms);
}

/* Serve what waits in the queues on hold. A client whose handshake was under way may still come in for
 * a while, so that a queue is done with only when it has stayed empty for so long. */
static enum accept_result accept_drain(struct conn *c, const volatile sig_atomic_t *leave)
{
	static uint64_t end_ms;

	if (!end_ms)
		end_ms = mono_ms() + DRAIN_GRACE_MS;
	for (;;) {
		uint64_t now = mono_ms();
		bool held = false;

		for (size_t i = 0; i < n_listen && !*leave; i++) {
			if (!listener_is_held(listen_fd[i]))
				continue;
			held = true;
			if (accept_from(listen_fd[i], c) == 0)
				return ACCEPT_OK;
		}
		if (*leave || !held)
			return ACCEPT_LEAVE;
		if (now >= end_ms)
			return ACCEPT_DRAINED;
		wait_held(end_ms - now);
	}
}

enum accept_result accept_next(
	struct conn *c, const volatile sig_atomic_t *leave, const volatile sig_atomic_t *drain)
{
	size_t index = 0;
	bool wait = n_listen > 1;

	for (;;) {
		int error;

		if (*leave)
			return ACCEPT_LEAVE;
		if (*drain)
			return accept_drain(c, leave);
		if (wait)
			wait_readable(&index, leave, drain);
		error = accept_from(listen_fd[index], c);
		owed = 0;
		if (!error) {
			pause_ms = PAUSE_MIN_MS;
			return ACCEPT_OK;
		}
		if (*leave || *drain)
			continue;
		if (error == EAGAIN) {
			wait = true;
		} else if (error == EINVAL) {
			log_msg(LOG_ERR, "accept: the listener was shut down by somebody");
			pause_longer();
			return ACCEPT_SHUT;
		} else if (is_shortage(error)) {
			log_msg(LOG_ERR, "accept: %s", strerrordesc_np(error));
			if (epoll_fd >= 0)
				wake_others(listen_fd[index]);
			pause_longer();
		} else if (!is_passing(error)) {
			log_msg(LOG_ERR, "accept: %s", strerrordesc_np(error));
			return ACCEPT_FATAL;
		}
	}
}
