/* test_conf_syntax.c: broken texts are told with the right line, and never end the process. */
#include "conf_help.h"

struct text_case {
	const char *text;
	const char *errors;
};

static void expect_all(const struct text_case *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_errors(t[i].text, t[i].errors);
}

static void what_is_not_closed_is_told_where_it_begins(void **state)
{
	static const struct text_case all[] = {
		{"\n\nservice echo {\nlisten = 'a:1'\n",
			"t:3: section service 'echo' is not closed\n"},
		{"\ndefaults {\n", "t:2: section defaults is not closed\n"},
		{"service a {" ECHO_BODY "\nservice b {" ECHO_BODY "}\n",
			"t:1: section service 'a' is not closed before the one on line 2\n"},
		{"service a {\ndefaults {\n}\n}\n",
			"t:1: section service 'a' is not closed before the one on line 2\n"},
		{"\nuser = \"abc\n\n", "t:2: string is not closed\n"},
		{"\nuser = 'abc\\", "t:2: string is not closed\n"},
		{"user = \"abc\\", "t:1: string is not closed\n"},
		{"user = a\n/* \n * \n", "t:2: comment is not closed\n"},
		{"/*/", "t:1: comment is not closed\n"},
		{"service a {\nlisten = { 'a:1'\nhandler = x }\n",
			"t:3: found 'handler', expected ',' or the list's '}'\n"},
		{"include('x'\nuser = a\n", "t:2: found 'user', expected ',' or ')'\n"},
	};

	(void)state;
	expect_all(all, ARRAY_SIZE(all));
}

static void stray_characters_are_told(void **state)
{
	static const struct text_case all[] = {
		{"user = a\n}\n", "t:2: found '}', expected a key or a section\n"},
		{"user\n= a }", "t:2: found '}', expected a key or a section\n"},
		{"user a\n", "t:1: found 'a', expected '='\n"},
		{"user =\n\n", "t:3: found the end of the file, expected a value\n"},
		{"user = = a\n", "t:1: found '=', expected a value\n"},
		{"= a\nuser = }\n", "t:1: found '=', expected a key or a section\n"},
		{"service a {\n, \n}", "t:2: found ',', expected a key or '}'\n"},
		{"service a b {\n}", "t:1: found 'b', expected '{'\n"},
		{"service a = b\n", "t:1: found '=', expected '{'\n"},
		{"defaults a { }\n", "t:1: found 'a', expected '{'\n"},
		{"service a { listen = {,} }", "t:1: found ',', expected a value of the list\n"},
		{"service a { listen = {'a' 'b'} }",
			"t:1: found 'b', expected ',' or the list's '}'\n"},
		{"service a { listen = {{}} }", "t:1: found '{', expected a value of the list\n"},
		{"include\n", "t:2: found the end of the file, expected include(\"FILE\")\n"},
		{"include(a,,b)\n", "t:1: found ',', expected a value of the list\n"},
		{"service a {" ECHO_BODY "text = hello world\n}",
			"t:1: found 'world', expected KEY = VALUE; a value with spaces needs quotes\n"},
		{"service a {" ECHO_BODY "text = 'x' ;\n}",
			"t:1: found ';'; leave out the ';', or put quotes around it\n"},
		{"user=a;group=b\n",
			"t:1: found 'a;group'; leave out the ';', or put quotes around it\n"},
		{"these are words\n",
			"t:1: found 'these', expected KEY = VALUE; a value with spaces needs quotes\n"},
		{"user = 'a\n\nb' = c\n",
			"t:3: found '=', expected a key or a section (a string that "
			"spans lines begins on line 1)\n"},
		{"* = 4\n", "t:1: '*' needs quotes around it, because of the '*'\n"},
		{"user = a+\n", "t:1: 'a+' needs quotes around it, because of the '+'\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		conf_free(load_text(all[i].text));
		if (strncmp(errors, all[i].errors, strlen(all[i].errors)))
			fail_msg("in '%s'\nexpected:\n%sgot:\n%s", all[i].text, all[i].errors,
				errors);
	}
}

static void escapes_are_checked(void **state)
{
	static const struct text_case all[] = {
		{"\nuser = \"\\400\"", "t:2: bad number behind a '\\'"},
		{"user = \"\\8\"", "t:1: bad number behind a '\\'"},
		{"user = \"\n\\1234\"", "t:2: bad number behind a '\\'"},
		{"user = \"\\0\"", "t:1: bad number behind a '\\'"},
		{"user = \"\\000\"", "t:1: bad number behind a '\\'"},
		{"user = \"\\x0\"", "t:1: bad number behind a '\\'"},
		{"user = \"\\x00\"", "t:1: bad number behind a '\\'"},
		{"user = \"\\\n${A\"\n}",
			"t:2: '${' is not closed; single quotes keep it as it is\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		conf_free(load_text(all[i].text));
		if (strncmp(errors, all[i].errors, strlen(all[i].errors)))
			fail_msg("in '%s'\nexpected:\n%sgot:\n%s", all[i].text, all[i].errors,
				errors);
	}
}

/* libconfuse and the scanner must see the same string in each of these. */
static void strings_are_read_as_libconfuse_does(void **state)
{
	static const char *const all[][2] = {
		{"\"\\n\\r\\b\\f\\a\\e\\t\\v\\q\"", "\n\r\b\f\a\033\t\vq"},
		{"\"\\x41\\x4g\\xg\\101\\7\"", "A\004gxgA\a"},
		{"\"a\\\nb\nc\"", "ab\nc"},
		{"\"'\\\"'\"", "'\"'"},
		{"\"$ { $x $\"", "$ { $x $"},
		{"'\\'\\\\\\n'", "'\\\\n"},
		{"'a\\\nb\nc'", "ab\nc"},
		{"'\"#//'", "\"#//"},
		{"a/b//c", "a/b//c"},
		{"x$y", "x$y"},
		{"\xc3\xa9", "\xc3\xa9"},
		{"\f\v\x01", "\f\v\x01"},
		{"x\r", "x"},
		{"x#y", "x"},
		{"x'' {", NULL},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct conf *c;

		snprintf(text, sizeof(text), "service a {" ECHO_BODY "\ntext = %s\n}", all[i][0]);
		c = load_text(text);
		if (!all[i][1]) {
			assert_null(c);
			continue;
		}
		if (!c)
			fail_msg("in '%s': %s", text, errors);
		assert_string_equal(conf_find(c, "a")->text, all[i][1]);
		conf_free(c);
	}
}

static void deep_nesting_ends_the_scan(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_puts(&b, "a {\n");
	assert_null(load_text(b.data));
	assert_string_equal(errors, "t:1: found 'a', expected KEY = VALUE\n");
	buf_free(&b);
	for (int i = 0; i < 200000; i++)
		buf_puts(&b, "service a {\n");
	assert_null(load_text(b.data));
	assert_string_equal(
		errors, "t:1: section service 'a' is not closed before the one on line 2\n");
	buf_free(&b);
	buf_puts(&b, "service x { listen = {");
	for (int i = 0; i < 200000; i++)
		buf_puts(&b, "{");
	assert_null(load_text(b.data));
	assert_non_null(strstr(errors, "t:1: found '{', expected a value of the list\n"));
	buf_free(&b);
}

static void very_many_services_are_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "service s%d { enabled = no }\n", i);
	assert_null(load_text(b.data));
	assert_string_equal(errors, "t:4097: more than 4096 services\n");
	buf_free(&b);
}

static void a_long_string_is_read(void **state)
{
	struct buf b = {0};
	struct conf *c;

	(void)state;
	buf_puts(&b, "service a {" ECHO_BODY "text = '");
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "0123456789");
	buf_puts(&b, "' }");
	c = load_good(b.data);
	assert_int_equal(strlen(conf_find(c, "a")->text), 1000000);
	conf_free(c);
	buf_free(&b);
}

/* Whatever is cut off or changed in a good text, there is an answer, and no crash. */
static void broken_texts_do_no_harm(void **state)
{
	static const char good[] =
		"user = \"a\\x41${B:-c}\" # c\n/* d */ include('/nonexistent/*')\n"
		"defaults { listen += {'a:1', \"b:2\"} }\n"
		"service 'x' { handler = e // f\n text = '\\'\n' workers = 4 'limits' { as = 1K\n"
		"core=2}limits.cpu = 3 rate = 1/2 }\n";
	static const char change[] = "\"'{}()=+,*#/\\$\n\r\t;x0|\x80\xff";
	char text[sizeof(good)];

	(void)state;
	conf_free(load_good(good));
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		strcpy(text, good);
		text[i] = '\0';
		conf_free(load_text(text));
		for (const char *p = change; *p; p++) {
			strcpy(text, good);
			text[i] = *p;
			conf_free(load_text(text));
			assert_null(strstr(errors, "syntax error"));
			assert_null(strstr(errors, "unexpected"));
			assert_null(strstr(errors, "premature"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_closed_is_told_where_it_begins),
		cmocka_unit_test(stray_characters_are_told),
		cmocka_unit_test(escapes_are_checked),
		cmocka_unit_test(strings_are_read_as_libconfuse_does),
		cmocka_unit_test(deep_nesting_ends_the_scan),
		cmocka_unit_test(very_many_services_are_refused),
		cmocka_unit_test(a_long_string_is_read),
		cmocka_unit_test(broken_texts_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
