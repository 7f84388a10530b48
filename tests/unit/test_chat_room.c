/* test_chat_room.c: lines in the rings: who hears what, and what is lost when somebody is slow. */
#include "chat_help.h"

static void others_hear_in_order(void **state)
{
	(void)state;
	room_say(&a, "one\n");
	room_say(&a, "two\n");
	room_say(&b, "three\n");
	assert_string_equal(hear(&c), "one\n");
	assert_string_equal(hear(&c), "two\n");
	assert_string_equal(hear(&c), "three\n");
	assert_string_equal(hear(&c), "");
	assert_string_equal(hear(&a), "three\n"); /* not its own */
	assert_string_equal(hear(&a), "");
	assert_int_equal(c.missed, 0);
}

static void newcomer_hears_only_what_follows(void **state)
{
	(void)state;
	room_say(&a, "before\n");
	sit(&c, 2);
	room_say(&a, "after\n");
	assert_string_equal(hear(&c), "after\n");
	assert_string_equal(hear(&c), "");
}

static void slot_that_appears_later_is_heard(void **state)
{
	static struct seat d;

	(void)state;
	board->slot[3].state = SLOT_BUSY;
	board->slots_used = 4;
	sit(&d, 3);
	room_say(&d, "late\n");
	assert_string_equal(hear(&a), "late\n");
}

static void longest_line_passes(void **state)
{
	static char line[ROOM_LINE_MAX + 1];

	(void)state;
	memset(line, 'x', ROOM_LINE_MAX);
	for (int i = 0; i < 20; i++) {
		room_say(&a, "%s", line);
		assert_string_equal(hear(&b), line);
	}
}

/* Whatever the reader's lag, what it hears and what it is told to have missed add up, at each
 * place. */
static void missed_lines_are_counted_exactly(void **state)
{
	unsigned long said = 0, next = 0;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		const char *heard;

		for (unsigned i = 0; i < round * 13 % 2500; i++, said++)
			say_numbered(&a, said);
		for (unsigned i = 0; i < round * 7 % 300 && *(heard = hear(&b)); i++) {
			next += b.missed;
			b.missed = 0;
			assert_int_equal(number_of(heard), next);
			next++;
		}
	}
	while (*hear(&b))
		next++;
	assert_int_equal(next + b.missed, said);
}

/* A reader loses no more than it must: what fits the ring is there. */
static void ring_keeps_what_fits(void **state)
{
	unsigned n = 0;

	(void)state;
	for (int i = 0; i < 5000; i++)
		room_say(&a, "fifteen bytes.\n");
	while (*hear(&b))
		n++;
	assert_in_range(n, ROOM_LINES - 2, ROOM_LINES);
	assert_int_equal(n + b.missed, 5000);
}

static _Noreturn void say_for_ever(unsigned slot)
{
	static struct seat s;

	sit(&s, slot);
	room_take_nick(&s, "writer");
	for (unsigned long i = room->said[slot];; i++)
		say_numbered(&s, i);
}

/* A writer at full speed overtakes the reader again and again, and no line is ever damaged. It is
 * killed wherever it happens to be; its successor goes on, and the count stays exact. */
static void killed_writer_damages_nothing(void **state)
{
	unsigned long next = 0;

	(void)state;
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();
		const char *heard;

		assert_true(pid >= 0);
		if (pid == 0)
			say_for_ever(0);
		for (int i = 0; i < 300; i++) {
			while (!*(heard = hear(&b)))
				sched_yield();
			next += b.missed;
			b.missed = 0;
			if (strcmp(heard, "* writer left\n") != 0)
				assert_int_equal(number_of(heard), next);
			next++;
		}
		kill(pid, SIGKILL);
		reap(pid, SIGKILL);
	}
	while (*hear(&b))
		next++;
	assert_int_equal(next + b.missed, room->said[0]);
}

/* The same by hand, at the worst place: the tail is moved, the line is half written, not counted.
 */
static void half_written_line_is_never_heard(void **state)
{
	unsigned long next = 0, said = 0;

	(void)state;
	for (; said < 400; said++)
		say_numbered(&a, said);
	for (int i = 0; i < 50; i++)
		room->member[0].tail++;
	for (unsigned i = 0; i < 64; i++) {
		uint32_t at = room->ring[0].start[said % ROOM_LINES] / 8 + i;

		room->ring[0].word[at % (ROOM_RING / 8)] = 0x4141414141414141U;
	}
	room->ring[0].start[(said + 1) % ROOM_LINES] = 12345;
	sit(&a, 0); /* the successor */
	for (; said < 410; said++)
		say_numbered(&a, said);
	for (const char *heard; *(heard = hear(&b)); next++) {
		next += b.missed;
		b.missed = 0;
		assert_int_equal(number_of(heard), next);
	}
	assert_int_equal(next, said);
}

/* Nonsense in a ring costs lines, never the reader. */
static void broken_ring_harms_no_reader(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		room->ring[0].start[rand() % ROOM_LINES] = (uint32_t)rand();
		room->member[0].tail = (uint64_t)(rand() % 8 ? rand() % 100 : -1);
		room->said[0] = room->said[0] + (unsigned)rand() % 3;
		for (int i = 0; i < 10 && *hear(&b); i++) {
		}
	}
}

/* One who has stopped costs the others nothing: they say and hear as if it were not there. */
static void nobody_waits_for_the_slow(void **state)
{
	(void)state;
	for (unsigned long i = 0; i < 20000; i++) {
		say_numbered(&a, i);
		assert_int_equal(number_of(hear(&b)), i);
	}
	assert_int_equal(b.missed, 0);
	assert_true(number_of(hear(&c)) == c.missed && c.missed > 19000);
}

/* The bell is rung once for all that was said, and not for nothing. */
static void bell_rings_when_something_was_said(void **state)
{
	uint64_t rings;

	(void)state;
	room_ring(&a);
	assert_int_equal(read(bell, &rings, sizeof(rings)), -1);
	room_say(&a, "one\n");
	room_say(&a, "two\n");
	room_ring(&a);
	room_ring(&a);
	assert_int_equal(read(bell, &rings, sizeof(rings)), sizeof(rings));
	assert_int_equal(rings, 1);
}

static void untouched_slots_cost_nothing(void **state)
{
	struct stat st;

	(void)state;
	room_take_nick(&a, "a");
	room_say(&a, "hello\n");
	assert_string_equal(hear(&b), "hello\n");
	assert_string_equal(hear(&c), "hello\n");
	assert_int_equal(fstat(room_fd, &st), 0);
	assert_in_range(st.st_blocks * 512, 1, 64 * 1024);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, new_room, free_room)
	const struct CMUnitTest tests[] = {
		TEST(others_hear_in_order),
		TEST(newcomer_hears_only_what_follows),
		TEST(slot_that_appears_later_is_heard),
		TEST(longest_line_passes),
		TEST(missed_lines_are_counted_exactly),
		TEST(ring_keeps_what_fits),
		TEST(killed_writer_damages_nothing),
		TEST(half_written_line_is_never_heard),
		TEST(broken_ring_harms_no_reader),
		TEST(nobody_waits_for_the_slow),
		TEST(bell_rings_when_something_was_said),
		TEST(untouched_slots_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
