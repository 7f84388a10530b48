/* chat_room.c: rings of lines with one writer each, and the nicks of the members.
 *
 * The order of a writer's stores is what keeps a reader safe: first the tail moves past the lines
 * that will be overwritten, then they are overwritten, then the new line is counted. A reader
 * copies a line and looks at the tail afterwards: if that has passed the line, the copy is
 * worthless. A writer that is killed on the way leaves a line that nobody counts; the slot's next
 * worker writes over it. Source of the fences: H.-J. Boehm, "Can seqlocks get along with
 * programming language memory models?", 2012
 */
#include "handlers/chat_room.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RING_WORDS (ROOM_RING / 8)
#define NICK_WORDS (ROOM_NICK_MAX / 8)

/* What is read and written without these two is ordered as the program says. */
static uint64_t load(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static void store(_Atomic uint64_t *p, uint64_t value)
{
	atomic_store_explicit(p, value, memory_order_relaxed);
}

static uint32_t line_start(const struct room_ring *r, uint64_t number)
{
	return atomic_load_explicit(&r->start[number % ROOM_LINES], memory_order_relaxed);
}

/* True if the slot has a worker that serves somebody: what others have left does not count. */
static bool is_alive(const struct seat *s, unsigned slot)
{
	return s->board->slot[slot].state == SLOT_BUSY;
}

static void nick_read(const struct room_member *m, uint64_t copy, char text[ROOM_NICK_MAX + 1])
{
	for (int i = 0; i < NICK_WORDS; i++) {
		uint64_t word = load(&m->nick[copy % 2][i]);

		memcpy(text + 8 * i, &word, 8);
	}
	text[ROOM_NICK_MAX] = '\0';
}

static void nick_write(struct room_member *m, uint64_t copy, const char *text)
{
	uint64_t words[NICK_WORDS] = {0};

	memcpy(words, text, strnlen(text, ROOM_NICK_MAX));
	for (int i = 0; i < NICK_WORDS; i++)
		store(&m->nick[copy % 2][i], words[i]);
}

/* Make the other copy the nick, and empty this one. */
static void nick_switch(struct room_member *m)
{
	uint64_t version = load(&m->version);

	m->version = version + 1;
	/* Who sees this copy change sees the new version, too. */
	atomic_thread_fence(memory_order_release);
	nick_write(m, version, "");
}

bool room_nick(const struct seat *s, unsigned slot, char nick[ROOM_NICK_MAX + 1])
{
	const struct room_member *m = &s->room->member[slot];
	uint64_t version;

	if (slot != s->slot && !is_alive(s, slot))
		return false;
	do {
		version = m->version;
		nick_read(m, version, nick);
		atomic_thread_fence(memory_order_acquire);
	} while (load(&m->version) != version);
	return *nick;
}

static bool is_taken(const struct seat *s, const char *nick)
{
	unsigned slots = board_slots(s->board);
	char other[ROOM_NICK_MAX + 1];

	for (unsigned i = 0; i < slots; i++) {
		for (unsigned copy = 0; copy < 2 && i != s->slot && is_alive(s, i); copy++) {
			nick_read(&s->room->member[i], copy, other);
			if (strcasecmp(other, nick) == 0)
				return true;
		}
	}
	return false;
}

/* Show the wish first, then look at the others: of two who want the same at once, at least one sees
 * the other. */
bool room_take_nick(struct seat *s, const char *nick)
{
	struct room_member *m = &s->room->member[s->slot];
	uint64_t copy = load(&m->version) + 1;

	nick_write(m, copy, nick);
	atomic_thread_fence(memory_order_seq_cst);
	if (is_taken(s, nick)) {
		nick_write(m, copy, "");
		return false;
	}
	nick_switch(m);
	strcpy(s->nick, nick);
	return true;
}

void room_sit(struct seat *s)
{
	struct room_member *m = &s->room->member[s->slot];
	unsigned slots = board_slots(s->board);

	s->missed = 0;
	for (unsigned i = 0; i < slots; i++) {
		uint64_t said = s->room->said[i];

		/* A store of what is there already would give an idle worker pages of its own. */
		if (s->next[i] != said)
			s->next[i] = said;
	}
	nick_write(m, load(&m->version) + 1, ""); /* a killed worker's wish */
	if (room_nick(s, s->slot, s->nick))
		room_leave(s);
	room_ring(s);
}

void room_leave(struct seat *s)
{
	room_say(s, "* %s left\n", s->nick);
	nick_switch(&s->room->member[s->slot]);
}

void room_say(struct seat *s, const char *fmt, ...)
{
	static char line[ROOM_LINE_MAX + 8];
	struct room_ring *r = &s->room->ring[s->slot];
	_Atomic uint64_t *oldest = &s->room->member[s->slot].tail;
	uint64_t number = load(&s->room->said[s->slot]), tail = load(oldest);
	uint32_t start = line_start(r, number), size, end;
	va_list ap;

	va_start(ap, fmt);
	size = (uint32_t)vsnprintf(line, ROOM_LINE_MAX + 1, fmt, ap);
	va_end(ap);
	size = size < ROOM_LINE_MAX ? size : ROOM_LINE_MAX;
	memset(line + size, 0, 8);
	size = (size + 7) / 8 * 8;
	end = start + size; /* wraps; only differences count */
	while (tail < number &&
		(end - line_start(r, tail) > ROOM_RING || tail + ROOM_LINES <= number + 1))
		tail++;
	store(oldest, tail);
	atomic_thread_fence(memory_order_release);
	for (uint32_t i = 0; i < size; i += 8) {
		uint64_t word;

		memcpy(&word, line + i, 8);
		store(&r->word[(start + i) / 8 % RING_WORDS], word);
	}
	atomic_store_explicit(&r->start[(number + 1) % ROOM_LINES], end, memory_order_relaxed);
	s->room->said[s->slot] = number + 1;
	s->said = true;
	s->spoken += size;
}

void room_ring(struct seat *s)
{
	static const uint64_t one = 1;

	/* Nobody reads the bell: a write wakes every epoll that waits for its edge. It is full after
	 * 2^64 - 2 of them. */
	while (s->said && write(s->bell, &one, sizeof(one)) < 0 && errno == EINTR) {
	}
	s->said = false;
}

/* Copy a line, perhaps while it is overwritten. Returns false if it makes no sense. */
static bool copy_line(const struct room_ring *r, uint64_t number, char line[ROOM_LINE_MAX + 1])
{
	uint32_t start = line_start(r, number);
	uint32_t size = line_start(r, number + 1) - start;

	if (size == 0 || size > ROOM_LINE_MAX || size % 8 != 0)
		return false;
	for (uint32_t i = 0; i < size; i += 8) {
		uint64_t word = load(&r->word[(start + i) / 8 % RING_WORDS]);

		memcpy(line + i, &word, 8);
	}
	line[size] = '\0';
	return true;
}

/* Hear the next line of one slot; like room_hear(). */
static bool hear_slot(struct seat *s, unsigned slot, char line[ROOM_LINE_MAX + 1])
{
	uint64_t said, tail, *next = &s->next[slot];

	while (*next < s->room->said[slot]) {
		bool intact = copy_line(&s->room->ring[slot], *next, line);

		atomic_thread_fence(memory_order_acquire);
		tail = load(&s->room->member[slot].tail);
		if (intact && tail <= *next) {
			++*next;
			return true;
		}
		/* Never behind the end, and never on the same line again, whatever a broken writer
		 * has left. */
		said = s->room->said[slot];
		if (tail <= *next || tail > said)
			tail = said;
		s->missed += tail - *next;
		*next = tail;
	}
	return false;
}

bool room_hear(struct seat *s, char line[ROOM_LINE_MAX + 1])
{
	unsigned slots = board_slots(s->board);

	for (unsigned i = 0; i < slots; i++, s->turn++) {
		if (s->turn >= slots)
			s->turn = 0;
		/* The common case, nothing new here, reads nothing but the packed counters. */
		if (s->turn != s->slot && load(&s->room->said[s->turn]) != s->next[s->turn] &&
			hear_slot(s, s->turn, line))
			return true;
	}
	return false;
}
