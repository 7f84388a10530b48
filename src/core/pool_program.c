/* pool_program.c: readiness, rolling replacement and signals of programs. */
#include "core/pool_program.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "core/service.h"

#define DRAIN_TICK_MS  20
#define DRAIN_GRACE_MS 300 /* a queue that stays empty for so long is done with */
#define LEFT_TICK_MS   50  /* between looks at what a dead program left, in a pool that leaves, */
#define LEFT_SLOW_MS   500 /* and in others */
#define LEFT_KILLS     3   /* after so many, who is still there is a zombie, or stuck */

/* Source: pidfd_send_signal(2), since Linux 6.9 */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif

struct program_start {
	struct loop_io io;
	struct pool *pool;
	size_t told; /* bytes that came */
};

/* The group of a program that has died, with somebody in it. */
struct program_left {
	int fd; /* of the dead program: its number may be another's by now, this one never is */
	pid_t pid;
	uint64_t until_ms; /* 0: no limit */
	unsigned kills;
	struct program_left *next;
};

static int died_fd = -1; /* of the one that is about to be reaped */

static void notify_arrived(void *arg);

static struct {
	struct loop_io io;
	struct loop_limit messages;
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
} notify = {.io = {-1, notify_arrived, NULL}};

bool pool_is_program(const struct pool *p)
{
	return !p->area->handler->serve;
}

/* An abstract name, so that it can be reached from every root folder; a number nobody can guess keeps
 * others from taking it first. Who sends is told by the kernel. */
const char *program_notify_open(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int on = 1, n;
	uint64_t r;

	if (notify.io.fd >= 0)
		return notify.name;
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return NULL;
	n = snprintf(notify.name, sizeof(notify.name), "@sockd-notify-%d-%016llx", (int)getpid(),
		(unsigned long long)r);
	memcpy(sun.sun_path + 1, notify.name + 1, (size_t)n - 1);
	notify.io.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify.io.fd >= 0 &&
		setsockopt(notify.io.fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
		bind(notify.io.fd, (struct sockaddr *)&sun,
			(socklen_t)offsetof(struct sockaddr_un, sun_path) + (socklen_t)n) == 0 &&
		loop_add(&notify.io) == 0)
		return notify.name;
	fd_close(&notify.io.fd);
	return NULL;
}

static void set_ready(struct pool *p, const struct worker *w)
{
	struct board *b = p->service->board;

	if (atomic_load(&b->slot[w->slot].state) == SLOT_STARTING)
		atomic_store(&b->slot[w->slot].state, SLOT_IDLE);
	pool_bell(p, 0);
}

static struct worker *program_among(struct pool *p, pid_t pid, pid_t session)
{
	for (size_t i = 0; p && pool_is_program(p) && i < p->n; i++) {
		if (p->worker[i].pid == pid || p->worker[i].pid == session)
			return &p->worker[i];
	}
	return NULL;
}

/* The program that a process is, or whose session it belongs to. */
static struct worker *program_find(pid_t pid, struct pool **pool)
{
	pid_t session = getsid(pid);
	struct worker *w = NULL;

	for (const struct service *s = services; s && !w; s = s->next) {
		for (*pool = s->pool; *pool && !w;) {
			w = program_among(*pool, pid, session);
			if (!w)
				*pool = (*pool)->next;
		}
		if (!w && s->trial) {
			*pool = s->trial;
			w = program_among(s->trial, pid, session);
		}
	}
	return w;
}

static void notify_line(struct pool *p, const struct worker *w, const char *line)
{
	if (strcmp(line, "READY=1") == 0 && p->conf->notify)
		set_ready(p, w);
	else if (strncmp(line, "STATUS=", 7) == 0)
		log_service(
			LOG_DEBUG, p->service->name, "pid=%d status: %s", (int)w->pid, line + 7);
}

static void notify_arrived(void *arg)
{
	union {
		char space[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	char text[1024], *save = NULL;
	struct iovec iov = {text, sizeof(text) - 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(notify.io.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	struct ucred from = {0};
	const struct worker *w;
	struct pool *p;

	(void)arg;
	loop_limit(&notify.messages, &notify.io);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return;
	memcpy(&from, CMSG_DATA(c), sizeof(from));
	w = from.pid > 0 ? program_find(from.pid, &p) : NULL;
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &save); w && line;
		line = strtok_r(NULL, "\n", &save))
		notify_line(p, w, line);
}

/* One byte came right before the exec, which then has closed the pipe's end; another one if it failed. An
 * end without any is that of a process which never came so far. */
static void start_told(void *arg)
{
	struct program_start *start = arg;
	struct pool *p = start->pool;
	char byte[4];
	bool runs;
	ssize_t n;

	/* To its end at once: its death may be the next event. */
	while ((n = read(start->io.fd, byte, sizeof(byte))) > 0)
		start->told += (size_t)n;
	if (n < 0)
		return;
	runs = start->told == 1;
	for (size_t i = 0; i < p->n; i++) {
		if (p->worker[i].start != start)
			continue;
		p->worker[i].start = NULL;
		program_unwatch(start);
		if (runs && !p->conf->notify)
			set_ready(p, &p->worker[i]);
		return;
	}
}

void program_look(struct program_start *start)
{
	start_told(start);
}

struct program_start *program_watch(struct pool *p, int start_fd)
{
	struct program_start *start = calloc(1, sizeof(*start));

	if (start) {
		*start = (struct program_start){.io = {start_fd, start_told, start}, .pool = p};
		if (loop_add(&start->io) == 0)
			return start;
	}
	free(start);
	fd_close(&start_fd);
	return NULL;
}

void program_unwatch(struct program_start *start)
{
	if (!start)
		return;
	loop_remove(&start->io);
	fd_close(&start->io.fd);
	free(start);
}

long program_room(const struct pool *p)
{
	long room = p->target + p->conf->max_surge;

	if (!pool_is_program(p) || !p->next)
		return LONG_MAX;
	for (const struct pool *q = p->service->pool; q; q = q->next)
		room -= pool_is_program(q) ? (long)q->n : 0;
	return room;
}

void program_roll(struct pool *p)
{
	long needed = p->target, staying = 0;

	if (p != p->service->pool || !p->next || p->leave != LEAVE_NOT)
		return;
	for (size_t i = 0; i < p->n; i++)
		needed -= p->worker[i].ready && p->worker[i].leave == LEAVE_NOT;
	for (const struct pool *q = p->next; q; q = q->next)
		staying += (long)pool_staying(q);
	if (needed <= 0) {
		service_pool_ready(p->service, p); /* all of them may leave */
		return;
	}
	for (struct pool *q = p->next; q && staying > needed; q = q->next) {
		size_t before = pool_staying(q);

		pool_dismiss(q, (size_t)(staying - needed), p->drain_ms);
		staying -= (long)(before - pool_staying(q));
		q->target = (long)pool_staying(q); /* they are not replaced by their like */
	}
}

int program_signal(const struct pool *p, const struct worker *w, enum leave how)
{
	if (how != LEAVE_KILL)
		return w->leave == LEAVE_NOT ? kill(w->pid, p->conf->stop_signal) : 0;
	/* Before its setsid() there is no group. */
	return kill(-w->pid, SIGKILL) == 0 ? 0 : kill(w->pid, SIGKILL);
}

void program_died(pid_t pid)
{
	struct pool *p;

	/* A process that has died is of no session any more: only the program itself is found. */
	const struct worker *w = program_find(pid, &p);

	fd_close(&died_fd);
	if (!w || w->pid != pid || getpgid(pid) != pid)
		return;
	(void)kill(-pid, w->leave == LEAVE_KILL ? SIGKILL : p->conf->stop_signal);
	died_fd = (int)syscall(SYS_pidfd_open, pid, 0);
}

static int group_signal(int fd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, sig, NULL, PIDFD_SIGNAL_PROCESS_GROUP);
}

/* See who is gone, and kill those whose time is up. */
static void left_look(void *arg)
{
	struct program_left **at, *l;
	struct pool *p = arg;

	for (at = &p->left; (l = *at);) {
		bool now = p->leave == LEAVE_KILL || (l->until_ms && l->until_ms <= mono_ms());

		if (now && !l->kills)
			log_service(LOG_WARNING, p->service->name,
				"what pid=%d left behind did not leave in time: KILL", (int)l->pid);
		if (l->kills == LEFT_KILLS || group_signal(l->fd, now ? SIGKILL : 0) < 0) {
			*at = l->next;
			fd_close(&l->fd);
			free(l);
			continue;
		}
		l->kills += now;
		at = &l->next;
	}
	if (p->left)
		loop_timer_set(&p->look, p->leave == LEAVE_NOT ? LEFT_SLOW_MS : LEFT_TICK_MS);
	else if (p->leave != LEAVE_NOT && !p->n)
		service_pool_empty(p->service, p);
}

void program_reaped(struct pool *p, pid_t pid)
{
	uint64_t drain_ms = (uint64_t)p->settings->conf->drain_timeout * 1000;
	struct program_left *l = NULL;

	/* A kernel that cannot do it, or nobody there. */
	if (died_fd >= 0 && group_signal(died_fd, 0) == 0)
		l = malloc(sizeof(*l));
	if (!l) {
		fd_close(&died_fd);
		return;
	}
	*l = (struct program_left){died_fd, pid, drain_ms ? mono_ms() + drain_ms : 0, 0, p->left};
	died_fd = -1;
	p->left = l;
	loop_timer_clear(&p->look);
	p->look = (struct loop_timer){.fn = left_look, .arg = p};
	loop_timer_set(&p->look, LEFT_TICK_MS);
}

/* Clients in the queues on hold. */
static unsigned held_queue(const struct pool *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->n_listen; i++) {
		if (listener_is_held(p->listen_fd[i]))
			n += listener_queue(p->listen_fd[i], NULL);
	}
	return n;
}

void program_drain(struct pool *p)
{
	uint64_t now = mono_ms();

	if (held_queue(p) || !p->drained_ms)
		p->drained_ms = now + DRAIN_GRACE_MS;
	if (now < p->drained_ms) {
		loop_timer_set(&p->drain, DRAIN_TICK_MS);
		return;
	}
	pool_leave(p, LEAVE_GENTLY, 0);
}
