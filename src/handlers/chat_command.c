/* chat_command.c: what a line of a client means, and what it is answered. */
#include "handlers/chat_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "handlers/chat_name.h"

void chat_notice(struct session *s)
{
	uint64_t n = s->seat.missed;

	if (n == 0 || sizeof(s->out) - s->out_len < CHAT_NOTICE_ROOM)
		return;
	s->out_len += (size_t)snprintf(s->out + s->out_len, CHAT_NOTICE_ROOM,
		"* you missed %llu line%s\n", (unsigned long long)n, n == 1 ? "" : "s");
	s->seat.missed = 0;
}

void chat_answer(struct session *s, const char *line, size_t n)
{
	chat_notice(s);
	if (n > sizeof(s->out) - s->out_len) {
		s->seat.missed++;
		return;
	}
	memcpy(s->out + s->out_len, line, n);
	s->out_len += n;
}

void chat_answerf(struct session *s, const char *fmt, ...)
{
	char line[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	chat_answer(s, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void chat_announce(struct session *s, const char *fmt, ...)
{
	char line[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	room_say(&s->seat, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	s->said = true;
}

static void command_nick(struct session *s, const char *nick)
{
	char before[ROOM_NICK_MAX + 1];

	memcpy(before, s->seat.nick, sizeof(before));
	if (!name_is_valid(nick)) {
		chat_answerf(s, "* a nick has 1 to %d of letters, digits, _ - .\n", ROOM_NICK_MAX);
	} else if (name_take(&s->seat, nick) < 0) {
		chat_answerf(s, "* nick %s is taken\n", nick);
	} else {
		chat_answerf(s, "* you are now %s\n", nick);
		if (strcmp(before, nick) != 0)
			chat_announce(s, "* %s is now known as %s\n", before, nick);
	}
}

/* "* 3 here: alice, bob, guest7" */
static void command_who(struct session *s)
{
	static char names[CHAT_ANSWER_ROOM - 256];
	char nick[ROOM_NICK_MAX + 1], head[32], tail[32] = "\n";
	unsigned slots = room_slots(&s->seat), members = 0, named = 0;
	size_t n = 0;
	int head_len, tail_len;

	for (unsigned i = 0; i < slots; i++) {
		if (!room_member_nick(&s->seat, i, nick))
			continue;
		members++;
		if (sizeof(names) - n < sizeof(nick) + 2)
			continue;
		n += (size_t)snprintf(names + n, sizeof(names) - n, named ? ", %s" : "%s", nick);
		named++;
	}
	head_len = snprintf(head, sizeof(head), "* %u here: ", members);
	tail_len = snprintf(
		tail, sizeof(tail), members > named ? " and %u more\n" : "\n", members - named);
	if (n + (size_t)head_len + (size_t)tail_len + CHAT_NOTICE_ROOM >
		sizeof(s->out) - s->out_len) {
		s->seat.missed++;
		return;
	}
	chat_answer(s, head, (size_t)head_len);
	chat_answer(s, names, n);
	chat_answer(s, tail, (size_t)tail_len);
}

static void command(struct session *s, char *text)
{
	char *argument = text + strcspn(text, " ");

	if (*argument)
		*argument++ = '\0';
	argument += strspn(argument, " ");
	argument[strcspn(argument, " ")] = '\0';
	if (strcmp(text, "/nick") == 0) {
		command_nick(s, argument);
	} else if (strcmp(text, "/who") == 0) {
		command_who(s);
	} else if (strcmp(text, "/quit") == 0) {
		s->c->end = "quit";
		s->ended = true;
	} else {
		chat_answerf(s, "* unknown command; there are " CHAT_COMMANDS "\n");
	}
}

void chat_take_line(struct session *s)
{
	static char text[ROOM_LINE_MAX];
	size_t n = s->line.len;

	if (s->line.cut)
		chat_answerf(s, "* line too long: cut to %d bytes\n", CHAT_LINE_MAX);
	if (n == 0)
		return;
	if (s->line.text[0] == '/') {
		memcpy(text, s->line.text, n);
		text[n] = '\0';
		command(s, text);
		return;
	}
	n = (size_t)snprintf(text, sizeof(text), "<%s> %.*s\n", s->seat.nick, (int)n, s->line.text);
	room_say(&s->seat, text, n);
	s->said = true;
}
