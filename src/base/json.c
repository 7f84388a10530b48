/* json.c: texts may hold any bytes; what comes out is always valid. */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

static void quote(struct buf *b, const char *text)
{
	buf_puts(b, "\"");
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t n = utf8_len(text, 4); /* which a NUL ends */

		if (!n)
			buf_puts(b, "\\ufffd");
		else if (c < ' ' || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else
			buf_add(b, text, n);
		text += n ? n : 1;
	}
	buf_puts(b, "\"");
}

static void name(struct buf *b, const char *key)
{
	if (b->len && !strchr("{[", b->data[b->len - 1]))
		buf_puts(b, ",");
	if (key) {
		quote(b, key);
		buf_puts(b, ":");
	}
}

void json_begin(struct buf *b, const char *key, char bracket)
{
	name(b, key);
	buf_add(b, &bracket, 1);
}

void json_end(struct buf *b, char bracket)
{
	buf_add(b, &bracket, 1);
}

void json_text(struct buf *b, const char *key, const char *text)
{
	name(b, key);
	quote(b, text);
}

void json_num(struct buf *b, const char *key, uint64_t n)
{
	name(b, key);
	buf_printf(b, "%" PRIu64, n);
}

void json_bool(struct buf *b, const char *key, bool yes)
{
	name(b, key);
	buf_puts(b, yes ? "true" : "false");
}

void json_null(struct buf *b, const char *key)
{
	name(b, key);
	buf_puts(b, "null");
}
