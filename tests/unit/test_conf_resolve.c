/* test_conf_resolve.c: names become numbers, and the dump of all that reads back the same. */
#include "conf_help.h"

#include <grp.h>
#include <pwd.h>

static const char *blame_handler(const struct conf_service *s, char *err, size_t size)
{
	if (strcmp(s->handler, "bad"))
		return NULL;
	snprintf(err, size, "no handler '%s'", s->handler);
	return "handler";
}

static int resolve(struct conf *c)
{
	struct conf_errors e = {0};
	int rc = conf_resolve(c, blame_handler, &e);

	assert_int_equal(rc<0, e.n> 0);
	take_errors(&e);
	return rc;
}

static struct conf *resolve_good(const char *text)
{
	struct conf *c = load_good(text);

	if (resolve(c) < 0)
		fail_msg("in '%s': %s", text, errors);
	return c;
}

static void expect_resolve_errors(const char *text, const char *expected)
{
	struct conf *c = load_good(text);

	resolve(c);
	conf_free(c);
	if (strcmp(errors, expected))
		fail_msg("in '%s'\nexpected:\n%sgot:\n%s", text, expected, errors);
}

static struct conf *load_resolved(const char *text)
{
	const struct conf_source src = {.text = text, .text_name = "t", .flags = CONF_RESOLVED};
	struct conf *c = load(&src);

	if (!c)
		fail_msg("in '%s': %s", text, errors);
	return c;
}

static void two_on_one_address_are_told(void **state)
{
	(void)state;
	expect_resolve_errors(
		"service a {\nhandler = x\nlisten = {'127.0.0.1:7', '127.0.0.1:07'}\n}\n"
		"service b {\nhandler = x listen = 127.0.0.1:7\n}\n"
		"service c { enabled = no listen = 127.0.0.1:7 }\n",
		"t:3: listen: 127.0.0.1:7 is taken by 127.0.0.1:7 of service 'a' (t:1)\n"
		"t:6: listen: 127.0.0.1:7 is taken by 127.0.0.1:7 of service 'a' (t:1)\n");
	expect_resolve_errors("service a { handler = x listen = :7 }\n"
			      "service b { handler = x listen = '[::1]:7' }\n"
			      "service c { handler = x listen = 0.0.0.0:8 }\n"
			      "service d { handler = x listen = {1.2.3.4:8, '[::]:8'} }\n"
			      "service e { handler = x listen = unix:/x }\n"
			      "service f { handler = x listen = unix:/x }\n",
		"t:2: listen: [::1]:7 is taken by *:7 of service 'a' (t:1)\n"
		"t:4: listen: 1.2.3.4:8 is taken by 0.0.0.0:8 of service 'c' (t:3)\n"
		"t:6: listen: unix:/x is taken by unix:/x of service 'e' (t:5)\n");
	conf_free(resolve_good("service a { handler = x listen = {'127.0.0.1:0', '127.0.0.1:0'} }\n"
			       "service b { handler = x listen = {:0, unix:/0, 1.2.3.4:9} }\n"
			       "service c { handler = x listen = {'[::1]:9', 1.2.3.5:9} }\n"));
}

static void what_does_not_resolve_is_told(void **state)
{
	(void)state;
	expect_resolve_errors(
		"defaults {\nuser = no-such-user\n}\n"
		"service a { handler = x\nlisten = {'127.0.0.1', '[::1]:x', 'no such:7'}\n}\n",
		"t:2: user: no user 'no-such-user'\n"
		"t:5: listen: '127.0.0.1': expected ADDRESS:PORT, *:PORT or unix:PATH\n"
		"t:5: listen: '[::1]:x': unknown service in place of the port; expected a port from 0 "
		"to 65535 or a name of services(5)\n"
		"t:5: listen: 'no such:7': one address in each string: {\"a:1\", \"b:2\"}\n");
	expect_resolve_errors("\nuser = no-such-user\nservice a {" ECHO_BODY "}\n",
		"t:2: user: no user 'no-such-user'\n");
	expect_resolve_errors("user = root\ngroup = no-such-group\nservice a {" ECHO_BODY "}\n",
		"t:2: group: no group 'no-such-group'\n");
	expect_resolve_errors("service a {" ECHO_BODY "\nuser = root\ngroup = no-such-group\n}\n",
		"t:3: group: no group 'no-such-group'\n");
	expect_resolve_errors("service a {" ECHO_BODY "\nuser = 4000000123\n}\n",
		"t:2: user: no account has the number 4000000123; 'group' is needed too\n");
	expect_resolve_errors("service a {" ECHO_BODY "\nuser = 4294967295\ngroup = 0\n}\n",
		"t:2: user: no user '4294967295'\n");
	expect_resolve_errors("service a {" ECHO_BODY
			      "\nsocket-user = no-such\nsocket-group = no-such\n}\n",
		"t:2: socket-user: no user 'no-such'\nt:3: socket-group: no group 'no-such'\n");
	expect_resolve_errors("service a { listen = :7\nhandler = bad }\n"
			      "service b { enabled = no listen = :7 handler = bad }\n",
		"t:2: handler: no handler 'bad'\n");
}

static void users_become_numbers(void **state)
{
	const struct conf_service *s;
	struct conf *c;

	(void)state;
	if (geteuid() != 0)
		skip();
	c = resolve_good("user = daemon\n"
			 "service a {" ECHO_BODY "}\n"
			 "service b { listen = :1 handler = x user = root }\n"
			 "service c { listen = :2 handler = x group = nogroup }\n"
			 "service d { listen = :3 handler = x user = 4000000123 group = 77\n"
			 "socket-user = daemon socket-group = 12 }\n");
	s = conf_find(c, "a");
	assert_true(s->change_user);
	assert_int_equal(s->uid, getpwnam("daemon")->pw_uid);
	assert_int_equal(s->gid, getpwnam("daemon")->pw_gid);
	assert_int_equal(s->socket_uid, (uid_t)-1);
	assert_int_equal(s->socket_gid, (gid_t)-1);
	s = conf_find(c, "b");
	assert_int_equal(s->uid, 0);
	assert_int_equal(s->gid, 0);
	s = conf_find(c, "c");
	assert_int_equal(s->uid, getpwnam("daemon")->pw_uid);
	assert_int_equal(s->gid, getgrnam("nogroup")->gr_gid);
	s = conf_find(c, "d");
	assert_int_equal(s->uid, 4000000123U);
	assert_int_equal(s->gid, 77);
	assert_int_equal(s->n_groups, 1);
	assert_int_equal(s->groups[0], 77);
	assert_int_equal(s->socket_uid, getpwnam("daemon")->pw_uid);
	assert_int_equal(s->socket_gid, 12);
	conf_free(c);
}

/* A dump that does not say which user was found for root would not be what is in force. */
static void the_user_that_is_found_is_written_down(void **state)
{
	const char *found = getpwnam("sockd") ? "sockd" : "nobody";
	struct conf *c = resolve_good("group = nogroup\n"
				      "service a {" ECHO_BODY "}\n"
				      "service b { listen = :1 handler = x user = daemon }\n");

	(void)state;
	if (geteuid() != 0) {
		assert_null(c->user);
		assert_null(conf_find(c, "a")->user);
	} else {
		assert_string_equal(c->user, found);
		assert_string_equal(conf_find(c, "a")->user, found);
		assert_string_equal(conf_find(c, "a")->group, "nogroup");
		assert_int_not_equal(conf_find(c, "a")->uid, 0);
		assert_int_equal(conf_find(c, "a")->gid, getgrnam("nogroup")->gr_gid);
		assert_string_equal(conf_find(c, "b")->user, "daemon");
		assert_null(conf_find(c, "b")->group);
		assert_int_equal(conf_find(c, "b")->gid, getpwnam("daemon")->pw_gid);
	}
	conf_free(c);
}

static void an_ordinary_user_stays_itself(void **state)
{
	struct conf *c;

	(void)state;
	if (geteuid() == 0 && seteuid(65534) < 0)
		skip();
	c = resolve_good("user = root service a {" ECHO_BODY "}\n");
	assert_false(conf_find(c, "a")->change_user);
	assert_int_equal(conf_find(c, "a")->uid, geteuid());
	conf_free(c);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void auto_becomes_a_number(void **state)
{
	long cpus = conf_auto_workers("");
	struct conf *c = resolve_good("defaults { workers = auto }\nservice a {" ECHO_BODY "}\n"
				      "service b { listen = :1 handler = x max-workers = 1 }\n"
				      "service c { listen = :2 handler = x max-workers = 9999 }\n");

	(void)state;
	assert_int_equal(conf_find(c, "a")->workers, cpus);
	assert_int_equal(conf_find(c, "a")->max_workers, cpus);
	assert_int_equal(conf_find(c, "b")->workers, 1);
	assert_int_equal(conf_find(c, "c")->workers, cpus);
	assert_int_equal(conf_find(c, "c")->max_workers, 9999);
	conf_free(c);
}

/* load(dump(x)) must dump to the same bytes, resolved or not. */
static void dump_reads_back_the_same(void **state)
{
	static const char *const text[] = {
		"service a {" ECHO_BODY "}\n",
		"user = root group = root pidfile = '' log-level = debug log-facility = local3\n"
		"log-format = json shutdown-timeout = 0 drain-timeout = 9\n"
		"defaults { workers = auto text = 't' }\n"
		"service a { handler = chat listen = {:1, 'unix:/a b\\'c', '[::1]:0'}\n"
		"text = \"n\\n q\\\" s' b\\\\ v\\x24{HOME} \xc3\xa9 \\x1b\\xff\\\\\" socket-mode = 7\n"
		"socket-user = root socket-group = root user = root group = daemon }\n"
		"service b { handler = x listen = unix:/b }\n"
		"service c { enabled = no }\n"
		"service d { handler = 'it\\'s' listen = 127.0.0.1:7 workers = 2 max-workers = 3\n"
		"max-connections = 5 max-connections-jitter = 0 log-connections = off }\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		char *d1, *d2, *r1, *r2;
		struct conf *c, *again;

		c = load_good(text[i]);
		d1 = dump(c, 0);
		again = load_good(d1);
		d2 = dump(again, 0);
		assert_string_equal(d1, d2);
		conf_free(again);
		if (resolve(c) < 0)
			fail_msg("%s", errors);
		r1 = dump(c, CONF_DUMP_RESOLVED);
		again = load_resolved(r1);
		r2 = dump(again, CONF_DUMP_RESOLVED);
		assert_string_equal(r1, r2);
		for (size_t k = 0; k < c->n_services; k++) {
			struct buf keys = {0};

			assert_int_equal(
				conf_compare(&c->service[k], &again->service[k], &keys), CONF_SAME);
			assert_null(keys.data);
			assert_int_equal(c->service[k].n_addrs, again->service[k].n_addrs);
			assert_int_equal(c->service[k].line, again->service[k].line);
			assert_string_equal(c->service[k].file, again->service[k].file);
		}
		assert_string_equal(again->file, "t");
		conf_free(again);
		conf_free(c);
		free(d1);
		free(d2);
		free(r1);
		free(r2);
	}
}

/* The dump is plain settings: its internal keys are good for nobody else. */
static void resolved_dump_is_for_the_master_alone(void **state)
{
	struct conf *c = resolve_good("service a {\nhandler = x listen = :7 }\n");
	struct conf_errors e = {0};
	char *d = dump(c, CONF_DUMP_RESOLVED);
	struct conf *again = load_resolved(d);

	(void)state;
	assert_null(load_text(d));
	assert_non_null(strstr(errors, "unknown key 'resolved-file'"));
	conf_error(&e, again, again->service, "listen", "Address already in use");
	conf_error(&e, again, again->service, NULL, "text");
	conf_error(&e, again, NULL, "pidfile", "%s", "locked");
	take_errors(&e);
	assert_string_equal(errors, "t:1: listen: Address already in use\nt:1: text\n"
				    "t: pidfile: locked\n");
	conf_free(again);
	conf_free(c);
	free(d);
}

static void compare_tells_what_a_change_takes(void **state)
{
	static const struct {
		const char *change;
		unsigned effects;
		const char *keys;
	} all[] = {
		{"", CONF_SAME, ""},
		{"listen = {'127.0.0.1:7', '[::1]:8'}", CONF_SAME, ""},
		{"listen = '127.0.0.1:7'", CONF_LISTEN, "listen"},
		{"listen = {'[::1]:9', '127.0.0.1:7'}", CONF_LISTEN, "listen"},
		{"enabled = no", CONF_LISTEN, "enabled"},
		{"socket-mode = 0600", CONF_SOCKET, "socket-mode"},
		{"socket-user = 1", CONF_SOCKET, "socket-user"},
		{"socket-group = 1", CONF_SOCKET, "socket-group"},
		{"freebind = yes", CONF_SOCKET, "freebind"},
		{"backlog = 9", CONF_SOCKET, "backlog"},
		{"handler = y", CONF_WORKERS, "handler"},
		{"workers = 3", CONF_POOL, "workers"},
		{"max-workers = 9", CONF_POOL, "max-workers"},
		{"worker-idle = 9", CONF_POOL, "worker-idle"},
		{"spare-workers = 9", CONF_POOL, "spare-workers"},
		{"max-connections = 9", CONF_WORKERS, "max-connections"},
		{"max-connections-jitter = 9", CONF_WORKERS, "max-connections-jitter"},
		{"log-connections = no", CONF_WORKERS, "log-connections"},
		{"text = t", CONF_WORKERS, "text"},
		{"nodelay = yes keepalive = 9", CONF_SOCKET, "nodelay keepalive"},
		{"umask = 077 limits { cpu = 5 }", CONF_WORKERS, "umask limits.cpu"},
		{"deny = '::1' rate = 1/1", CONF_WORKERS, "deny rate"},
		{"rate = '' limits.cpu = inherit", CONF_SAME, ""},
		{"text = t backlog = 9 workers = 3", CONF_WORKERS | CONF_SOCKET | CONF_POOL,
			"backlog workers text"},
	};
	const char *base =
		"defaults { listen = {'127.0.0.1:7', '[::1]:8'} handler = chat max-workers = 7 }";
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct buf keys = {0};
		struct conf *a, *b;
		bool off = strstr(all[i].change, "enabled") != NULL;

		snprintf(text, sizeof(text), "%s service a { }", base);
		a = resolve_good(text);
		snprintf(text, sizeof(text), "%s service a { %s } service z { %s }", base,
			all[i].change, off ? "listen = unix:/z" : "enabled = no");
		b = resolve_good(text);
		assert_int_equal(conf_compare(a->service, b->service, &keys) &
					 ~(off ? CONF_WORKERS | CONF_SOCKET : 0U),
			all[i].effects);
		if (!off)
			assert_string_equal(keys.data ? keys.data : "", all[i].keys);
		buf_free(&keys);
		conf_free(a);
		conf_free(b);
	}
}

/* A file of prefixes is part of the settings, and a key that the handler does not have is none. */
static void compare_sees_what_files_say(void **state)
{
	char text[512];
	struct conf *a, *b;
	struct buf keys = {0}, out = {0};

	(void)state;
	snprintf(text, sizeof(text),
		"defaults { text = '%%s' }\nservice a {" ECHO_BODY
		"allow = {'10.0.0.0/8', 'file:%s'} }",
		write_file("list", "::1\n", 4));
	a = resolve_good(text);
	assert_string_equal(a->service->resolved_allow, "10.0.0.0/8 ::1/128 ");
	assert_string_equal(a->service->resolved_deny, "");
	write_file("list", "::2\n", 4);
	b = resolve_good(text);
	assert_int_equal(conf_compare(a->service, b->service, &keys), CONF_WORKERS);
	assert_string_equal(keys.data, "allow");
	conf_diff(a, b, &out);
	assert_string_equal(
		out.data, "service 'a': what its settings name has changed (new workers)\n");
	buf_free(&out);
	buf_free(&keys);
	conf_free(b);
	write_file("list", "# x\n ::1", 8);
	text[strcspn(text, "%")] = 'x';
	b = resolve_good(text);
	assert_int_equal(conf_compare(a->service, b->service, NULL), CONF_SAME);
	conf_free(a);
	conf_free(b);
}

/* The global user is part of every service that names none. */
static void compare_sees_another_user(void **state)
{
	struct conf *a, *b;
	struct buf keys = {0};

	(void)state;
	if (geteuid() != 0)
		skip();
	a = resolve_good("user = daemon service a {" ECHO_BODY "}");
	b = resolve_good("user = root service a {" ECHO_BODY "}");
	assert_int_equal(conf_compare(a->service, b->service, &keys), CONF_WORKERS);
	assert_string_equal(keys.data, "user");
	buf_free(&keys);
	conf_free(a);
	conf_free(b);
}

static void put(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

static void cgroup_quota_limits_auto(void **state)
{
	long all = conf_auto_workers(in_folder("none"));

	(void)state;
	assert_true(all >= 1);
	put("proc/self/cgroup", "0::/a/b/c\n");
	put("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
	put("sys/fs/cgroup/a/b/cpu.max", "1000000000 100000\n");
	assert_int_equal(conf_auto_workers(folder), all);
	put("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	assert_int_equal(conf_auto_workers(folder), 1);
	put("sys/fs/cgroup/a/cpu.max", "100001 100000\n");
	assert_int_equal(conf_auto_workers(folder), all < 2 ? all : 2);
	put("sys/fs/cgroup/cpu.max", "100000 100000\n");
	assert_int_equal(conf_auto_workers(folder), 1);

	put("sys/fs/cgroup/cpu.max", "rubbish");
	put("sys/fs/cgroup/a/cpu.max", "-1 0");
	assert_int_equal(conf_auto_workers(folder), all);
	put("proc/self/cgroup", "rubbish\n:\n::\n1:cpu\n1:cpu:\n0::relative\n");
	assert_int_equal(conf_auto_workers(folder), all);
	put("sys/fs/cgroup/q/cpu.max", "50000 100000\n");
	put("proc/self/cgroup", "5:cpuset:/a\n4:cpuacct,cpu:/a\n0::/q\n");
	assert_int_equal(conf_auto_workers(folder), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_on_one_address_are_told),
		cmocka_unit_test(what_does_not_resolve_is_told),
		cmocka_unit_test(users_become_numbers),
		cmocka_unit_test(the_user_that_is_found_is_written_down),
		cmocka_unit_test(an_ordinary_user_stays_itself),
		cmocka_unit_test(auto_becomes_a_number),
		cmocka_unit_test(dump_reads_back_the_same),
		cmocka_unit_test(resolved_dump_is_for_the_master_alone),
		cmocka_unit_test(compare_tells_what_a_change_takes),
		cmocka_unit_test_setup_teardown(
			compare_sees_what_files_say, folder_make, folder_remove),
		cmocka_unit_test(compare_sees_another_user),
		cmocka_unit_test_setup_teardown(
			cgroup_quota_limits_auto, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
