/* worker.h: a worker process: accept, serve, again. */
#ifndef SOCKD_CORE_WORKER_H
#define SOCKD_CORE_WORKER_H

#include "board/board.h"
#include "conf/conf.h"
#include "core/gate.h"
#include "core/logger.h"
#include "handlers/handler.h"

/* Exit statuses by which a worker tells why it left. */
enum worker_exit {
	WORKER_DONE = 0,     /* told to leave, or its time was up */
	WORKER_FAILED = 1,   /* said why in the log */
	WORKER_DRAINED = 10, /* told to drain, and saw every queue empty */
};

/* Signals from the master to a worker. */
#define WORKER_SIG_LEAVE SIGQUIT /* finish the connection in hand, accept no more */
#define WORKER_SIG_DRAIN SIGUSR1 /* the same, but first serve those that wait in the queue */
#define WORKER_SIG_STOP  SIGTERM /* end the connection in hand */

/* Everything that a worker needs; all borrowed. */
struct worker_args {
	const struct handler *handler;
	struct handler_env env;
	struct board *board;
	const struct board *const *older; /* NULL, or those of programs before, up to a NULL */
	const int *listen_fd;             /* one: blocking; several: non-blocking */
	size_t n_listen;
	const struct gate_lists *lists;
	int notify_fd;           /* eventfd that wakes the master */
	int start_fd;            /* of a program: its end tells the master that it runs; or -1 */
	int go_fd;               /* accept nothing before its end is reached; or -1 */
	unsigned generation;     /* of the service, from 1; for a program */
	const char *notify_name; /* NOTIFY_SOCKET of a program, or NULL */
	int life_fd;             /* pipe that reaches its end when the master dies */
	pid_t master;
	const struct log_channel *log;
};

/* Be a worker. Called in the child right after fork(), with signals blocked; never returns. */
_Noreturn void worker_run(const struct worker_args *a);

#endif
