/* worker_accept.h: how a worker gets its next connection. */
#ifndef SOCKD_CORE_WORKER_ACCEPT_H
#define SOCKD_CORE_WORKER_ACCEPT_H

#include <signal.h>

#include "net/conn.h"

enum accept_result {
	ACCEPT_OK,      /* a connection */
	ACCEPT_LEAVE,   /* *leave was set */
	ACCEPT_DRAINED, /* *drain was set, and the queues on hold are and stay empty */
	ACCEPT_SHUT,    /* a listener has been shut down; a pause has been made */
	ACCEPT_FATAL,   /* said why in the log */
};

/* One listener: it is accepted from directly. Several: they are watched by an epoll in which a
 * connection wakes one worker, not all (EPOLLEXCLUSIVE).
 * fd      borrowed, for the life of the worker
 * Returns 0, or -1 after logging why. Source: epoll_ctl(2) */
int accept_init(const int *fd, size_t n);

/* Wait for a connection and fill in c. Errors are dealt with as accept(2) asks: those of a
 * connection that is gone are passed over; a lack of resources is waited out.
 * leave, drain   set by signal handlers */
enum accept_result accept_next(
	struct conn *c, const volatile sig_atomic_t *leave, const volatile sig_atomic_t *drain);

/* For signal handlers. True if this worker alone was woken for a connection that it has not yet accepted:
 * if it left now, nobody would look into that queue before the next one comes. */
bool accept_is_owed(void);

#endif
