/* test_chat_nick.c: nicks: unique without a lock, and gone with their owner. */
#include "chat_help.h"

static void nick_belongs_to_one(void **state)
{
	char nick[ROOM_NICK_MAX + 1];

	(void)state;
	assert_true(room_take_nick(&a, "anna"));
	assert_false(room_take_nick(&b, "anna"));
	assert_false(room_take_nick(&b, "ANNA"));
	assert_true(room_take_nick(&b, "bert"));
	assert_false(room_take_nick(&b, "anna"));
	assert_string_equal(b.nick, "bert"); /* keeps what it had */
	assert_true(room_nick(&c, 1, nick));
	assert_string_equal(nick, "bert");
	assert_true(room_take_nick(&a, "Anna")); /* its own, spelt otherwise */
	assert_true(room_take_nick(&a, "abcdefghijklmnopqrstuvwx"));
	assert_true(room_nick(&c, 0, nick));
	assert_string_equal(nick, "abcdefghijklmnopqrstuvwx");
	assert_true(room_take_nick(&b, "anna")); /* free now */
}

static void who_leaves_is_gone(void **state)
{
	char nick[ROOM_NICK_MAX + 1];

	(void)state;
	assert_true(room_take_nick(&a, "anna"));
	room_leave(&a);
	assert_string_equal(hear(&b), "* anna left\n");
	assert_false(room_nick(&b, 0, nick));
	assert_true(room_take_nick(&b, "anna"));
}

static void killed_member_is_no_ghost(void **state)
{
	char nick[ROOM_NICK_MAX + 1];

	(void)state;
	assert_true(room_take_nick(&a, "anna"));
	board->slot[0].state = SLOT_EMPTY;
	assert_false(room_nick(&b, 0, nick));
	assert_true(room_take_nick(&b, "anna"));
	assert_string_equal(hear(&c), "");
	sit(&a, 0); /* the slot's next worker */
	assert_string_equal(hear(&c), "* anna left\n");
	sit(&a, 0);
	assert_string_equal(hear(&c), "");
}

/* Another one is stopped, or killed, in the middle of taking a name. */
static void wish_counts_while_its_owner_lives(void **state)
{
	static const char wish[8] = "shared";
	char nick[ROOM_NICK_MAX + 1];
	uint64_t word;

	(void)state;
	assert_true(room_take_nick(&b, "bert"));
	memcpy(&word, wish, sizeof(word));
	room->member[1].nick[(room->member[1].version + 1) % 2][0] = word;
	assert_true(room_nick(&a, 1, nick));
	assert_string_equal(nick, "bert");
	assert_false(room_take_nick(&c, "shared"));
	assert_false(room_take_nick(&a, "shared"));
	assert_false(room_take_nick(&a, "bert"));
	board->slot[1].state = SLOT_EMPTY; /* killed there: it does not count any more */
	assert_true(room_take_nick(&c, "shared"));
	board->slot[1].state = SLOT_BUSY;
	sit(&b, 1); /* its successor wishes nothing */
	room_leave(&c);
	assert_true(room_take_nick(&a, "shared"));
}

#define ROUNDS 3000

/* Two processes want the same name at the same moment: never do both get it. */
static void two_never_get_the_same(void **state)
{
	struct shared {
		_Atomic unsigned round[2];
		_Atomic int got[2];
	} *sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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
		room_take_nick(me, own);
		sh->round[i] = 2 * round - 1;
		while (sh->round[!i] < 2 * round - 1)
			sched_yield();
		sh->got[i] = room_take_nick(me, wanted);
		sh->round[i] = 2 * round;
		while (sh->round[!i] < 2 * round)
			sched_yield();
		if (pid)
			assert_false(sh->got[0] && sh->got[1]);
	}
	if (!pid)
		_exit(0);
	reap(pid, 0);
	munmap(sh, sizeof(*sh));
}

/* A reader never sees half of one name and half of another. */
static void name_is_read_whole(void **state)
{
	static const char *const names[] = {"aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"};
	char nick[ROOM_NICK_MAX + 1];
	pid_t pid;

	(void)state;
	room_take_nick(&a, names[0]);
	pid = fork();
	if (pid == 0) {
		for (unsigned i = 0;; i++) {
			room_take_nick(&a, names[i % 2]);
			usleep(i % 4 ? 0 : 1);
		}
	}
	for (int i = 0; i < 100000; i++) {
		assert_true(room_nick(&b, 0, nick));
		assert_true(strcmp(nick, names[0]) == 0 || strcmp(nick, names[1]) == 0);
	}
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, new_room, free_room)
	const struct CMUnitTest tests[] = {
		TEST(nick_belongs_to_one),
		TEST(who_leaves_is_gone),
		TEST(killed_member_is_no_ghost),
		TEST(wish_counts_while_its_owner_lives),
		TEST(two_never_get_the_same),
		TEST(name_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
