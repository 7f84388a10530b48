/* logger.h: the one process that writes the log, and the channels to it.
 *
 * Each service, and the master, has a channel: a SEQPACKET pair for records and a stream pair for
 * what is written to stderr. The logger stamps service and pid (from the kernel's credentials), so
 * that a worker can forge nobody's lines. The master keeps both ends: a logger that dies is
 * replaced, and what waits in the channels is written by the next one.
 */
#ifndef SOCKD_CORE_LOGGER_H
#define SOCKD_CORE_LOGGER_H

#include "base/log.h"

struct log_channel {
	char *service; /* NULL: the master's own */
	int tx, rx;    /* records */
	int err_tx;    /* stderr of the workers */
	int err_rx;
	struct log_shared *shared; /* mapping shared with all who send */
	bool gone;                 /* freed once a logger has what waits in it */
	struct log_channel *next;
};

struct logger_options {
	bool to_syslog; /* else to stderr */
	bool json;
	int facility;
	bool copy_errors; /* and warnings, to stderr too, until logger_detach(): start-up */
	bool drop;        /* all capabilities; the user stays, so that no worker may signal it */
};

/* Make a channel and put it into the list. service NULL: the master's.
 * Returns it, borrowed, or NULL with errno. Free it with log_channel_free(). */
struct log_channel *log_channel_new(const char *service, int level);
void log_channel_free(struct log_channel *ch);

/* Write to stderr what waits in a channel: there is no logger, and there will be none. */
void log_channel_show(struct log_channel *ch);

/* Set the level of all channels, at once, in all processes. */
void log_channels_set_level(int level);

/* Only in children: forget all channels but one. */
void log_channels_keep(const struct log_channel *ch);

/* Fork a logger for all channels. Its pid is logger_pid(). Returns 0, or -1 with errno. */
int logger_start(const struct logger_options *o);

/* Have the running logger finish and be replaced by one that knows the present channels and these
 * options. Asynchronous: logger_reaped() starts the next. One that does not finish is killed. */
void logger_restart(const struct logger_options *o);

/* Start-up is over: errors are no longer copied to stderr, and a logger for syslog lets go of it. */
void logger_detach(void);

/* 0: none. */
pid_t logger_pid(void);

/* The logger was reaped: start the next one, unless it was told to finish.
 * Returns true if that was the end that logger_finish() asked for. */
bool logger_reaped(int status);

/* Tell the logger to write what waits and leave; if there is none, start one for that. */
void logger_finish(void);

#endif
