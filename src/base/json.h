/* json.h: write JSON into a growing string. Commas are put where they belong. Source: RFC 8259 */
#ifndef SOCKD_BASE_JSON_H
#define SOCKD_BASE_JSON_H

#include "base/util.h"

/* Begin an object '{' or an array '[', and end it with '}' or ']'. key  NULL in an array */
void json_begin(struct buf *b, const char *key, char bracket);
void json_end(struct buf *b, char bracket);

/* A value. What is no UTF-8 in a text becomes U+FFFD. */
void json_text(struct buf *b, const char *key, const char *text);
void json_num(struct buf *b, const char *key, uint64_t n);
void json_bool(struct buf *b, const char *key, bool yes);
void json_null(struct buf *b, const char *key);

#endif
