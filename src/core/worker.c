/* worker.c: the life of a worker: become unprivileged, say ready, accept, serve, log, leave.
 *
 * Leaving must not be lost between a look at a flag and a blocking accept(): the handler of
 * SIGQUIT also lays /dev/null over the listening descriptors, so that accept() fails at once.
 * SIGUSR1 needs no such thing: the master has made the listeners non-blocking before it sends it.
 */
#include "core/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "board/tally.h"
#include "core/child.h"
#include "core/gate.h"
#include "core/worker_accept.h"
#include "core/worker_setup.h"

#define LATE_MS       1000  /* in the queue: worth a line, */
#define LATE_APART_MS 60000 /* but not more often than this, for a service */

static const struct worker_args *args;
static struct board_slot *slot;
static int null_fd;

static volatile sig_atomic_t sig_leave, sig_drain, sig_stop;
static volatile sig_atomic_t sig_part; /* any of them */
static volatile sig_atomic_t conn_fd = -1;
static volatile sig_atomic_t conn_stop; /* CONN_TERMINATED, CONN_TIMED_OUT: of the one in hand */
static timer_t session_timer;
static uint64_t served;  /* connections */
static uint64_t conn_id; /* of the last one: random at first, then counted */

static void listeners_drop(void)
{
	for (size_t i = 0; i < args->n_listen; i++)
		dup3(null_fd, args->listen_fd[i], O_CLOEXEC);
}

static void on_leave(int sig)
{
	int saved = errno;

	(void)sig;
	sig_leave = sig_part = 1;
	if (!accept_is_owed())
		listeners_drop();
	errno = saved;
}

static void on_drain(int sig)
{
	(void)sig;
	sig_drain = sig_part = 1;
}

static void on_stop(int sig)
{
	int saved = errno;

	(void)sig;
	sig_stop = sig_leave = sig_part = 1;
	conn_stop = CONN_TERMINATED;
	listeners_drop();
	if (conn_fd >= 0)
		dup3(null_fd, conn_fd, O_CLOEXEC);
	errno = saved;
}

static void on_alarm(int sig)
{
	int saved = errno;

	(void)sig;
	if (!conn_stop)
		conn_stop = CONN_TIMED_OUT;
	if (conn_fd >= 0)
		dup3(null_fd, conn_fd, O_CLOEXEC);
	errno = saved;
}

static void state_set(enum board_state s)
{
	atomic_store_explicit(&slot->state, s, memory_order_release); /* since_ms comes first */
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

/* Nobody had time for it: who keeps the settings wants to know. */
static void late_log(unsigned wait_ms)
{
	uint64_t now = mono_ms(), last = atomic_load(&args->board->late_ms);
	struct log_record r;

	if (wait_ms < LATE_MS || (last && now - last < LATE_APART_MS) ||
		!atomic_compare_exchange_strong(&args->board->late_ms, &last, now))
		return;
	log_begin(&r, LOG_NOTICE, LOG_F_NOREPEAT,
		"a client has waited in the queue for a free worker (see max-workers)");
	log_num(&r, "waited_ms", wait_ms);
	log_send(&r);
}

static int session_init(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

	if (getrandom(&conn_id, sizeof(conn_id), GRND_NONBLOCK) != sizeof(conn_id))
		conn_id = mono_us() << 20 ^ (uint64_t)getpid();
	if (!args->env.conf->session_timeout ||
		timer_create(CLOCK_MONOTONIC, &ev, &session_timer) == 0)
		return 0;
	log_msg(LOG_ERR, "timer_create: %m");
	return -1;
}

static void session_set(long seconds)
{
	struct itimerspec ts = {.it_value.tv_sec = seconds};

	if (args->env.conf->session_timeout)
		(void)timer_settime(session_timer, 0, &ts, NULL);
}

/* A peer that sent nothing, got nothing and left is a port check: not worth a line by default. */
static void connection_log(const struct conn *c, uint64_t start_ms)
{
	const struct handler *h = args->handler;
	const struct addr *from = gate_via() ? gate_via() : &c->peer;
	/* Nobody counts what programs move over unix sockets. */
	bool stayed = c->bytes_in || c->bytes_out || c->notable ||
		      (c->end && (strstr(c->end, "timeout") || !strcmp(c->end, "terminated"))) ||
		      (h->report && from->sa.sa_family == AF_UNIX);
	int level = stayed ? LOG_INFO : LOG_DEBUG;
	char text[ADDR_TEXT_MAX];
	struct log_record r;

	if (!log_wants(level))
		return;
	addr_format(&c->peer, text);
	log_begin(&r, level, LOG_F_NOREPEAT, "closed");
	log_str(&r, "source", text);
	if (gate_via()) {
		addr_format(gate_via(), text);
		log_str(&r, "via", text);
	}
	if (h->names_connections) {
		snprintf(text, sizeof(text), "%016" PRIx64, c->id);
		log_str(&r, "conn", text);
	}
	log_num(&r, "duration_ms", mono_ms() - start_ms);
	log_num(&r, "bytes_in", c->bytes_in);
	log_num(&r, "bytes_out", c->bytes_out);
	log_str(&r, "end", c->end ? c->end : c->eof ? "eof" : "done");
	if (c->error)
		log_str(&r, "error", strerrordesc_np(c->error));
	if (h->report)
		h->report(c, &r);
	log_send(&r);
}

static unsigned milliseconds(long s)
{
	return s > INT_MAX / 1000 ? INT_MAX : (unsigned)s * 1000;
}

static void serve(struct conn *c)
{
	const struct conf_service *s = args->env.conf;
	uint64_t start_ms = mono_ms();
	enum board_refusal refusal;

	conn_stop = 0;
	conn_fd = c->fd;
	c->stop = &conn_stop;
	c->part = &sig_part;
	c->id = ++conn_id;
	c->first_byte_ms = milliseconds(s->first_byte_timeout);
	c->idle_ms = milliseconds(s->idle_timeout);
	late_log(tally_begin(slot, c, start_ms));
	growth_check();
	session_set(s->session_timeout);
	/* A stop that came before conn_fd was known did not touch the connection. */
	if (sig_stop)
		conn_stop = CONN_TERMINATED;
	refusal = gate_enter(c);
	if (refusal == REFUSED_NOT && conn_stop) {
		conn_fail(c, 0);
	} else if (refusal == REFUSED_NOT) {
		if (gate_via())
			tally_peer(slot, &c->peer);
		conn_timeouts(c);
		args->handler->serve(&args->env, c);
		/* The handler may have ended before it could see why its socket had. */
		if (conn_stop && !c->end)
			conn_fail(c, 0);
	}
	session_set(0);
	conn_fd = -1;
	/* Before the client can see the end and come back. */
	if (refusal == REFUSED_NOT)
		gate_leave();
	close(c->fd);
	served += refusal == REFUSED_NOT;
	tally_end(slot, c, refusal, start_ms, mono_ms());
	if (refusal == REFUSED_NOT && s->log_connections)
		connection_log(c, start_ms);
}

/* max-connections with its jitter, so that workers born together do not leave together. */
static uint64_t lifetime(void)
{
	uint64_t max = (uint64_t)args->env.conf->max_connections;
	uint64_t range = max * (uint64_t)args->env.conf->max_connections_jitter / 100;
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

	return limit && served >= limit &&
	       atomic_compare_exchange_strong(&args->board->retiring, &nobody, args->env.slot + 1);
}

static enum worker_exit accept_loop(void)
{
	uint64_t limit = lifetime();
	struct conn c;

	for (;;) {
		switch (accept_next(&c, &sig_leave, &sig_drain)) {
		case ACCEPT_OK:
			if (sig_leave)
				listeners_drop(); /* it was owed */
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

static void signals_init(void)
{
	static const int ignored[] = {SIGINT, SIGHUP, SIGUSR2, SIGTTIN, SIGTTOU, SIGPIPE, SIGWINCH};

	child_signals(ignored, ARRAY_SIZE(ignored));
	child_handle(WORKER_SIG_LEAVE, on_leave);
	child_handle(WORKER_SIG_DRAIN, on_drain);
	child_handle(WORKER_SIG_STOP, on_stop);
	child_handle(SIGALRM, on_alarm);
}

/* A worker on trial serves nobody before its reload is put into force. */
static void go_wait(int go_fd)
{
	struct pollfd p = {.fd = go_fd, .events = POLLIN};
	sigset_t none;

	sigemptyset(&none);
	while (go_fd >= 0 && !sig_part && ppoll(&p, 1, NULL, &none) < 1)
		;
	fd_close(&go_fd);
}

void worker_run(const struct worker_args *a)
{
	enum worker_exit status;
	uint32_t retired;
	sigset_t none;
	int life_fd;

	args = a;
	slot = &a->board->slot[a->env.slot];
	null_fd = setup_descriptors(a, &life_fd);
	if (a->handler->serve)
		signals_init();
	else
		child_signals(NULL, 0);
	setup_identity(a);
	if (!a->handler->serve)
		program_run(a);
	setup_orphan_watch(a, life_fd);
	gate_init(a->env.conf, a->lists, a->board, a->env.slot, a->older);
	if (accept_init(a->listen_fd, a->n_listen) < 0 || session_init() < 0)
		exit(WORKER_FAILED);
	if (a->handler->start && a->handler->start(&a->env) < 0)
		exit(WORKER_FAILED);
	/* The place of one that retired is filled again: the next may go. */
	retired = args->env.slot + 1;
	atomic_compare_exchange_strong(&a->board->retiring, &retired, 0);
	state_set(SLOT_IDLE);
	ring();
	go_wait(a->go_fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	status = accept_loop();
	state_set(SLOT_LEAVING);
	if (a->handler->finish)
		a->handler->finish(&a->env);
	exit(status);
}
