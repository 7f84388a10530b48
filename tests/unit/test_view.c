/* test_view.c: what is read from a scoreboard is whole and in range, whoever writes to it, and however
 * long. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "board/admit.h"
#include "board/tally.h"
#include "board/view.h"
#include "board/view_json.h"
#include "core/master_reload.h"

static struct board *b;
static const struct board *reader;

static int board_make(void **state)
{
	int fd;

	(void)state;
	b = board_new(&fd);
	if (!b)
		return -1;
	b->slots_used = 4;
	reader = board_open(fd);
	close(fd);
	return reader ? 0 : -1;
}

static int board_drop(void **state)
{
	(void)state;
	board_free(reader);
	board_free(b);
	return 0;
}

static void worker_make(unsigned slot, int pid, enum board_state state)
{
	b->worker[slot].pid = pid;
	b->worker[slot].generation = 3;
	b->slot[slot].state = state;
}

/* A connection from 192.0.2.1 with the port as its number. */
static void connection(
	unsigned slot, unsigned port, enum board_refusal why, uint64_t from_ms, uint64_t to_ms)
{
	struct conn c = {
		.fd = -1, .id = port, .bytes_in = port, .bytes_out = 2 * port, .end = "reset"};

	c.peer.in = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0xc0000201),
		.sin_port = htons((uint16_t)port)};
	c.peer.len = sizeof(c.peer.in);
	tally_begin(&b->slot[slot], &c, from_ms);
	tally_end(&b->slot[slot], &c, why, from_ms, to_ms);
}

static void slots_are_added_up(void **state)
{
	struct board_service *s = &b->service;
	struct view_service v;

	(void)state;
	strcpy(s->name, "echo");
	strcpy(s->handler, "echo");
	strcpy(s->listen[0], "127.0.0.1:7");
	s->n_listen = 1;
	s->mode = MODE_PAUSED;
	s->target = 4;
	s->exits[EXIT_CRASHED] = 2;
	worker_make(0, 10, SLOT_IDLE);
	worker_make(1, 11, SLOT_STARTING);
	worker_make(3, 13, SLOT_IDLE);
	connection(0, 100, REFUSED_NOT, 0, 3);
	connection(0, 200, REFUSED_RATE, 3, 3);
	b->slot[0].refused[REFUSED_RATE] = 1; /* as admit_refused() does */
	connection(3, 300, REFUSED_NOT, 5, 1005);
	connection(2, 400, REFUSED_NOT, 5, 6); /* of a worker that has left: it still counts */
	view_service(reader, &v);
	assert_string_equal(v.name, "echo");
	assert_string_equal(v.handler, "echo");
	assert_string_equal(v.listen[0], "127.0.0.1:7");
	assert_int_equal(v.n_listen, 1);
	assert_string_equal(view_mode(v.mode), "paused");
	assert_int_equal(v.target, 4);
	assert_int_equal(v.exits[EXIT_CRASHED], 2);
	assert_int_equal(v.state[SLOT_EMPTY], 0);
	assert_int_equal(v.state[SLOT_STARTING], 1);
	assert_int_equal(v.state[SLOT_IDLE], 2);
	assert_int_equal(v.connections, 3);
	assert_int_equal(v.refused[REFUSED_RATE], 1);
	assert_int_equal(v.bytes_in, 1000);
	assert_int_equal(v.bytes_out, 2000);
	assert_int_equal(v.time_ms, 3 + 1000 + 1);
	assert_int_equal(tally_time_bound((unsigned)view_percentile(v.time, BOARD_TIMES, 50)), 4);
	assert_int_equal(
		tally_time_bound((unsigned)view_percentile(v.time, BOARD_TIMES, 99)), 1024);
}

static void workers_that_live_are_listed(void **state)
{
	struct view_worker w;
	unsigned from = 0;
	char text[ADDR_TEXT_MAX];

	(void)state;
	worker_make(1, 11, SLOT_IDLE);
	worker_make(3, 13, SLOT_BUSY);
	b->slot[3].peer = (struct board_peer){AF_INET6, 80, {0x20, 1, 0xd, 0xb8, [15] = 1}};
	b->slot[1].peer = b->slot[3].peer;
	b->slot[1].since_ms = UINT64_MAX;
	assert_true(view_worker(reader, &from, &w));
	assert_int_equal(w.slot, 1);
	assert_int_equal(w.pid, 11);
	assert_int_equal(w.generation, 3);
	assert_true(w.since_ms <= mono_ms());
	view_peer(&w.peer, text);
	assert_string_equal(text, ""); /* of the connection before */
	assert_true(view_worker(reader, &from, &w));
	assert_int_equal(w.slot, 3);
	assert_int_equal(w.state, SLOT_BUSY);
	view_peer(&w.peer, text);
	assert_string_equal(text, "[2001:db8::1]:80");
	assert_false(view_worker(reader, &from, &w));
	assert_false(view_worker(reader, &from, &w));
}

static void newest_connections_come_first(void **state)
{
	struct board_recent r[64];
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (unsigned i = 1; i <= 40; i++)
		connection(i % 4, i, i % 2 ? REFUSED_NOT : REFUSED_DENIED, i, i);
	assert_int_equal(view_recent(reader, r, 64), 4 * BOARD_RECENT);
	for (unsigned i = 0; i < 32; i++) {
		assert_int_equal(r[i].id, 40 - i);
		assert_int_equal(r[i].refusal, i % 2 ? REFUSED_NOT : REFUSED_DENIED);
		assert_string_equal(r[i].end, "reset");
	}
	view_peer(&r[0].peer, text);
	assert_string_equal(text, "192.0.2.1:40");
	assert_int_equal(view_recent(reader, r, 5), 5);
	assert_int_equal(r[4].id, 36);
	assert_int_equal(view_recent(reader, r, 0), 0);
	/* Killed while it was writing: no half entry is shown. */
	b->slot[0].last[0].seq |= 1;
	assert_int_equal(view_recent(reader, r, 64), 4 * BOARD_RECENT - 1);
}

static void all_is_in_range(void)
{
	struct board_recent r[100];
	struct view_service v;
	struct view_worker w;
	struct buf out = {0};
	uint64_t now_ms;
	unsigned from = 0, n = 0;
	size_t found;
	char text[ADDR_TEXT_MAX];

	view_service(reader, &v);
	assert_true(strnlen(v.name, sizeof(v.name)) < sizeof(v.name));
	assert_true(strnlen(v.handler, sizeof(v.handler)) < sizeof(v.handler));
	for (const char *p = v.name; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	assert_true(v.n_listen <= BOARD_LISTEN);
	assert_true((unsigned)v.mode < BOARD_MODES);
	view_service_json(&out, NULL, &v);
	for (; view_worker(reader, &from, &w); n++) {
		assert_true(w.slot < BOARD_SLOTS && w.pid > 0);
		assert_true(w.state > SLOT_EMPTY && w.state < SLOT_STATES);
		view_peer(&w.peer, text);
		view_worker_json(&out, NULL, &v, &w, mono_ms());
	}
	assert_true(n <= BOARD_SLOTS);
	found = view_recent(reader, r, ARRAY_SIZE(r));
	now_ms = mono_ms();
	assert_true(found <= ARRAY_SIZE(r));
	for (size_t i = 0; i < found; i++) {
		assert_true(r[i].ended_ms <= now_ms);
		assert_true(i == 0 || r[i].ended_ms <= r[i - 1].ended_ms);
		assert_true(r[i].refusal < REFUSED_REASONS);
		assert_true(strnlen(r[i].end, sizeof(r[i].end)) < sizeof(r[i].end));
		assert_in_range(r[i].program + UINT8_MAX, 0, 2 * UINT8_MAX + 1);
		view_peer(&r[i].peer, text);
		view_end(&r[i], text, VIEW_END_MAX);
		assert_true(strlen(text) < VIEW_END_MAX - 1); /* nothing is cut off */
		view_recent_json(&out, NULL, v.name, &r[i], now_ms);
	}
	(void)view_percentile(v.wait, BOARD_WAITS, 99);
	assert_false(out.failed);
	buf_free(&out);
}

/* Any worker of a service can write all over its board. */
static void scribbled_board_does_no_harm(void **state)
{
	unsigned char *p = (unsigned char *)b + 2 * sizeof(uint32_t);
	size_t n = offsetof(struct board, rate) - 2 * sizeof(uint32_t);
	uint64_t start_ms = mono_ms();

	(void)state;
	memset(p, 0xff, n);
	all_is_in_range();
	memset(p, 0x7f, n);
	all_is_in_range();
	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned seed;

		assert_int_equal(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
		print_message("seed %u\n", seed);
		for (size_t i = 0; i < n; i++)
			p[i] = (unsigned char)rand_r(&seed);
		all_is_in_range();
	}
	assert_true(mono_ms() - start_ms < 60000);
}

static void writer_that_never_ends_holds_up_nobody(void **state)
{
	struct view_service v;
	struct board_recent r[4];
	uint64_t start_ms = mono_ms();

	(void)state;
	connection(0, 1, REFUSED_NOT, 0, 1);
	b->slot[0].last[0].seq = 1;
	b->service.version = 7;
	memset(b->service.name, 'x', sizeof(b->service.name));
	view_service(reader, &v);
	assert_int_equal(strlen(v.name), sizeof(v.name) - 1);
	assert_int_equal(view_recent(reader, r, 4), 0);
	assert_true(mono_ms() - start_ms < 5000);
}

/* Connections whose fields all say the same, and names of one letter. */
static _Noreturn void write_without_end(void)
{
	for (unsigned i = 1;; i++) {
		connection(i % 4, i % 60000 + 1, REFUSED_NOT, 0, 0);
		if (i % 1024)
			continue;
		b->service.version++;
		atomic_thread_fence(memory_order_release);
		memset(b->service.name, 'a' + (int)(i / 1024 % 26), 40);
		b->service.version++;
		if (getppid() == 1)
			_exit(1);
	}
}

static void no_half_written_text_is_seen(void **state)
{
	struct board_recent r[4 * BOARD_RECENT];
	struct view_service v;
	uint64_t end_ms, last = 0;
	unsigned seen = 0, whole = 0, turns = 0, version;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		write_without_end();
	assert_true(pid > 0);
	for (end_ms = mono_ms() + 1000; mono_ms() < end_ms; turns++) {
		size_t n = view_recent(reader, r, ARRAY_SIZE(r));

		for (size_t i = 0; i < n; i++, seen++) {
			assert_int_equal(r[i].bytes_in, r[i].id);
			assert_int_equal(r[i].bytes_out, 2 * r[i].id);
			assert_int_equal(r[i].peer.port, r[i].id);
		}
		version = b->service.version;
		view_service(reader, &v);
		/* A writer that is off the CPU in the middle of a text is not waited for. */
		if (version % 2 || b->service.version != version)
			continue;
		assert_int_equal(strspn(v.name, (char[]){v.name[0], '\0'}), version ? 40 : 0);
		whole++;
		assert_true(v.connections >= last);
		last = v.connections;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	print_message("%u connections, %u turns, %u names whole\n", seen, turns, whole);
	assert_true(seen > 100);
	assert_true(whole > 100);
}

static void percentiles(void **state)
{
	uint64_t n[4] = {0};

	(void)state;
	assert_int_equal(view_percentile(n, 4, 50), -1);
	n[0] = 98;
	n[2] = 2;
	assert_int_equal(view_percentile(n, 4, 50), 0);
	assert_int_equal(view_percentile(n, 4, 98), 0);
	assert_int_equal(view_percentile(n, 4, 99), 2);
	n[3] = n[2] = UINT64_MAX;
	assert_int_equal(view_percentile(n, 4, 50), 2);
	assert_int_equal(view_percentile(n, 4, 100), 3);
}

static void master_is_read(void **state)
{
	struct board_master *m;
	const struct board_master *r;
	struct view_master v;
	int fd;

	(void)state;
	m = board_master_new(&fd);
	assert_non_null(m);
	m->pid = 42;
	m->state = STATE_STOPPING;
	memset(m->sockd, 'v', sizeof(m->sockd));
	memset(m->reload_text, 'r', sizeof(m->reload_text));
	strcpy(m->file, "/etc/sockd.conf");
	m->reloads_bad = 3;
	r = board_master_open(fd);
	assert_non_null(r);
	view_master(r, &v);
	assert_int_equal(v.pid, 42);
	assert_string_equal(view_master_state(v.state), "stopping");
	assert_int_equal(strlen(v.sockd), sizeof(v.sockd) - 1);
	assert_int_equal(strlen(v.reload_text), sizeof(v.reload_text) - 1);
	assert_string_equal(v.file, "/etc/sockd.conf");
	assert_int_equal(v.reloads_bad, 3);
	/* The other kind of board, and one of another version. */
	assert_null(board_open(fd));
	assert_int_equal(errno, EPROTO);
	m->layout++;
	assert_null(board_master_open(fd));
	assert_int_equal(errno, EPROTO);
	board_master_free(r);
	board_master_free(m);
	close(fd);
}

static void names_are_those_of_the_enumerators(void **state)
{
	(void)state;
	assert_string_equal(view_master_state(STATE_STARTING), "starting");
	assert_string_equal(view_master_state(STATE_RUNNING), "running");
	assert_string_equal(view_master_state(STATE_RELOADING), "reloading");
	assert_string_equal(view_master_state(STATE_UPGRADING), "upgrading");
	assert_string_equal(view_master_state(STATE_TERMINATING), "terminating");
	assert_string_equal(view_master_state(STATE_TERMINATING + 1), "?");
	for (unsigned i = 0; i < SLOT_STATES; i++)
		assert_string_not_equal(view_state((enum board_state)i), "?");
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		assert_string_not_equal(view_exit((enum board_exit)i), "?");
	for (unsigned i = 0; i < BOARD_MODES; i++)
		assert_string_not_equal(view_mode((enum board_mode)i), "?");
	assert_string_equal(view_state((enum board_state)99), "?");
}

static void json_is_valid_whatever_the_text(void **state)
{
	struct buf out = {0};

	(void)state;
	json_begin(&out, NULL, '{');
	json_text(&out, "a\"b", "\\ \n\x01\x7f \xc3\xa9 \xff \xc3 \xed\xa0\x80 \xf0\x9f\x98\x80");
	json_begin(&out, "n", '[');
	json_num(&out, NULL, UINT64_MAX);
	json_null(&out, NULL);
	json_begin(&out, NULL, '{');
	json_end(&out, '}');
	json_bool(&out, NULL, false);
	json_end(&out, ']');
	json_text(&out, "z", "");
	json_end(&out, '}');
	assert_string_equal(out.data,
		"{\"a\\\"b\":\"\\\\ \\u000a\\u0001\\u007f \xc3\xa9 \\ufffd \\ufffd "
		"\\ufffd\\ufffd\\ufffd \xf0\x9f\x98\x80\","
		"\"n\":[18446744073709551615,null,{},false],\"z\":\"\"}");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(slots_are_added_up, board_make, board_drop),
		cmocka_unit_test_setup_teardown(
			workers_that_live_are_listed, board_make, board_drop),
		cmocka_unit_test_setup_teardown(
			newest_connections_come_first, board_make, board_drop),
		cmocka_unit_test_setup_teardown(
			scribbled_board_does_no_harm, board_make, board_drop),
		cmocka_unit_test_setup_teardown(
			writer_that_never_ends_holds_up_nobody, board_make, board_drop),
		cmocka_unit_test_setup_teardown(
			no_half_written_text_is_seen, board_make, board_drop),
		cmocka_unit_test(percentiles),
		cmocka_unit_test(master_is_read),
		cmocka_unit_test(names_are_those_of_the_enumerators),
		cmocka_unit_test(json_is_valid_whatever_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
