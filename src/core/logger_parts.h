/* logger_parts.h: what the files of the logger share. For them alone.
 *
 * logger.c         the master's side
 * logger_run.c     the logger process itself
 * logger_sink.c    where lines go: syslog's socket or stderr
 * logger_stderr.c  what workers write to stderr: split into lines, limited, and remembered, so that the
 *                  line about a death can tell the last words
 */
#ifndef SOCKD_CORE_LOGGER_PARTS_H
#define SOCKD_CORE_LOGGER_PARTS_H

#include <signal.h>

#include "core/logger.h"

#define LOGGER_SIG_DETACH SIGUSR1 /* let go of stderr, stop copying errors to it */

/* Its exit status if it left lines behind: there were too many; its sink took none. */
#define LOGGER_LATE    3
#define LOGGER_STALLED 4

/* Read the channels and write the log, until TERM, or until nobody is left who could send.
 * master  pid of the master, for lines to syslog */
_Noreturn void logger_run(
	struct log_channel *channels, const struct logger_options *o, pid_t master);

/* Prepare; finds out whether stderr is the journal.
 * o         borrowed
 * master    pid that syslog's lines carry
 * refused   borrowed; counts lines that were refused for good (disk full, too long)
 * detached  borrowed; not 0: errors are no longer copied to stderr */
void sink_open(const struct logger_options *o, pid_t master, _Atomic uint64_t *refused,
	const volatile sig_atomic_t *detached);

/* Put a line, without newline, into the batch; sink_room(1) must be true. */
void sink_line(int level, const char *text, size_t n);

/* True if the batch takes so many lines more. */
bool sink_room(size_t lines);

/* Write the batch, without blocking. Returns true if it is empty now; false = the sink takes no more
 * at present. */
bool sink_flush(void);

/* From now on what is flushed is thrown away, but for the copy that stderr gets at the start. */
void sink_discard(void);

/* Lines of the batch that are not written yet. */
size_t sink_unsent(void);

/* False if the last write failed for good. */
bool sink_works(void);

/* Wait until it is worth trying again, or ms have passed; no signal is blocked meanwhile.
 * Returns true if it is. */
bool sink_wait(int ms);

/* Called for each line. */
typedef void stderr_line_fn(void *arg, pid_t pid, const char *line, size_t n);

/* Take n bytes that pid wrote; calls fn(arg, ...) for each complete line. */
void stderr_feed(pid_t pid, const char *data, size_t n, stderr_line_fn *fn, void *arg);

/* What a process that is gone (all: any) wrote without a newline becomes a line. Returns true if such a
 * beginning of a line is left: look again. */
bool stderr_settle(bool all, stderr_line_fn *fn);

/* A process has ended: what it wrote without a newline is a line too, with the arg of its feed. out
 * receives its last lines, joined by " | ", "" if there are none; the memory of this pid is given up.
 * Returns the length. */
size_t stderr_last_words(pid_t pid, char *out, size_t size, stderr_line_fn *fn);

#endif
