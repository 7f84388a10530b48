/* sockd/module.h: a C function behind a port. See sockd-module(7).
 *
 * A module is a shared object that exports one `const struct sockd_module sockd_module`. Nothing of
 * sockd is linked against: all that it offers comes through pointers.
 *
 * Within one ABI number nothing here changes. A later number may add fields at the end of a structure;
 * sockd goes on loading modules of earlier numbers.
 */
#ifndef SOCKD_MODULE_H
#define SOCKD_MODULE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <syslog.h> /* LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */

#ifdef __cplusplus
extern "C" {
#endif

#define SOCKD_MODULE_ABI        1U
#define SOCKD_MODULE_SHARED_MAX (64U << 20) /* bytes of shared memory that a module may ask for */

/* A worker process, which serves one connection at a time. Valid as long as the process. */
struct sockd_worker {
	const char *service;        /* name of its section in the settings */
	const char *const *options; /* key `options`, as written */
	size_t n_options;
	/* Memory that all workers of the service share, page-aligned, zero when the service starts. It
	 * outlives workers, and reloads as long as the service keeps its module. NULL: none was asked
	 * for. */
	void *shared;
	size_t shared_size;
	unsigned slot;  /* of this worker: below `slots`, and no other living worker has it */
	unsigned slots; /* more workers a service cannot have */
	/* One line into sockd's log, with what was said about which connection. level  of syslog(3) */
	void (*log)(int level, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
};

/* One end of a connection. */
struct sockd_addr {
	const struct sockaddr *sa;
	socklen_t len;
	unsigned port;    /* 0 for a unix socket */
	const char *host; /* "192.0.2.1", "2001:db8::1", "" for a unix socket */
};

/* A connection. Valid until serve() returns. */
struct sockd_conn {
	const struct sockd_worker *worker;
	int fd;                  /* blocking; sockd closes it */
	struct sockd_addr peer;  /* the client, also behind a proxy that tells it */
	struct sockd_addr local; /* what it connected to */
	uint64_t id;             /* unique among all connections; the log has it as %016llx */
	uint64_t session_end_ms; /* of CLOCK_MONOTONIC; 0: no session-timeout */
	unsigned first_byte_ms;  /* time-outs of one read or write; 0: none */
	unsigned idle_ms;
	uint64_t bytes_in;  /* for the log; read() and write() below count by themselves, and */
	uint64_t bytes_out; /* a module that uses fd adds what it has read and written */
	/* How it ended, for the log: a string constant. NULL: sockd finds a word. */
	const char *end;
	/* At most n bytes, waiting for the first. Returns their number, 0 at the end of the stream,
	 * or -1 with errno: ETIMEDOUT (a time-out), ECANCELED (the worker has to stop now),
	 * ECONNRESET, ... After -1 serve() can only return. */
	ssize_t (*read)(struct sockd_conn *c, void *buf, size_t n);
	/* All of n bytes. Returns 0, or -1 with errno as above. No SIGPIPE. */
	int (*write)(struct sockd_conn *c, const void *data, size_t n);
	/* Not 0: the worker is to leave: 1 = once what is in hand is finished, 2 = at once. */
	int (*stopping)(const struct sockd_conn *c);
	void *priv; /* sockd's own */
};

struct sockd_module {
	unsigned abi; /* SOCKD_MODULE_ABI */
	const char *name;
	size_t shared_size; /* bytes of sockd_worker.shared */

	/* Are the options good? Runs whenever settings are loaded, in a process of its own, as the
	 * user of the service, for ten seconds at most. May be NULL.
	 * err  receives, in size bytes, what is wrong: it becomes the error, with file and line
	 * Returns 0, or -1. */
	int (*check)(const char *const *options, size_t n, char *err, size_t size);
	/* Once in each worker, before its first connection. Returns 0, or -1 after logging why. May be
	 * NULL. */
	int (*init)(const struct sockd_worker *w);
	/* Serve one connection. Returns 0, or -1 with errno (0: none) if something went wrong. */
	int (*serve)(struct sockd_conn *c);
	/* Once in a worker that leaves in peace. May be NULL. */
	void (*fini)(const struct sockd_worker *w);
};

#ifdef __cplusplus
}
#endif

#endif
