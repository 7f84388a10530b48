/* worker.c: the life of a worker: become unprivileged, say ready, accept, serve, log, leave.
 *
 * Leaving must not be lost between a look at a flag and a blocking accept(): the handler of
 * SIGQUIT also lays /dev/null over the listening descriptors, so that accept() fails at once.
 * SIGUSR1 needs no such thing: the master has made the listeners non-blocking before it sends it.
 */
#include "core/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/child.h"
#include "core/privs.h"
#include "core/worker_accept.h"

static const struct worker_args *args;
static struct board_slot *slot;
static int null_fd;

static volatile sig_atomic_t sig_leave, sig_drain, sig_stop;
static volatile sig_atomic_t conn_fd = -1;

static void on_leave(int sig)
{
	int saved = errno;

	(void)sig;
	sig_leave = 1;
	for (size_t i = 0; i < args->n_listen; i++)
		dup3(null_fd, args->listen_fd[i], O_CLOEXEC);
	errno = saved;
}

static void on_drain(int sig)
{
	(void)sig;
	sig_drain = 1;
}

static void on_stop(int sig)
{
	int saved = errno;

	sig_stop = 1;
	on_leave(sig);
	if (conn_fd >= 0)
		dup3(null_fd, conn_fd, O_CLOEXEC);
	errno = saved;
}

static void state_set(enum board_state s)
{
	atomic_store_explicit(&slot->state, s, memory_order_relaxed);
}

static void ring(void)
{
	uint64_t one = 1;

	(void)!write(args->notify_fd, &one, sizeof(one));
}

/* Ask for more workers if too few are idle now. Only the first who finds it out rings. */
static void growth_check(void)
{
	struct board *b = args->board;

	if (atomic_load_explicit(&b->may_grow, memory_order_relaxed) &&
		!board_has_idle(b, atomic_load_explicit(&b->spare, memory_order_relaxed)) &&
		!atomic_exchange(&b->wanted, 1))
		ring();
}

/* A peer that sent nothing and got nothing is a port check: not worth a line by default. */
static void connection_log(const struct conn *c, uint64_t start_ms)
{
	int level = c->bytes_in || c->bytes_out ? LOG_INFO : LOG_DEBUG;
	char source[ADDR_TEXT_MAX];
	struct log_record r;

	if (!log_wants(level))
		return;
	addr_format(&c->peer, source);
	log_begin(&r, level, LOG_F_NOREPEAT, "closed");
	log_str(&r, "source", source);
	log_num(&r, "duration_ms", mono_ms() - start_ms);
	log_num(&r, "bytes_in", c->bytes_in);
	log_num(&r, "bytes_out", c->bytes_out);
	log_str(&r, "end", c->end ? c->end : c->eof ? "eof" : "done");
	if (c->error)
		log_str(&r, "error", strerrordesc_np(c->error));
	log_send(&r);
}

static void serve(struct conn *c)
{
	uint64_t start_ms = args->conf->log_connections ? mono_ms() : 0;

	conn_fd = c->fd;
	c->stop = &sig_stop;
	state_set(SLOT_BUSY);
	growth_check();
	/* A stop that came before conn_fd was known did not touch the connection. */
	if (sig_stop)
		c->end = "terminated";
	else
		args->handler->serve(&args->env, c);
	conn_fd = -1;
	close(c->fd);
	atomic_store_explicit(&slot->connections, slot->connections + 1, memory_order_relaxed);
	atomic_store_explicit(&slot->bytes_in, slot->bytes_in + c->bytes_in, memory_order_relaxed);
	atomic_store_explicit(
		&slot->bytes_out, slot->bytes_out + c->bytes_out, memory_order_relaxed);
	state_set(SLOT_IDLE);
	if (args->conf->log_connections)
		connection_log(c, start_ms);
}

/* max-connections with its jitter, so that workers born together do not leave together. */
static uint64_t lifetime(void)
{
	uint64_t max = (uint64_t)args->conf->max_connections;
	uint64_t range = max * (uint64_t)args->conf->max_connections_jitter / 100;
	uint32_t r = 0;

	if (!range)
		return max;
	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		r = (uint32_t)getpid() * 2654435761U; /* Knuth's multiplicative hash */
	max = max - range + r % (2 * range + 1);
	return max ? max : 1; /* 0 would be for ever */
}

/* True if this worker has served its share and no other of the service is about to leave. */
static bool may_retire(uint64_t limit)
{
	uint32_t nobody = 0;

	return limit && slot->connections >= limit &&
	       atomic_compare_exchange_strong(&args->board->retiring, &nobody, args->env.slot + 1);
}

static enum worker_exit accept_loop(void)
{
	uint64_t limit = lifetime();
	struct conn c;

	for (;;) {
		switch (accept_next(&c, &sig_leave, &sig_drain)) {
		case ACCEPT_OK:
			serve(&c);
			break;
		case ACCEPT_LEAVE:
			return WORKER_DONE;
		case ACCEPT_DRAINED:
			return WORKER_DRAINED;
		case ACCEPT_SHUT:
			ring(); /* somebody shut the listener: the master revives it */
			break;
		case ACCEPT_FATAL:
			return WORKER_FAILED;
		}
		if (!sig_drain && may_retire(limit))
			return WORKER_DONE;
	}
}

/* SIGQUIT when the master dies: by the parent-death signal, and by a pipe that signals its end,
 * since the former is not sent by a parent without the right to signal us.
 * A pipe's O_ASYNC belongs to the open file, so this worker opens one of its own.
 * Source: fcntl(2), pipe(7), PR_SET_PDEATHSIG(2const) */
static void orphan_watch(int life_fd)
{
	char byte;

	if (life_fd >= 0) {
		(void)fcntl(life_fd, F_SETOWN, getpid());
		(void)fcntl(life_fd, F_SETSIG, WORKER_SIG_LEAVE);
		(void)fcntl(life_fd, F_SETFL, O_ASYNC | O_NONBLOCK);
	}
	(void)prctl(PR_SET_PDEATHSIG, WORKER_SIG_LEAVE);
	if (getppid() != args->master || (life_fd >= 0 && read(life_fd, &byte, 1) == 0))
		raise(WORKER_SIG_LEAVE);
}

static void signals_init(void)
{
	static const int ignored[] = {
		SIGINT, SIGHUP, SIGUSR2, SIGTTIN, SIGTTOU, SIGPIPE, SIGWINCH, SIGALRM};

	child_signals(ignored, ARRAY_SIZE(ignored));
	child_handle(WORKER_SIG_LEAVE, on_leave);
	child_handle(WORKER_SIG_DRAIN, on_drain);
	child_handle(WORKER_SIG_STOP, on_stop);
}

static void descriptors_init(int life_fd)
{
	struct child_fds keep = {0};

	for (size_t i = 0; i < args->n_listen; i++)
		child_keep(&keep, args->listen_fd[i]);
	child_keep(&keep, args->notify_fd);
	child_keep(&keep, args->env.bell);
	child_keep(&keep, args->log->tx);
	child_keep(&keep, life_fd);
	child_keep(&keep, null_fd);
	child_close_others(&keep);
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
}

static void identity_init(void)
{
	const struct conf_service *s = args->conf;
	char name[CONF_NAME_MAX + 8];

	snprintf(name, sizeof(name), "sockd:%s", s->name);
	prctl(PR_SET_NAME, name);
	if (s->change_user && privs_drop(s->uid, s->gid, s->groups, s->n_groups) < 0)
		exit(WORKER_FAILED);
}

void worker_run(const struct worker_args *a)
{
	enum worker_exit status;
	uint32_t retired;
	sigset_t none;
	char life[32];
	int life_fd;

	args = a;
	slot = &a->board->slot[a->env.slot];
	log_attach(a->log->tx, a->log->shared, (int)a->env.slot);
	dup2(a->log->err_tx, STDERR_FILENO);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		fatal(WORKER_FAILED, "/dev/null: %m");
	snprintf(life, sizeof(life), "/proc/self/fd/%d", a->life_fd);
	life_fd = open(life, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	signals_init();
	descriptors_init(life_fd);
	identity_init();
	orphan_watch(life_fd);
	if (accept_init(a->listen_fd, a->n_listen) < 0)
		exit(WORKER_FAILED);
	if (a->handler->start && a->handler->start(&a->env) < 0)
		exit(WORKER_FAILED);
	/* The place of one that retired is filled again: the next may go. */
	retired = args->env.slot + 1;
	atomic_compare_exchange_strong(&a->board->retiring, &retired, 0);
	state_set(SLOT_IDLE);
	ring();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	status = accept_loop();
	state_set(SLOT_LEAVING);
	exit(status);
}
