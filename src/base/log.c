/* log.c: the sending side: build a record, send it without ever blocking. Rendering is in
 * log_render.c. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	int fd;                    /* -1: straight to stderr */
	struct log_shared *shared; /* with fd */
	int level;                 /* without fd */
	int worker;                /* -1: none */
} out = {.fd = -1, .level = LOG_INFO, .worker = -1};

static const struct {
	const char *name;
	int level;
} levels[] = {
	{"debug", LOG_DEBUG},
	{"info", LOG_INFO},
	{"notice", LOG_NOTICE},
	{"warning", LOG_WARNING},
	{"error", LOG_ERR},
};

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcasecmp(name, levels[i].name) == 0)
			return levels[i].level;
	}
	return -1;
}

const char *log_level_name(int level)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (levels[i].level == level)
			return levels[i].name;
	}
	return "error";
}

void log_set_level(int level)
{
	out.level = level;
}

void log_attach(int fd, struct log_shared *shared, int worker)
{
	out.fd = fd;
	out.shared = shared;
	out.worker = worker;
}

bool log_wants(int level)
{
	if (out.fd < 0)
		return level <= out.level;
	return level <= atomic_load_explicit(&out.shared->level, memory_order_relaxed);
}

/* Append up to and with a NUL; a record that is full keeps what it has. */
static void record_add(struct log_record *r, const char *s, size_t n)
{
	if (r->len + n + 1 > sizeof(r->data))
		return;
	memcpy(r->data + r->len, s, n);
	r->len += n;
	r->data[r->len++] = '\0';
}

void log_begin(struct log_record *r, int level, unsigned flags, const char *text)
{
	size_t n = strlen(text), max = sizeof(r->data) / 2;

	r->data[0] = (char)level;
	r->data[1] = (char)flags;
	r->len = 2;
	record_add(r, text, n < max ? n : max);
	if (out.worker >= 0)
		log_num(r, "worker", (uint64_t)out.worker);
}

void log_str(struct log_record *r, const char *key, const char *value)
{
	char field[LOG_RECORD_MAX / 4];
	int n = snprintf(field, sizeof(field), "%s=%s", key, value);

	if (n > 0)
		record_add(r, field, (size_t)n < sizeof(field) ? (size_t)n : sizeof(field) - 1);
}

/* On the path of every connection, so without printf. */
void log_num(struct log_record *r, const char *key, uint64_t value)
{
	char field[96], digits[20];
	size_t n = 1, d = 0;

	field[0] = '#';
	while (*key && n < sizeof(field) - sizeof(digits) - 1)
		field[n++] = *key++;
	field[n++] = '=';
	do {
		digits[d++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (d)
		field[n++] = digits[--d];
	record_add(r, field, n);
}

static void send_stderr(const struct log_record *r)
{
	char line[LOG_RECORD_MAX * 4];
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), "sockd: ");
	n += log_render_text(line + n, sizeof(line) - n - 1, r->data, r->len, NULL, 0);
	line[n++] = '\n';
	(void)write_all(STDERR_FILENO, line, n);
}

void log_send(struct log_record *r)
{
	if (out.fd < 0) {
		send_stderr(r);
		return;
	}
	while (send(out.fd, r->data, r->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		atomic_fetch_add_explicit(&out.shared->lost, 1, memory_order_relaxed);
		return;
	}
}

PRINTF_LIKE(3, 0)
static void log_vmsg(int level, const char *service, const char *fmt, va_list ap)
{
	struct log_record r;
	char text[LOG_RECORD_MAX / 2];
	int saved = errno;

	if (!log_wants(level))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	log_begin(&r, level, 0, text);
	if (service)
		log_str(&r, "service", service);
	log_send(&r);
	errno = saved;
}

void log_service(int level, const char *service, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vmsg(level, service, fmt, ap);
	va_end(ap);
}

void fatal(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vmsg(LOG_ERR, NULL, fmt, ap);
	va_end(ap);
	exit(status);
}
