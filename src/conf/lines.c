/* lines.c: where everything was set, and errors that tell. */
#include "conf/conf_keys.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_TEXT_MAX 1024

struct conf_lines *lines_new(void)
{
	struct conf_lines *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	lines_add(l, SECTION_GLOBAL, NULL, 0, NULL, 0);
	if (l->failed) {
		lines_free(l);
		return NULL;
	}
	return l;
}

void lines_free(struct conf_lines *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_files; i++)
		free(l->file[i]);
	free(l->file);
	for (size_t i = 0; i < l->n_sections; i++) {
		free(l->section[i].name);
		free(l->section[i].key);
	}
	free(l->section);
	free(l);
}

const char *lines_file(struct conf_lines *l, const char *name)
{
	char **file, *copy;

	/* Files come in runs: the one of the last service is most likely that of the next. */
	for (size_t i = l->n_files; i-- > 0;) {
		if (!strcmp(l->file[i], name))
			return l->file[i];
	}
	file = reallocarray(l->file, l->n_files + 1, sizeof(*file));
	if (file)
		l->file = file;
	copy = file ? strdup(name) : NULL;
	if (!copy) {
		l->failed = true;
		return "?";
	}
	return l->file[l->n_files++] = copy;
}

size_t lines_add(struct conf_lines *l, enum section_kind kind, const char *name, size_t len,
	const char *file, int line)
{
	struct conf_section *all = reallocarray(l->section, l->n_sections + 1, sizeof(*all));
	struct conf_section s = {.kind = kind, .where = {.file = file, .line = line}};

	if (!all)
		goto fail;
	l->section = all;
	s.key = calloc(conf_n_keys, sizeof(*s.key));
	if (name)
		s.name = strndup(name, len);
	if (!s.key || (name && !s.name))
		goto fail;
	all[l->n_sections] = s;
	l->n_services += kind == SECTION_SERVICE;
	return l->n_sections++;
fail:
	free(s.key);
	free(s.name);
	l->failed = true;
	return 0;
}

struct conf_section *lines_find(
	const struct conf_lines *l, enum section_kind kind, const char *name, size_t len)
{
	for (size_t i = 0; i < l->n_sections; i++) {
		struct conf_section *s = &l->section[i];

		if (s->kind != kind)
			continue;
		if (!name || (strlen(s->name) == len && !memcmp(s->name, name, len)))
			return s;
	}
	return NULL;
}

__attribute__((format(printf, 5, 0))) static void error_vat(struct conf_errors *e, const char *file,
	int line, const char *key, const char *fmt, va_list ap)
{
	char text[ERROR_TEXT_MAX];

	if (e->n++ >= CONF_ERRORS_MAX) {
		if (e->n == CONF_ERRORS_MAX + 1)
			buf_puts(&e->text, "more errors are not shown\n");
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	buf_puts(&e->text, file);
	if (line)
		buf_printf(&e->text, ":%d", line);
	buf_puts(&e->text, ": ");
	if (key)
		buf_printf(&e->text, "%s: ", key);
	buf_printf(&e->text, "%s\n", text);
}

void error_at(struct conf_errors *e, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_vat(e, file, line, NULL, fmt, ap);
	va_end(ap);
}

/* Where a key of a section was set, or NULL. */
static const struct conf_where *where_key(const struct conf_section *s, const char *key)
{
	for (size_t i = 0; s && key && i < conf_n_keys; i++) {
		if (s->key[i].file && !strcmp(conf_keys[i].name, key))
			return &s->key[i];
	}
	return NULL;
}

void conf_error(struct conf_errors *e, const struct conf *c, const struct conf_service *s,
	const char *key, const char *fmt, ...)
{
	const struct conf_lines *l = c->lines;
	struct conf_where place = {.file = c->file, .line = 0};
	const struct conf_where *w = NULL;
	va_list ap;

	if (s)
		place = (struct conf_where){.file = s->file, .line = s->line};
	if (l && !l->resolved && s) {
		w = where_key(lines_find(l, SECTION_SERVICE, s->name, strlen(s->name)), key);
		if (!w)
			w = where_key(lines_find(l, SECTION_DEFAULTS, NULL, 0), key);
	} else if (l && !l->resolved) {
		w = where_key(&l->section[0], key);
	}
	if (w)
		place = *w;
	va_start(ap, fmt);
	error_vat(e, place.file ? place.file : "settings", place.line, key, fmt, ap);
	va_end(ap);
}
