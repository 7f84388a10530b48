/* chat_line.h: the bytes of a client as lines of clean text. No input, no output. */
#ifndef SOCKD_HANDLERS_CHAT_LINE_H
#define SOCKD_HANDLERS_CHAT_LINE_H

#include "base/util.h"

#define CHAT_LINE_MAX 4096 /* bytes of clean text, without the newline */

/* A line that grows. len = telnet = 0 is an empty one. */
struct chat_line {
	size_t len;
	uint8_t telnet;              /* where we are in a telnet command */
	char raw[CHAT_LINE_MAX + 4]; /* a character that begins below CHAT_LINE_MAX is complete */
};

/* Add a byte. CR and NUL vanish, so do telnet's commands (RFC 854).
 * Returns true if it is the newline, which is not added: call chat_line_take(). */
bool chat_line_add(struct chat_line *l, uint8_t byte);

/* Take the line as clean text, and begin the next one. A tab becomes a space, other control bytes
 * '?', C1 controls and what is no UTF-8 U+FFFD (RFC 3629).
 * text    receives it, NUL-terminated
 * Returns true if it had to be cut. */
bool chat_line_take(struct chat_line *l, char text[CHAT_LINE_MAX + 1]);

#endif
