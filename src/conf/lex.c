/* lex.c: the words of a settings file, cut exactly where libconfuse cuts them (lexer.l of 3.3), with
 * errors where libconfuse would silently drop a character, end a string at a NUL, or leave its
 * scanner in the middle of a string. */
#include "conf/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_IN_WORDS " #\"'\t\n\r={}()+,*"

static int at(const struct lex *x, size_t pos)
{
	return pos < x->len ? (unsigned char)x->text[pos] : -1;
}

static bool in_word(int c)
{
	return c > 0 && !strchr(NOT_IN_WORDS, c);
}

void lex_error(struct lex *x, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_at(x->errors, x->file, x->no_lines ? 0 : line, "%s", text);
}

void lex_blank(struct lex *x, size_t start, size_t end)
{
	for (size_t i = start; i < end && i < x->len; i++) {
		if (x->text[i] != '\n')
			x->text[i] = ' ';
	}
}

/* A string, a comment or a ${ that never ends: nothing behind it can be understood. */
static void unclosed(struct lex *x, struct token *t, const char *what)
{
	lex_error(x, t->line, "%s is not closed", what);
	x->broken = true;
	x->pos = x->len;
	t->type = TOKEN_EOF;
}

/* Skip a comment. Returns false if there is none here. */
static bool skip_comment(struct lex *x)
{
	struct token t = {.line = x->line};
	size_t start = x->pos;
	int c = at(x, start), d = at(x, start + 1);

	if (c == '#' || (c == '/' && d == '/')) {
		while (x->pos < x->len && x->text[x->pos] != '\n')
			x->pos++;
	} else if (c == '/' && d == '*') {
		x->pos += 2;
		while (x->pos < x->len && !(at(x, x->pos) == '*' && at(x, x->pos + 1) == '/'))
			x->line += x->text[x->pos++] == '\n';
		if (x->pos == x->len)
			unclosed(x, &t, "comment");
		else
			x->pos += 2;
	} else {
		return false;
	}
	lex_blank(x, start, x->pos);
	return true;
}

/* Between a "${" at x->pos and its "}". Returns false if there is no "}" in the text. */
static bool skip_variable(struct lex *x, struct token *t)
{
	const char *start = x->text + x->pos;
	const char *end = memchr(start, '}', x->len - x->pos);
	size_t n;

	if (!end)
		return false;
	n = (size_t)(end - start);
	if (memchr(start, '\n', n) || memchr(start, '"', n)) {
		/* libconfuse would take all this for the name of a variable. */
		if (!t->bad)
			lex_error(x, x->line, "'${' is not closed; single quotes keep it as it is");
		t->bad = true;
		x->pos += 2;
		return true;
	}
	x->pos += n + 1;
	return true;
}

static void bad_escape(struct lex *x, struct token *t, size_t n, const char *why)
{
	char text[16];

	snprintf(text, sizeof(text), "%.*s", (int)(n < 12 ? n : 12), x->text + x->pos);
	lex_error(x, x->line, "%s '%s' in a string", why, text);
	t->bad = true;
}

/* A backslash between double quotes. */
static void skip_escape(struct lex *x, struct token *t)
{
	const char *rest = x->text + x->pos + 1;
	size_t left = x->len - x->pos - 1, digits = 0, n = 0;
	unsigned long value = 1;
	char number[4] = "";

	if (!left) {
		x->pos++;
		return;
	}
	while (digits < left && rest[digits] >= '0' && rest[digits] <= '9')
		digits++;
	if (digits) {
		n = strspn(memcpy(number, rest, digits < 3 ? digits : 3), "01234567");
		value = strtoul(number, NULL, 8);
		if (n < digits || value > 0xff) {
			bad_escape(x, t, digits + 1, "bad octal number");
			value = 1;
		}
		n = digits;
	} else if (*rest == 'x') {
		while (n < 2 && n + 1 < left && strchr("0123456789abcdefABCDEF", rest[n + 1])) {
			number[n] = rest[n + 1];
			n++;
		}
		if (n)
			value = strtoul(number, NULL, 16);
		n++;
	} else {
		x->line += *rest == '\n';
		n = 1;
	}
	if (!value)
		bad_escape(x, t, n + 1, "NUL byte by");
	x->pos += n + 1;
}

static void read_string(struct lex *x, struct token *t)
{
	int quote = at(x, x->pos++);
	int c;

	t->type = TOKEN_STRING;
	t->text = x->pos;
	while ((c = at(x, x->pos)) != quote) {
		if (c < 0) {
			unclosed(x, t, "string");
			return;
		}
		if (c == '\\' && quote == '"') {
			skip_escape(x, t);
		} else if (c == '\\') {
			x->line += at(x, x->pos + 1) == '\n';
			x->pos += x->pos + 1 < x->len ? 2 : 1;
		} else if (c == '$' && quote == '"' && at(x, x->pos + 1) == '{' &&
			   skip_variable(x, t)) {
			continue;
		} else {
			x->line += c == '\n';
			x->pos++;
		}
	}
	t->len = x->pos++ - t->text;
	if (x->line > t->line)
		x->string_begins = t->line;
}

/* A word without quotes. A '*' and a lone '+' would be dropped by libconfuse. */
static void read_word(struct lex *x, struct token *t)
{
	struct buf word = {0};
	int dropped = 0;
	int c;

	t->type = TOKEN_STRING;
	t->text = x->pos;
	if (at(x, x->pos) == '$' && at(x, x->pos + 1) == '{' && skip_variable(x, t)) {
		t->len = x->pos - t->text;
		return;
	}
	for (;; x->pos++) {
		c = at(x, x->pos);
		if (c == '*' || (c == '+' && at(x, x->pos + 1) != '='))
			dropped = c;
		else if (!in_word(c))
			break;
	}
	t->len = x->pos - t->text;
	if (!dropped)
		return;
	t->bad = true;
	message_quote(&word, x->text + t->text, t->len);
	lex_error(x, t->line, "%s needs quotes around it, because of the '%c'",
		word.failed ? "this" : word.data, dropped);
	buf_free(&word);
}

static struct token read_token(struct lex *x)
{
	struct token t = {0};
	int c;

	do {
		while ((c = at(x, x->pos)) == ' ' || c == '\t' || c == '\r' || c == '\n') {
			x->line += c == '\n';
			x->pos++;
		}
	} while (skip_comment(x));
	t.start = x->pos;
	t.line = x->line;
	c = at(x, x->pos);
	if (c < 0) {
		t.type = TOKEN_EOF;
	} else if (strchr("={}(),", c)) {
		t.type = c;
		x->pos++;
	} else if (c == '+' && at(x, x->pos + 1) == '=') {
		t.type = TOKEN_APPEND;
		x->pos += 2;
	} else if (c == '"' || c == '\'') {
		read_string(x, &t);
	} else {
		read_word(x, &t);
	}
	t.end = x->pos;
	t.end_line = x->line;
	return t;
}

const struct token *lex_peek(struct lex *x, size_t n)
{
	while (x->n_ahead <= n)
		x->ahead[x->n_ahead++] = read_token(x);
	return &x->ahead[n];
}

struct token lex_next(struct lex *x)
{
	struct token t = *lex_peek(x, 0);

	x->ahead[0] = x->ahead[1];
	x->n_ahead--;
	x->last_line = t.end_line;
	return t;
}
