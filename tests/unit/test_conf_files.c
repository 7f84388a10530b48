/* test_conf_files.c: settings that come from files, from files that these include, and from -o. */
#include "conf_help.h"

#include <errno.h>

static struct conf *load_file(const char *path)
{
	const struct conf_source src = {.path = path};

	return load(&src);
}

static void put(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

/* The file main.conf must give exactly these errors; %s is the folder. */
static void expect_file_errors(const char *expected)
{
	struct buf text = {0};
	const char *p, *from = expected;
	char path[256];

	for (; (p = strstr(from, "%s")); from = p + 2) {
		buf_add(&text, from, (size_t)(p - from));
		buf_puts(&text, folder);
	}
	buf_puts(&text, from);
	snprintf(path, sizeof(path), "%s", in_folder("main.conf"));
	conf_free(load_file(path));
	assert_string_equal(errors, text.data);
	buf_free(&text);
}

static void includes_are_read_in_order_and_once(void **state)
{
	struct conf *c;

	(void)state;
	put("main.conf", "include(\"d/*.conf\", 'd/a.conf')\ninclude('none/*.conf')\n"
			 "service z {" ECHO_BODY "}\n");
	put("d/b.conf", "service b { }\n");
	put("d/a.conf", "include('../e.conf')\nservice a { }\n");
	put("d/README", "this is none");
	put("e.conf", "service e { }\ndefaults {" ECHO_BODY "}\n");
	c = load_file(in_folder("main.conf"));
	if (!c)
		fail_msg("%s", errors);
	assert_int_equal(c->n_services, 4);
	assert_string_equal(c->service[0].name, "z");
	assert_string_equal(c->service[1].name, "a");
	assert_string_equal(c->service[2].name, "b");
	assert_string_equal(c->service[3].name, "e");
	assert_string_equal(c->service[1].handler, "echo");
	assert_string_equal(c->service[2].file, in_folder("d/b.conf"));
	assert_int_equal(c->service[1].line, 2);
	assert_string_equal(c->file, in_folder("main.conf"));
	conf_free(c);
}

static void errors_name_the_included_file(void **state)
{
	(void)state;
	put("main.conf", "user = a\nservice a {" ECHO_BODY "}\ninclude('x.conf')\n");
	put("x.conf", "\nuser = b\nservice a {\n}\nservice b {" ECHO_BODY "\nworkers = no\n}\n");
	expect_file_errors("%s/x.conf:2: user: already given at %s/main.conf:1\n"
			   "%s/x.conf:3: service 'a': already given at %s/main.conf:2\n");
	put("x.conf", "\n\nservice b {" ECHO_BODY "\nworkers = no\n}\n");
	expect_file_errors("%s/x.conf:4: workers: found 'no', expected auto or a number from 1 to "
			   "10000\n");
	put("x.conf", "service c {\n");
	expect_file_errors("%s/x.conf:1: section service 'c' is not closed\n");
}

static void files_that_cannot_be_read_are_told(void **state)
{
	(void)state;
	unlink(in_folder("main.conf"));
	expect_file_errors("%s/main.conf: No such file or directory\n");
	mkdir(in_folder("main.conf"), 0700);
	expect_file_errors("%s/main.conf: Is a directory\n");
	rmdir(in_folder("main.conf"));
	mkdir(in_folder("dir"), 0700);
	put("main.conf", "include('none.conf')\n\ninclude('dir')\ninclude('di*')\ninclude('')\n");
	expect_file_errors("%s/main.conf:1: include: cannot read %s/none.conf: No such file or "
			   "directory\n"
			   "%s/main.conf:3: include: cannot read %s/dir: Is a directory\n"
			   "%s/main.conf:4: include: cannot read %s/dir: Is a directory\n"
			   "%s/main.conf:5: include: cannot read %s/: Is a directory\n");
}

static void include_loops_end(void **state)
{
	char name[32], text[64];

	(void)state;
	put("main.conf", "include('main.conf')\n");
	expect_file_errors("%s/main.conf:1: include: %s/main.conf includes itself\n");
	put("main.conf", "include('b.conf')\n");
	put("b.conf", "\ninclude('main.conf')\n");
	expect_file_errors("%s/b.conf:2: include: %s/main.conf includes itself\n");
	put("main.conf", "include('1.conf')\n");
	for (int i = 1; i < 12; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include('%d.conf')\n", i + 1);
		put(name, text);
	}
	expect_file_errors("%s/8.conf:1: include: files include each other deeper than 8\n");
}

static void binary_files_are_told(void **state)
{
	char *big = calloc(1, 5 << 20);
	static const char nul[] = "user = a\n\nuser\0 = b\n";

	(void)state;
	write_file("main.conf", nul, sizeof(nul) - 1);
	expect_file_errors("%s/main.conf:3: NUL byte: this is not a text file\n");
	write_file("main.conf", big, 5 << 20);
	expect_file_errors("%s/main.conf: File too large\n");
	put("main.conf", "\xef\xbb\xbfservice a {" ECHO_BODY "}\r\n");
	expect_file_errors("");
	write_file("main.conf", "", 0);
	expect_file_errors("%s/main.conf: no service is enabled\n");
	free(big);
}

static struct conf *load_options(const char *service, const char *const *option, size_t n)
{
	const struct conf_source src = {
		.text = "log-level = debug\nservice a {" ECHO_BODY "workers = 3 text = t }",
		.text_name = "command line",
		.service = service,
		.option = option,
		.n_options = n,
	};

	return load(&src);
}

static void options_win_over_the_file(void **state)
{
	static const char *const option[] = {"log-level=error", "workers=7",
		"text=hello \"w'\\orld\"", "listen={\"b:1\", 'c:2'}", "log-level = notice",
		"user=\"x\"", "max-workers=9", "handler= ' spaced '", "pidfile=", "listen+=d:3"};
	const struct conf_service *s;
	struct conf *c = load_options("a", option, ARRAY_SIZE(option));

	(void)state;
	if (!c)
		fail_msg("%s", errors);
	s = conf_find(c, "a");
	assert_int_equal(c->log_level, 5);
	assert_int_equal(s->workers, 7);
	assert_int_equal(s->max_workers, 9);
	assert_string_equal(s->text, "hello \"w'\\orld\"");
	assert_int_equal(s->listen.n, 3);
	assert_string_equal(s->listen.item[0], "b:1");
	assert_string_equal(s->user, "x"); /* a key of the service before one of the same name */
	assert_null(c->user);
	assert_string_equal(s->handler, " spaced ");
	assert_string_equal(c->pidfile, "");
	conf_free(c);
}

static void wrong_options_are_told(void **state)
{
	static const char *const with_service[][2] = {
		{"workers=many",
			"workers: found 'many', expected auto or a number from 1 to 10000"},
		{"wokers=4", "unknown key 'wokers'; did you mean 'workers'?"},
		{"frob=4", "unknown key 'frob'"},
		{"workers", "expected KEY=VALUE"},
		{"=4", "expected KEY=VALUE"},
		{"", "expected KEY=VALUE"},
		{"include=x", "found '=', expected include(\"FILE\")"},
		{"service=x", "found '=', expected the name of the service"},
		{"resolved-uid=0", "unknown key 'resolved-uid'"},
		{"text=\"a", "string is not closed"},
		{"text='a' b", "found 'b', expected one value; a value with spaces needs quotes"},
		{"text={a}", "found '{', expected a value"},
		{"listen={a", "found the end of the file, expected ',' or the list's '}'"},
		{"max-workers=2", "max-workers: found 2, expected at least the 3 of 'workers'"},
		{"listen={}", "listen: service 'a' needs one"},
	};
	static const char *const without[][2] = {
		{"workers=4",
			"unknown key 'workers'; 'workers' stands in a service or in defaults"},
		{"log-levl=debug", "unknown key 'log-levl'; did you mean 'log-level'?"},
		{"log-level=loud",
			"log-level: found 'loud', expected one of debug, info, notice, warning, error"},
	};
	char expected[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_service); i++) {
		assert_null(load_options("a", &with_service[i][0], 1));
		snprintf(expected, sizeof(expected), "-o '%s': %s\n", with_service[i][0],
			with_service[i][1]);
		assert_string_equal(errors, expected);
	}
	for (size_t i = 0; i < ARRAY_SIZE(without); i++) {
		assert_null(load_options(NULL, &without[i][0], 1));
		snprintf(expected, sizeof(expected), "-o '%s': %s\n", without[i][0], without[i][1]);
		assert_string_equal(errors, expected);
	}
}

/* A value cannot smuggle in a second key. */
static void an_option_is_one_key(void **state)
{
	static const char *const option[] = {"text='a'\nuser = root", "log-level=info }"};
	const char *one = "workers='4' user='root'";

	(void)state;
	assert_null(load_options("a", option, 1));
	assert_non_null(strstr(errors, "found 'user', expected one value"));
	assert_null(load_options("a", &one, 1));
	assert_null(load_options("a", &option[1], 1));
}

static void no_pidfile_without_files(void **state)
{
	const struct conf_source src = {
		.text = "service a {" ECHO_BODY "}", .flags = CONF_NO_PIDFILE};
	const struct conf_source own = {
		.text = "pidfile = '/p' service a {" ECHO_BODY "}", .flags = CONF_NO_PIDFILE};
	struct conf *c = load(&src);

	(void)state;
	assert_string_equal(c->pidfile, "");
	conf_free(c);
	c = load(&own);
	assert_string_equal(c->pidfile, "/p");
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			includes_are_read_in_order_and_once, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			errors_name_the_included_file, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			files_that_cannot_be_read_are_told, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(include_loops_end, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(binary_files_are_told, folder_make, folder_remove),
		cmocka_unit_test(options_win_over_the_file),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(an_option_is_one_key),
		cmocka_unit_test(no_pidfile_without_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
