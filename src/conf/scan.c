/* scan.c: the first look at a text of settings, for all that libconfuse does not tell: what is not
 * closed, bytes that it would drop, keys and sections given twice, every unknown key (it stops at the
 * first, and says nothing), and the line of each. Words are cut where libconfuse cuts them (lexer.l of
 * 3.3). The first error in the syntax ends the text; other errors are collected. */
#include "conf/conf_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_MAX 4096
#define NAME_CHARS   "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"
#define WORD_ENDS    " \t\r\n#\"'={}(),"
#define LIMITS       "limits." /* a limit by its full name, which an option of the command line needs */

enum { TOKEN_END = 0, TOKEN_STRING = 's', TOKEN_APPEND = '+' };

struct token {
	int type;    /* TOKEN_*, or the character itself */
	char *start; /* its first byte, maybe a quote */
	char *text;  /* what is inside the quotes, as written */
	size_t len;
	int line; /* where it starts */
};

struct scanner {
	struct conf *conf;
	struct conf_errors *errors;
	const char *file;
	char *pos; /* what is left of the text; NUL-terminated */
	int line;
	struct token t;  /* the token to look at */
	int string_line; /* where the last string began that spans lines; 0: none */
	bool broken;     /* an error in the syntax was told: nothing more is, and t is the end */
	bool option;
	long section;   /* the open one */
	unsigned scope; /* of the keys that it may have */
	size_t first;   /* its first place; for the global section, the first of all */
	int opened;     /* line of its head */
	char what[sizeof(struct shown) + 16]; /* for messages: "service 'echo'"; "" outside */
};

/* Tell the first error in the syntax, and let the text end here. */
static PRINTF_LIKE(3, 4) void fail(struct scanner *s, int line, const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!s->broken)
		error_at(s->errors, s->file, s->option ? 0 : line, "%s", text);
	s->broken = true;
	s->pos = strchr(s->pos, '\0');
	s->t.type = TOKEN_END;
}

/* Blanks and comments; comments become blanks, since libconfuse has them only between statements. */
static void skip_blanks(struct scanner *s)
{
	for (;;) {
		char *start, *end;

		for (; *s->pos && strchr(" \t\r\n", *s->pos); s->pos++)
			s->line += *s->pos == '\n';
		start = end = s->pos;
		if (*start == '#' || !strncmp(start, "//", 2)) {
			end += strcspn(start, "\n");
		} else if (!strncmp(start, "/*", 2)) {
			end = strstr(start + 2, "*/");
			if (!end) {
				fail(s, s->line, "comment is not closed");
				return;
			}
			end += 2;
		} else {
			return;
		}
		for (; start < end; start++) {
			if (*start != '\n')
				*start = ' ';
		}
	}
}

/* "${NAME}", which libconfuse would seek through quotes and lines. */
static void skip_variable(struct scanner *s)
{
	size_t n = strcspn(s->pos, "}\"\n");

	if (s->pos[n] != '}')
		fail(s, s->line, "'${' is not closed; single quotes keep it as it is");
	else
		s->pos += n + 1;
}

/* False for the escapes that break off libconfuse's reading, and for those that mean a NUL byte.
 * p       behind the backslash */
static bool escape_is_good(const char *p)
{
	size_t digits = strspn(p, "0123456789");
	long value = strtol(p, NULL, 8);

	if (digits)
		return digits <= 3 && strspn(p, "01234567") >= digits && value && value <= 0xff;
	if (*p == 'x' && p[1] == '0')
		return isxdigit((unsigned char)p[2]) && p[2] != '0';
	return true;
}

static void read_string(struct scanner *s)
{
	char quote = *s->pos++;

	s->t.text = s->pos;
	while (*s->pos != quote) {
		if (!*s->pos) {
			fail(s, s->t.line, "string is not closed");
			return;
		}
		if (quote == '"' && *s->pos == '$' && s->pos[1] == '{') {
			skip_variable(s);
			continue;
		}
		if (quote == '"' && *s->pos == '\\' && !escape_is_good(s->pos + 1)) {
			fail(s, s->line,
				"bad number behind a '\\'; expected \\1 to \\377, or \\x1 to \\xff");
			return;
		}
		if (*s->pos == '\\' && s->pos[1])
			s->pos++;
		s->line += *s->pos++ == '\n';
	}
	s->t.len = (size_t)(s->pos++ - s->t.text);
	if (s->line > s->t.line)
		s->string_line = s->t.line;
}

/* A word without quotes. A '*' and a lone '+' in it would be dropped by libconfuse; a ';' is what
 * other programs want behind a value, and would become part of it. */
static void read_word(struct scanner *s)
{
	size_t n = strcspn(s->pos, WORD_ENDS "+*;");
	struct shown word = show(s->pos, strcspn(s->pos, WORD_ENDS));

	if (!strncmp(s->pos, "${", 2)) {
		skip_variable(s);
	} else if (s->pos[n] == ';') {
		fail(s, s->line, "found %s; leave out the ';', or put quotes around it", word.text);
	} else if (s->pos[n] == '*' || (s->pos[n] == '+' && s->pos[n + 1] != '=')) {
		fail(s, s->line, "%s needs quotes around it, because of the '%c'", word.text,
			s->pos[n]);
	} else {
		s->pos += n;
		s->t.len = n;
	}
}

/* Take the token at hand, and look at the next one. */
static struct token take(struct scanner *s)
{
	struct token taken = s->t;

	skip_blanks(s);
	s->t = (struct token){TOKEN_STRING, s->pos, s->pos, 1, s->option ? 0 : s->line};
	if (!*s->pos) {
		s->t.type = TOKEN_END;
	} else if (strchr("={}(),", *s->pos)) {
		s->t.type = *s->pos++;
	} else if (!strncmp(s->pos, "+=", 2)) {
		s->t.type = TOKEN_APPEND;
		s->t.len = 2;
		s->pos += 2;
	} else if (*s->pos == '"' || *s->pos == '\'') {
		read_string(s);
	} else {
		read_word(s);
	}
	return taken;
}

/* Take a token of this type, or tell what was expected in its place. */
static struct token expect(struct scanner *s, int type, const char *expected)
{
	char hint[64] = "";

	if (s->t.type == type)
		return take(s);
	if (s->string_line && s->string_line != s->t.line)
		snprintf(hint, sizeof(hint), " (a string that spans lines begins on line %d)",
			s->string_line);
	fail(s, s->t.line, "found %s, expected %s%s",
		s->t.type == TOKEN_END ? "the end of the file" : show(s->t.text, s->t.len).text,
		expected, hint);
	return s->t;
}

/* STRING { , STRING } [ , ] and the closing character. */
static void scan_items(struct scanner *s, int closing)
{
	while (s->t.type != closing && !s->broken) {
		expect(s, TOKEN_STRING, "a value of the list");
		if (s->t.type != closing)
			expect(s, ',', closing == '}' ? "',' or the list's '}'" : "',' or ')'");
	}
	take(s);
}

static void scan_right_side(struct scanner *s, bool is_list)
{
	if (is_list && s->t.type == '{') {
		take(s);
		scan_items(s, '}');
	} else {
		expect(s, TOKEN_STRING, "a value");
	}
}

/* Note where a key is given. Only a list may be given again, to be added to. */
static void note_key(struct scanner *s, const struct conf_key *k, int line, bool append)
{
	struct conf_lines *l = s->conf->lines;
	struct conf_place *p = place_find(l, k, s->section, s->first);
	struct conf_place place = {k, s->section, s->file, line, append};

	if (p && !append && s->option) {
		*p = place;
	} else if (p && !append) {
		error_at(s->errors, s->file, line, "%s: already given at %s:%d", k->name, p->file,
			p->line);
	} else if (!p) {
		p = reallocarray(l->place, l->n + 1, sizeof(*p));
		if (!p) {
			fail(s, line, "out of memory");
			return;
		}
		l->place = p;
		p[l->n++] = place;
	}
}

/* What is behind the name of a key. */
static void scan_value(struct scanner *s, const struct conf_key *k, const struct token *name)
{
	bool append = key_is_list(k) && s->t.type == TOKEN_APPEND;

	expect(s, append ? TOKEN_APPEND : '=', "'='");
	scan_right_side(s, key_is_list(k));
	if (!s->broken)
		note_key(s, k, name->line, append);
}

/* A statement that starts with an unknown name: tell, and what may have been meant. Behind a key the
 * scan goes on. */
static void scan_unknown(struct scanner *s, const struct token *name)
{
	static const struct conf_word place[] = {
		{"outside of sections", KEY_GLOBAL},
		{"in a service or in defaults", KEY_SERVICE},
		{"in limits { } of a service or of defaults", KEY_LIMITS},
		{NULL, 0},
	};
	const struct conf_word *w = place;
	const unsigned here = s->scope & (KEY_GLOBAL | KEY_SERVICE | KEY_LIMITS);
	const char *near = key_nearest(name->text, name->len, here), *other = NULL;
	struct shown shown = show(name->text, name->len);
	bool is_key = s->t.type == '=' || s->t.type == TOKEN_APPEND;
	char hint[128] = "";

	while (!near && w->name &&
		!(other = key_nearest(name->text, name->len, (unsigned)w->value)))
		w++;
	if (near)
		snprintf(hint, sizeof(hint), "; did you mean '%s'?", near);
	else if (other)
		snprintf(hint, sizeof(hint), "; '%s' stands %s", other, w->name);
	else if (!is_key && s->t.type != '{')
		snprintf(hint, sizeof(hint), "; a value with spaces needs quotes");
	if (!is_key)
		fail(s, name->line, "found %s, expected KEY = VALUE%s", shown.text, hint);
	else
		error_at(s->errors, s->file, name->line, "unknown key %s%s%s%s", shown.text,
			*s->what ? " in " : "", s->what, hint);
	take(s);
	scan_right_side(s, true);
}

/* Begin a service. The sections of others with its name, and names that cannot be, are errors. */
static void add_service(struct scanner *s, const struct token *title)
{
	struct conf *c = s->conf;
	struct conf_service *all = reallocarray(c->service, c->n_services + 1, sizeof(*all));
	char *name = strndup(title->text, title->len), *file = strdup(s->file);
	const struct conf_service *twin;

	c->service = all ? all : c->service;
	if (!all || !name || !file) {
		free(name);
		free(file);
		fail(s, s->opened, "out of memory");
		return;
	}
	s->section = (long)c->n_services;
	all[c->n_services++] = (struct conf_service){.name = name, .line = s->opened, .file = file};
	twin = conf_find(c, name);
	if (twin != &all[s->section])
		error_at(s->errors, s->file, s->opened, "service '%s': already given at %s:%d",
			name, twin->file, twin->line);
	if (!*name || title->len > CONF_NAME_MAX || strspn(name, NAME_CHARS) < title->len)
		error_at(s->errors, s->file, s->opened,
			"found %s, expected a service's name: 1 to %d of letters, digits, '.', '_' and '-'",
			show(name, title->len).text, CONF_NAME_MAX);
	if (c->n_services > SERVICES_MAX)
		fail(s, s->opened, "more than %d services", SERVICES_MAX);
}

static void scan_statement(struct scanner *s);

/* libconfuse is not to see this word. */
static void blank(const struct token *t)
{
	memset(t->start, ' ', (size_t)(t->text - t->start) * 2 + t->len);
}

/* "defaults {", "service NAME {" or, in one of these, "limits {", up to the closing brace. To libconfuse
 * limits are keys of the section around them. */
static void scan_section(struct scanner *s, const struct conf_key *k, const struct token *word)
{
	bool titled = !strcmp(k->name, "service"), nested = k->scope & KEY_SERVICE;
	const struct scanner outer = *s;
	struct token title = s->t, opening, closing;

	if (titled)
		expect(s, TOKEN_STRING, "the name of the service");
	opening = expect(s, '{', "'{'");
	if (s->broken)
		return;
	if (!titled)
		note_key(s, k, word->line, false);
	s->opened = word->line;
	snprintf(s->what, sizeof(s->what), "%s%s%s", k->name, titled ? " " : "",
		titled ? show(title.text, title.len).text : "");
	s->scope =
		nested ? KEY_LIMITS : KEY_SERVICE | (s->conf->lines->resolved ? KEY_INTERNAL : 0);
	if (!nested) {
		s->section = SECTION_DEFAULTS;
		s->first = s->conf->lines->n;
	}
	if (titled)
		add_service(s, &title);
	while (s->t.type != '}' && !s->broken) {
		if (s->t.type == TOKEN_END)
			fail(s, s->opened, "section %s is not closed", s->what);
		else
			scan_statement(s);
	}
	closing = take(s);
	s->section = outer.section;
	s->scope = outer.scope;
	s->first = outer.first;
	s->opened = outer.opened;
	strcpy(s->what, outer.what);
	s->string_line = 0; /* all is well up to here */
	if (nested && !s->broken) {
		blank(word);
		blank(&opening);
		blank(&closing);
	}
}

static void scan_statement(struct scanner *s)
{
	const char *expected = *s->what ? "a key or '}'" : "a key or a section";
	struct token name = expect(s, TOKEN_STRING, expected);
	const struct conf_key *global = key_find(name.text, name.len, KEY_GLOBAL);
	const struct conf_key *k = key_find(name.text, name.len, s->scope);

	if (!k && s->scope & KEY_SERVICE && name.start == name.text && name.len > strlen(LIMITS) &&
		!memcmp(name.text, LIMITS, strlen(LIMITS))) {
		k = key_find(name.text + strlen(LIMITS), name.len - strlen(LIMITS), KEY_LIMITS);
		memset(name.text, ' ', k ? strlen(LIMITS) : 0);
	}
	if (s->broken)
		return;
	if (k && k->type == CONF_SECTION) {
		scan_section(s, k, &name);
	} else if (k && k->type == CONF_INCLUDE) {
		expect(s, '(', "include(\"FILE\")");
		scan_items(s, ')');
	} else if (k) {
		scan_value(s, k, &name);
	} else if (global && global->type == CONF_SECTION && s->t.type != '=') {
		fail(s, s->opened, "section %s is not closed before the one on line %d", s->what,
			name.line);
	} else {
		scan_unknown(s, &name);
	}
}

bool scan(struct conf *c, char *text, size_t len, const char *file, long section, bool option,
	struct conf_errors *e)
{
	struct scanner s = {.conf = c, .errors = e, .file = file, .pos = text, .line = 1};
	size_t errors = e->n;

	s.section = section;
	s.scope = section == SECTION_GLOBAL ? KEY_GLOBAL : KEY_SERVICE;
	s.option = option;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		memset(text, ' ', 3); /* a byte order mark */
	if (strlen(text) < len) {
		for (; *s.pos; s.pos++)
			s.line += *s.pos == '\n';
		fail(&s, s.line, "NUL byte: this is not a text file");
	}
	take(&s);
	while (s.t.type != TOKEN_END) {
		scan_statement(&s);
		if (option)
			expect(&s, TOKEN_END, "one value; a value with spaces needs quotes");
	}
	return e->n == errors;
}
