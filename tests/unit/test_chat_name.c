/* test_chat_name.c: nicks: valid, unique without a lock, and gone with their owner. */
#include "chat_help.h"

static void only_plain_names_are_valid(void **state)
{
	(void)state;
	assert_true(name_is_valid("a"));
	assert_true(name_is_valid("Some_body-9.x"));
	assert_true(name_is_valid("abcdefghijklmnopqrstuvwx"));
	assert_false(name_is_valid("abcdefghijklmnopqrstuvwxy"));
	assert_false(name_is_valid(""));
	assert_false(name_is_valid("a b"));
	assert_false(name_is_valid("\xc3\xbc"));
	assert_false(name_is_valid("a>"));
}

static void nick_belongs_to_one(void **state)
{
	char nick[ROOM_NICK_MAX + 1];

	(void)state;
	assert_int_equal(name_take(&a, "anna"), 0);
	assert_int_equal(name_take(&b, "anna"), -1);
	assert_int_equal(name_take(&b, "ANNA"), -1);
	assert_int_equal(name_take(&b, "bert"), 0);
	assert_int_equal(name_take(&b, "anna"), -1);
	assert_string_equal(b.nick, "bert"); /* keeps what it had */
	assert_true(room_member_nick(&c, 1, nick));
	assert_string_equal(nick, "bert");
	assert_int_equal(name_take(&a, "Anna"), 0); /* its own, spelt otherwise */
	assert_int_equal(name_take(&a, "abcdefghijklmnopqrstuvwx"), 0);
	assert_true(room_member_nick(&c, 0, nick));
	assert_string_equal(nick, "abcdefghijklmnopqrstuvwx");
	assert_int_equal(name_take(&b, "anna"), 0); /* free now */
}

static void who_leaves_is_gone(void **state)
{
	char nick[ROOM_NICK_MAX + 1];

	(void)state;
	assert_int_equal(name_take(&a, "anna"), 0);
	room_leave(&a);
	assert_string_equal(hear(&b), "* anna left\n");
	assert_false(room_member_nick(&b, 0, nick));
	assert_int_equal(name_take(&b, "anna"), 0);
}

static void killed_member_is_no_ghost(void **state)
{
	char nick[ROOM_NICK_MAX + 1];

	(void)state;
	assert_int_equal(name_take(&a, "anna"), 0);
	board->slot[0].state = SLOT_EMPTY;
	assert_false(room_member_nick(&b, 0, nick));
	assert_int_equal(name_take(&b, "anna"), 0);
	assert_string_equal(hear(&c), "");
	assert_true(room_sit(&a, room, board, 0)); /* the slot's next worker */
	assert_string_equal(hear(&c), "* anna left\n");
	assert_false(room_sit(&a, room, board, 0));
	assert_string_equal(hear(&c), "");
}

static void lower_slot_wins_a_race(void **state)
{
	const uint64_t *text = (const uint64_t *)"shared\0\0";

	(void)state;
	/* Another one is stopped in the middle of its claim. */
	room->member[1].claim.copy[0][0] = *text;
	assert_int_equal(name_take(&c, "shared"), -1); /* a lower slot wants it */
	assert_int_equal(name_take(&a, "shared"), -1); /* a higher slot may have got it */
	assert_int_equal(name_take(&a, "other"), 0);
	board->slot[1].state = SLOT_EMPTY; /* killed there: it does not count any more */
	assert_int_equal(name_take(&c, "shared"), 0);
	board->slot[1].state = SLOT_BUSY;
	room_sit(&b, room, board, 1); /* its successor has no claim */
	room_leave(&c);
	assert_int_equal(name_take(&a, "shared"), 0);
}

#define ROUNDS 3000

/* Two processes want the same name at the same moment: never do both get it. */
static void two_never_get_the_same(void **state)
{
	struct shared {
		_Atomic unsigned round[2];
		_Atomic int got[2];
	} *sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned decided = 0;
	pid_t pid;

	(void)state;
	assert_ptr_not_equal(sh, MAP_FAILED);
	pid = fork();
	for (unsigned round = 1; round <= ROUNDS; round++) {
		struct seat *me = pid ? &a : &b;
		int i = pid ? 0 : 1;
		char own[16], wanted[16];

		snprintf(own, sizeof(own), "own%d", i);
		snprintf(wanted, sizeof(wanted), "both%u", round);
		name_take(me, own);
		sh->round[i] = 2 * round - 1;
		while (sh->round[!i] < 2 * round - 1)
			sched_yield();
		sh->got[i] = name_take(me, wanted) == 0;
		sh->round[i] = 2 * round;
		while (sh->round[!i] < 2 * round)
			sched_yield();
		if (pid) {
			assert_false(sh->got[0] && sh->got[1]);
			decided += sh->got[0] || sh->got[1];
		}
	}
	if (!pid)
		_exit(0);
	reap(pid, 0);
	assert_in_range(decided, ROUNDS * 9 / 10, ROUNDS);
	munmap(sh, sizeof(*sh));
}

/* A reader never sees half of one name and half of another. */
static void name_is_read_whole(void **state)
{
	static const char *const names[] = {"aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"};
	char nick[ROOM_NICK_MAX + 1];
	pid_t pid;

	(void)state;
	name_take(&a, names[0]);
	pid = fork();
	if (pid == 0) {
		for (unsigned i = 0;; i++) {
			name_take(&a, names[i % 2]);
			usleep(i % 4 ? 0 : 1);
		}
	}
	for (int i = 0; i < 100000; i++) {
		assert_true(room_member_nick(&b, 0, nick));
		assert_true(strcmp(nick, names[0]) == 0 || strcmp(nick, names[1]) == 0);
	}
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, new_room, free_room)
	const struct CMUnitTest tests[] = {
		TEST(only_plain_names_are_valid),
		TEST(nick_belongs_to_one),
		TEST(who_leaves_is_gone),
		TEST(killed_member_is_no_ghost),
		TEST(lower_slot_wins_a_race),
		TEST(two_never_get_the_same),
		TEST(name_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
