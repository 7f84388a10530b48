/* lex.h: the words of a settings file, cut exactly where libconfuse cuts them. Private to conf. */
#ifndef SOCKD_CONF_LEX_H
#define SOCKD_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf_keys.h"

enum token_type {
	TOKEN_EOF = 0,
	TOKEN_STRING = 's',
	TOKEN_APPEND = '+', /* += ; all others are their own character: = { } ( ) , */
};

struct token {
	int type;
	size_t start, end; /* of the whole token, quotes and all */
	size_t text, len;  /* of a string: what is inside the quotes, as written */
	int line;          /* where it starts */
	int end_line;      /* where it ends: strings may span lines */
	bool bad;          /* it was complained about */
};

struct lex {
	char *text; /* borrowed; comments are overwritten with spaces */
	size_t len, pos;
	int line;
	bool no_lines;    /* the text is an option of the command line */
	const char *file; /* for messages; borrowed */
	struct conf_errors *errors;
	bool broken;       /* no use to go on: a string or a comment is not closed */
	int string_begins; /* line of the last string that spans lines; 0: none */
	int last_line;     /* where the last token that was taken ended */
	struct token ahead[2];
	size_t n_ahead;
};

/* The next token is taken; or the one behind n others is looked at (n is 0 or 1). */
struct token lex_next(struct lex *x);
const struct token *lex_peek(struct lex *x, size_t n);

/* Overwrite text with spaces, but for the ends of lines. */
void lex_blank(struct lex *x, size_t start, size_t end);

/* Add an error about a line of the text. */
void lex_error(struct lex *x, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
