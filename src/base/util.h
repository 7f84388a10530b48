/* util.h: small things that every room needs. No state, no logging. Every header of ours includes it: bool,
 * size_t, uint64_t and pid_t need no other. */
#ifndef SOCKD_BASE_UTIL_H
#define SOCKD_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Milliseconds, microseconds of CLOCK_MONOTONIC; never goes back. Source: clock_gettime(2) */
uint64_t mono_ms(void);
uint64_t mono_us(void);

/* A growing string. Zero-initialise it; after a failed allocation `failed` is set and every
 * further call does nothing, so that a caller checks once, at the end. */
struct buf {
	char *data; /* NUL-terminated once anything was added; owned */
	size_t len; /* bytes without the NUL */
	size_t cap;
	bool failed;
};

/* Append bytes, a string, formatted text. */
void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Append a string in single quotes, as a value of the settings: libconfuse knows two escapes there,
 * and expands nothing from the environment. */
void buf_quote(struct buf *b, const char *text);

/* Append what one read(2) gives, going on after EINTR. Returns what that returns. */
ssize_t buf_read(struct buf *b, int fd);

/* Free the memory and make b empty again. */
void buf_free(struct buf *b);

/* Copy text into out with everything but printable ASCII as \xNN (and '\' as \\), cut to fit.
 * out     receives at most size bytes with the NUL
 * Returns the length of what was written. */
size_t escape_text(char *out, size_t size, const char *text, size_t len);

/* Bytes of the UTF-8 character at p, of which n bytes are there. 0: it is none, too long a form, or a
 * surrogate. Source: RFC 3629, section 3 */
size_t utf8_len(const char *p, size_t n);

/* Write all of n bytes, going on after EINTR and short writes.
 * Returns 0, or -1 with errno of write(2). */
int write_all(int fd, const void *data, size_t n);

/* Read a whole regular file (or pipe) of at most max bytes.
 * out     receives its bytes, NUL-terminated; freed by the caller with buf_free()
 * Returns 0, or -1 with errno: EISDIR, EFBIG, or of open(2), read(2). */
int read_file(const char *path, size_t max, struct buf *out);

/* Close *fd if it is open, keep errno, and set it to -1. */
void fd_close(int *fd);

/* Name of a signal without "SIG" ("KILL"), or "?". The text is static. */
const char *signal_name(int sig);

#endif
