/* chat_session.h: what one client's session of the chat consists of. */
#ifndef SOCKD_HANDLERS_CHAT_SESSION_H
#define SOCKD_HANDLERS_CHAT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "handlers/chat_line.h"
#include "handlers/chat_room.h"
#include "net/conn.h"

#define CHAT_OUT_MAX      (64 * 1024) /* bytes that wait for the client */
#define CHAT_ANSWER_ROOM  (16 * 1024) /* of them kept free of other people's lines */
#define CHAT_NOTICE_ROOM  64          /* for what tells of missed lines */
#define CHAT_COMMANDS     "/nick NAME, /who, /quit"

struct session {
	struct conn *c;
	int epoll, bell;
	bool readable, writable; /* until a call says otherwise: the events are edges */
	bool waiting;            /* lines of others found no room in out */
	bool said;               /* and not woken the others yet */
	bool ended;              /* FIN or /quit: no more input */
	uint64_t hold_until;     /* 0 = not held */
	size_t in_at, in_end, out_len;
	struct seat seat;
	struct chat_line line;
	char in[4096];
	char heard[ROOM_LINE_MAX];
	char out[CHAT_OUT_MAX];
};

/* Put a line (or a part of one) into out, behind the news of what was missed. What does not fit
 * counts as a missed line. */
void chat_answer(struct session *s, const char *line, size_t n);
void chat_answerf(struct session *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Tell the client how many lines it has missed, if it has and there is room. */
void chat_notice(struct session *s);

/* Say a line of the service itself to the others. */
void chat_announce(struct session *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Do what the line in s->line says: a command, or something to say to the others. */
void chat_take_line(struct session *s);

#endif
