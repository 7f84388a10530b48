/* test_listener.c: listening sockets: TCP and unix paths. */
#include "listener_help.h"

static void assert_refused(const struct addr *a, const char *reason)
{
	struct listener l;

	err[0] = '\0';
	assert_int_equal(listener_open(&l, a, &plain, 0, err, sizeof(err)), -1);
	assert_int_equal(l.fd, -1);
	if (!strstr(err, reason))
		fail_msg("expected a reason with \"%s\", got \"%s\"", reason, err);
}

/* Returns 0, or the errno of connect(2). */
static int try_connect(const struct addr *a)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = connect(fd, &a->sa, a->len) < 0 ? errno : 0;

	close(fd);
	return error;
}

static void tcp_listener_accepts_and_blocks(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener l = opened(&a);

	(void)state;
	assert_true(addr_port(&l.bound) > 0);
	assert_true(addr_equal(&l.addr, &a));
	assert_false(l.inherited);
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(try_connect(&l.bound), 0);

	assert_int_equal(listener_nonblock(&l, true), 0);
	assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(listener_nonblock(&l, false), 0);
	assert_false(fcntl(l.fd, F_GETFL) & O_NONBLOCK);

	listener_close(&l);
	assert_int_equal(l.fd, -1);
	assert_int_equal(try_connect(&l.bound), ECONNREFUSED);
	listener_close(&l);
}

static void second_listener_is_refused(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener l = opened(&a);

	(void)state;
	assert_refused(&l.bound, "Address already in use");
	listener_close(&l);
}

static void busy_address_is_tried_again(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener l = opened(&a);
	struct listener second;
	uint64_t start;
	pid_t holder;

	(void)state;
	start = mono_ms();
	assert_int_equal(listener_open(&second, &l.bound, &plain, 100, err, sizeof(err)), -1);
	assert_true(mono_ms() - start >= 100);

	holder = fork();
	if (holder == 0) {
		usleep(150 * 1000);
		_exit(0);
	}
	fd_close(&l.fd);
	if (listener_open(&second, &l.bound, &plain, 5000, err, sizeof(err)) < 0)
		fail_msg("second listener: %s", err);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	listener_close(&second);
}

static void foreign_address_needs_freebind(void **state)
{
	struct addr a = address("192.0.2.1:0"); /* TEST-NET-1, RFC 5737 */
	struct listener_options o = plain;
	struct listener l;

	(void)state;
	assert_refused(&a, "freebind");
	o.freebind = true;
	assert_int_equal(listener_open(&l, &a, &o, 0, err, sizeof(err)), 0);
	listener_close(&l);
}

static void v6_and_star_say_whether_they_are_dual(void **state)
{
	struct addr v6 = address("[::]:0");
	struct addr star = address("*:0");
	struct addr v4 = address("127.0.0.1:1");
	struct listener l;

	(void)state;
	l = opened(&star);
	v4.in.sin_port = htons((uint16_t)addr_port(&l.bound));
	assert_int_equal(try_connect(&v4), 0);
	if (l.bound.sa.sa_family != AF_INET6) {
		listener_close(&l);
		skip();
	}
	assert_true(l.bound.dual);
	listener_close(&l);

	l = opened(&v6);
	v4.in.sin_port = htons((uint16_t)addr_port(&l.bound));
	assert_false(l.bound.dual);
	assert_int_equal(try_connect(&v4), ECONNREFUSED);
	listener_close(&l);
}

static void star_falls_back_to_ipv4(void **state)
{
	struct addr a = address("*:0");
	struct addr v6 = address("[::1]:0");
	struct listener l;

	(void)state;
	no_ipv6 = true;
	l = opened(&a);
	assert_int_equal(l.bound.sa.sa_family, AF_INET);
	assert_true(addr_equal(&l.addr, &a));
	assert_refused(&v6, strerror(EAFNOSUPPORT));
	no_ipv6 = false;
	listener_close(&l);
}

static void large_backlog_is_warned_of(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener_options o = plain;
	struct listener l;

	(void)state;
	o.backlog = 1 << 30;
	stderr_begin();
	assert_int_equal(listener_open(&l, &a, &o, 0, err, sizeof(err)), 0);
	assert_non_null(strstr(stderr_end(), "net.core.somaxconn"));

	stderr_begin();
	assert_int_equal(listener_adjust(&l, &plain), 0);
	assert_string_equal(stderr_end(), "");
	listener_close(&l);
}

static void refusing_listener_refuses_in_every_process(void **state)
{
	struct addr a = address("127.0.0.1:0");
	struct listener l = opened(&a);
	int other = dup(l.fd);

	(void)state;
	l.inherited = true;
	listener_refuse(&l);
	assert_int_equal(try_connect(&l.bound), 0);
	l.inherited = false;
	listener_refuse(&l);
	assert_int_equal(try_connect(&l.bound), ECONNREFUSED);
	close(other);
	listener_close(&l);
}

static void unix_listener_has_mode_and_leaves_nothing(void **state)
{
	struct addr a = path_address("sock");
	struct listener_options o = plain;
	struct listener l = opened(&a);
	struct stat st;

	(void)state;
	assert_int_equal(lstat(a.un.sun_path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(try_connect(&a), 0);

	o.socket_mode = 0600;
	o.socket_gid = getegid();
	assert_int_equal(listener_adjust(&l, &o), 0);
	assert_int_equal(lstat(a.un.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	assert_refused(&a, "somebody listens there");
	listener_close(&l);
	assert_int_equal(lstat(a.un.sun_path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void unix_owner_is_set(void **state)
{
	struct addr a = path_address("owned");
	struct listener_options o = plain;
	struct listener l;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	o.socket_uid = 12345;
	o.socket_gid = 23456;
	assert_int_equal(listener_open(&l, &a, &o, 0, err, sizeof(err)), 0);
	assert_int_equal(lstat(a.un.sun_path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 23456);

	/* What a killed master leaves is ours, though it has another owner. */
	fd_close(&l.fd);
	assert_refused(&a, "uid 12345");
	assert_int_equal(listener_open(&l, &a, &o, 0, err, sizeof(err)), 0);
	listener_close(&l);
}

static void stale_unix_socket_is_replaced(void **state)
{
	struct addr a = path_address("stale");
	struct listener l = opened(&a);

	(void)state;
	fd_close(&l.fd);
	assert_int_equal(try_connect(&a), ECONNREFUSED);
	l = opened(&a);
	assert_int_equal(try_connect(&a), 0);
	listener_close(&l);
}

static void full_unix_listener_is_alive(void **state)
{
	struct addr a = path_address("full");
	struct listener_options o = plain;
	struct listener l;
	int client;

	(void)state;
	o.backlog = 0;
	assert_int_equal(listener_open(&l, &a, &o, 0, err, sizeof(err)), 0);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, &a.sa, a.len), 0);
	assert_refused(&a, "somebody listens there");
	close(client);
	listener_close(&l);
}

static void other_files_are_left_alone(void **state)
{
	struct addr link = path_address("link");
	struct addr file = path_address("file");
	struct addr datagram = path_address("datagram");
	struct listener l = opened(&file);
	struct stat st;
	int fd;

	(void)state;
	fd_close(&l.fd);
	assert_int_equal(symlink("file", link.un.sun_path), 0); /* to a stale socket */
	assert_refused(&link, "symbolic link");
	assert_int_equal(unlink(link.un.sun_path), 0);
	assert_int_equal(symlink("nowhere", link.un.sun_path), 0);
	assert_refused(&link, "symbolic link");
	assert_int_equal(lstat(link.un.sun_path, &st), 0);
	assert_int_equal(unlink(link.un.sun_path), 0);

	assert_int_equal(unlink(file.un.sun_path), 0);
	fd = open(file.un.sun_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	assert_refused(&file, "not a socket");
	assert_int_equal(lstat(file.un.sun_path, &st), 0);
	assert_int_equal(unlink(file.un.sun_path), 0);

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, &datagram.sa, datagram.len), 0);
	assert_refused(&datagram, "another type");
	close(fd);
	assert_int_equal(unlink(datagram.un.sun_path), 0);
}

static void missing_folder_is_named(void **state)
{
	struct addr a = path_address("no/such/sock");

	(void)state;
	assert_refused(&a, "No such file or directory (folder ");
	assert_non_null(strstr(err, "/no/such)"));
}

static void replaced_file_is_not_touched(void **state)
{
	struct addr a = path_address("replaced");
	struct listener l = opened(&a);
	struct listener second;
	struct stat st;

	(void)state;
	assert_int_equal(unlink(a.un.sun_path), 0);
	second = opened(&a);
	assert_int_equal(listener_adjust(&l, &plain), -1);
	assert_int_equal(errno, ESTALE);
	listener_close(&l);
	assert_int_equal(lstat(a.un.sun_path, &st), 0);
	listener_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_listener_accepts_and_blocks),
		cmocka_unit_test(second_listener_is_refused),
		cmocka_unit_test(busy_address_is_tried_again),
		cmocka_unit_test(foreign_address_needs_freebind),
		cmocka_unit_test(v6_and_star_say_whether_they_are_dual),
		cmocka_unit_test(star_falls_back_to_ipv4),
		cmocka_unit_test(large_backlog_is_warned_of),
		cmocka_unit_test(refusing_listener_refuses_in_every_process),
		cmocka_unit_test(unix_listener_has_mode_and_leaves_nothing),
		cmocka_unit_test(unix_owner_is_set),
		cmocka_unit_test(stale_unix_socket_is_replaced),
		cmocka_unit_test(full_unix_listener_is_alive),
		cmocka_unit_test(other_files_are_left_alone),
		cmocka_unit_test(missing_folder_is_named),
		cmocka_unit_test(replaced_file_is_not_touched),
	};

	return cmocka_run_group_tests_name("listener", tests, make_dir, remove_dir);
}
