/* scan.c: the first look at the text of settings, for all that libconfuse does not tell: unclosed
 * sections, keys and sections given twice, every unknown key (it stops at the first, and says
 * nothing), and the line of each. Nothing here recurses: sections live on a short stack. */
#include "conf/scan.h"

#include <string.h>

#include "conf/syntax.h"

#define NAME_CHARACTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"

/* Note where a key is set. Returns false if it was set before. */
static bool note_key(
	struct scanner *s, const struct conf_key *k, const struct token *t, bool append)
{
	struct conf_where *w = &s->lines->section[syntax_top(s)->section].key[k - conf_keys];

	if (s->t->option || !w->file) {
		*w = (struct conf_where){
			s->t->file, s->t->option ? 0 : t->line, append && !s->t->option};
		return true;
	}
	if (append)
		return true;
	if (w->file == s->t->file)
		lex_error(&s->lex, t->line, "%s: already given on line %d", k->name, w->line);
	else
		lex_error(
			&s->lex, t->line, "%s: already given at %s:%d", k->name, w->file, w->line);
	return false;
}

/* Other programs want a ';' behind a value; here it would be a part of it. */
static bool ends_with_semicolon(struct scanner *s, const struct token *value)
{
	struct buf b = {0};

	if (value->start != value->text || s->lex.text[value->end - 1] != ';')
		return false;
	lex_error(&s->lex, value->line, "found %s; leave out the ';', or put quotes around it",
		syntax_show(s, value, &b));
	buf_free(&b);
	return true;
}

/* What stands on the right of '='.
 * k       the key; NULL: an unknown one, everything is allowed
 * end     receives where it ends
 * Returns 1, 0 if something in it was complained about, or -1 after a syntax error. */
static int scan_right_side(struct scanner *s, const struct conf_key *k, size_t *end)
{
	bool is_list = !k || k->type == CONF_LIST || k->type == CONF_IDS;
	char expected[128];
	struct token value;
	int sound;

	if (lex_peek(&s->lex, 0)->type == '{') {
		value = lex_next(&s->lex);
		if (!is_list)
			lex_error(&s->lex, value.line,
				"%s: found a list, expected one value (quote a '{' that belongs to it)",
				k->name);
		sound = syntax_list(s, '}', end);
		if (!is_list && sound > 0)
			sound = 0;
	} else {
		if (k)
			snprintf(expected, sizeof(expected), "a value for '%s'", k->name);
		if (!syntax_expect(s, TOKEN_STRING, k ? expected : "a value", &value))
			return -1;
		*end = value.end;
		sound = !value.bad && !(k && ends_with_semicolon(s, &value));
	}
	s->value_line = s->lex.last_line;
	return sound;
}

/* KEY = VALUE, the key being taken. */
static void scan_value(struct scanner *s, const struct conf_key *k, const struct token *key)
{
	bool is_list = k->type == CONF_LIST || k->type == CONF_IDS;
	bool append = lex_peek(&s->lex, 0)->type == TOKEN_APPEND;
	char expected[128];
	struct token op;
	size_t end = 0;
	int sound;

	snprintf(expected, sizeof(expected), "'=' after '%s'", k->name);
	if (append)
		op = lex_next(&s->lex);
	else if (!syntax_expect(s, '=', expected, &op))
		return;
	if (append && !is_list)
		lex_error(&s->lex, op.line, "%s: '+=' adds to a list, and this is none", k->name);
	sound = scan_right_side(s, k, &end);
	if (sound < 0)
		return;
	if (!note_key(s, k, key, append) || !sound || (append && !is_list))
		lex_blank(&s->lex, key->start, end);
}

/* include("PATTERN"...), the word being taken. */
static void scan_include(struct scanner *s, const struct token *word)
{
	struct token open;
	size_t end = 0;
	int sound;

	if (!syntax_expect(s, '(', "include(\"FILE\")", &open))
		return;
	if (lex_peek(&s->lex, 0)->type == ')') {
		syntax_error(s, "include(\"FILE\")", false);
		return;
	}
	sound = syntax_list(s, ')', &end);
	if (!sound)
		lex_blank(&s->lex, word->start, end);
}

/* Take the sections that are open here as closed: a section cannot stand in another. */
static void close_forgotten(struct scanner *s, const struct token *word, const char *next)
{
	while (s->depth) {
		lex_error(&s->lex, syntax_top(s)->line,
			"section %s is not closed before %s begins on line %d", syntax_top(s)->what,
			next, word->line);
		s->broken = true;
		s->reopened++;
		syntax_pop(s, word->start);
	}
}

static bool name_is_good(const char *name, size_t len)
{
	return len >= 1 && len <= CONF_NAME_MAX && strspn(name, NAME_CHARACTERS) >= len;
}

/* The name of a service. Returns its kind, which is SECTION_DEAD for a name that cannot be. */
static enum section_kind check_title(struct scanner *s, const struct token *title)
{
	struct buf b = {0};

	if (name_is_good(s->lex.text + title->text, title->len))
		return SECTION_SERVICE;
	lex_error(&s->lex, title->line,
		"found %s, expected a service's name: 1 to %d of letters, digits, '.', '_' and '-'",
		syntax_show(s, title, &b), CONF_NAME_MAX);
	buf_free(&b);
	return SECTION_DEAD;
}

/* A section's head: "defaults {" or "service NAME {", the word being taken. */
static void scan_section(struct scanner *s, const struct conf_key *k, const struct token *word)
{
	bool titled = !strcmp(k->name, "service");
	enum section_kind kind = SECTION_DEFAULTS;
	struct frame f = {
		.scope = KEY_SERVICE | s->t->internal, .start = word->start, .line = word->line};
	const struct conf_section *twin = NULL;
	struct token title = {0}, brace;
	const char *name = NULL;

	close_forgotten(s, word, titled ? "a service" : "defaults");
	snprintf(f.what, sizeof(f.what), "defaults");
	if (titled) {
		if (!syntax_expect(s, TOKEN_STRING, "the name of the service", &title))
			return;
		kind = check_title(s, &title);
		name = s->lex.text + title.text;
		snprintf(f.what, sizeof(f.what), "service '%.*s'",
			title.len > CONF_NAME_MAX ? CONF_NAME_MAX : (int)title.len, name);
	}
	if (!syntax_expect(s, '{', "'{'", &brace))
		return;
	if (kind != SECTION_DEAD)
		twin = lines_find(s->lines, kind, name, title.len);
	if (twin) {
		lex_error(&s->lex, word->line, "section %s: already given at %s:%d", f.what,
			twin->where.file, twin->where.line);
		kind = SECTION_DEAD;
	}
	f.drop = kind == SECTION_DEAD;
	f.section = lines_add(s->lines, kind, name, title.len, s->t->file, word->line);
	syntax_push(s, &f);
	if (s->lines->n_services > CONF_SERVICES_MAX) {
		lex_error(&s->lex, word->line, "more than %d services", CONF_SERVICES_MAX);
		s->lex.broken = s->broken = true;
	}
}

/* Why a name is unknown, as far as it can be guessed. */
static void unknown(struct scanner *s, const struct token *t, const char *what)
{
	const char *name = s->lex.text + t->text;
	unsigned here = syntax_top(s)->scope & ~(unsigned)KEY_INTERNAL;
	const char *near = key_nearest(name, t->len, here);
	const char *other = key_nearest(name, t->len, here ^ (KEY_GLOBAL | KEY_SERVICE));
	struct buf b = {0}, hint = {0};

	if (near)
		buf_printf(&hint, "; did you mean '%s'?", near);
	else if (other)
		buf_printf(&hint, "; '%s' stands %s", other,
			here == KEY_SERVICE ? "outside of sections"
					    : "in a service or in defaults");
	lex_error(&s->lex, t->line, "unknown %s %s%s%s%s", what, syntax_show(s, t, &b),
		s->depth ? " in " : "", s->depth ? syntax_top(s)->what : "",
		hint.data ? hint.data : "");
	buf_free(&b);
	buf_free(&hint);
}

/* A statement that starts with an unknown name: tell, and skip it. */
static void scan_unknown(struct scanner *s, const struct token *t)
{
	int next = lex_peek(&s->lex, 0)->type;
	bool is_title = next == TOKEN_STRING && lex_peek(&s->lex, 1)->type == '{';
	bool quiet = !syntax_top(s)->scope || t->bad;
	struct buf b = {0};
	size_t end = t->end;

	if (next == '=' || next == TOKEN_APPEND) {
		if (!quiet)
			unknown(s, t, "key");
		lex_next(&s->lex);
		if (scan_right_side(s, NULL, &end) < 0)
			return;
	} else if (next == '(') {
		if (!quiet)
			unknown(s, t, "function");
		lex_next(&s->lex);
		if (syntax_list(s, ')', &end) < 0)
			return;
	} else if (next == '{' || is_title) {
		if (!quiet)
			unknown(s, t, "section");
		if (is_title)
			lex_next(&s->lex);
		lex_next(&s->lex);
		syntax_push_dropped(s, t, s->lex.text + t->text, t->len);
		return;
	} else if (!quiet) {
		lex_error(&s->lex, t->line, "found %s, expected KEY = VALUE%s",
			syntax_show(s, t, &b),
			t->len == 1 && s->lex.text[t->text] == ';' ? "; leave out the ';'"
			: t->line == s->value_line ? "; a value with spaces needs quotes"
						   : "");
		buf_free(&b);
	}
	lex_blank(&s->lex, t->start, end);
}

static void scan_statement(struct scanner *s)
{
	struct token t = lex_next(&s->lex);
	const char *name = s->lex.text + t.text;
	const struct conf_key *k = NULL;
	int next = lex_peek(&s->lex, 0)->type;

	if (t.bad)
		s->broken = true;
	if (syntax_top(s)->scope)
		k = key_find(name, t.len, syntax_top(s)->scope);
	if (s->t->option && (s->depth || t.start))
		k = NULL;
	/* A service inside a section: the '}' before it was forgotten. */
	if (!k && s->depth && syntax_top(s)->scope && next != '=' && next != TOKEN_APPEND) {
		k = key_find(name, t.len, KEY_GLOBAL);
		if (k && k->type != CONF_SECTION)
			k = NULL;
	}
	if (!k)
		scan_unknown(s, &t);
	else if (k->type == CONF_SECTION)
		scan_section(s, k, &t);
	else if (k->type == CONF_INCLUDE)
		scan_include(s, &t);
	else
		scan_value(s, k, &t);
}

static void scan_all(struct scanner *s)
{
	while (!s->lex.broken) {
		const struct token *t = lex_peek(&s->lex, 0);

		if (t->type == TOKEN_EOF)
			break;
		if (t->type == TOKEN_STRING) {
			scan_statement(s);
		} else if (t->type == '}' && s->depth) {
			syntax_pop(s, lex_next(&s->lex).end);
		} else if (t->type == '}' && s->reopened) {
			s->reopened--;
			lex_next(&s->lex);
		} else if (t->type == '}') {
			lex_error(&s->lex, t->line, "found '}', but no section is open");
			s->broken = true;
			lex_next(&s->lex);
		} else if (!syntax_top(s)->scope) {
			lex_next(&s->lex);
		} else {
			syntax_error(s, s->depth ? "a key or '}'" : "a key or a section", false);
		}
	}
	while (!s->lex.broken && s->depth) {
		if (syntax_top(s)->what[0])
			lex_error(&s->lex, syntax_top(s)->line, "section %s is not closed",
				syntax_top(s)->what);
		s->broken = true;
		s->depth--;
	}
}

int scan(struct scan_text *t, struct conf_lines *l, struct conf_errors *e)
{
	struct scanner s = {.t = t, .lines = l};
	const char *nul = memchr(t->text, '\0', t->len);

	s.lex = (struct lex){.text = t->text,
		.len = t->len,
		.line = 1,
		.file = t->file,
		.no_lines = t->option,
		.errors = e};
	s.frame[0].scope = (t->option ? t->scope : KEY_GLOBAL) | t->internal;
	s.frame[0].section = t->option ? t->section : 0;
	if (nul) {
		for (const char *p = t->text; p < nul; p++)
			s.lex.line += *p == '\n';
		lex_error(&s.lex, s.lex.line, "NUL byte: this is not a text file");
		return -1;
	}
	if (t->len >= 3 && !memcmp(t->text, "\xef\xbb\xbf", 3))
		lex_blank(&s.lex, 0, 3); /* a byte order mark */
	scan_all(&s);
	return s.broken || s.lex.broken ? -1 : 0;
}
