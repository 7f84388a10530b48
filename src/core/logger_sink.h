/* logger_sink.h: where lines go: syslog's socket or stderr. */
#ifndef SOCKD_CORE_LOGGER_SINK_H
#define SOCKD_CORE_LOGGER_SINK_H

#include <signal.h>

#include "core/logger.h"

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

#endif
