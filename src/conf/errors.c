/* errors.c: what is wrong, and where. */
#include "conf/conf_internal.h"

#include <stdarg.h>
#include <string.h>

#define ERRORS_MAX 100 /* lines; more are only counted */
#define QUOTE_MAX  60  /* bytes of a value that a message shows */

struct shown show(const char *text, size_t len)
{
	struct shown s;
	char escaped[QUOTE_MAX * 4 + 1];

	escape_text(escaped, sizeof(escaped), text, len > QUOTE_MAX ? QUOTE_MAX : len);
	snprintf(s.text, sizeof(s.text), "'%s%s'", escaped, len > QUOTE_MAX ? "..." : "");
	return s;
}

const char *name_keep(struct conf_lines *l, const char *name)
{
	if (!list_add(&l->names, name))
		return l->names.item[l->names.n - 1];
	l->failed = true;
	return "?";
}

struct conf_place *place_find(
	const struct conf_lines *l, const struct conf_key *k, long section, size_t from)
{
	for (size_t i = from; i < l->n; i++) {
		if (l->place[i].section == section && l->place[i].key == k)
			return &l->place[i];
	}
	return NULL;
}

static PRINTF_LIKE(5, 0) void error_add(struct conf_errors *e, const char *file, int line,
	const char *key, const char *fmt, va_list ap)
{
	const char *twin = NULL;
	char text[1024];
	struct buf b = {0};

	if (e->n >= ERRORS_MAX) {
		if (e->n++ == ERRORS_MAX)
			buf_puts(&e->text, "more errors are not shown\n");
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	buf_puts(&b, file);
	if (line)
		buf_printf(&b, ":%d", line);
	buf_printf(&b, ": %s%s%s\n", key ? key : "", key ? ": " : "", text);
	/* A wrong global key or default may come up again with each service. */
	if (!b.failed && e->text.data)
		twin = strstr(e->text.data, b.data);
	if (!twin || (twin > e->text.data && twin[-1] != '\n')) {
		buf_puts(&e->text, b.failed ? "out of memory\n" : b.data);
		e->n++;
	}
	buf_free(&b);
}

void error_at(struct conf_errors *e, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_add(e, file, line, NULL, fmt, ap);
	va_end(ap);
}

void conf_error(struct conf_errors *e, const struct conf *c, const struct conf_service *s,
	const char *key, const char *fmt, ...)
{
	const struct conf_lines *l = c->lines;
	long section = s ? s - c->service : SECTION_GLOBAL;
	struct conf_place place = {
		NULL, SECTION_GLOBAL, s ? s->file : c->file, s ? s->line : 0, false};
	va_list ap;

	/* What a service does not have itself is a default, or a global key of the same name. */
	for (size_t i = 0; key && !l->resolved && i < l->n; i++) {
		const struct conf_place *p = &l->place[i];

		if ((p->section == section || (s && p->section < 0)) &&
			p->section >= place.section && !strcmp(p->key->name, key))
			place = *p;
	}
	va_start(ap, fmt);
	error_add(e, place.file, place.line, key, fmt, ap);
	va_end(ap);
}
