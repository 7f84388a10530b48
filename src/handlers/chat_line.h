/* chat_line.h: the bytes of a client as lines of clean text. No input, no output. */
#ifndef SOCKD_HANDLERS_CHAT_LINE_H
#define SOCKD_HANDLERS_CHAT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAT_LINE_MAX 4096 /* bytes of a line, without its end */

/* A line that grows. Zero-initialise it, or chat_line_reset() it. */
struct chat_line {
	char text[CHAT_LINE_MAX]; /* valid UTF-8 without control characters; no NUL at the end */
	size_t len;
	bool cut; /* the line was longer: the rest of it is dropped */

	/* Private. */
	bool complete;      /* text was handed out: the next byte starts a new line */
	uint8_t telnet;     /* where we are in a telnet command */
	uint8_t subcommand; /* bytes of a telnet subnegotiation */
	uint8_t sequence[4]; /* a UTF-8 character that is not complete */
	uint8_t have, need;  /* bytes of it that are there, and that it has */
};

/* Forget all: a new client. */
void chat_line_reset(struct chat_line *l);

/* Feed bytes until a line is complete.
 * used    receives how many of the n bytes were eaten
 * Returns true if l->text holds a line (perhaps an empty one), which the next call overwrites;
 * false when all was eaten. CR and NUL vanish, so do telnet's commands (RFC 854); a tab becomes a
 * space, other control bytes '?', C1 controls and what is no UTF-8 U+FFFD (RFC 3629). */
bool chat_line_feed(struct chat_line *l, const char *data, size_t n, size_t *used);

/* End of input. Returns true if l->text holds a last line, one that lacked its newline. */
bool chat_line_finish(struct chat_line *l);

#endif
