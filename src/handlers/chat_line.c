/* chat_line.c: split and clean what a client sends, so that nothing it types reaches another
 * client's terminal as anything but text. */
#include "handlers/chat_line.h"

#include <string.h>

/* Telnet, RFC 854 and 855. Not one of these bytes is UTF-8. */
#define IAC  255
#define DONT 254 /* WILL, WONT, DO, DONT: an option follows */
#define WILL 251
#define SB   250 /* subnegotiation, until IAC SE */
#define SE   240 /* the lowest command */

enum telnet {
	TEXT,
	COMMAND,        /* after IAC */
	OPTION,         /* after IAC WILL and the like */
	SUBCOMMAND,     /* after IAC SB */
	SUBCOMMAND_IAC, /* after an IAC in there */
};

/* Returns true if the byte belongs to a telnet command. */
static bool telnet_eats(struct chat_line *l, uint8_t byte)
{
	switch (l->telnet) {
	case COMMAND:
		l->telnet = byte == SB ? SUBCOMMAND : byte >= WILL && byte <= DONT ? OPTION : TEXT;
		return byte >= SE; /* else it was no telnet */
	case OPTION:
		l->telnet = TEXT;
		return true;
	case SUBCOMMAND:
		if (byte == IAC)
			l->telnet = SUBCOMMAND_IAC;
		return true;
	case SUBCOMMAND_IAC:
		l->telnet = byte == SE ? TEXT : SUBCOMMAND;
		return true;
	}
	if (byte == IAC)
		l->telnet = COMMAND;
	return byte == IAC;
}

bool chat_line_add(struct chat_line *l, uint8_t byte)
{
	/* Even where telnet would have it otherwise: a broken command must not swallow the rest. */
	if (byte == '\n')
		return true;
	if (!telnet_eats(l, byte) && byte != '\r' && byte != '\0' && l->len < sizeof(l->raw))
		l->raw[l->len++] = (char)byte;
	return false;
}

bool chat_line_take(struct chat_line *l, char text[CHAT_LINE_MAX + 1])
{
	size_t len = 0, at = 0;
	bool cut = false;

	while (at < l->len && !cut) {
		const char *from = l->raw + at;
		size_t taken = utf8_len(from, l->len - at), n = taken;

		if (n == 0 || (n == 2 && memcmp(from, "\xc2\xa0", 2) < 0)) { /* none, or C1 */
			from = "\xef\xbf\xbd";                               /* U+FFFD */
			n = 3;
			taken = 1;
		} else if ((uint8_t)*from < ' ' || *from == 0x7f) {
			from = *from == '\t' ? " " : "?";
		}
		cut = n > CHAT_LINE_MAX - len;
		if (!cut) {
			memcpy(text + len, from, n);
			len += n;
		}
		at += taken;
	}
	text[len] = '\0';
	l->len = 0;
	l->telnet = TEXT;
	return cut;
}
