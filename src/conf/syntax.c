/* syntax.c: where the scanner stands in a text, and how it goes on after a syntax error. */
#include "conf/syntax.h"

#include <string.h>

const char *syntax_show(struct scanner *s, const struct token *t, struct buf *b)
{
	size_t len = t->end - t->start;

	if (t->type == TOKEN_EOF)
		return "the end of the file";
	message_quote(b, s->lex.text + (t->type == TOKEN_STRING ? t->text : t->start),
		t->type == TOKEN_STRING ? t->len : len);
	return b->failed ? "something" : b->data;
}

void syntax_push(struct scanner *s, const struct frame *f)
{
	if (s->depth == DEPTH_MAX) {
		lex_error(&s->lex, f->line, "sections are nested deeper than %d", DEPTH_MAX);
		s->lex.broken = s->broken = true;
		return;
	}
	s->frame[++s->depth] = *f;
}

void syntax_push_dropped(struct scanner *s, const struct token *t, const char *name, size_t len)
{
	struct frame f = {.drop = true, .start = t->start, .line = t->line};

	snprintf(f.what, sizeof(f.what), "%.*s", (int)(len < 40 ? len : 40), name);
	syntax_push(s, &f);
}

void syntax_pop(struct scanner *s, size_t end)
{
	if (syntax_top(s)->drop)
		lex_blank(&s->lex, syntax_top(s)->start, end);
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
			syntax_pop(s, t->end);
		}
		if (open && t->line > line && !in_list) { /* some section began on that line */
			while (open--)
				syntax_push_dropped(s, t, "", 0);
			return;
		}
		lex_next(&s->lex);
	}
}

void syntax_error(struct scanner *s, const char *expected, bool in_list)
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
	lex_error(&s->lex, line, "found %s, expected %s%s", syntax_show(s, t, &b), expected,
		hint.data ? hint.data : "");
	buf_free(&b);
	buf_free(&hint);
	resync(s, line, in_list);
}

bool syntax_expect(struct scanner *s, int type, const char *expected, struct token *out)
{
	if (lex_peek(&s->lex, 0)->type != type) {
		syntax_error(s, expected, false);
		return false;
	}
	*out = lex_next(&s->lex);
	return true;
}

int syntax_list(struct scanner *s, int closing, size_t *end)
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
