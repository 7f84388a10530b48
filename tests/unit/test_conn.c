/* test_conn.c: reads and writes of a connection, how it ends, and that a stop is never missed. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "net/conn.h"

static volatile sig_atomic_t stop;
static struct conn c;
static int peer, null_fd;

/* What a worker does when it is told to stop. */
static void on_term(int sig)
{
	int saved = errno;

	(void)sig;
	stop = 1;
	dup3(null_fd, c.fd, O_CLOEXEC);
	errno = saved;
}

static int connect_both(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	struct sigaction sa = {.sa_handler = on_term};
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	peer = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&a, sizeof(a)), 0);
	stop = 0;
	c = (struct conn){.fd = accept(listener, NULL, NULL), .stop = &stop};
	assert_true(c.fd >= 0);
	close(listener);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigaction(SIGTERM, &sa, NULL);
	return 0;
}

static int close_both(void **state)
{
	(void)state;
	close(c.fd);
	fd_close(&peer);
	close(null_fd);
	return 0;
}

/* Close the peer's side with a reset. */
static void reset(void)
{
	struct linger l = {.l_onoff = 1};

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	fd_close(&peer);
}

/* A child that does something to us in a moment. */
static pid_t soon(void (*what)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		usleep(20000);
		what();
		_exit(0);
	}
	return pid;
}

static void send_term(void)
{
	kill(getppid(), SIGTERM);
}

static void send_text(void)
{
	(void)!write(peer, "late", 4);
}

static void send_burst_of_terms(void)
{
	for (int i = 0; i < 100; i++)
		kill(getppid(), SIGTERM);
}

static void reads_and_counts(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(write(peer, "hello", 5), 5);
	assert_int_equal(conn_read(&c, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(conn_write(&c, "you", 3), 0);
	assert_int_equal(read(peer, buf, sizeof(buf)), 3);
	assert_int_equal(c.bytes_in, 5);
	assert_int_equal(c.bytes_out, 3);
	shutdown(peer, SHUT_WR);
	assert_false(c.eof);
	assert_int_equal(conn_read(&c, buf, sizeof(buf)), 0);
	assert_true(c.eof);
	assert_null(c.end);
}

static void waits_for_the_first_byte(void **state)
{
	pid_t pid = soon(send_text);
	char buf[16];

	(void)state;
	assert_int_equal(conn_read(&c, buf, sizeof(buf)), 4);
	waitpid(pid, NULL, 0);
}

static void reset_is_told(void **state)
{
	char buf[16];

	(void)state;
	reset();
	assert_int_equal(conn_read(&c, buf, sizeof(buf)), -1);
	assert_string_equal(c.end, "reset");
	c.end = NULL;
	assert_int_equal(conn_write(&c, "x", 1), -1); /* and no SIGPIPE */
	assert_string_equal(c.end, "reset");
	conn_finish(&c, 10000); /* does nothing */
	assert_string_equal(c.end, "reset");
}

static void other_errors_keep_their_number(void **state)
{
	(void)state;
	assert_int_equal(conn_fail(&c, ETIMEDOUT), -1);
	assert_string_equal(c.end, "error");
	assert_int_equal(c.error, ETIMEDOUT);
}

static void stop_ends_a_read(void **state)
{
	pid_t pid = soon(send_term);
	char buf[16];

	(void)state;
	assert_int_equal(conn_read(&c, buf, sizeof(buf)), -1);
	assert_string_equal(c.end, "terminated");
	assert_int_equal(conn_read(&c, buf, sizeof(buf)), -1); /* does not block any more */
	waitpid(pid, NULL, 0);
}

static void stop_ends_a_write(void **state)
{
	static char much[16 << 20];
	pid_t pid = soon(send_burst_of_terms);

	(void)state;
	assert_int_equal(conn_write(&c, much, sizeof(much)), -1); /* nobody reads */
	assert_string_equal(c.end, "terminated");
	waitpid(pid, NULL, 0);
}

static void stop_ends_a_wait(void **state)
{
	pid_t pid = soon(send_term);

	(void)state;
	assert_int_equal(conn_wait(&c, POLLOUT), POLLOUT);
	assert_int_equal(conn_wait(&c, POLLIN), -1);
	assert_string_equal(c.end, "terminated");
	waitpid(pid, NULL, 0);
}

/* Once stop is set, a wait must not begin: nothing would end it. */
static void stop_before_a_wait_counts(void **state)
{
	(void)state;
	stop = 1;
	assert_int_equal(conn_wait(&c, POLLIN), -1);
	assert_string_equal(c.end, "terminated");
}

/* close() with unread bytes resets the connection, and the answer may be lost with it. */
static void finish_swallows_what_is_on_its_way(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(write(peer, "unasked for", 11), 11);
	assert_int_equal(conn_write(&c, "answer", 6), 0);
	shutdown(peer, SHUT_WR);
	conn_finish(&c, 10000);
	assert_string_equal(c.end, "done");
	assert_true(c.eof);
	assert_int_equal(c.bytes_in, 11);
	fd_close(&c.fd);
	assert_int_equal(read(peer, buf, sizeof(buf)), 6);
	assert_int_equal(read(peer, buf, sizeof(buf)), 0);
}

static void finish_is_bounded(void **state)
{
	static char much[256 * 1024];
	uint64_t start = mono_ms();

	(void)state;
	c.end = "quit";
	conn_finish(&c, 50); /* the peer neither sends nor closes */
	assert_in_range(mono_ms() - start, 50, 5000);
	assert_string_equal(c.end, "quit");
	assert_true(send(peer, much, sizeof(much), MSG_DONTWAIT) > 100 * 1024);
	conn_finish(&c, 10000);
	assert_in_range(c.bytes_in, 64 * 1024, 80 * 1024);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, connect_both, close_both)
	const struct CMUnitTest tests[] = {
		TEST(reads_and_counts),
		TEST(waits_for_the_first_byte),
		TEST(reset_is_told),
		TEST(other_errors_keep_their_number),
		TEST(stop_ends_a_read),
		TEST(stop_ends_a_write),
		TEST(stop_ends_a_wait),
		TEST(stop_before_a_wait_counts),
		TEST(finish_swallows_what_is_on_its_way),
		TEST(finish_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
