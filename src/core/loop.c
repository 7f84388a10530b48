/* loop.c: epoll, a signalfd, and a short list of timers. */
#include "core/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

#define CALLS_A_SECOND 200
#define REST_MS        50

static int epoll_fd = -1, signal_fd = -1;
static void (*signal_fn)(int sig);
static struct loop_timer *timers; /* by time, the first due in front */
static bool running;

/* The kernel keeps one of each kind pending, so bursts are merged already. */
static void signals_read(void *arg)
{
	struct signalfd_siginfo si;

	(void)arg;
	while (read(signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		signal_fn((int)si.ssi_signo);
}

int loop_init(const int *signals, void (*on_signal)(int sig))
{
	static struct loop_io signal_io = {.fn = signals_read};
	sigset_t set;

	sigemptyset(&set);
	for (; *signals; signals++)
		sigaddset(&set, *signals);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	signal_fn = on_signal;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (epoll_fd < 0 || signal_fd < 0)
		return -1;
	signal_io.fd = signal_fd;
	return loop_add(&signal_io);
}

void loop_close(void)
{
	fd_close(&signal_fd);
	fd_close(&epoll_fd);
}

int loop_add(struct loop_io *io)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = io};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, io->fd, &ev);
}

void loop_remove(struct loop_io *io)
{
	if (io->fd >= 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
}

static void rest_over(void *arg)
{
	struct loop_limit *l = arg;

	if (loop_add(l->io) < 0)
		loop_timer_set(&l->rest, REST_MS);
}

void loop_limit(struct loop_limit *l, struct loop_io *io)
{
	uint64_t now = mono_ms();

	if (now - l->second_ms >= 1000) {
		l->second_ms = now;
		l->calls = 0;
	}
	if (++l->calls <= CALLS_A_SECOND)
		return;
	loop_remove(io);
	l->io = io;
	l->rest = (struct loop_timer){.fn = rest_over, .arg = l};
	loop_timer_set(&l->rest, REST_MS);
}

void loop_timer_clear(struct loop_timer *t)
{
	struct loop_timer **p = &timers;

	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
	t->armed = false;
}

void loop_timer_set(struct loop_timer *t, uint64_t ms)
{
	struct loop_timer **p = &timers;

	loop_timer_clear(t);
	t->due = mono_ms() + ms;
	while (*p && (*p)->due <= t->due)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
	t->armed = true;
}

/* Run what is due; returns the ms until the next timer, -1 = none. */
static int timers_run(void)
{
	while (timers) {
		struct loop_timer *t = timers;
		uint64_t now = mono_ms();

		if (t->due > now)
			return t->due - now > 3600000 ? 3600000 : (int)(t->due - now);
		loop_timer_clear(t);
		t->fn(t->arg);
	}
	return -1;
}

int loop_run(void)
{
	running = true;
	while (running) {
		struct epoll_event ev;
		int wait_ms = timers_run();
		int n;

		if (!running)
			break;
		/* One event at a time: a callback may free what a second event points to. */
		n = epoll_wait(epoll_fd, &ev, 1, wait_ms);
		if (n < 0 && errno != EINTR) {
			log_msg(LOG_ERR, "epoll_wait: %m");
			return -1;
		}
		if (n > 0) {
			struct loop_io *io = ev.data.ptr;

			io->fn(io->arg);
		}
	}
	return 0;
}

void loop_stop(void)
{
	running = false;
}
