/* test_chat_line.c: what a client types as lines that are safe on other people's terminals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "handlers/chat_line.h"

#define BAD "\xef\xbf\xbd" /* U+FFFD */

/* Feed the bytes; lines come out joined by '|', cut ones followed by '!', and one that lacked its
 * newline by '$'. */
static const char *lines_of(const char *data, size_t n)
{
	static struct chat_line l;
	static char out[64 * 1024], text[CHAT_LINE_MAX + 1];
	size_t len = 0;

	for (size_t i = 0; i <= n; i++) {
		bool cut;

		if (i < n && !chat_line_add(&l, (uint8_t)data[i]))
			continue;
		cut = chat_line_take(&l, text);
		if (i < n || *text)
			len += (size_t)sprintf(
				out + len, "%s%s%s", text, cut ? "!" : "", i < n ? "|" : "$");
	}
	out[len] = '\0';
	return out;
}

static void expect_n(const char *data, size_t n, const char *lines)
{
	assert_string_equal(lines_of(data, n), lines);
}

#define EXPECT(data, lines) expect_n(data, sizeof(data) - 1, lines)

static void splits_at_newlines(void **state)
{
	(void)state;
	EXPECT("", "");
	EXPECT("one\n", "one|");
	EXPECT("one\ntwo\n", "one|two|");
	EXPECT("one\r\ntwo\r\n\r\n", "one|two||");
	EXPECT("\n\n", "||");
}

static void last_line_needs_no_newline(void **state)
{
	(void)state;
	EXPECT("one\ntwo", "one|two$");
	EXPECT("half \xe2\x82", "half " BAD BAD "$");
	EXPECT("\r", "");
}

static void control_bytes_do_not_pass(void **state)
{
	(void)state;
	EXPECT("a\tb\n", "a b|");
	EXPECT("\x1b[31mred\x07\x7f\x08\n", "?[31mred???|");
	EXPECT("a\0b\r\0c\n", "abc|");
	EXPECT("\xc2\x9b"
	       "31m\xc2\x80\xc2\x9f\xc2\xa0\n",
		BAD BAD "31m" BAD BAD BAD BAD "\xc2\xa0|");
}

static void no_byte_value_harms(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char data[] = {'a', (char)c, 'b', 'c', '\n'};
		const char *out = lines_of(data, sizeof(data));

		for (; *out; out++)
			assert_true((unsigned char)*out >= ' ' && *out != 0x7f);
	}
}

static void valid_utf8_passes(void **state)
{
	(void)state;
	EXPECT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf \xf4\x8f\xbf\xbf\n",
		"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf \xf4\x8f\xbf\xbf|");
}

static void invalid_utf8_is_replaced(void **state)
{
	(void)state;
	EXPECT("a\x80"
	       "b\xbf\n",
		"a" BAD "b" BAD "|");
	EXPECT("\xc0\xaf\xc1\xbf\n", BAD BAD BAD BAD "|"); /* too long a form */
	EXPECT("\xe0\x80\xaf\n", BAD BAD BAD "|");
	EXPECT("\xf0\x80\x80\xaf\n", BAD BAD BAD BAD "|");
	EXPECT("\xed\xa0\x80\n", BAD BAD BAD "|");         /* a surrogate */
	EXPECT("\xf4\x90\x80\x80\n", BAD BAD BAD BAD "|"); /* above U+10FFFF */
	EXPECT("\xf5\xfe\n", BAD BAD "|");
	EXPECT("\xe2\x82x\n", BAD BAD "x|"); /* breaks off */
	EXPECT("\xf0\x9f\x98\xe2\x82\xac\n", BAD BAD BAD "\xe2\x82\xac|");
	EXPECT("\xc3\n", BAD "|");
}

static void telnet_commands_vanish(void **state)
{
	(void)state;
	EXPECT("\xff\xfd\x03\xff\xfb\x18hello\n", "hello|"); /* DO, WILL */
	EXPECT("a\xff\xf1"
	       "b\n",
		"ab|"); /* NOP */
	EXPECT("a\xff\xfa\x1f\0P\0\x18\xff\xf0"
	       "b\n",
		"ab|"); /* window size */
	EXPECT("a\xff\xfa\x18\xff\xff x\xff\xf0"
	       "b\n",
		"ab|"); /* IAC IAC in there */
	EXPECT("a\xff\xff"
	       "b\xff"
	       "c\n",
		"abc|");                         /* the byte 255, and no telnet */
	EXPECT("a\xff\n\xff\xfd\nb\n", "a||b|"); /* a newline ends a line, always */
	EXPECT("\xff\xfa never ended\nb\n", "|b|");
}

static void long_line_is_cut(void **state)
{
	static char data[3 * CHAT_LINE_MAX];
	static char want[3 * CHAT_LINE_MAX];

	(void)state;
	memset(data, 'x', sizeof(data));
	memset(want, 'x', sizeof(want));
	data[CHAT_LINE_MAX] = '\n';
	data[CHAT_LINE_MAX + 1] = 'y';
	data[CHAT_LINE_MAX + 2] = '\n';
	strcpy(want + CHAT_LINE_MAX, "|y|");
	expect_n(data, CHAT_LINE_MAX + 3, want);

	memset(data, 'x', CHAT_LINE_MAX + 3);
	data[sizeof(data) - 3] = '\n'; /* the rest, up to the newline, is dropped */
	data[sizeof(data) - 2] = 'y';
	data[sizeof(data) - 1] = '\n';
	strcpy(want + CHAT_LINE_MAX, "!|y|");
	expect_n(data, sizeof(data), want);
}

static void no_character_is_cut_in_two(void **state)
{
	static char data[CHAT_LINE_MAX + 16];
	static char want[CHAT_LINE_MAX + 16];

	(void)state;
	memset(data, 'x', sizeof(data));
	memset(want, 'x', sizeof(want));
	memcpy(data + CHAT_LINE_MAX - 2,
		"\xe2\x82\xac"
		"abc\n",
		7);
	strcpy(want + CHAT_LINE_MAX - 2, "!|");
	expect_n(data, CHAT_LINE_MAX + 5, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_at_newlines),
		cmocka_unit_test(last_line_needs_no_newline),
		cmocka_unit_test(control_bytes_do_not_pass),
		cmocka_unit_test(no_byte_value_harms),
		cmocka_unit_test(valid_utf8_passes),
		cmocka_unit_test(invalid_utf8_is_replaced),
		cmocka_unit_test(telnet_commands_vanish),
		cmocka_unit_test(long_line_is_cut),
		cmocka_unit_test(no_character_is_cut_in_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
