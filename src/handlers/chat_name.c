/* chat_name.c: who is called what.
 *
 * Whoever wants a name shows it as a claim first, and looks at everybody else then. Of two who do
 * so at once at least one sees the other's claim: the one in the higher slot gives way, the one in
 * the lower slot waits until the other has made up its mind. A worker that is stopped just then
 * costs the other one its wish, but never the room its uniqueness; the claim of a dead one does not
 * count.
 */
#include "handlers/chat_name.h"

#include <sched.h>
#include <string.h>
#include <strings.h>

#define WORDS       (ROOM_NICK_MAX / 8)
#define READ_TRIES  16   /* of a name that changes under our eyes */
#define YIELD_TRIES 1000 /* until a claim in a higher slot is decided, which takes microseconds */

bool name_is_valid(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";
	size_t n = strlen(text);

	return n > 0 && n <= ROOM_NICK_MAX && strspn(text, allowed) == n;
}

void name_read(const struct room_name *name, char out[ROOM_NICK_MAX + 1])
{
	for (int try = 0; try < READ_TRIES; try++) {
		uint64_t version = atomic_load_explicit(&name->version, memory_order_acquire);

		for (int i = 0; i < WORDS; i++) {
			uint64_t word = atomic_load_explicit(
				&name->copy[version % 2][i], memory_order_relaxed);

			memcpy(out + 8 * i, &word, 8);
		}
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&name->version, memory_order_relaxed) == version)
			break;
	}
	out[ROOM_NICK_MAX] = '\0';
}

/* Only by the owner. text "" is no name. */
static void name_write(struct room_name *name, const char *text)
{
	uint64_t version = atomic_load_explicit(&name->version, memory_order_relaxed);
	uint64_t words[WORDS] = {0};

	memcpy(words, text, strnlen(text, ROOM_NICK_MAX));
	/* A reader that sees one of these words sees the version before, too. */
	atomic_thread_fence(memory_order_release);
	for (int i = 0; i < WORDS; i++)
		atomic_store_explicit(
			&name->copy[(version + 1) % 2][i], words[i], memory_order_relaxed);
	atomic_store_explicit(&name->version, version + 1, memory_order_release);
}

static bool name_is(const struct room_name *name, const char *text)
{
	char now[ROOM_NICK_MAX + 1];

	name_read(name, now);
	return strcasecmp(now, text) == 0;
}

/* True if the member in this slot has the nick, or is about to get it before us. */
static bool is_taken_by(const struct seat *s, unsigned slot, const char *nick)
{
	const struct room_member *m = &s->room->member[slot];
	char has[ROOM_NICK_MAX + 1];

	for (int try = 0; room_is_alive(s, slot) && name_is(&m->claim, nick); try++) {
		if (slot < s->slot || try == YIELD_TRIES)
			return true;
		sched_yield();
	}
	return room_member_nick(s, slot, has) && strcasecmp(has, nick) == 0;
}

int name_take(struct seat *s, const char *nick)
{
	struct room_member *m = &s->room->member[s->slot];
	bool taken = false;
	unsigned slots;

	name_write(&m->claim, nick);
	atomic_thread_fence(memory_order_seq_cst);
	slots = room_slots(s);
	for (unsigned i = 0; i < slots && !taken; i++)
		taken = i != s->slot && is_taken_by(s, i, nick);
	if (!taken) {
		strcpy(s->nick, nick);
		name_write(&m->nick, nick);
		atomic_store_explicit(&m->joined, 1, memory_order_release);
	}
	name_write(&m->claim, "");
	return taken ? -1 : 0;
}

void name_drop_claim(struct seat *s)
{
	struct room_name *claim = &s->room->member[s->slot].claim;

	if (!name_is(claim, ""))
		name_write(claim, "");
}
