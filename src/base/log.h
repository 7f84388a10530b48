/* log.h: how every process of sockd says something.
 *
 * A line starts in log_msg() or in a struct log_record, goes as one datagram to the logger process
 * (core/logger.h), and is formatted, escaped and written there. Sending never blocks: what does not
 * fit is counted in shared memory and told later. Before log_attach() lines go straight to stderr.
 */
#ifndef SOCKD_BASE_LOG_H
#define SOCKD_BASE_LOG_H

#include <stdatomic.h>
#include <syslog.h>

#include "base/util.h"

#define LOG_RECORD_MAX 2048 /* bytes of a record; longer text is cut */

/* Flags of a record. */
#define LOG_F_NOREPEAT 0x01 /* never merged with an equal line (a connection's line) */
#define LOG_F_DEATH    0x02 /* the logger appends the last stderr lines of field "pid" */
#define LOG_F_HOLD     0x04 /* stderr of field "service" rests until its field "next_try_s" is over */

/* State of a channel that its senders and the loggers, one after the other, share. */
struct log_shared {
	_Atomic uint64_t lost;    /* lines that did not fit, until the log speaks of them */
	_Atomic uint64_t dropped; /* the same of lines of stderr over the limit */
	_Atomic uint64_t refused; /* the same of lines that the logger could not write */
	_Atomic int level;        /* lines above it (less urgent) are not sent */
};

/* A line under construction: "level flags text NUL (field NUL)*". A field is "key=value", with a
 * leading '#' if the value is a number. */
struct log_record {
	size_t len;
	char data[LOG_RECORD_MAX];
};

/* Set the least urgent level that is written while lines go straight to stderr.
 * level   LOG_ERR to LOG_DEBUG of syslog(3) */
void log_set_level(int level);

/* Send all further lines of this process to the logger.
 * fd      sending end of a channel; borrowed
 * shared  borrowed; its level and counter are used
 * worker  number that every line carries; < 0: none */
void log_attach(int fd, struct log_shared *shared, int worker);

/* True if a line of this level would be written. */
bool log_wants(int level);

/* Log one line about a service, which becomes a field of it; NULL: none. Only the master names one.
 * Bytes that are not printable ASCII are escaped by the one who writes the line. */
void log_service(int level, const char *service, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define log_msg(level, ...) log_service(level, NULL, __VA_ARGS__)

/* Log one line and leave with this exit status. Only at start-up and in workers. */
_Noreturn void fatal(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Build a line field by field, then log_send() it. */
void log_begin(struct log_record *r, int level, unsigned flags, const char *text);
void log_str(struct log_record *r, const char *key, const char *value);
void log_num(struct log_record *r, const char *key, uint64_t value);
void log_send(struct log_record *r);

/* Level by name: debug, info, notice, warning, error. Returns LOG_*, or -1. */
int log_level_parse(const char *name);
const char *log_level_name(int level);

/* Render a record as one line of text, without level and time, for people:
 *   service=echo worker=3 pid=812 text key=value
 * data    a record as sent, n bytes; may be hostile
 * service, pid   stamped by the reader; service NULL or pid 0: none
 * Returns the length written to out (NUL-terminated, cut to size). */
size_t log_render_text(
	char *out, size_t size, const char *data, size_t n, const char *service, int pid);

/* The same as a JSON object, with the time that it is and the level. */
size_t log_render_json(
	char *out, size_t size, const char *data, size_t n, const char *service, int pid);

/* The time that it is as "2026-11-22T11:22:33.444Z". */
#define LOG_TIME_MAX 40
void log_time(char out[LOG_TIME_MAX]);

#endif
