/* test_conf.c: what a text of settings means, and what is said about a wrong one. */
#include "conf_help.h"

#include <syslog.h>

static void defaults_are_those_of_the_contract(void **state)
{
	struct conf *c = load_good("service a {" ECHO_BODY "}");
	const struct conf_service *s = conf_find(c, "a");

	(void)state;
	assert_null(c->user);
	assert_null(c->group);
	assert_non_null(strstr(c->pidfile, "/sockd.pid"));
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->log_facility, LOG_DAEMON);
	assert_false(c->log_json);
	assert_int_equal(c->shutdown_timeout, 30);
	assert_int_equal(c->drain_timeout, 30);
	assert_int_equal(c->n_services, 1);
	assert_non_null(s);
	assert_null(conf_find(c, "b"));
	assert_true(s->enabled);
	assert_int_equal(s->listen.n, 1);
	assert_int_equal(s->socket_mode, 0660);
	assert_null(s->socket_user);
	assert_false(s->freebind);
	assert_int_equal(s->backlog, 511);
	assert_string_equal(s->handler, "echo");
	assert_int_equal(s->workers, 4);
	assert_int_equal(s->max_workers, 4);
	assert_int_equal(s->worker_idle, 60);
	assert_int_equal(s->spare_workers, 1);
	assert_int_equal(s->max_connections, 0);
	assert_int_equal(s->max_connections_jitter, 10);
	assert_true(s->log_connections);
	assert_null(s->text);
	conf_free(c);
}

static void values_are_read(void **state)
{
	struct conf *c = load_good("user = u group = g pidfile = '' log-level = error\n"
				   "log-facility = local7 log-format = json\r\n"
				   "shutdown-timeout=1 drain-timeout=0\n"
				   "service a { enabled = NO\n listen = { 'a:1', \"b:2\", c:3, }\n"
				   "socket-mode = 600 socket-user = su socket-group = sg\n"
				   "freebind = on backlog = 7 handler = \"h\" workers = auto\n"
				   "max-workers = 9 worker-idle = 8 spare-workers = 2\n"
				   "max-connections = 10 max-connections-jitter = 100\n"
				   "user = 'x' group = 'y' log-connections = off\n"
				   "text = \"a\\tb\\x41\\101\\\"\\\n\" }\n"
				   "service b {" ECHO_BODY "}");
	const struct conf_service *s = conf_find(c, "a");

	(void)state;
	assert_string_equal(c->user, "u");
	assert_string_equal(c->group, "g");
	assert_string_equal(c->pidfile, "");
	assert_int_equal(c->log_level, LOG_ERR);
	assert_int_equal(c->log_facility, LOG_LOCAL7);
	assert_true(c->log_json);
	assert_int_equal(c->shutdown_timeout, 1);
	assert_int_equal(c->drain_timeout, 0);
	assert_false(s->enabled);
	assert_int_equal(s->listen.n, 3);
	assert_string_equal(s->listen.item[2], "c:3");
	assert_int_equal(s->socket_mode, 0600);
	assert_string_equal(s->socket_user, "su");
	assert_string_equal(s->socket_group, "sg");
	assert_true(s->freebind);
	assert_int_equal(s->backlog, 7);
	assert_int_equal(s->workers, 0);
	assert_int_equal(s->max_workers, 9);
	assert_int_equal(s->worker_idle, 8);
	assert_int_equal(s->spare_workers, 2);
	assert_int_equal(s->max_connections, 10);
	assert_int_equal(s->max_connections_jitter, 100);
	assert_string_equal(s->user, "x");
	assert_string_equal(s->group, "y");
	assert_false(s->log_connections);
	assert_string_equal(s->text, "a\tbAA\"");
	conf_free(c);
}

static void defaults_section_fills_in(void **state)
{
	struct conf *c = load_good("service a { workers = 7 text = '' listen += b:1 }\n"
				   "defaults { handler = echo workers = 3 listen = a:1 text = t }\n"
				   "service b { }");

	(void)state;
	assert_int_equal(conf_find(c, "a")->workers, 7);
	assert_int_equal(conf_find(c, "a")->listen.n, 2);
	assert_null(conf_find(c, "a")->text);
	assert_string_equal(conf_find(c, "b")->handler, "echo");
	assert_int_equal(conf_find(c, "b")->workers, 3);
	assert_int_equal(conf_find(c, "b")->listen.n, 1);
	assert_string_equal(conf_find(c, "b")->text, "t");
	conf_free(c);
}

/* libconfuse allows comments between statements alone. */
static void comments_may_stand_anywhere(void **state)
{
	struct conf *c = load_good(
		"# a\n// b '\n/* c\n\" */ service /* d */ a // e\n{ listen = { # f\n'a:1', /* g */\n"
		"'b:2' // h\n} handler = # i\n echo /*** j **/ text = 'http://x#y/*z*/' }");

	(void)state;
	assert_int_equal(conf_find(c, "a")->listen.n, 2);
	assert_int_equal(conf_find(c, "a")->line, 4);
	assert_string_equal(conf_find(c, "a")->text, "http://x#y/*z*/");
	conf_free(c);
}

static void variables_are_expanded_in_double_quotes(void **state)
{
	struct conf *c;

	(void)state;
	setenv("SOCKD_T", "it's \\ \"x\"", 1);
	c = load_good("service a {" ECHO_BODY "text = \"<${SOCKD_T}>${NONE_SUCH:-def}\" }\n"
		      "service b {" ECHO_BODY "text = '${SOCKD_T}' }\n"
		      "service c {" ECHO_BODY "text = ${SOCKD_T} }\n");
	assert_string_equal(conf_find(c, "a")->text, "<it's \\ \"x\">def");
	assert_string_equal(conf_find(c, "b")->text, "${SOCKD_T}");
	assert_string_equal(conf_find(c, "c")->text, "it's \\ \"x\"");
	conf_free(c);
}

/* Every key that has a type, with a value that it cannot have. */
static void wrong_values_are_told(void **state)
{
	static const char *const global[][2] = {
		{"pidfile = a/b",
			"pidfile: found 'a/b', expected an absolute path, or '' for none"},
		{"log-level = loud",
			"log-level: found 'loud', expected one of debug, info, notice, "
			"warning, error"},
		{"log-format = xml", "log-format: found 'xml', expected one of text, json"},
		{"shutdown-timeout = 30s", "shutdown-timeout: found '30s', expected a number of "
					   "seconds from 0 to 31536000"},
		{"drain-timeout = -1",
			"drain-timeout: found '-1', expected a number of seconds from "
			"0 to 31536000"},
	};
	static const char *const service[][2] = {
		{"enabled = 1",
			"enabled: found '1', expected one of true, false, yes, no, on, off"},
		{"socket-mode = 0899",
			"socket-mode: found '0899', expected an octal mode from 0 to "
			"0777"},
		{"socket-mode = 1000",
			"socket-mode: found '1000', expected an octal mode from 0 to "
			"0777"},
		{"freebind = maybe",
			"freebind: found 'maybe', expected one of true, false, yes, no, on, off"},
		{"backlog = 0", "backlog: found '0', expected a number from 1 to 1048576"},
		{"workers = many", "workers: found 'many', expected auto or a number from 1 to "
				   "10000"},
		{"workers = 0", "workers: found '0', expected auto or a number from 1 to 10000"},
		{"workers = ''", "workers: found '', expected auto or a number from 1 to 10000"},
		{"max-workers = auto", "max-workers: found 'auto', expected a number from 1 to "
				       "10000"},
		{"worker-idle = 0x10",
			"worker-idle: found '0x10', expected a number of seconds from "
			"1 to 31536000"},
		{"spare-workers = 10001",
			"spare-workers: found '10001', expected a number from 1 to "
			"10000"},
		{"max-connections = 99999999999999999999",
			"max-connections: found '99999999999999999999', expected a number from 0 to "
			"2147483647"},
		{"max-connections-jitter = 101", "max-connections-jitter: found '101', expected a "
						 "number of percent from 0 to 100"},
		{"log-connections = \"\\x1b\"", "log-connections: found '\\x1b', expected one of "
						"true, false, yes, no, on, off"},
		{"workers = 5 max-workers = 4", "max-workers: found 4, expected at least the 5 of "
						"'workers'"},
		{"workers = 4;", "found '4;'; leave out the ';', or put quotes around it"},
		{"text = a+b", "'a+b' needs quotes around it, because of the '+'"},
		{"text = {a}", "found '{', expected a value"},
		{"text += a", "found '+=', expected '='"},
		{"workers = 4;workers = 5",
			"found '4;workers'; leave out the ';', or put quotes around it"},
		{"resolved-uid = 0", "unknown key 'resolved-uid' in service 'a'"},
	};
	char text[512], expected[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(global); i++) {
		snprintf(text, sizeof(text), "\n%s\nservice a {" ECHO_BODY "}", global[i][0]);
		snprintf(expected, sizeof(expected), "t:2: %s\n", global[i][1]);
		expect_errors(text, expected);
	}
	for (size_t i = 0; i < ARRAY_SIZE(service); i++) {
		snprintf(text, sizeof(text), "service a {" ECHO_BODY "\n\n%s\n}", service[i][0]);
		snprintf(expected, sizeof(expected), "t:3: %s\n", service[i][1]);
		expect_errors(text, expected);
		snprintf(text, sizeof(text), "defaults {\n\n%s\n}\nservice a {" ECHO_BODY "}",
			service[i][0]);
		if (!strstr(service[i][0], "resolved"))
			expect_errors(text, expected);
	}
	expect_errors("log-facility = kern service a {" ECHO_BODY "}",
		"t:1: log-facility: found 'kern', expected one of daemon, user, auth, authpriv, cron, "
		"ftp, lpr, mail, news, uucp, local0, local1, local2, local3, local4, local5, local6, "
		"local7\n");
}

static void what_is_missing_is_told(void **state)
{
	(void)state;
	expect_errors("", "t: no service is enabled\n");
	expect_errors("service a { enabled = no }", "t: no service is enabled\n");
	expect_errors("\nservice a { }", "t:2: listen: service 'a' needs one\n"
					 "t:2: handler: service 'a' needs one\n");
	expect_errors(
		"service a { handler = x\nlisten = {} }", "t:2: listen: service 'a' needs one\n");
	expect_errors("service a { listen = *:80\nhandler = x }",
		"t:1: '*:80' needs quotes around it, because of the '*'\n");
}

static void unknown_names_are_told_with_the_nearest(void **state)
{
	(void)state;
	expect_errors("log-levl = info\nservice echo {" ECHO_BODY "\nwokers = 4\nlitsen = {a, b}\n"
		      "frob = x\n}\nworkers = 4\n",
		"t:1: unknown key 'log-levl'; did you mean 'log-level'?\n"
		"t:3: unknown key 'wokers' in service 'echo'; did you mean 'workers'?\n"
		"t:4: unknown key 'litsen' in service 'echo'; did you mean 'listen'?\n"
		"t:5: unknown key 'frob' in service 'echo'\n"
		"t:7: unknown key 'workers'; 'workers' stands in a service or in defaults\n");
	expect_errors("service a {" ECHO_BODY "\npidfile = x\ninclude('y')\n}",
		"t:2: unknown key 'pidfile' in service 'a'; 'pidfile' stands outside of sections\n"
		"t:3: found 'include', expected KEY = VALUE; 'include' stands outside of sections\n");
	/* What is behind an unknown section cannot be told. */
	expect_errors("wokers = 4\nservise b {\n wokers = 4\n}\n",
		"t:1: unknown key 'wokers'; 'workers' stands in a service or in defaults\n"
		"t:2: found 'servise', expected KEY = VALUE; did you mean 'service'?\n");
	expect_errors("defaults|workers = 4 service a {" ECHO_BODY "}",
		"t:1: unknown key 'defaults|workers'\n");
}

static void what_stands_twice_is_told(void **state)
{
	(void)state;
	expect_errors("user = a\n\nuser = b\ndefaults {}\nservice a {" ECHO_BODY "\nworkers = 1\n"
		      "listen += 'b:1'\nworkers = 2\n}\nservice a {\nlisten = x listen = y\n}\n"
		      "defaults { }\n",
		"t:3: user: already given at t:1\n"
		"t:8: workers: already given at t:6\n"
		"t:10: service 'a': already given at t:5\n"
		"t:11: listen: already given at t:11\n"
		"t:13: defaults: already given at t:4\n");
}

static void names_of_services_are_checked(void **state)
{
	char name[80], text[256];

	(void)state;
	memset(name, 'n', 63);
	name[63] = '\0';
	snprintf(text, sizeof(text), "service %s {" ECHO_BODY "}", name);
	conf_free(load_good(text));
	conf_free(load_good("service a.B_-9 {" ECHO_BODY "}"));
	expect_errors("service '' {\n}", "t:1: found '', expected a service's name: 1 to 63 of "
					 "letters, digits, '.', '_' and '-'\n");
	expect_errors("service \"a b\" {\n}",
		"t:1: found 'a b', expected a service's name: 1 to 63 of "
		"letters, digits, '.', '_' and '-'\n");
	expect_errors("service {\n}", "t:1: found '{', expected the name of the service\n");
	snprintf(text, sizeof(text), "service n%s { }", name);
	assert_null(load_text(text));
	assert_non_null(strstr(errors, "expected a service's name"));
}

static void several_kinds_of_errors_come_together(void **state)
{
	(void)state;
	expect_errors("wokers = 4\nservice \"echo\" {\n wokers = 3\n workers = 1 workers = 2\n"
		      " listen = *:80\n foo = bar\n}\n",
		"t:1: unknown key 'wokers'; 'workers' stands in a service or in defaults\n"
		"t:3: unknown key 'wokers' in service 'echo'; did you mean 'workers'?\n"
		"t:4: workers: already given at t:4\n"
		"t:5: '*:80' needs quotes around it, because of the '*'\n");
	expect_errors("log-level = loud\nservice a {\n workers = many\n backlog = 99999999\n}\n"
		      "defaults {\n text = t\n freebind = perhaps\n}\nservice b {\n unheard = 1\n",
		"t:11: unknown key 'unheard' in service 'b'\n"
		"t:10: section service 'b' is not closed\n");
	expect_errors("log-level = loud\nservice a {\n workers = many\n backlog = 99999999\n}\n"
		      "defaults {\n freebind = perhaps\n}\nservice b { }\n",
		"t:1: log-level: found 'loud', expected one of debug, info, notice, warning, error\n"
		"t:7: freebind: found 'perhaps', expected one of true, false, yes, no, on, off\n"
		"t:3: workers: found 'many', expected auto or a number from 1 to 10000\n"
		"t:4: backlog: found '99999999', expected a number from 1 to 1048576\n");
}

static void errors_are_cut_when_there_are_very_many(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, "x = y\n");
	assert_null(load_text(b.data));
	assert_non_null(strstr(errors, "t:100: "));
	assert_null(strstr(errors, "t:101: "));
	assert_non_null(strstr(errors, "more errors are not shown\n"));
	buf_free(&b);
}

static void limits_are_a_section_of_a_service(void **state)
{
	static const char text[] =
		"defaults { limits { nofile = 64 as = 2G } }\n"
		"service a {" ECHO_BODY
		"'limits' /* x */ { core = 0\ncpu = unlimited as = 512M } umask = 077 }\n"
		"service b { listen = '127.0.0.1:8' handler = echo receive-buffer = 4K limits { } }\n";
	static const char *const option[] = {"limits.nofile=65", "limits.fsize=1K"};
	const struct conf_source src = {
		.text = text, .text_name = "t", .option = option, .n_options = 2, .service = "a"};
	struct conf *c = load(&src), *again;
	const struct conf_service *a = conf_find(c, "a"), *b = conf_find(c, "b");
	struct buf keys = {0};
	char *first, *second;

	(void)state;
	assert_int_equal(a->limit[CONF_NOFILE], 65);
	assert_int_equal(a->limit[CONF_FSIZE], 1024);
	assert_int_equal(a->limit[CONF_AS], 512L << 20);
	assert_int_equal(a->limit[CONF_CORE], 0);
	assert_int_equal(a->limit[CONF_CPU], CONF_UNLIMITED);
	assert_int_equal(a->limit[CONF_NPROC], CONF_INHERIT);
	assert_int_equal(a->umask, 077);
	assert_int_equal(b->limit[CONF_NOFILE], 64);
	assert_int_equal(b->limit[CONF_AS], 2L << 30);
	assert_int_equal(b->receive_buffer, 4096);
	assert_int_equal(conf_compare(a, b, &keys) & CONF_WORKERS, CONF_WORKERS);
	assert_non_null(
		strstr(keys.data, " limits.nofile limits.as limits.cpu limits.core limits.fsize"));
	buf_free(&keys);
	first = dump(c, 0);
	assert_non_null(strstr(first, "\tlimits {\n\t\tnofile = 65\n\t\tas = 536870912\n"
				      "\t\tcpu = unlimited\n\t\tcore = 0\n\t\tnproc = inherit\n"
				      "\t\tfsize = 1024\n\t}\n"));
	again = load_good(first);
	second = dump(again, 0);
	assert_string_equal(first, second);
	assert_int_equal(conf_compare(a, conf_find(again, "a"), NULL), CONF_SAME);
	free(first);
	free(second);
	conf_free(c);
	conf_free(again);
}

static void wrong_limits_are_told(void **state)
{
	(void)state;
	expect_errors("service a {" ECHO_BODY "\nnofile = 64\nlimits { workers = 4\nnofil = 6 }\n}",
		"t:2: unknown key 'nofile' in service 'a'; 'nofile' stands in limits { } of a service "
		"or of defaults\n"
		"t:3: unknown key 'workers' in limits; 'workers' stands in a service or in defaults\n"
		"t:4: unknown key 'nofil' in limits; did you mean 'nofile'?\n");
	expect_errors("service a {" ECHO_BODY
		      "\nlimits { as = 1\nas = 2 }\nlimits { }\nlimits.as = 3 }",
		"t:3: as: already given at t:2\nt:4: limits: already given at t:2\n"
		"t:5: as: already given at t:2\n");
	expect_errors("service a {" ECHO_BODY "\nlimits { as = 1\n",
		"t:2: section limits is not closed\n");
	expect_errors("service a {" ECHO_BODY "\nlimits = 4 }", "t:2: found '=', expected '{'\n");
	expect_errors("limits { as = 4 }",
		"t:1: found 'limits', expected KEY = VALUE; 'limits' stands in "
		"a service or in defaults\n");
	expect_errors("service a {" ECHO_BODY "\nlimits { nofile = 2\nas = 9G9\ncpu = 1K\n"
		      "core = 9999999999G } }",
		"t:2: nofile: found '2', expected inherit, unlimited or a number from 3 to 1048576\n"
		"t:3: as: found '9G9', expected inherit, unlimited or a number of bytes of at least 1, "
		"maybe with K, M or G\n"
		"t:4: cpu: found '1K', expected inherit, unlimited or a number of seconds of at least "
		"1\n"
		"t:5: core: found '9999999999G', expected inherit, unlimited or a number of bytes of "
		"at least 0, maybe with K, M or G\n");
}

static void rates_are_read(void **state)
{
	static const char *const bad[] = {"5", "5/", "/5", "0/1", "1/0", "1000000001/1",
		"1/31536001", "1/1/1", "-1/1", "1/ 1", "99999999999999999999/1",
		"1/99999999999999999999"};
	struct conf *c =
		load_good("defaults { rate = 100/60 rate-per-source = 1/2 }\n"
			  "service a {" ECHO_BODY "rate = '' rate-per-source = 1000000000/1 }\n"
			  "service b { listen = :8 handler = x }");
	char text[256], *out = dump(c, 0);

	(void)state;
	assert_int_equal(conf_find(c, "a")->rate.n, 0);
	assert_int_equal(conf_find(c, "a")->rate_per_source.n, 1000000000);
	assert_int_equal(conf_find(c, "b")->rate.n, 100);
	assert_int_equal(conf_find(c, "b")->rate.seconds, 60);
	assert_non_null(strstr(out, "\trate = ''\n\trate-per-source = '1000000000/1'\n"));
	assert_int_equal(conf_compare(conf_find(c, "a"), conf_find(c, "b"), NULL) & CONF_WORKERS,
		CONF_WORKERS);
	free(out);
	conf_free(c);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "service a {" ECHO_BODY "\nrate = '%s' }", bad[i]);
		assert_null(load_text(text));
		assert_non_null(strstr(errors, "t:2: rate: found '"));
		assert_non_null(strstr(errors, "expected 'N/SECONDS', such as '100/60'"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_contract),
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(defaults_section_fills_in),
		cmocka_unit_test(comments_may_stand_anywhere),
		cmocka_unit_test(variables_are_expanded_in_double_quotes),
		cmocka_unit_test(wrong_values_are_told),
		cmocka_unit_test(what_is_missing_is_told),
		cmocka_unit_test(unknown_names_are_told_with_the_nearest),
		cmocka_unit_test(what_stands_twice_is_told),
		cmocka_unit_test(names_of_services_are_checked),
		cmocka_unit_test(several_kinds_of_errors_come_together),
		cmocka_unit_test(errors_are_cut_when_there_are_very_many),
		cmocka_unit_test(limits_are_a_section_of_a_service),
		cmocka_unit_test(wrong_limits_are_told),
		cmocka_unit_test(rates_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
