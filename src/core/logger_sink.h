/* logger_sink.h: where lines go: syslog's socket or stderr. */
#ifndef SOCKD_CORE_LOGGER_SINK_H
#define SOCKD_CORE_LOGGER_SINK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/logger.h"

/* Prepare; finds out whether stderr is the journal.
 * o         borrowed
 * detached  borrowed; not 0: errors are no longer copied to stderr */
void sink_open(const struct logger_options *o, const volatile sig_atomic_t *detached);

/* Put a line, without newline, into the batch; sink_room() must be true. */
void sink_line(int level, const char *text, size_t n);
bool sink_room(void);

/* Write the batch. Returns true if it is empty now; false = syslog takes no more at present. */
bool sink_flush(void);

/* Lines that were refused for good (disk full, too long) since the last call. 0 while writing still
 * fails: telling of it would fail too. */
unsigned long sink_lost(void);

/* Wait until it is worth trying again, or ms have passed; no signal is blocked meanwhile. */
void sink_wait(int ms);

#endif
