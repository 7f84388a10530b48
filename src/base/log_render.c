/* log_render.c: a record as a line of text or as JSON. Reads bytes that a hostile worker may have
 * sent: nothing in a record is trusted. */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define JSON_CLOSE 10 /* bytes: one more \u00NN, the end of a string and of an object, a NUL */

/* The next NUL-terminated string of a record at *pos, or NULL. */
static const char *record_next(const char *data, size_t n, size_t *pos, size_t *len)
{
	const char *s = data + *pos;
	const char *nul;

	if (*pos >= n)
		return NULL;
	nul = memchr(s, '\0', n - *pos);
	*len = nul ? (size_t)(nul - s) : n - *pos;
	*pos += *len + 1;
	return s;
}

struct field {
	const char *key, *value;
	size_t key_len, value_len;
	bool number;
};

/* Split "key=value" or "#key=123"; a key is letters and '_', else the field is no field. */
static bool field_parse(struct field *f, const char *s, size_t len)
{
	const char *eq = memchr(s, '=', len);

	f->number = len && s[0] == '#';
	if (!eq || eq == s + f->number)
		return false;
	f->key = s + f->number;
	f->key_len = (size_t)(eq - f->key);
	f->value = eq + 1;
	f->value_len = len - (size_t)(f->value - s);
	/* The '=' ends the span. */
	if (strspn(f->key, "abcdefghijklmnopqrstuvwxyz_") != f->key_len)
		return false;
	for (size_t i = 0; f->number && i < f->value_len; i++) {
		if (f->value[i] < '0' || f->value[i] > '9')
			f->number = false;
	}
	return true;
}

static bool field_is(const struct field *f, const char *key)
{
	return f->key_len == strlen(key) && memcmp(f->key, key, f->key_len) == 0;
}

struct text_out {
	char *data;
	size_t size, len;
};

static void out_add(struct text_out *o, const char *s, size_t n)
{
	if (o->len + n >= o->size)
		n = o->size - o->len - 1;
	memcpy(o->data + o->len, s, n);
	o->len += n;
	o->data[o->len] = '\0';
}

static void out_puts(struct text_out *o, const char *s)
{
	out_add(o, s, strlen(s));
}

static void out_escaped(struct text_out *o, const char *s, size_t n)
{
	o->len += escape_text(o->data + o->len, o->size - o->len, s, n);
}

/* A value is quoted if it would not read back as one word; a '"' inside becomes \x22. */
static void out_value(struct text_out *o, const char *s, size_t n)
{
	bool quote = n == 0;

	for (size_t i = 0; i < n && !quote; i++)
		quote = s[i] == ' ' || s[i] == '"' || s[i] == '=';
	if (!quote) {
		out_escaped(o, s, n);
		return;
	}
	out_puts(o, "\"");
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"')
			out_puts(o, "\\x22");
		else
			out_escaped(o, s + i, 1);
	}
	out_puts(o, "\"");
}

static void out_field(struct text_out *o, struct field f)
{
	if (o->len)
		out_puts(o, " ");
	out_add(o, f.key, f.key_len);
	out_puts(o, "=");
	out_value(o, f.value, f.value_len);
}

void log_time(char out[LOG_TIME_MAX])
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(out, LOG_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, LOG_TIME_MAX - n, ".%03ldZ", ts.tv_nsec / 1000000);
}

/* What the reader says of the sender. */
static struct field stamp(const char *key, const char *value, bool number)
{
	return (struct field){key, value, strlen(key), strlen(value), number};
}

/* service, worker and pid come first. A worker's own idea of what is stamped is not wanted. */
static int field_rank(const struct field *f, bool stamped)
{
	if (field_is(f, "time") || field_is(f, "level") || field_is(f, "message"))
		return -1;
	if (field_is(f, "service") || field_is(f, "pid"))
		return stamped ? -1 : 0;
	return field_is(f, "worker") ? 0 : 1;
}

static void text_fields(
	struct text_out *o, const char *data, size_t n, size_t pos, bool stamped, int rank)
{
	struct field f;
	const char *s;
	size_t len;

	while ((s = record_next(data, n, &pos, &len))) {
		if (field_parse(&f, s, len) && field_rank(&f, stamped) == rank)
			out_field(o, f);
	}
}

size_t log_render_text(
	char *out, size_t size, const char *data, size_t n, const char *service, int pid)
{
	struct text_out o = {out, size, 0};
	size_t pos = 2, len = 0;
	const char *text;
	char number[16];

	out[0] = '\0';
	if (n < 2)
		return 0;
	text = record_next(data, n, &pos, &len);
	if (service)
		out_field(&o, stamp("service", service, false));
	text_fields(&o, data, n, pos, service != NULL, 0);
	if (pid) {
		snprintf(number, sizeof(number), "%d", pid);
		out_field(&o, stamp("pid", number, true));
	}
	if (text && len) {
		if (o.len)
			out_puts(&o, " ");
		out_escaped(&o, text, len);
	}
	text_fields(&o, data, n, pos, service != NULL, 1);
	return o.len;
}

/* A JSON string: what is not printable ASCII becomes \u00NN, byte by byte. It is cut so that it and
 * the object can be closed. Source: RFC 8259 */
static void json_string(struct text_out *o, const char *s, size_t n)
{
	out_puts(o, "\"");
	for (size_t i = 0; i < n && o->len + JSON_CLOSE < o->size; i++) {
		unsigned char c = (unsigned char)s[i];
		bool printable = c >= ' ' && c <= '~';
		char u[8] = {'\\', s[i]};

		if (!printable)
			snprintf(u, sizeof(u), "\\u%04x", c);
		out_puts(o, printable && c != '"' && c != '\\' ? u + 1 : u);
	}
	out_puts(o, "\"");
}

static void json_field(struct text_out *o, struct field f)
{
	out_puts(o, ",\"");
	out_add(o, f.key, f.key_len);
	out_puts(o, "\":");
	if (f.number && f.value_len && f.value_len < 19 && (f.value[0] != '0' || f.value_len == 1))
		out_add(o, f.value, f.value_len);
	else
		json_string(o, f.value, f.value_len);
}

size_t log_render_json(
	char *out, size_t size, const char *data, size_t n, const char *service, int pid)
{
	struct text_out o = {out, size, 0};
	char now[LOG_TIME_MAX], number[16];
	size_t pos = 2, len = 0, keep;
	struct field f;
	const char *s;

	out[0] = '\0';
	if (n < 2 || size < 64)
		return 0;
	log_time(now);
	o.len = (size_t)snprintf(
		out, size, "{\"time\":\"%s\",\"level\":\"%s\"", now, log_level_name(data[0]));
	if (service)
		json_field(&o, stamp("service", service, false));
	if (pid) {
		snprintf(number, sizeof(number), "%d", pid);
		json_field(&o, stamp("pid", number, true));
	}
	s = record_next(data, n, &pos, &len);
	f = (struct field){"message", s ? s : "", 7, s ? len : 0, false};
	json_field(&o, f);
	while ((s = record_next(data, n, &pos, &len))) {
		if (!field_parse(&f, s, len) || field_rank(&f, service != NULL) < 0)
			continue;
		/* Cut on a field's border, so that the object always closes. */
		keep = o.len;
		json_field(&o, f);
		if (o.len + 2 >= o.size) {
			o.len = keep;
			break;
		}
	}
	out_puts(&o, "}");
	return o.len;
}
