/* test_admit.c: limits that processes share are exact, survive those that die, and cannot be made to
 * hang or to crash by what stands in the board. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "board/admit.h"

#define S 1000000ULL /* µs */

static struct board *b;
static const struct admit_limits max5 = {.max_per_source = 5};

static int board_make(void **state)
{
	(void)state;
	b = board_new(&(int){-1});
	if (b)
		b->slots_used = 64;
	return b ? 0 : -1;
}

static int board_drop(void **state)
{
	(void)state;
	board_free(b);
	return 0;
}

static uint64_t source(const char *text)
{
	struct addr a[ADDR_MAX];
	char err[256];

	if (addr_parse(text, ADDR_NUMERIC, a, err, sizeof(err)) != 1)
		fail_msg("%s: %s", text, err);
	return admit_source(a);
}

static void source_is_one_ipv4_or_a_64(void **state)
{
	struct addr mapped = {.len = sizeof(mapped.in6)};

	(void)state;
	mapped.in6.sin6_family = AF_INET6;
	memcpy(&mapped.in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01", 16);
	assert_int_equal(admit_source(&mapped), source("192.0.2.1:80"));
	assert_int_equal(source("192.0.2.1:80"), source("192.0.2.1:81"));
	assert_int_not_equal(source("192.0.2.1:80"), source("192.0.2.2:80"));
	assert_int_equal(source("[2001:db8:0:1::1]:80"), source("[2001:db8:0:1:ffff::2]:81"));
	assert_int_not_equal(source("[2001:db8:0:1::1]:80"), source("[2001:db8:0:2::1]:80"));
	assert_int_not_equal(source("[::1]:80"), 0);
	assert_int_not_equal(source("0.0.0.0:80"), 0);
	assert_int_not_equal(source("[::1]:80"), source("0.0.0.0:80"));
	assert_int_equal(source("unix:/run/x"), 0);
}

static void without_limits_the_board_is_not_touched(void **state)
{
	static const struct admit_limits none = {0};

	(void)state;
	assert_int_equal(mprotect(b, sizeof(*b), PROT_NONE), 0);
	assert_int_equal(admit(b, 0, 1, &none, S), REFUSED_NOT);
	assert_int_equal(admit(b, 0, 0, &max5, S), REFUSED_NOT);
	assert_int_equal(mprotect(b, sizeof(*b), PROT_READ | PROT_WRITE), 0);
}

/* n processes run fn(slot), all at once; what they return is added up. */
static int in_processes(unsigned n, int (*fn)(unsigned slot))
{
	int go[2], status, sum = 0;
	char byte;

	assert_int_equal(pipe(go), 0);
	for (unsigned i = 0; i < n; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			close(go[1]);
			(void)!read(go[0], &byte, 1);
			_exit(fn(i));
		}
	}
	close(go[0]);
	close(go[1]);
	for (unsigned i = 0; i < n; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	return sum;
}

static int enter_max(unsigned slot)
{
	return admit(b, slot, 77, &max5, S) == REFUSED_NOT;
}

static int enter_rates(unsigned slot)
{
	static const struct admit_limits l = {
		.rate_n = 40, .rate_s = 3600, .source_n = 5, .source_s = 3600};

	return admit(b, slot, 1 + slot % 10, &l, S) == REFUSED_NOT;
}

static void limits_are_exact_for_all_at_once(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		assert_int_equal(in_processes(50, enter_max), 5);
		for (unsigned i = 0; i < 50; i++)
			admit_leave(b, i);
	}
	/* Ten sources, five tries of each: each may, all together may not. */
	assert_int_equal(in_processes(50, enter_rates), 40);
}

/* Comes and goes; returns 1 if it ever was not alone. Many slots make the look at them long. */
static int come_and_go(unsigned slot)
{
	static const struct admit_limits one = {.max_per_source = 1};

	for (int i = 0; i < 20000; i++) {
		unsigned n = 0;

		if (admit(b, slot, 77, &one, S) != REFUSED_NOT)
			continue;
		for (unsigned j = 0; j < 4; j++)
			n += b->source[j] == 77;
		if (n > 1)
			return 1;
		admit_leave(b, slot);
	}
	return 0;
}

static int use_tokens(unsigned slot)
{
	static const struct admit_limits l = {.rate_n = 4 * 200, .rate_s = 3600};
	int had = 0;

	for (int i = 0; i < 20000; i++)
		had += admit(b, slot, 0, &l, S) == REFUSED_NOT;
	b->slot[slot].bytes_in = (uint64_t)had;
	return 0;
}

static void no_race_is_lost(void **state)
{
	uint64_t had = 0;

	(void)state;
	b->slots_used = 1024;
	assert_int_equal(in_processes(4, come_and_go), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(b->source[i], 0);
	in_processes(4, use_tokens);
	for (unsigned i = 0; i < 4; i++)
		had += b->slot[i].bytes_in;
	assert_int_equal(had, 4 * 200);
}

static void worker_that_died_is_not_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(admit(b, i, 77, &max5, S), REFUSED_NOT);
	assert_int_equal(admit(b, 5, 77, &max5, S), REFUSED_MAX_PER_SOURCE);
	assert_int_equal(admit(b, 6, 78, &max5, S), REFUSED_NOT);
	admit_clear(b, 3);
	assert_int_equal(admit(b, 5, 77, &max5, S), REFUSED_NOT);
	admit_leave(b, 5);
	assert_int_equal(admit(b, 5, 77, &max5, S), REFUSED_NOT);
	assert_int_equal(admit(b, 7, 77, &max5, S), REFUSED_MAX_PER_SOURCE);
}

/* How long an admit() of slot 1 takes, in ms. */
static uint64_t admit_ms(void)
{
	uint64_t start = mono_ms();

	assert_int_equal(admit(b, 1, 77, &max5, S), REFUSED_NOT);
	admit_leave(b, 1);
	return mono_ms() - start;
}

static void lock_of_a_dead_worker_is_cleared_or_taken_over(void **state)
{
	uint64_t ms;

	(void)state;
	b->lock = 1 + 9;
	admit_clear(b, 8);
	assert_int_equal(b->lock & 0xffff, 1 + 9);
	admit_clear(b, 9);
	assert_int_equal(b->lock & 0xffff, 0);

	b->lock = 1 + 9;
	ms = admit_ms();
	if (ms < 20)
		fail_msg("taken over after %u ms", (unsigned)ms);
	assert_int_equal(b->lock & 0xffff, 0);
}

/* Stopped or killed at any moment, with the lock or without it: the others go on. */
static void stopped_holder_holds_up_nobody(void **state)
{
	unsigned held = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();
		uint64_t ms;

		assert_true(pid >= 0);
		for (;;) {
			if (pid)
				break;
			(void)admit(b, 2, 78, &max5, S);
			admit_leave(b, 2);
		}
		usleep((useconds_t)(500 + 37 * i % 1000));
		kill(pid, i % 2 ? SIGSTOP : SIGKILL);
		assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
		held += (b->lock & 0xffff) == 1 + 2;
		ms = admit_ms();
		if (ms > 2000)
			fail_msg("held up for %u ms", (unsigned)ms);
		if (i % 2) {
			kill(pid, SIGCONT);
			kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, NULL, 0), pid);
		}
		admit_clear(b, 2);
		assert_int_equal(b->lock & 0xffff, 0);
	}
	print_message("the lock was held %u times of 100\n", held);
}

static void scribbled_lock_holds_up_nobody_for_ever(void **state)
{
	uint64_t start = mono_ms();
	pid_t pid[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		for (uint32_t n = 0; pid[i] == 0; n++)
			b->lock = n * 2654435761U | 1;
	}
	for (int i = 0; i < 10; i++)
		(void)admit(b, 1, 77, &max5, S);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		kill(pid[i], SIGKILL);
		assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
	}
	if (mono_ms() - start > 10000)
		fail_msg("ten calls took %u ms", (unsigned)(mono_ms() - start));
}

static void scribbled_board_is_survived(void **state)
{
	static const struct admit_limits l = {5, 10, 60, 10, 60, NULL};
	unsigned char *p = (unsigned char *)b;
	uint64_t since, now = mono_ms() * 1000;

	(void)state;
	srandom(4711);
	for (int round = 0; round < 6; round++) {
		for (size_t i = 0; i < sizeof(*b); i++)
			p[i] = round ? (unsigned char)random() : 0xff;
		b->lock &= round & 1 ? 0xffff0000 : 0xffffffff;
		for (unsigned i = 0; i < 1000; i++) {
			if (i == 1)
				b->lock =
					0; /* it is free by then, or the test would take minutes */
			(void)admit(b, i, i * 7919, &l, now);
			(void)admit_refused(b, i, 1 + i % 6, now / 1000, &since);
			admit_leave(b, i);
		}
		admit_clear(b, 0);
	}
	/* A service is not turned off by it either. */
	b->slots_used = 64;
	memset(b->source, 0, sizeof(b->source));
	memset(b->rate, 0xff, sizeof(b->rate));
	b->rate_full = UINT64_MAX;
	assert_int_equal(admit(b, 1, 77, &l, now), REFUSED_RATE);
	assert_int_equal(admit(b, 1, 77, &l, now + 6 * S), REFUSED_NOT);
	assert_int_equal(admit(b, 1, 77, &l, now + 6 * S), REFUSED_RATE);
	assert_int_equal(admit(b, 1, 77, &l, now + 66 * S), REFUSED_NOT);
}

/* The textbook's bucket, in whole numbers: a token is s seconds of microseconds. */
struct reference {
	unsigned __int128 level;
	uint64_t last;
};

static bool reference_take(struct reference *r, uint64_t now, long n, long s)
{
	unsigned __int128 token = (unsigned __int128)s * S;

	r->level += (unsigned __int128)(now - r->last) * (unsigned __int128)n;
	if (r->level > token * (unsigned __int128)n)
		r->level = token * (unsigned __int128)n;
	r->last = now;
	if (r->level < token)
		return false;
	r->level -= token;
	return true;
}

/* Attempts at random times, about `over` as many as there are tokens. Returns how many differ. */
static long differing(long n, long s, double over, long attempts)
{
	struct admit_limits l = {.source_n = n, .source_s = s};
	struct reference r = {0};
	uint64_t now = 1000 * S;
	double pause = (double)s * 1e6 / (double)n / over * 2 / RAND_MAX;
	static uint64_t next = 1000;
	long wrong = 0;

	next++;
	r.last = now;
	r.level = (unsigned __int128)n * (unsigned __int128)s * S;
	for (long i = 0; i < attempts; i++) {
		bool has = admit(b, 0, next, &l, now) == REFUSED_NOT;

		wrong += has != reference_take(&r, now, n, s);
		now += (uint64_t)((double)random() * pause);
		if (i % 1000 == 999)
			now += (uint64_t)s * S / 2;
	}
	return wrong;
}

static void rate_is_that_of_a_token_bucket(void **state)
{
	static const struct {
		long n, s;
	} exact[] = {
		{1, 1}, {1, 31536000}, {5, 1}, {10, 60}, {100, 1}, {64, 3}, {1000, 1}, {2000, 60}};
	static const struct {
		long n, s;
	} odd[] = {{3, 1}, {7, 60}, {333, 10}, {99991, 1}, {1000003, 3600}};

	(void)state;
	srandom(42);
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++) {
		long attempts = exact[i].s > 60 ? 20 : 100000; /* not for ages */

		assert_int_equal(differing(exact[i].n, exact[i].s, 3, attempts), 0);
		assert_int_equal(differing(exact[i].n, exact[i].s, 0.9, attempts), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		long wrong = differing(odd[i].n, odd[i].s, 3, 100000);

		if (wrong > 10)
			fail_msg("%ld/%ld: %ld of 100000 decisions differ", odd[i].n, odd[i].s,
				wrong);
	}
}

static void rates_do_not_overflow(void **state)
{
	const uint64_t boot = 1, late = 20 * 31536000ULL * S; /* 20 years of uptime */
	static const struct {
		long n, s;
	} rate[] = {{1000000000, 1}, {1000000000, 31536000}, {1, 31536000}, {1000000, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rate); i++) {
		struct admit_limits l = {.rate_n = rate[i].n, .rate_s = rate[i].s};
		long most = rate[i].n < 1000000 ? rate[i].n : 1000000;

		for (uint64_t now = boot; now <= late; now += late - boot) {
			b->rate_full = 0;
			for (long k = 0; k < most; k++) {
				if (admit(b, 0, 0, &l, now) != REFUSED_NOT)
					fail_msg("%ld/%ld: %ld let in", rate[i].n, rate[i].s, k);
			}
			assert_int_equal(admit(b, 0, 0, &l, now),
				most == rate[i].n ? REFUSED_RATE : REFUSED_NOT);
		}
	}
}

static void refused_costs_no_token_elsewhere(void **state)
{
	static const struct admit_limits l = {1, 3, 1000, 2, 1000, NULL};

	(void)state;
	assert_int_equal(admit(b, 0, 77, &l, S), REFUSED_NOT); /* 2 left of all, 1 of its own */
	for (int i = 0; i < 10; i++)
		assert_int_equal(admit(b, 1, 77, &l, S), REFUSED_MAX_PER_SOURCE);
	admit_leave(b, 0);
	assert_int_equal(admit(b, 0, 77, &l, S), REFUSED_NOT); /* 1, 0 */
	admit_leave(b, 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(admit(b, 0, 77, &l, S), REFUSED_RATE_PER_SOURCE);
	assert_int_equal(admit(b, 0, 78, &l, S), REFUSED_NOT); /* 0 */
	admit_leave(b, 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(admit(b, 0, 79, &l, S), REFUSED_RATE);
	assert_int_equal(b->source[0], 0);
	/* A token comes back every 333.3 s; 79 still has its two. */
	assert_int_equal(admit(b, 0, 79, &l, S + 334 * S), REFUSED_NOT);
	admit_leave(b, 0);
	assert_int_equal(admit(b, 0, 79, &l, S + 668 * S), REFUSED_NOT);
}

static void unix_clients_have_the_rate_alone(void **state)
{
	static const struct admit_limits l = {1, 3, 1000, 1, 1000, NULL};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(admit(b, i, 0, &l, S), REFUSED_NOT);
	assert_int_equal(admit(b, 3, 0, &l, S), REFUSED_RATE);
}

/* How many of n sources from `first` on, a microsecond apart, are let in. */
static unsigned let_in(uint64_t first, unsigned n, uint64_t now)
{
	static const struct admit_limits l = {.source_n = 1, .source_s = 100};
	unsigned count = 0;

	for (uint64_t i = first; i < first + n; i++)
		count += admit(b, 0, i << 8, &l, now++) == REFUSED_NOT;
	return count;
}

static void full_table_forgets_and_goes_on(void **state)
{
	unsigned again;

	(void)state;
	/* While there is room all are known. */
	assert_int_equal(let_in(1, 4096, S), 4096);
	again = let_in(1, 4096, S);
	if (again > 40)
		fail_msg("%u of 4096 sources were forgotten in a table of %d", again, BOARD_RATES);
	/* More than the table holds: nobody is refused for it, and many are still known. */
	assert_int_equal(let_in(1000000, 4 * BOARD_RATES, S), 4 * BOARD_RATES);
	again = let_in(1000000 + 3 * BOARD_RATES, BOARD_RATES, S + 1);
	if (again > BOARD_RATES * 9 / 10)
		fail_msg("%u of the last %d sources were forgotten", again, BOARD_RATES);
	/* Places of those whose bucket is full again are free. */
	assert_int_equal(let_in(9000000, 4096, 200 * S), 4096);
	again = let_in(9000000, 4096, 200 * S);
	if (again > 40)
		fail_msg("%u of 4096 sources had no place in a stale table", again);
	/* The one that has used most is remembered longest. */
	{
		static const struct admit_limits l = {.source_n = 2, .source_s = 100};

		assert_int_equal(admit(b, 0, 5, &l, 400 * S), REFUSED_NOT);
		assert_int_equal(admit(b, 0, 5, &l, 400 * S), REFUSED_NOT);
		for (uint64_t i = 0; i < 4 * BOARD_RATES; i++)
			(void)admit(b, 0, i << 9 | 1, &l, 400 * S);
		assert_int_equal(admit(b, 0, 5, &l, 400 * S), REFUSED_RATE_PER_SOURCE);
	}
}

static int refuse_many(unsigned slot)
{
	uint64_t since;
	int lines = 0;

	for (int i = 0; i < 1000; i++)
		lines += admit_refused(b, slot, REFUSED_RATE, 5000, &since);
	return lines;
}

static void refused_are_told_once_a_second(void **state)
{
	uint64_t since = 0, sum = 0;

	(void)state;
	assert_int_equal(in_processes(8, refuse_many), 1);
	for (unsigned i = 0; i < 8; i++)
		sum += b->slot[i].refused[REFUSED_RATE];
	assert_int_equal(sum, 8000);
	assert_false(admit_refused(b, 0, REFUSED_RATE, 5999, &since));
	assert_true(admit_refused(b, 0, REFUSED_DENIED, 5999, &since)); /* each reason by itself */
	assert_int_equal(since, 1);
	assert_true(admit_refused(b, 0, REFUSED_RATE, 6000, &since));
	assert_true(since >= 8000 - 8 &&
		    since <= 8002); /* one line told up to eight that came at once */
	/* The clock of another worker may be a bit behind. */
	assert_false(admit_refused(b, 0, REFUSED_RATE, 5998, &since));
	assert_true(admit_refused(b, 0, REFUSED_RATE, 7000, &since));
	assert_int_equal(since, 2);
}

static void reasons_have_names(void **state)
{
	(void)state;
	assert_string_equal(admit_reason(REFUSED_DENIED), "denied");
	assert_string_equal(admit_reason(REFUSED_MAX_PER_SOURCE), "max-per-source");
	assert_string_equal(admit_reason(REFUSED_RATE), "rate");
	assert_string_equal(admit_reason(REFUSED_RATE_PER_SOURCE), "rate-per-source");
	assert_string_equal(admit_reason(REFUSED_PROXY_UNTRUSTED), "proxy-untrusted");
	assert_string_equal(admit_reason(REFUSED_PROXY_HEADER), "proxy-header");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_make, board_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(source_is_one_ipv4_or_a_64),
		TEST(without_limits_the_board_is_not_touched),
		TEST(limits_are_exact_for_all_at_once),
		TEST(no_race_is_lost),
		TEST(worker_that_died_is_not_counted),
		TEST(lock_of_a_dead_worker_is_cleared_or_taken_over),
		TEST(stopped_holder_holds_up_nobody),
		TEST(scribbled_lock_holds_up_nobody_for_ever),
		TEST(scribbled_board_is_survived),
		TEST(rate_is_that_of_a_token_bucket),
		TEST(rates_do_not_overflow),
		TEST(refused_costs_no_token_elsewhere),
		TEST(unix_clients_have_the_rate_alone),
		TEST(full_table_forgets_and_goes_on),
		TEST(refused_are_told_once_a_second),
		TEST(reasons_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
