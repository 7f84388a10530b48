/* chat_room.h: the room that all workers of a chat service share: who is in it, and what was said.
 *
 * Every slot has a ring of lines that its worker alone writes. Nobody ever waits for anybody, so a
 * worker may be killed or stopped between any two instructions, and only its own client notices.
 * A reader that is too slow loses lines and learns exactly how many.
 */
#ifndef SOCKD_HANDLERS_CHAT_ROOM_H
#define SOCKD_HANDLERS_CHAT_ROOM_H

#include <stdatomic.h>

#include "board/board.h"

#define ROOM_NICK_MAX 24   /* characters */
#define ROOM_LINE_MAX 4128 /* bytes of a line: "<nick> text\n" */
#define ROOM_RING     (32 * 1024)
#define ROOM_LINES    (ROOM_RING / 16) /* kept at most, however short they are */

struct room_member {
	_Atomic uint64_t tail; /* the oldest line that is intact */
	/* The lowest bit of version tells which copy is the nick ("": not in the room). The other
	 * one is empty, or the nick that is wanted, while its owner looks whether it is free. */
	_Atomic uint64_t version;
	_Atomic uint64_t nick[2][ROOM_NICK_MAX / 8];
};

struct room_ring {
	/* Where line n starts, at n % ROOM_LINES: a position counts bytes from the beginning of time. */
	_Atomic uint32_t start[ROOM_LINES];
	_Atomic uint64_t word[ROOM_RING / 8];
};

/* All zero is an empty room. Pages of slots that were never used are not touched. */
struct room {
	_Atomic uint64_t said[BOARD_SLOTS]; /* lines in each ring since the beginning of time */
	struct room_member member[BOARD_SLOTS];
	struct room_ring ring[BOARD_SLOTS];
};

/* A place in the room, private to one worker. */
struct seat {
	struct room *room;
	const struct board *board;
	unsigned slot;
	int bell;                     /* an eventfd that wakes all who wait on it */
	bool said;                    /* something, and has not rung since */
	uint32_t spoken;              /* bytes of the ring; the caller resets it */
	char nick[ROOM_NICK_MAX + 1]; /* our own */
	unsigned turn;                /* the slot that is heard next */
	uint64_t missed;              /* lines that were overwritten unread; the caller resets it */
	uint64_t next[BOARD_SLOTS];   /* the line of each slot that is heard next */
};

/* Sit down in the seat's slot, without a nick; room, board, slot and bell are set. Only what is said
 * from now on will be heard. If the worker that had the slot before was killed, its client is
 * announced as gone. */
void room_sit(struct seat *s);

/* Take a nick of 1 to ROOM_NICK_MAX characters; the first one makes a member. Upper and lower case
 * are the same.
 * Returns false if another member has it or wants it at this moment; then nothing has changed. */
bool room_take_nick(struct seat *s, const char *nick);

/* The nick of the member in a slot. Returns false if nobody is there. */
bool room_nick(const struct seat *s, unsigned slot, char nick[ROOM_NICK_MAX + 1]);

/* Stop being a member, and say so. */
void room_leave(struct seat *s);

/* Say a line, with its newline, to all others. It is cut to ROOM_LINE_MAX. */
void room_say(struct seat *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Wake the others if anything was said. */
void room_ring(struct seat *s);

/* Hear the next line of somebody else.
 * line    receives it, with its newline, NUL-terminated
 * Returns false if there is none. */
bool room_hear(struct seat *s, char line[ROOM_LINE_MAX + 1]);

#endif
