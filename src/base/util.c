/* util.c: small things that every room needs. No state, no logging. */
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t mono_ms(void)
{
	return mono_us() / 1000;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	size_t need;

	b->failed |= __builtin_add_overflow(b->len, n + 1, &need) || need > SIZE_MAX / 2;
	if (!b->failed && need > b->cap) {
		size_t cap = need < 32 ? 64 : need * 2;
		char *grown = realloc(b->data, cap);

		b->failed = !grown;
		if (grown) {
			b->data = grown;
			b->cap = cap;
		}
	}
	if (b->failed)
		return;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	buf_add(b, text, (size_t)n);
	free(text);
}

void buf_quote(struct buf *b, const char *text)
{
	buf_puts(b, "'");
	for (; *text; text++) {
		if (*text == '\\' || *text == '\'')
			buf_puts(b, "\\");
		buf_add(b, text, 1);
	}
	buf_puts(b, "'");
}

ssize_t buf_read(struct buf *b, int fd)
{
	char chunk[16384];
	ssize_t n;

	do
		n = read(fd, chunk, sizeof(chunk));
	while (n < 0 && errno == EINTR);
	if (n > 0)
		buf_add(b, chunk, (size_t)n);
	return n;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

size_t escape_text(char *out, size_t size, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	if (!size)
		return 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		size_t need = c == '\\' ? 2 : c >= ' ' && c <= '~' ? 1 : 4;

		if (n + need >= size)
			break;
		if (need > 1)
			out[n++] = '\\';
		if (need < 4) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return n;
}

size_t utf8_len(const char *p, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)p;
	size_t len = *u < 0x80 ? 1 : *u < 0xc0 ? 0 : *u < 0xe0 ? 2 : *u < 0xf0 ? 3 : 4;
	uint32_t value = len > 1 ? *u & (0xffU >> len) : *u; /* a byte from 0xf8 is too large */

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (u[i] & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return len;
}

int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno != EINTR)
			return -1;
		p += w > 0 ? w : 0;
		n -= (size_t)(w > 0 ? w : 0);
	}
	return 0;
}

int read_file(const char *path, size_t max, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	*out = (struct buf){0};
	if (fd < 0)
		return -1;
	do
		n = buf_read(out, fd);
	while (n > 0 && !out->failed && out->len <= max);
	if (n > 0)
		errno = out->failed ? ENOMEM : EFBIG;
	if (n)
		buf_free(out);
	else
		buf_add(out, "", 0); /* an empty file is a text, too */
	fd_close(&fd);
	return n ? -1 : 0;
}

void fd_close(int *fd)
{
	int error = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = error;
}

const char *signal_name(int sig)
{
	const char *name = sigabbrev_np(sig);

	return name ? name : "?";
}
