/* test_listener_inherit.c: listening sockets that systemd hands over. */
#include "listener_help.h"

/* Run body in a child that was handed these descriptors the way systemd does it. */
static void handed_over(const int *fd, int n, const char *names, int (*body)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char text[16];
		int high[8];

		for (int i = 0; i < n; i++)
			high[i] = fcntl(fd[i], F_DUPFD, 200);
		for (int i = 0; i < n; i++)
			dup2(high[i], 3 + i);
		snprintf(text, sizeof(text), "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		snprintf(text, sizeof(text), "%d", n);
		setenv("LISTEN_FDS", text, 1);
		if (names)
			setenv("LISTEN_FDNAMES", names, 1);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("child: wait status %#x (exit status = number of the check)", status);
}

/* In such a child cmocka cannot help: the exit status is the number of the check that failed. */
#define CHECK(number, condition) \
	do { \
		if (!(condition)) \
			return number; \
	} while (0)

static struct addr handed_a, handed_b, asked_elsewhere;

static int body_by_address(void)
{
	struct addr any = address("127.0.0.1:0");
	struct listener l, again;
	char buf[1024];

	CHECK(1, listener_inherit() == 5);
	CHECK(2, !getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES"));
	CHECK(3, fcntl(3, F_GETFD) & FD_CLOEXEC && fcntl(4, F_GETFD) & FD_CLOEXEC);
	CHECK(4, listener_take(&l, &any, "nobody") == -1);
	CHECK(5, listener_take(&l, &handed_b, "nobody") == 0 && l.fd == 4 && l.inherited);
	CHECK(6, addr_equal(&l.addr, &handed_b) && addr_equal(&l.bound, &handed_b));
	CHECK(7, !(fcntl(l.fd, F_GETFL) & O_NONBLOCK));
	CHECK(8, listener_take(&again, &handed_b, "nobody") == -1);

	stderr_begin();
	listener_warn_untaken();
	addr_format(&handed_a, buf);
	CHECK(10, strstr(stderr_end(), buf));
	listener_close(&l); /* given back, it can be taken again */
	CHECK(11, l.fd == -1 && fcntl(3, F_GETFD) >= 0 && fcntl(4, F_GETFD) >= 0);
	CHECK(12, listener_take(&l, &handed_b, "nobody") == 0 && l.fd == 4);
	CHECK(13, listener_take(&l, &handed_a, "nobody") == 0 && l.fd == 3);
	return 0;
}

static void inherited_sockets_are_matched_by_address(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener first = opened(&a), second = opened(&a);

	(void)state;
	assert_int_equal(listener_nonblock(&second, true), 0);
	handed_a = first.bound;
	handed_b = second.bound;
	handed_over((int[]){first.fd, second.fd}, 2, NULL, body_by_address);
	listener_close(&first);
	listener_close(&second);
}

static int body_by_name(void)
{
	struct listener l;

	CHECK(1, listener_inherit() == 6);
	CHECK(2, listener_take(&l, &asked_elsewhere, "ech") == -1);
	CHECK(3, listener_take(&l, &asked_elsewhere, NULL) == -1);
	CHECK(4, listener_take(&l, &asked_elsewhere, "echo") == 0 && l.fd == 4);
	CHECK(5, addr_equal(&l.addr, &asked_elsewhere) && addr_equal(&l.bound, &handed_b));
	/* The other address of the service finds nothing under that name any more. */
	CHECK(6, listener_take(&l, &asked_elsewhere, "echo") == -1);
	/* An address goes before a name. */
	CHECK(7, listener_take(&l, &handed_a, "time") == 0 && l.fd == 3);
	CHECK(8, listener_take(&l, &asked_elsewhere, "time") == 0 && l.fd == 5);
	stderr_begin();
	listener_warn_untaken();
	CHECK(9, !*stderr_end());
	return 0;
}

static void inherited_sockets_are_matched_by_name(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct addr u = path_address("handed");
	struct listener first = opened(&a), second = opened(&a), third = opened(&u);

	(void)state;
	handed_a = first.bound;
	handed_b = second.bound;
	asked_elsewhere = address("127.0.0.1:9");
	handed_over((int[]){first.fd, second.fd, third.fd}, 3, ":echo:time", body_by_name);
	listener_close(&first);
	listener_close(&second);
	listener_close(&third);
}

static int body_star(void)
{
	struct addr v6 = handed_a;
	struct listener l;

	CHECK(1, listener_inherit() == 4);
	v6.dual = false;
	if (v6.sa.sa_family == AF_INET6)
		CHECK(2, listener_take(&l, &v6, "none") == -1);
	CHECK(3, listener_take(&l, &asked_elsewhere, "none") == 0);
	return 0;
}

static void inherited_star_serves_star(void **state)
{
	struct addr a = address("*:0");
	struct listener l;
	char text[32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		no_ipv6 = i == 1;
		l = opened(&a);
		no_ipv6 = false;
		handed_a = l.bound;
		snprintf(text, sizeof(text), "*:%u", addr_port(&l.bound));
		asked_elsewhere = address(text);
		handed_over((int[]){l.fd}, 1, NULL, body_star);
		listener_close(&l);
	}
}

static int body_unfit(void)
{
	const char *text;
	struct listener l;

	stderr_begin();
	CHECK(1, listener_inherit() == 3);
	text = stderr_end();
	CHECK(2, strstr(text, "descriptor 3 (name echo) is not used: not a socket"));
	CHECK(3, strstr(text, "descriptor 4 (name echo) is not used: not a stream socket"));
	CHECK(4, strstr(text, "descriptor 5 (name echo) is not used: not listening"));
	CHECK(5, listener_take(&l, &asked_elsewhere, "echo") == -1);
	CHECK(6, fcntl(3, F_GETFD) == -1 && fcntl(5, F_GETFD) == -1);
	return 0;
}

static void unfit_descriptors_are_not_used(void **state)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int idle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	asked_elsewhere = address("127.0.0.1:9");
	handed_over((int[]){file, datagram, idle}, 3, "echo:echo:echo", body_unfit);
	close(file);
	close(datagram);
	close(idle);
}

static int body_not_for_us(void)
{
	setenv("LISTEN_PID", "1", 1);
	CHECK(1, listener_inherit() == 3);
	CHECK(2, !getenv("LISTEN_FDS"));
	setenv("LISTEN_FDS", "999999999", 1);
	CHECK(3, listener_inherit() == 3);
	CHECK(5, fcntl(3, F_GETFD) >= 0);
	return 0;
}

static int body_nonsense(void)
{
	setenv("LISTEN_FDS", "999999999", 1);
	stderr_begin();
	CHECK(1, listener_inherit() == 3);
	CHECK(2, strstr(stderr_end(), "LISTEN_FDS=999999999"));
	return 0;
}

static void descriptors_of_others_are_left_alone(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener l = opened(&a);

	(void)state;
	handed_over((int[]){l.fd}, 1, NULL, body_not_for_us);
	handed_over((int[]){l.fd}, 1, NULL, body_nonsense);
	listener_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inherited_sockets_are_matched_by_address),
		cmocka_unit_test(inherited_sockets_are_matched_by_name),
		cmocka_unit_test(inherited_star_serves_star),
		cmocka_unit_test(unfit_descriptors_are_not_used),
		cmocka_unit_test(descriptors_of_others_are_left_alone),
	};

	return cmocka_run_group_tests_name("listener_inherit", tests, make_dir, remove_dir);
}
