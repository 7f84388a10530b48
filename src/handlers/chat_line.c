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

/* Length of the UTF-8 character at p, of which n bytes are there. 0: it is none, too long a form,
 * a surrogate, or a C1 control. Source: RFC 3629, section 3 */
static size_t character_length(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000}; /* U+0080 to U+009F are C1 */
	size_t len = *p < 0x80 ? 1 : *p < 0xc0 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t value = len > 1 ? *p & (0xffU >> len) : *p; /* a byte from 0xf8 is too large */

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return len;
}

bool chat_line_take(struct chat_line *l, char text[CHAT_LINE_MAX + 1])
{
	size_t len = 0, at = 0;
	bool cut = false;

	while (at < l->len && !cut) {
		const char *from = l->raw + at;
		size_t taken = character_length((const uint8_t *)from, l->len - at), n = taken;

		if (n == 0) {
			from = "\xef\xbf\xbd"; /* U+FFFD */
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
