/* chat_room.c: rings of lines with one writer each, and the names of the members.
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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "handlers/chat_name.h"

#define RING_WORDS (ROOM_RING / 8)

static uint64_t load(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static void store(_Atomic uint64_t *p, uint64_t value)
{
	atomic_store_explicit(p, value, memory_order_relaxed);
}

static uint32_t line_start(const struct room_ring *r, uint64_t line)
{
	return atomic_load_explicit(&r->start[line % ROOM_LINES], memory_order_relaxed);
}

unsigned room_slots(const struct seat *s)
{
	unsigned n = atomic_load_explicit(&s->board->slots_used, memory_order_acquire);

	return n < BOARD_SLOTS ? n : BOARD_SLOTS;
}

bool room_is_alive(const struct seat *s, unsigned slot)
{
	return atomic_load_explicit(&s->board->slot[slot].state, memory_order_acquire) == SLOT_BUSY;
}

static bool has_joined(const struct seat *s, unsigned slot)
{
	return atomic_load_explicit(&s->room->member[slot].joined, memory_order_acquire);
}

bool room_sit(struct seat *s, struct room *room, const struct board *board, unsigned slot)
{
	unsigned slots;

	s->room = room;
	s->board = board;
	s->slot = slot;
	s->nick[0] = '\0';
	s->missed = 0;
	s->turn = 0;
	s->ahead = 0;
	slots = room_slots(s);
	for (unsigned i = 0; i < slots; i++) {
		uint64_t said = atomic_load_explicit(&room->said[i], memory_order_acquire);

		/* A store of what is there already would give an idle worker pages of its own. */
		if (s->next[i] != said)
			s->next[i] = said;
		if (s->hopeless[i])
			s->hopeless[i] = 0;
	}
	name_drop_claim(s);
	if (!has_joined(s, slot))
		return false;
	name_read(&room->member[slot].nick, s->nick);
	room_leave(s);
	return true;
}

void room_leave(struct seat *s)
{
	struct room_member *m = &s->room->member[s->slot];
	char line[ROOM_NICK_MAX + 16];

	room_say(s, line, (size_t)snprintf(line, sizeof(line), "* %s left\n", s->nick));
	s->nick[0] = '\0';
	atomic_store_explicit(&m->joined, 0, memory_order_release);
}

bool room_member_nick(const struct seat *s, unsigned slot, char nick[ROOM_NICK_MAX + 1])
{
	if (!has_joined(s, slot) || (slot != s->slot && !room_is_alive(s, slot)))
		return false;
	name_read(&s->room->member[slot].nick, nick);
	return true;
}

void room_say(struct seat *s, const char *line, size_t n)
{
	struct room_ring *r = &s->room->ring[s->slot];
	_Atomic uint64_t *tail_word = &s->room->member[s->slot].tail;
	uint64_t number = load(&s->room->said[s->slot]);
	uint64_t tail = load(tail_word);
	uint32_t start = line_start(r, number);
	uint32_t size, end;

	if (n > ROOM_LINE_MAX)
		n = ROOM_LINE_MAX;
	size = n < ROOM_RECORD ? ROOM_RECORD : (uint32_t)(n + 7) / 8 * 8;
	end = start + size; /* wraps; only differences count */
	while (tail < number &&
		(end - line_start(r, tail) > ROOM_RING || tail + ROOM_LINES <= number + 1))
		tail++;
	store(tail_word, tail);
	atomic_thread_fence(memory_order_release);
	for (uint32_t i = 0; i < size; i += 8) {
		uint64_t word = 0;

		if (i < n)
			memcpy(&word, line + i, n - i < 8 ? n - i : 8);
		store(&r->word[(start + i) / 8 % RING_WORDS], word);
	}
	atomic_store_explicit(&r->start[(number + 1) % ROOM_LINES], end, memory_order_relaxed);
	atomic_store_explicit(&s->room->said[s->slot], number + 1, memory_order_release);
	s->ahead += size;
}

void room_wake(struct seat *s, int bell)
{
	static const uint64_t one = 1;

	s->woken = 1 + atomic_fetch_add_explicit(&s->room->clock, 1, memory_order_acq_rel);
	/* Nobody reads the bell: a write wakes every epoll that waits for its edge. It is full after
	 * 2^64 - 2 of them. */
	while (write(bell, &one, sizeof(one)) < 0 && errno == EINTR) {
	}
}

/* Copy line `number` of a ring. Returns its length with the padding, 0 if it makes no sense (it was
 * overwritten meanwhile), or -1 if it is longer than size. */
static int copy_line(const struct room_ring *r, uint64_t number, char *line, size_t size)
{
	uint32_t start = line_start(r, number);
	uint32_t n = line_start(r, number + 1) - start;

	if (n < ROOM_RECORD || n > ROOM_LINE_MAX || n % 8 != 0 || start % 8 != 0)
		return 0;
	if (n > size)
		return -1;
	for (uint32_t i = 0; i < n; i += 8) {
		uint64_t word = load(&r->word[(start + i) / 8 % RING_WORDS]);

		memcpy(line + i, &word, 8);
	}
	return (int)n;
}

/* Hear the next line of one slot; like room_hear(). */
static int hear_slot(struct seat *s, unsigned slot, char *line, size_t size)
{
	struct room *room = s->room;

	for (;;) {
		uint64_t said = atomic_load_explicit(&room->said[slot], memory_order_acquire);
		uint64_t next = s->next[slot];
		uint64_t tail;
		int n;

		if (next >= said)
			return 0;
		n = copy_line(&room->ring[slot], next, line, size);
		atomic_thread_fence(memory_order_acquire);
		tail = load(&room->member[slot].tail);
		if (tail > next || n == 0) {
			/* Never behind the end, and never on the same line again, whatever a
			 * broken writer has left. */
			said = atomic_load_explicit(&room->said[slot], memory_order_acquire);
			if (tail <= next || tail > said)
				tail = said;
			s->missed += tail - next;
			s->next[slot] = tail;
			continue;
		}
		if (n < 0)
			return -1;
		s->next[slot] = next + 1;
		while (n > 0 && line[n - 1] == '\0')
			n--;
		return n;
	}
}

int room_hear(struct seat *s, char *line, size_t size)
{
	unsigned slots = room_slots(s);

	for (unsigned i = 0; i < slots; i++) {
		int n = 0;

		if (s->turn >= slots)
			s->turn = 0;
		/* The common case, nothing new here, reads nothing but the packed counters. */
		if (s->turn != s->slot && load(&s->room->said[s->turn]) != s->next[s->turn])
			n = hear_slot(s, s->turn, line, size);
		if (n != 0)
			return n;
		s->turn++;
	}
	return 0;
}

uint64_t room_clock(const struct seat *s)
{
	return atomic_load_explicit(&s->room->clock, memory_order_acquire);
}

void room_heard(struct seat *s, uint64_t clock)
{
	if (load(&s->room->heard[s->slot]) != clock)
		atomic_store_explicit(&s->room->heard[s->slot], clock, memory_order_release);
}

bool room_follows(struct seat *s, bool give_up)
{
	unsigned slots = room_slots(s);

	for (unsigned i = 0; i < slots; i++) {
		uint64_t heard = load(&s->room->heard[i]);

		if (heard >= s->woken || i == s->slot || s->hopeless[i] == heard + 1 ||
			!has_joined(s, i) || !room_is_alive(s, i))
			continue;
		if (!give_up)
			return false;
		s->hopeless[i] = heard + 1;
	}
	s->ahead = 0;
	return true;
}
