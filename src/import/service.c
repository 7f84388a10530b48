/* service.c: a service on its way to its section. Each is tried by the code of `sockd -t`, together with
 * those before it. One that would not pass is left off, as inetd passes it over: so the whole is good. */
#include "import/import.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/settings.h"

static struct kept {
	struct kept *next;
	max_align_t data[];
} * all_kept;

bool import_blind;
static struct words names;           /* of services, those that are taken */
static struct words taken;           /* addresses */
static struct buf tried, sections;   /* what passes; and what is printed, comments too */
static unsigned n_on, n_off, n_lost; /* services */

void *keep(const void *data, size_t n)
{
	struct kept *k = calloc(1, sizeof(*k) + n + 1);

	if (!k) {
		fputs("sockd-import: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	k->next = all_kept;
	all_kept = k;
	return data ? memcpy(k->data, data, n) : k->data;
}

char *keepf(const char *fmt, ...)
{
	char *text = NULL, *kept;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	kept = keep(n < 0 ? NULL : text, n < 0 ? 0 : (size_t)n);
	free(text);
	return kept;
}

char *escaped(const char *text)
{
	size_t len = strlen(text), size = 4 * len + 1; /* "\\x00" for each byte at most */
	char *out = keep(NULL, size);

	escape_text(out, size, text, len);
	return out;
}

void words_add(struct words *w, const char *text)
{
	if (w->n >= w->cap) {
		char **item = keep(NULL, (w->n * 2 + 8) * sizeof(*item));

		for (size_t i = 0; i < w->n; i++)
			item[i] = w->item[i];
		w->item = item;
		w->cap = w->n * 2 + 8;
	}
	w->item[w->n++] = keep(text, strlen(text));
}

bool words_have(const struct words *w, const char *text)
{
	size_t i = 0;

	while (i < w->n && strcmp(w->item[i], text))
		i++;
	return i < w->n;
}

struct words words_split(const char *text, const char *ends, bool quotes)
{
	const char *start = text;
	char *word = keep(NULL, strlen(text)), *out;
	struct words w = {0};

	for (text += strspn(text, ends); *text; text += strspn(text, ends)) {
		char quote = '\0';

		out = word;

		for (; *text && (quote || !strchr(ends, *text)); text++) {
			if (quotes && *text == '\\' && text[1] && quote != '\'')
				*out++ = *++text;
			else if (quotes && (quote ? *text == quote : *text == '\'' || *text == '"'))
				quote = quote ? '\0' : *text;
			else
				*out++ = *text;
		}
		if (quote) /* never closed: it means itself */
			return words_split(start, ends, false);
		*out = '\0';
		words_add(&w, word);
	}
	return w;
}

void import_comment(struct import *s, const char *file, int line, const char *text)
{
	text = escaped(line ? keepf("%s:%d: %s", file, line, text) : text);
	if (!words_have(&s->notes, text))
		words_add(&s->notes, text);
}

static char *quoted(const char *text)
{
	struct buf b = {0};
	char *out;

	buf_quote(&b, text);
	out = keepf("%s", b.failed ? "" : b.data);
	buf_free(&b);
	return out;
}

void import_key(struct import *s, const char *key, const char *value)
{
	const char *digits = value + (*value == '-');
	bool bare = *digits && !digits[strspn(digits, "0123456789")];

	bare |= !strcmp(value, "true") || !strcmp(value, "false");
	words_add(&s->keys, keepf("%s = %s", key, bare ? value : quoted(value)));
}

void import_list(struct import *s, const char *key, const struct words *list)
{
	struct buf b = {0};

	for (size_t i = 0; i < list->n; i++) {
		buf_puts(&b, i ? ", " : "");
		buf_quote(&b, list->item[i]);
	}
	if (list->n)
		words_add(&s->keys, keepf("%s = {%s}", key, b.data ? b.data : ""));
	buf_free(&b);
}

char *import_address(const char *host, const char *port)
{
	bool bare = strchr(host, ':') && *host != '[';

	return keepf("%s%s%s:%s", bare ? "[" : "", *host ? host : "*", bare ? "]" : "", port);
}

void import_program(struct import *s, const char *program, const struct words *argv)
{
	const char *name = argv->n ? argv->item[0] : program;

	s->handler = "exec";
	if (!strcmp(basename(program), "tcpd") && argv->n) {
		import_note(s, NULL, 0,
			"tcpd: hosts.allow and hosts.deny are not obeyed any more: what they say of %s is yet to be written into allow and deny",
			basename(name));
		program = name = keepf("%s%s", *name == '/' ? "" : "/usr/sbin/", name);
	}
	words_add(&s->command, program);
	if (!strcmp(basename(program), "busybox"))
		words_add(&s->command, name);
	else if (strcmp(basename(name), basename(program)))
		import_note(
			s, NULL, 0, "argv[0] was '%s'; now it is the path of the program", name);
	for (size_t i = 1; i < argv->n; i++)
		words_add(&s->command, argv->item[i]);
}

void import_builtin(struct import *s, const char *name)
{
	static const char *const known[] = {"echo", "discard", "chargen", "daytime", "time"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(name, known[i]))
			s->handler = known[i];
	}
	if (!s->handler && !s->lost)
		s->lost = "sockd has no such internal service";
}

/* A name that the settings allow, and that is free: that of the service, or of its program when it has
 * but a number. */
static const char *choose_name(const struct import *s)
{
	const char *from = s->name;
	char name[CONF_NAME_MAX + 1];
	size_t n;

	if (!names.n)
		words_add(&names, "-"); /* of section_try() */
	if (s->command.n && !from[strspn(from, "0123456789")])
		from = s->command.item[0];
	snprintf(name, CONF_NAME_MAX - 8, "%s", *basename(from) ? basename(from) : "service");
	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) || strchr("._-", *p) ? *p : '-';
	n = strlen(name);
	for (unsigned i = 2; words_have(&names, name); i++)
		snprintf(name + n, sizeof(name) - n, "-%u", i);
	words_add(&names, name);
	return names.item[names.n - 1];
}

static void section_add(struct buf *out, const struct import *s, const char *name)
{
	struct import all = {0};

	if (s->off)
		import_key(&all, "enabled", "false");
	import_list(&all, "listen", &s->listen);
	import_key(&all, "handler", s->handler);
	import_list(&all, "command", &s->command);
	if (s->user && s->command.n)
		import_key(&all, "user", s->user);
	if (s->group && s->command.n)
		import_key(&all, "group", s->group);
	import_key(&all, "workers", "1");
	if (!s->instances)
		import_key(&all, "max-workers", "256");
	for (size_t i = 0; i < s->keys.n; i++)
		words_add(&all.keys, s->keys.item[i]);
	if (s->command.n) {
		import_key(&all, "sandbox", "off");
		import_key(&all, "no-new-privileges", "false");
	}
	buf_printf(out, "service %s {\n", name);
	for (size_t i = 0; i < all.keys.n; i++)
		buf_printf(out, "\t%s\n", all.keys.item[i]);
	buf_puts(out, "}\n");
}

/* Would sockd take this section, and those before? Notes say why not. */
static bool section_try(struct import *s, const char *name)
{
	struct conf_source src = {.text_name = "", .flags = CONF_NO_PIDFILE | CONF_NO_CONTROL};
	struct conf_errors errors = {0};
	struct conf *c = NULL;
	struct buf text = {0};
	bool good;

	/* At least one must be enabled. */
	buf_puts(&text, "service - { listen = {':0'} handler = 'echo' }\n");
	buf_puts(&text, tried.data ? tried.data : "");
	section_add(&text, s, name);
	src.text = text.data ? text.data : "";
	if (import_blind)
		c = conf_load(&src, &errors);
	good = import_blind ? c != NULL : settings_read(&src, 0, NULL, &errors.text);
	for (char *line = errors.text.data, *end; !good && line && *line; line = end) {
		char *reason = strstr(line, ": "), *place = strstr(line, " (:");

		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		if (place)
			*place = '\0'; /* of the other service, in this text */
		import_note(s, NULL, 0, "left off: %s", reason ? reason + 2 : line);
	}
	conf_free(c);
	buf_free(&errors.text);
	buf_free(&text);
	return good;
}

/* Leave it off if another one has its address: sockd would refuse the whole. */
static void check_taken(struct import *s)
{
	for (size_t i = 0; i < s->listen.n && !s->off; i++) {
		char *port = s->listen.item[i] + 2; /* behind "*:" */

		/* Every address, and another one has those of IPv6. */
		if (*s->listen.item[i] == '*' && words_have(&taken, keepf("[::]:%s", port)))
			s->listen.item[i] = keepf("0.0.0.0:%s", port);
		s->off = words_have(&taken, s->listen.item[i]);
		if (s->off)
			import_note(s, NULL, 0, "left off: %s is taken by a service above",
				s->listen.item[i]);
	}
}

void import_put(struct import *s)
{
	const char *name = s->name, *place = escaped(keepf("%s:%d", s->file, s->line));
	bool good = false;

	if (!s->lost) {
		name = choose_name(s);
		check_taken(s);
		good = section_try(s, name);
		if (!good && !s->off) {
			s->off = true;
			good = section_try(s, name);
		}
	}
	if (good)
		buf_printf(&sections, "\n# %s\n", place);
	else
		buf_printf(&sections, "\n# %s: %s is not imported%s%s\n", place, escaped(s->name),
			s->lost ? ": " : "", s->lost ? s->lost : "");
	for (size_t i = 0; i < s->notes.n && !s->lost; i++)
		buf_printf(&sections, "# %s\n", s->notes.item[i]);
	*(!good ? &n_lost : s->off ? &n_off : &n_on) += 1;
	for (size_t i = 0; good && !s->off && i < s->listen.n; i++)
		words_add(&taken, s->listen.item[i]);
	if (good) {
		section_add(&sections, s, name);
		section_add(&tried, s, name);
	}
}

int import_print(int fd, const struct words *files)
{
	struct buf out = {0};
	int rc = -1;

	buf_puts(&out, "# Made by sockd-import(8), which tells what differs for all services.\n");
	for (size_t i = 0; i < files->n; i++)
		buf_printf(&out, "# From %s\n", escaped(files->item[i]));
	buf_printf(&out, "# %u on, %u off, %u not imported\n#\n", n_on, n_off, n_lost);
	buf_puts(&out,
		"# At most max-workers connections at a time: the others wait in the queue. Programs may do\n"
		"# what they could before: sandbox and no-new-privileges say so.\n");
	buf_puts(&out, sections.data ? sections.data : "");
	if (!out.failed && !sections.failed && !tried.failed)
		rc = write_all(fd, out.data, out.len);
	buf_free(&out);
	buf_free(&sections);
	buf_free(&tried);
	for (struct kept *k; (k = all_kept); free(k))
		all_kept = k->next;
	return rc;
}
