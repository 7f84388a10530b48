/* logger_stderr.h: what workers write to stderr: split into lines, limited, and remembered, so that
 * the line about a death can tell the last words. */
#ifndef SOCKD_CORE_LOGGER_STDERR_H
#define SOCKD_CORE_LOGGER_STDERR_H

#include "base/util.h"

/* Called for each line. */
typedef void stderr_line_fn(void *arg, pid_t pid, const char *line, size_t n);

/* Take n bytes that pid wrote; calls fn(arg, ...) for each complete line. */
void stderr_feed(pid_t pid, const char *data, size_t n, stderr_line_fn *fn, void *arg);

/* A process has ended: what it wrote without a newline is a line too, with the arg of its feed. out
 * receives its last lines, joined by " | ", "" if there are none; the memory of this pid is given up.
 * Returns the length. */
size_t stderr_last_words(pid_t pid, char *out, size_t size, stderr_line_fn *fn);

#endif
