/* syntax.h: where the scanner stands in a text: sections that are open, lists, and how to go on after
 * a syntax error. Private to conf. */
#ifndef SOCKD_CONF_SYNTAX_H
#define SOCKD_CONF_SYNTAX_H

#include "conf/lex.h"
#include "conf/scan.h"

#define DEPTH_MAX 8 /* sections in sections */

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
	int value_line; /* where the last value ended; 0: none yet */
};

/* The innermost open section; the file itself is the outermost. */
static inline struct frame *syntax_top(struct scanner *s)
{
	return &s->frame[s->depth];
}

/* Open a section; too many are an error that ends the scan. */
void syntax_push(struct scanner *s, const struct frame *f);

/* Open a section that is not looked into. name is for messages; empty: none are needed. */
void syntax_push_dropped(struct scanner *s, const struct token *t, const char *name, size_t len);

/* Close the innermost section, which ends here. */
void syntax_pop(struct scanner *s, size_t end);

/* Text of a token for a message. The caller frees b. */
const char *syntax_show(struct scanner *s, const struct token *t, struct buf *b);

/* Tell what was expected in place of the next token, and go on behind that line.
 * in_list  it stands between the braces of a list */
void syntax_error(struct scanner *s, const char *expected, bool in_list);

/* Take a token of this type. Returns false after telling what was expected. */
bool syntax_expect(struct scanner *s, int type, const char *expected, struct token *out);

/* STRING { , STRING } [ , ] up to the closing character, the opening one being taken.
 * end     receives where it ends
 * Returns 1, 0 if something in it was complained about, or -1 after a syntax error. */
int syntax_list(struct scanner *s, int closing, size_t *end);

#endif
