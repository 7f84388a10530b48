/* test_chat_room.c: lines in the rings: who hears what, and what is lost when somebody is slow. */
#include "chat_help.h"

static void others_hear_in_order(void **state)
{
	(void)state;
	say(&a, "one\n");
	say(&a, "two\n");
	say(&b, "three\n");
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
	say(&a, "before\n");
	room_sit(&c, room, board, 2);
	say(&a, "after\n");
	assert_string_equal(hear(&c), "after\n");
	assert_string_equal(hear(&c), "");
}

static void slot_that_appears_later_is_heard(void **state)
{
	static struct seat d;

	(void)state;
	board->slot[3].state = SLOT_BUSY;
	board->slots_used = 4;
	room_sit(&d, room, board, 3);
	say(&d, "late\n");
	assert_string_equal(hear(&a), "late\n");
}

static void line_waits_for_room(void **state)
{
	char line[ROOM_LINE_MAX];

	(void)state;
	say(&a, "a line of more than sixteen bytes\n");
	assert_int_equal(room_hear(&b, line, 16), -1);
	assert_int_equal(room_hear(&b, line, 0), -1);
	assert_string_equal(hear(&b), "a line of more than sixteen bytes\n");
}

static void longest_line_passes(void **state)
{
	static char line[ROOM_LINE_MAX + 1];

	(void)state;
	memset(line, 'x', ROOM_LINE_MAX);
	for (int i = 0; i < 20; i++) {
		say(&a, line);
		assert_string_equal(hear(&b), line);
	}
}

/* Whatever the reader's lag, what it hears and what it is told to have missed add up, at each
 * place. */
static void missed_lines_are_counted_exactly(void **state)
{
	char line[ROOM_LINE_MAX + 1];
	unsigned long said = 0, next = 0;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		const char *heard;

		for (unsigned i = 0; i < round * 13 % 2500; i++, said++)
			room_say(&a, line, numbered(line, said));
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
		say(&a, "fifteen bytes.\n");
	while (*hear(&b))
		n++;
	assert_in_range(n, ROOM_LINES - 2, ROOM_LINES);
	assert_int_equal(n + b.missed, 5000);
}

static _Noreturn void say_for_ever(unsigned slot)
{
	static struct seat s;
	char line[ROOM_LINE_MAX + 1];

	room_sit(&s, room, board, slot);
	name_take(&s, "writer");
	for (unsigned long i = room->said[slot];; i++)
		room_say(&s, line, numbered(line, i));
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
	char line[ROOM_LINE_MAX + 1];
	unsigned long next = 0, said = 0;

	(void)state;
	for (; said < 400; said++)
		room_say(&a, line, numbered(line, said));
	for (int i = 0; i < 50; i++)
		room->member[0].tail++;
	for (unsigned i = 0; i < 64; i++) {
		uint32_t at = room->ring[0].start[said % ROOM_LINES] / 8 + i;

		room->ring[0].word[at % (ROOM_RING / 8)] = 0x4141414141414141U;
	}
	room->ring[0].start[(said + 1) % ROOM_LINES] = 12345;
	room_sit(&a, room, board, 0); /* the successor */
	for (; said < 410; said++)
		room_say(&a, line, numbered(line, said));
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

/* Says as much as one may before asking, then asks. */
static bool say_much(struct seat *s, bool give_up)
{
	while (s->ahead < ROOM_AHEAD)
		say(s, "a line that is said many times over\n");
	room_wake(s, bell);
	return room_follows(s, give_up);
}

static void hear_all(struct seat *s)
{
	uint64_t clock = room_clock(s);

	while (*hear(s)) {
	}
	room_heard(s, clock);
}

static void who_follows_misses_nothing(void **state)
{
	(void)state;
	name_take(&a, "a");
	name_take(&b, "b");
	for (int i = 0; i < 100; i++) {
		assert_false(say_much(&a, false));
		hear_all(&b);
		assert_true(room_follows(&a, false));
		assert_int_equal(a.ahead, 0);
	}
	assert_int_equal(b.missed, 0);
	assert_true(c.ahead == 0 && room->said[0] > 1000);
}

static void nobody_waits_for_the_slow_and_the_dead(void **state)
{
	(void)state;
	name_take(&a, "a");
	assert_true(say_much(&a, false)); /* b and c are no members */
	name_take(&b, "b");
	assert_false(say_much(&a, false));
	room_heard(&b, ROOM_SLOW);
	assert_true(say_much(&a, false));
	hear_all(&b);
	assert_false(say_much(&a, false));
	board->slot[1].state = SLOT_EMPTY; /* killed */
	assert_true(say_much(&a, false));
	board->slot[1].state = SLOT_BUSY;
	assert_false(say_much(&a, false));
	assert_true(say_much(&a, true)); /* given up */
	assert_true(say_much(&a, false));
	hear_all(&b); /* moves again */
	assert_false(say_much(&a, false));
}

static void untouched_slots_cost_nothing(void **state)
{
	struct stat st;

	(void)state;
	name_take(&a, "a");
	say(&a, "hello\n");
	hear_all(&b);
	hear_all(&c);
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
		TEST(line_waits_for_room),
		TEST(longest_line_passes),
		TEST(missed_lines_are_counted_exactly),
		TEST(ring_keeps_what_fits),
		TEST(killed_writer_damages_nothing),
		TEST(half_written_line_is_never_heard),
		TEST(broken_ring_harms_no_reader),
		TEST(who_follows_misses_nothing),
		TEST(nobody_waits_for_the_slow_and_the_dead),
		TEST(untouched_slots_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
