/* scan.c: the first look at the text of settings, for all that libconfuse does not tell: unclosed
 * sections, keys and sections given twice, every unknown key (it stops at the first, and says
 * nothing), and the line of each. Nothing here recurses: sections live on a short stack. */
#include "conf/scan.h"

#include <string.h>

#include "conf/lex.h"

#define DEPTH_MAX 8

#define NAME_CHARACTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"

struct frame {
	unsigned scope; /* of its keys; 0: an unknown section, nothing in it is looked at */
	bool drop;      /* it is not for libconfuse */
	size_t section; /* in the lines */
	size_t start;   /* of its text */
	int line;
	char what[CONF_NAME_MAX + 16]; /* "service 'echo'" */
};

struct scanner {
	struct lex lex;
	struct scan_text *t;
	struct conf_lines *lines;
	struct frame frame[DEPTH_MAX + 1];
	size_t depth;
	size_t reopened; /* sections that were taken as closed without their brace */
	bool broken;
};

static struct frame *top(struct scanner *s)
{
	return &s->frame[s->depth];
}

/* Text of a token for a message. The caller frees b. */
static const char *show(struct scanner *s, const struct token *t, struct buf *b)
{
	size_t len = t->end - t->start;

	if (t->type == TOKEN_EOF)
		return "the end of the file";
	message_quote(b, s->lex.text + (t->type == TOKEN_STRING ? t->text : t->start),
		t->type == TOKEN_STRING ? t->len : len);
	return b->failed ? "something" : b->data;
}

static void push(struct scanner *s, const struct frame *f)
{
	if (s->depth == DEPTH_MAX) {
		lex_error(&s->lex, f->line, "sections are nested deeper than %d", DEPTH_MAX);
		s->lex.broken = s->broken = true;
		return;
	}
	s->frame[++s->depth] = *f;
}

static void push_dropped(struct scanner *s, const struct token *t, const char *name, size_t len)
{
	struct frame f = {.drop = true, .start = t->start, .line = t->line};

	snprintf(f.what, sizeof(f.what), "%.*s", (int)(len < 40 ? len : 40), name);
	push(s, &f);
}

static void pop(struct scanner *s, size_t end)
{
	if (top(s)->drop)
		lex_blank(&s->lex, top(s)->start, end);
	s->depth--;
}

/* After a syntax error: go on behind the end of this line, but keep count of the braces.
 * in_list  the error is between the braces of a list */
static void resync(struct scanner *s, int line, bool in_list)
{
	size_t open = in_list;

	s->broken = true;
	if (in_list && lex_peek(&s->lex, 0)->type == TOKEN_STRING &&
		lex_peek(&s->lex, 1)->type == '=')
		return; /* the next key: the list was not closed */
	while (!s->lex.broken) {
		const struct token *t = lex_peek(&s->lex, 0);

		if (t->type == TOKEN_EOF || (t->line > line && !open))
			return;
		if (t->type == '{') {
			open++;
		} else if (t->type == '}' && open) {
			open--;
		} else if (t->type == '}') {
			if (!s->depth)
				return;
			pop(s, t->end);
		}
		if (open && t->line > line && !in_list) { /* some section began on that line */
			while (open--)
				push_dropped(s, t, "", 0);
			return;
		}
		lex_next(&s->lex);
	}
}

static void syntax_error(struct scanner *s, const char *expected, bool in_list)
{
	const struct token *t = lex_peek(&s->lex, 0);
	int line = t->line;
	struct buf b = {0}, hint = {0};

	if (s->lex.broken) { /* that was told already */
		s->broken = true;
		return;
	}
	if (s->lex.string_begins && s->lex.string_begins != line)
		buf_printf(&hint, " (a string that spans lines begins on line %d)",
			s->lex.string_begins);
	lex_error(&s->lex, line, "found %s, expected %s%s", show(s, t, &b), expected,
		hint.data ? hint.data : "");
	buf_free(&b);
	buf_free(&hint);
	resync(s, line, in_list);
}

/* Take a token of this type. Returns false after telling what was expected. */
static bool expect(struct scanner *s, int type, const char *expected, struct token *out)
{
	if (lex_peek(&s->lex, 0)->type != type) {
		syntax_error(s, expected, false);
		return false;
	}
	*out = lex_next(&s->lex);
	return true;
}

/* STRING { , STRING } [ , ] up to the closing character, the opening one being taken.
 * Returns 1, 0 if something in it was complained about, or -1 after a syntax error. */
static int skip_list(struct scanner *s, int closing, size_t *end)
{
	bool may_close = true, may_string = true, sound = true;
	struct token t;

	for (;;) {
		const struct token *p = lex_peek(&s->lex, 0);

		if (p->type == closing && may_close) {
			*end = lex_next(&s->lex).end;
			return sound;
		} else if (p->type == TOKEN_STRING && may_string) {
			t = lex_next(&s->lex);
			sound = sound && !t.bad;
			may_string = false;
			may_close = true;
		} else if (p->type == ',' && !may_string) {
			lex_next(&s->lex);
			may_string = true;
		} else {
			syntax_error(s,
				may_string       ? "a value of the list"
				: closing == '}' ? "',' or the list's '}'"
						 : "',' or ')'",
				closing == '}');
			return -1;
		}
	}
}

/* Note where a key is set. Returns false if it was set before. */
static bool note_key(
	struct scanner *s, const struct conf_key *k, const struct token *t, bool append)
{
	struct conf_where *w = &s->lines->section[top(s)->section].key[k - conf_keys];

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

/* KEY = VALUE, the key being taken. */
static void scan_value(struct scanner *s, const struct conf_key *k, const struct token *key)
{
	bool is_list = k->type == CONF_LIST || k->type == CONF_IDS;
	char expected[128];
	struct token op, value;
	int sound = 1;

	if (lex_peek(&s->lex, 0)->type == TOKEN_APPEND) {
		op = lex_next(&s->lex);
		if (!is_list) {
			lex_error(&s->lex, op.line, "%s: '+=' adds to a list, and this is none",
				k->name);
			sound = 0;
		}
	} else {
		snprintf(expected, sizeof(expected), "'=' after '%s'", k->name);
		if (!expect(s, '=', expected, &op))
			return;
	}
	if (lex_peek(&s->lex, 0)->type == '{') {
		value = lex_next(&s->lex);
		if (!is_list) {
			lex_error(&s->lex, value.line,
				"%s: found a list, expected one value (quote a '{' that belongs to it)",
				k->name);
			sound = 0;
		}
		switch (skip_list(s, '}', &value.end)) {
		case -1:
			return;
		case 0:
			sound = 0;
		}
	} else {
		snprintf(expected, sizeof(expected), "a value for '%s'", k->name);
		if (!expect(s, TOKEN_STRING, expected, &value))
			return;
		sound = sound && !value.bad;
	}
	if (!note_key(s, k, key, op.type == TOKEN_APPEND) || !sound)
		lex_blank(&s->lex, key->start, value.end);
}

/* include("PATTERN"...), the word being taken. */
static void scan_include(struct scanner *s, const struct token *word)
{
	struct token open;
	size_t end = 0;
	int sound;

	if (!expect(s, '(', "include(\"FILE\")", &open))
		return;
	if (lex_peek(&s->lex, 0)->type == ')') {
		syntax_error(s, "include(\"FILE\")", false);
		return;
	}
	sound = skip_list(s, ')', &end);
	if (!sound)
		lex_blank(&s->lex, word->start, end);
}

/* Take the sections that are open here as closed: a section cannot stand in another. */
static void close_forgotten(struct scanner *s, const struct token *word, const char *next)
{
	while (s->depth) {
		lex_error(&s->lex, top(s)->line,
			"section %s is not closed before %s begins on line %d", top(s)->what, next,
			word->line);
		s->broken = true;
		s->reopened++;
		pop(s, word->start);
	}
}

static bool name_is_good(const char *name, size_t len)
{
	return len >= 1 && len <= CONF_NAME_MAX && strspn(name, NAME_CHARACTERS) >= len;
}

/* A section's head: "defaults {" or "service NAME {", the word being taken. */
static void scan_section(struct scanner *s, const struct conf_key *k, const struct token *word)
{
	bool titled = !strcmp(k->name, "service");
	enum section_kind kind = titled ? SECTION_SERVICE : SECTION_DEFAULTS;
	struct frame f = {
		.scope = KEY_SERVICE | s->t->internal, .start = word->start, .line = word->line};
	const struct conf_section *twin;
	struct token title = {0}, brace;
	const char *name = NULL;
	struct buf b = {0};

	close_forgotten(s, word, titled ? "a service" : "defaults");
	if (titled && !expect(s, TOKEN_STRING, "the name of the service", &title))
		return;
	if (titled)
		name = s->lex.text + title.text;
	if (titled && !name_is_good(name, title.len)) {
		lex_error(&s->lex, title.line,
			"found %s, expected a service's name: 1 to %d of letters, digits, '.', '_' and '-'",
			show(s, &title, &b), CONF_NAME_MAX);
		buf_free(&b);
		kind = SECTION_DEAD;
	}
	snprintf(f.what, sizeof(f.what), titled ? "service '%.*s'" : "defaults",
		title.len > CONF_NAME_MAX ? CONF_NAME_MAX : (int)title.len, name);
	if (!expect(s, '{', "'{'", &brace))
		return;
	twin = kind == SECTION_DEAD ? NULL : lines_find(s->lines, kind, name, title.len);
	if (twin) {
		lex_error(&s->lex, word->line, "section %s: already given at %s:%d", f.what,
			twin->where.file, twin->where.line);
		kind = SECTION_DEAD;
	}
	f.drop = kind == SECTION_DEAD;
	f.section = lines_add(s->lines, kind, name, title.len, s->t->file, word->line);
	if (s->lines->n_sections > CONF_SERVICES_MAX + 2) {
		lex_error(&s->lex, word->line, "more than %d services", CONF_SERVICES_MAX);
		s->lex.broken = s->broken = true;
		return;
	}
	push(s, &f);
}

/* Why a name is unknown, as far as it can be guessed. */
static void unknown(struct scanner *s, const struct token *t, const char *what)
{
	const char *name = s->lex.text + t->text;
	unsigned here = top(s)->scope & ~(unsigned)KEY_INTERNAL;
	const char *near = key_nearest(name, t->len, here);
	const struct conf_key *other = key_find(name, t->len, here ^ (KEY_GLOBAL | KEY_SERVICE));
	struct buf b = {0}, hint = {0};

	if (other && here == KEY_SERVICE)
		buf_printf(&hint, "; '%s' stands outside of sections", other->name);
	else if (other)
		buf_printf(&hint, "; '%s' stands in a service or in defaults", other->name);
	else if (near)
		buf_printf(&hint, "; did you mean '%s'?", near);
	lex_error(&s->lex, t->line, "unknown %s %s%s%s%s", what, show(s, t, &b),
		s->depth ? " in " : "", s->depth ? top(s)->what : "", hint.data ? hint.data : "");
	buf_free(&b);
	buf_free(&hint);
}

/* A statement that starts with an unknown name: tell, and skip it.
 * last_line  where the statement before it ended */
static void scan_unknown(struct scanner *s, const struct token *t, int last_line)
{
	int next = lex_peek(&s->lex, 0)->type;
	bool is_title = next == TOKEN_STRING && lex_peek(&s->lex, 1)->type == '{';
	bool quiet = !top(s)->scope || t->bad;
	struct token value;
	struct buf b = {0};
	size_t end = t->end;

	if (next == '=' || next == TOKEN_APPEND) {
		if (!quiet)
			unknown(s, t, "key");
		lex_next(&s->lex);
		if (lex_peek(&s->lex, 0)->type == '{') {
			lex_next(&s->lex);
			if (skip_list(s, '}', &end) < 0)
				return;
		} else {
			if (!expect(s, TOKEN_STRING, "a value", &value))
				return;
			end = value.end;
		}
	} else if (next == '(') {
		if (!quiet)
			unknown(s, t, "function");
		lex_next(&s->lex);
		if (skip_list(s, ')', &end) < 0)
			return;
	} else if (next == '{' || is_title) {
		if (!quiet)
			unknown(s, t, "section");
		if (is_title)
			lex_next(&s->lex);
		lex_next(&s->lex);
		push_dropped(s, t, s->lex.text + t->text, t->len);
		return;
	} else if (!quiet) {
		lex_error(&s->lex, t->line, "found %s, expected KEY = VALUE%s", show(s, t, &b),
			t->len == 1 && s->lex.text[t->text] == ';' ? "; leave out the ';'"
			: t->line == last_line ? "; a value with spaces needs quotes"
					       : "");
		buf_free(&b);
	}
	lex_blank(&s->lex, t->start, end);
}

static void scan_statement(struct scanner *s)
{
	int last_line = s->lex.last_line;
	struct token t = lex_next(&s->lex);
	const char *name = s->lex.text + t.text;
	const struct conf_key *k = NULL;
	int next = lex_peek(&s->lex, 0)->type;

	if (t.bad)
		s->broken = true;
	if (top(s)->scope)
		k = key_find(name, t.len, top(s)->scope);
	if (s->t->option && (s->depth || t.start))
		k = NULL;
	/* A service inside a section: the '}' before it was forgotten. */
	if (!k && s->depth && top(s)->scope && next != '=' && next != TOKEN_APPEND) {
		k = key_find(name, t.len, KEY_GLOBAL);
		if (k && k->type != CONF_SECTION)
			k = NULL;
	}
	if (!k)
		scan_unknown(s, &t, last_line);
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
			pop(s, lex_next(&s->lex).end);
		} else if (t->type == '}' && s->reopened) {
			s->reopened--;
			lex_next(&s->lex);
		} else if (t->type == '}') {
			lex_error(&s->lex, t->line, "found '}', but no section is open");
			s->broken = true;
			lex_next(&s->lex);
		} else if (!top(s)->scope) {
			lex_next(&s->lex);
		} else {
			syntax_error(s, s->depth ? "a key or '}'" : "a key or a section", false);
		}
	}
	while (!s->lex.broken && s->depth) {
		if (top(s)->what[0])
			lex_error(&s->lex, top(s)->line, "section %s is not closed", top(s)->what);
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
