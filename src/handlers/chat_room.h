/* chat_room.h: the room that all workers of a chat service share: who is in it, and what was said.
 *
 * Every slot has a ring of lines that its worker alone writes. Nobody ever waits for a lock, so a
 * worker may be killed or stopped between any two instructions, and only its own client notices.
 * A reader that is too slow loses lines and learns exactly how many.
 */
#ifndef SOCKD_HANDLERS_CHAT_ROOM_H
#define SOCKD_HANDLERS_CHAT_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board/board.h"

#define ROOM_NICK_MAX  24   /* characters */
#define ROOM_LINE_MAX  4128 /* bytes of a line: "<nick> text\n" */
#define ROOM_RING      (16 * 1024)
#define ROOM_RECORD    16 /* bytes; the least that a line takes */
#define ROOM_LINES     (ROOM_RING / ROOM_RECORD)
#define ROOM_AHEAD     (8 * 1024) /* bytes that a writer says before it asks room_follows() */

/* A name that its owner writes and all read: the writer fills the copy that nobody reads, then
 * counts version up. */
struct room_name {
	_Atomic uint64_t version; /* its lowest bit tells which copy is good */
	_Atomic uint64_t copy[2][ROOM_NICK_MAX / 8];
};

struct room_member {
	_Atomic uint32_t joined;
	uint32_t reserved;
	_Atomic uint64_t tail;  /* the oldest line that is intact */
	struct room_name nick;
	struct room_name claim; /* the nick that it wants, while it looks whether that is free */
} __attribute__((aligned(64)));

struct room_ring {
	/* Where line n starts, at n % ROOM_LINES: a position counts bytes from the beginning of time. */
	_Atomic uint32_t start[ROOM_LINES];
	_Atomic uint64_t word[ROOM_RING / 8];
};

/* All zero is an empty room. Pages of slots that were never used are not touched. */
struct room {
	_Atomic uint64_t clock; /* counts the times that somebody has said something */
	uint64_t reserved[7];
	_Atomic uint64_t said[BOARD_SLOTS];  /* lines in each ring since the beginning of time */
	_Atomic uint64_t heard[BOARD_SLOTS]; /* the clock up to which a slot has heard all */
	struct room_member member[BOARD_SLOTS];
	struct room_ring ring[BOARD_SLOTS];
};

/* A place in the room, private to one worker. */
struct seat {
	struct room *room;
	const struct board *board;
	unsigned slot;
	char nick[ROOM_NICK_MAX + 1];
	uint64_t missed; /* lines that were overwritten before they were read; the caller resets it */
	uint32_t ahead;  /* bytes said since room_follows() said yes; from ROOM_AHEAD on ask it */

	/* Private. */
	unsigned turn;                /* the slot that is heard next */
	uint64_t woken;               /* the clock of our last room_wake() */
	uint64_t next[BOARD_SLOTS];   /* the line of each slot that is heard next */
	uint64_t hopeless[BOARD_SLOTS]; /* 1 + `heard` of a slot that was given up; 0 = none */
};

/* Sit down in a slot, without a nick. Only what is said from now on will be heard. If the worker
 * that had the slot before was killed, its client is announced as gone.
 * Returns true if something was announced: call room_wake(). */
bool room_sit(struct seat *s, struct room *room, const struct board *board, unsigned slot);

/* Stop being a member (name_take() makes one), and say so. */
void room_leave(struct seat *s);

/* Say a line to all others; n <= ROOM_LINE_MAX, with its newline. Heard after room_wake(). */
void room_say(struct seat *s, const char *line, size_t n);

/* Wake everybody who waits on the bell (an eventfd). */
void room_wake(struct seat *s, int bell);

/* Hear the next line of somebody else.
 * line    receives it, with its newline
 * size    of line
 * Returns its length, 0 if there is none, or -1 if the next line is longer than size. */
int room_hear(struct seat *s, char *line, size_t size);

/* How often somebody has woken the others. Read it before hearing, for room_heard(). */
uint64_t room_clock(const struct seat *s);

#define ROOM_SLOW UINT64_MAX

/* Tell the others how far we are: up to this clock, or ROOM_SLOW: do not wait for us. */
void room_heard(struct seat *s, uint64_t clock);

/* True if all have heard what was said before the last room_wake(), which must come after the last
 * room_say(): the next ROOM_AHEAD bytes overwrite nothing that is needed. Those who called
 * themselves slow, are dead, or were given up do not count.
 * give_up true: give up those who are behind now, until they move again. */
bool room_follows(struct seat *s, bool give_up);

/* The nick of a member in a slot that is alive. Returns false if there is none. */
bool room_member_nick(const struct seat *s, unsigned slot, char nick[ROOM_NICK_MAX + 1]);

/* Slots that may have members are below it. */
unsigned room_slots(const struct seat *s);

/* True if the worker of a slot is alive and serves somebody. */
bool room_is_alive(const struct seat *s, unsigned slot);

#endif
