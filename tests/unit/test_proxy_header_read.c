/* test_proxy_header_read.c: PROXY headers from sockets: whole, in pieces, never, and what follows. */
#include "net/proxy_header.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"

#define BOTH (PROXY_V1 | PROXY_V2)
#define V1   "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"
#define V2   "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\17\1\2\3\4\5\6\7\10\0\1\0\2\4\0\0"

static const struct {
	const char *data;
	size_t n;
} header[] = {
	{V1, sizeof(V1) - 1},
	{"PROXY UNKNOWN \r \n\r\r\n", 20},
	{V2, sizeof(V2) - 1},
	{"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16},
};

static struct proxy_header h;
static const char *why;
static size_t used;
static volatile sig_atomic_t stop;

/* A connection over TCP: pair[0] reads. */
static void connect_pair(int pair[2])
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(in);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(pair[1], (struct sockaddr *)&in, len), 0);
	pair[0] = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(pair[0] >= 0);
	close(fd);
}

static void unix_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void (*const pairs[])(int pair[2]) = {connect_pair, unix_pair};

static void close_pair(int pair[2])
{
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* Read a header in at most so many milliseconds. */
static int read_header(int fd, unsigned ms)
{
	why = "";
	used = 12345;
	return proxy_header_read(fd, BOTH, mono_ms() + ms, &stop, &h, &used, &why);
}

static void check_failed(int fd, unsigned ms, const char *expected)
{
	int rc = read_header(fd, ms);

	if (rc != -1 || strcmp(why, expected))
		fail_msg("expected '%s', got %d '%s'", expected, rc, why);
}

static void check_next(int fd, const char *expected)
{
	char got[16] = "";

	assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), strlen(expected));
	assert_string_equal(got, expected);
}

static void leaves_what_follows(void **state)
{
	int pair[2];

	(void)state;
	for (size_t kind = 0; kind < ARRAY_SIZE(pairs); kind++) {
		for (size_t i = 0; i < ARRAY_SIZE(header); i++) {
			pairs[kind](pair);
			assert_int_equal(write_all(pair[1], header[i].data, header[i].n), 0);
			assert_int_equal(write_all(pair[1], "\r\nPROXY ", 8), 0);
			/* The time is up, but everything is there. */
			assert_int_equal(read_header(pair[0], 0), 0);
			assert_int_equal(used, header[i].n);
			assert_int_equal(h.local, i % 2);
			check_next(pair[0], "\r\nPROXY ");
			close_pair(pair);
		}
	}
}

/* Write the pieces of a header, each when the one before has been read, in a child. */
static pid_t write_pieces(const int pair[2], size_t which, size_t piece)
{
	const char *data = header[which].data;
	pid_t pid = fork();

	if (pid)
		return pid;
	for (size_t at = 0; at < header[which].n; at += piece) {
		size_t left = header[which].n - at;
		int unread = 1;

		while (unread) {
			sched_yield();
			if (ioctl(pair[0], FIONREAD, &unread) < 0)
				_exit(1);
		}
		if (write_all(pair[1], data + at, left < piece ? left : piece) < 0)
			_exit(1);
	}
	_exit(write_all(pair[1], "next", 4) < 0);
}

static void takes_pieces_as_they_come(void **state)
{
	int pair[2];

	(void)state;
	for (size_t kind = 0; kind < ARRAY_SIZE(pairs); kind++) {
		for (size_t i = 0; i < ARRAY_SIZE(header); i++) {
			for (size_t piece = 1; piece < header[i].n; piece++) {
				int status;
				pid_t pid;

				pairs[kind](pair);
				pid = write_pieces(pair, i, piece);
				assert_true(pid > 0);
				assert_int_equal(read_header(pair[0], 10000), 0);
				assert_int_equal(used, header[i].n);
				assert_int_equal(h.local, i % 2);
				assert_int_equal(waitpid(pid, &status, 0), pid);
				assert_int_equal(status, 0);
				check_next(pair[0], "next");
				close_pair(pair);
			}
		}
	}
}

static long cpu_ms(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
	       (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
}

/* poll(2) returns at once while a part that was peeked at waits to be read. */
static void sleeps_on_an_unfinished_header(void **state)
{
	int pair[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(header); i++) {
		uint64_t start = mono_ms();
		long cpu = cpu_ms();

		connect_pair(pair);
		assert_int_equal(write_all(pair[1], header[i].data, header[i].n - 1), 0);
		check_failed(pair[0], 300, "timeout");
		assert_true(mono_ms() - start >= 300);
		assert_true(cpu_ms() - cpu < 100);
		assert_int_equal(used, header[i].n - 1);
		close_pair(pair);
	}
	connect_pair(pair);
	check_failed(pair[0], 20, "timeout");
	assert_int_equal(used, 0);
	close_pair(pair);
}

/* One deadline for the whole of it: bytes that keep coming do not put it off. */
static void a_slow_sender_gains_nothing(void **state)
{
	int pair[2], status;
	pid_t pid;

	(void)state;
	connect_pair(pair);
	pid = fork();
	if (!pid) {
		fd_close(&pair[0]);
		(void)!write(pair[1], "PROXY UNKNOWN ", 14);
		while (send(pair[1], "x", 1, MSG_NOSIGNAL) == 1)
			poll(NULL, 0, 20);
		_exit(0);
	}
	check_failed(pair[0], 200, "timeout");
	assert_true(used >= 14 && used < 107);
	close_pair(pair);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void tells_how_it_ended(void **state)
{
	struct linger linger = {.l_onoff = 1};
	int pair[2];

	(void)state;
	for (size_t kind = 0; kind < ARRAY_SIZE(pairs); kind++) {
		pairs[kind](pair);
		shutdown(pair[1], SHUT_WR);
		check_failed(pair[0], 10000, "eof");
		assert_int_equal(used, 0);
		close_pair(pair);
		pairs[kind](pair);
		assert_int_equal(write_all(pair[1], V1, 20), 0);
		shutdown(pair[1], SHUT_WR);
		check_failed(pair[0], 10000, "truncated");
		assert_int_equal(used, 20);
		close_pair(pair);
		pairs[kind](pair);
		assert_int_equal(write_all(pair[1], "GET / HTTP/1.0\r\n", 16), 0);
		check_failed(pair[0], 10000, "not a PROXY header");
		close_pair(pair);
	}
	connect_pair(pair);
	assert_int_equal(write_all(pair[1], V1, sizeof(V1) - 1), 0);
	assert_int_equal(
		proxy_header_read(pair[0], PROXY_V2, mono_ms() + 10000, &stop, &h, &used, &why),
		-1);
	assert_string_equal(why, "not a PROXY header");
	close_pair(pair);

	connect_pair(pair);
	setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	fd_close(&pair[1]);
	check_failed(pair[0], 10000, "reset");
	close_pair(pair);

	assert_int_equal(pipe(pair), 0);
	check_failed(pair[0], 10000, "error");
	assert_int_equal(errno, ENOTSOCK);
	close_pair(pair);
}

static int alarms;

static void on_alarm(int sig)
{
	(void)sig;
	if (++alarms >= 3)
		stop = 1;
}

/* Two signals that mean nothing, then one that means stop. */
static void a_stop_ends_the_wait(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval timer = {{0, 20000}, {0, 20000}}, off = {0};
	uint64_t start = mono_ms();
	int pair[2];

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	connect_pair(pair);
	assert_int_equal(write_all(pair[1], V1, 10), 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	why = "";
	assert_int_equal(proxy_header_read(pair[0], BOTH, UINT64_MAX, &stop, &h, &used, &why), -1);
	setitimer(ITIMER_REAL, &off, NULL);
	assert_string_equal(why, "terminated");
	assert_true(alarms >= 3);
	assert_true(mono_ms() - start >= 40);
	close_pair(pair);

	connect_pair(pair);
	assert_int_equal(write_all(pair[1], V1, sizeof(V1) - 1), 0);
	check_failed(pair[0], 10000, "terminated"); /* at once: nothing is read */
	assert_int_equal(used, 0);
	close_pair(pair);
	stop = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_what_follows),
		cmocka_unit_test(takes_pieces_as_they_come),
		cmocka_unit_test(sleeps_on_an_unfinished_header),
		cmocka_unit_test(a_slow_sender_gains_nothing),
		cmocka_unit_test(tells_how_it_ended),
		cmocka_unit_test(a_stop_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
