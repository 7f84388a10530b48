/* handler.h: what a handler is: a name, and a function that serves one connection.
 *
 * A new handler is one file with one `const struct handler` and one line in handlers.c.
 */
#ifndef SOCKD_HANDLERS_HANDLER_H
#define SOCKD_HANDLERS_HANDLER_H

#include "base/log.h"
#include "board/board.h"
#include "conf/conf.h"
#include "net/conn.h"

/* What a worker knows while it serves. All borrowed, all valid for the worker's life. */
struct handler_env {
	const char *service; /* its name */
	const struct conf_service *conf;
	unsigned slot; /* of this worker */
	const struct board *board;
	void *area; /* shared by all workers of the service, zero at first; area_size bytes, or NULL */
	/* For one that reads_boards: all services and sockd as a whole, to read. */
	const struct board *const *boards;
	const char *const *names; /* of them, by the master's word */
	size_t n_boards;
	const struct board_master *master_board;
	int ask_fd; /* a number written here makes the master look at all queues, soon */
	int bell; /* eventfd shared by them: a write wakes every epoll that has it with EPOLLET; or -1 */
};

#define LINGER_MS 1000 /* for conn_finish(): how long a peer may take for its last bytes */

struct handler {
	const char *name;
	/* Shared memory that it wants. A sparse mapping: untouched pages cost nothing. 0 = none, and
	 * no bell either. */
	size_t area_size;
	/* Settings that do not fit this handler: returns the key that is wrong, with the reason in err;
	 * NULL = fine. May be NULL. Runs where the settings are loaded, maybe as root, in a process that
	 * ends after it; it may look up names and files. */
	const char *(*check)(const struct conf_service *s, char *err, size_t size);
	/* Not NULL: check() runs code of others. It gets a process of its own, with the user and the root
	 * folder of the service; a crash in there is an error about this key. */
	const char *check_apart;
	/* Once in each worker, before chroot and before it gives up its rights: to look up names and
	 * to open what the user may not. Returns 0, or -1 after logging why. May be NULL. */
	int (*prepare)(const struct handler_env *env);
	/* Once in each worker, unprivileged, before it is ready. Returns 0, or -1 after logging why.
	 * May be NULL. */
	int (*start)(const struct handler_env *env);
	/* Serve one connection. On return the worker closes it and logs c->end (NULL means "done").
	 * NULL: the handler is a program that accepts by itself, and core/program.c runs it. */
	void (*serve)(const struct handler_env *env, struct conn *c);
	/* Add fields to the line of the connection that was just served. May be NULL. */
	void (*report)(const struct conn *c, struct log_record *r);
	/* Once in a worker that leaves in peace. May be NULL. */
	void (*finish)(const struct handler_env *env);
	bool limits_children; /* the section `limits` is for the programs it starts, not the worker */
	bool reads_boards;    /* replaced when services come or go */
	bool names_connections; /* the line of a connection tells its id, since others know it */
};

extern const struct handler *const handlers[]; /* NULL ends it */

/* Handler by name, or NULL. */
const struct handler *handler_find(const char *name);

#endif
