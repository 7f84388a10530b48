/* chat_line.c: split and clean what a client sends, so that nothing it types reaches another
 * client's terminal as anything but text. */
#include "handlers/chat_line.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Telnet, RFC 854 and 855. */
#define IAC            255
#define DONT           254 /* WILL, WONT, DO, DONT: an option follows */
#define WILL           251
#define SB             250 /* subnegotiation, until IAC SE */
#define SE             240 /* the lowest command */
#define SUBCOMMAND_MAX 200 /* bytes; a peer that is no telnet must not lose its text for ever */

enum telnet {
	TEXT,
	COMMAND,        /* after IAC */
	OPTION,         /* after IAC WILL and the like */
	SUBCOMMAND,     /* after IAC SB */
	SUBCOMMAND_IAC, /* after an IAC in there */
};

static void add(struct chat_line *l, const void *bytes, size_t n)
{
	if (l->cut || n > sizeof(l->text) - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, bytes, n);
	l->len += n;
}

static void add_replacement(struct chat_line *l)
{
	add(l, REPLACEMENT, sizeof(REPLACEMENT) - 1);
}

/* A character that breaks off in the middle counts as one. */
static void end_sequence(struct chat_line *l)
{
	if (l->have)
		add_replacement(l);
	l->have = 0;
}

/* Bytes of a UTF-8 character by its first byte; 0 = none starts so. */
static unsigned sequence_length(uint8_t first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* True if byte may follow. The second byte's range leaves out what is too long a form, a surrogate,
 * or above U+10FFFF. Source: RFC 3629, section 4 */
static bool may_follow(const struct chat_line *l, uint8_t byte)
{
	uint8_t low = 0x80, high = 0xbf;

	if (l->have == 1) {
		switch (l->sequence[0]) {
		case 0xe0:
			low = 0xa0;
			break;
		case 0xed:
			high = 0x9f;
			break;
		case 0xf0:
			low = 0x90;
			break;
		case 0xf4:
			high = 0x8f;
			break;
		}
	}
	return byte >= low && byte <= high;
}

/* One byte of text, not a newline. */
static void add_byte(struct chat_line *l, uint8_t byte)
{
	if (l->have && may_follow(l, byte)) {
		l->sequence[l->have++] = byte;
		if (l->have < l->need)
			return;
		l->have = 0;
		if (l->sequence[0] == 0xc2 && l->sequence[1] < 0xa0) /* C1: U+0080 to U+009F */
			add_replacement(l);
		else
			add(l, l->sequence, l->need);
		return;
	}
	end_sequence(l);
	if (byte == '\r' || byte == '\0')
		return;
	if (byte == '\t')
		byte = ' ';
	else if (byte < ' ' || byte == 0x7f)
		byte = '?';
	if (byte < 0x80) {
		add(l, &byte, 1);
	} else if ((l->need = (uint8_t)sequence_length(byte)) > 0) {
		l->sequence[0] = byte;
		l->have = 1;
	} else {
		add_replacement(l);
	}
}

/* Take a byte that belongs to a telnet command. Returns false if it is text after all. */
static bool telnet_eats(struct chat_line *l, uint8_t byte)
{
	switch (l->telnet) {
	case COMMAND:
		l->telnet = TEXT;
		if (byte == SB) {
			l->telnet = SUBCOMMAND;
			l->subcommand = 0;
		} else if (byte >= WILL && byte <= DONT) {
			l->telnet = OPTION;
		} else if (byte < SE || byte == IAC) {
			add_byte(l, IAC); /* the byte 255 itself, which is no UTF-8 */
			return byte == IAC;
		}
		return true;
	case OPTION:
		l->telnet = TEXT;
		return true;
	case SUBCOMMAND:
		if (byte == IAC)
			l->telnet = SUBCOMMAND_IAC;
		else if (++l->subcommand == SUBCOMMAND_MAX)
			l->telnet = TEXT;
		return true;
	case SUBCOMMAND_IAC:
		l->telnet = byte == SE ? TEXT : SUBCOMMAND;
		return true;
	}
	if (byte != IAC)
		return false;
	l->telnet = COMMAND;
	return true;
}

/* What has begun and will not be completed. */
static void end_line(struct chat_line *l)
{
	if (l->telnet == COMMAND)
		add_byte(l, IAC);
	end_sequence(l);
	l->telnet = TEXT;
	l->complete = true;
}

void chat_line_reset(struct chat_line *l)
{
	/* Not the text: that would touch its pages. */
	l->len = 0;
	l->cut = l->complete = false;
	l->telnet = TEXT;
	l->have = 0;
}

bool chat_line_feed(struct chat_line *l, const char *data, size_t n, size_t *used)
{
	if (l->complete) {
		l->complete = l->cut = false;
		l->len = 0;
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t byte = (uint8_t)data[i];

		/* A newline ends a line even where telnet would not: better than to swallow it. */
		if (byte == '\n') {
			*used = i + 1;
			end_line(l);
			return true;
		}
		if (!telnet_eats(l, byte))
			add_byte(l, byte);
	}
	*used = n;
	return false;
}

bool chat_line_finish(struct chat_line *l)
{
	if (l->complete)
		return false;
	end_line(l);
	return l->len > 0;
}
