/* test_addr.c: addresses as text, there and back. */
#include "net/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"

static struct addr found[ADDR_MAX];
static char err[256];

static void reads_and_writes_the_same(void **state)
{
	static const char *const text[][2] = {
		{"127.0.0.1:80", "127.0.0.1:80"},
		{"0.0.0.0:0", "0.0.0.0:0"},
		{"[::1]:65535", "[::1]:65535"},
		{"[::]:7", "[::]:7"},
		{"[0:0::0:1]:00080", "[::1]:80"},
		{"[::ffff:1.2.3.4]:80", "1.2.3.4:80"},
		{"[fe80::1%lo]:80", "[fe80::1%lo]:80"},
		{"[fe80::1%1]:80", "[fe80::1%lo]:80"},
		{"[fe80::1%77777]:80", "[fe80::1%77777]:80"},
		{"*:80", "*:80"},
		{":80", "*:80"},
		{"unix:/run/x", "unix:/run/x"},
		{"unix:/run/a b:[c]", "unix:/run/a b:[c]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		struct addr again[ADDR_MAX];
		char out[ADDR_TEXT_MAX];

		assert_int_equal(addr_parse(text[i][0], ADDR_NUMERIC, found, err, sizeof(err)), 1);
		addr_format(&found[0], out);
		assert_string_equal(out, text[i][1]);
		assert_int_equal(addr_parse(out, ADDR_NUMERIC, again, err, sizeof(err)), 1);
		assert_true(addr_equal(&found[0], &again[0]));
		assert_int_equal(found[0].len, again[0].len);
	}
}

static void says_what_is_wrong(void **state)
{
	static const char *const text[][2] = {
		{"", "expected ADDRESS:PORT"},
		{"80", "expected ADDRESS:PORT"},
		{"localhost", "expected ADDRESS:PORT"},
		{"[::1]", "expected ADDRESS:PORT"},
		{"[::1", "expected [ADDRESS]:PORT"},
		{"[", "expected ADDRESS:PORT"},
		{"[:80", "expected [ADDRESS]:PORT"},
		{"[]:80", "IPv6 address in the brackets"},
		{"[1.2.3.4]:80", "IPv6 address in the brackets"},
		{"[fe80::1]:80", "needs its interface"},
		{"[::1%nosuch0]:80", "expected an IPv6 address"},
		{"[::1%]:80", "expected an IPv6 address"},
		{"[::1]80", "expected ADDRESS:PORT"},
		{"::1:80", "stands in brackets"},
		{"1.2.3.4:", "port is missing"},
		{"1.2.3.4:65536", "out of range"},
		{"1.2.3.4:99999999999999999999", "out of range"},
		{"1.2.3.4:-1", "unknown service"},
		{"1.2.3.4:http", "expected a numeric"},
		{"1.2.3.4:8 0", "one address"},
		{"1.2.3:80", "not an IPv4 address"},
		{"1.2.3.256:80", "not an IPv4 address"},
		{"localhost:80", "expected a numeric address"},
		{"unix:", "absolute path"},
		{"unix:run/x", "absolute path"},
		{"unix:@x", "absolute path"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		err[0] = '\0';
		assert_int_equal(addr_parse(text[i][0], ADDR_NUMERIC, found, err, sizeof(err)), -1);
		if (!strstr(err, text[i][1]))
			fail_msg(
				"'%s': got '%s', expected '%s' in it", text[i][0], err, text[i][1]);
	}
}

static void knows_the_longest_path_and_host(void **state)
{
	char text[400] = "unix:/";
	size_t max = sizeof(found[0].un.sun_path) - 1;
	char out[ADDR_TEXT_MAX];

	(void)state;
	memset(text + 6, 'x', max - 1);
	assert_int_equal(addr_parse(text, 0, found, err, sizeof(err)), 1);
	addr_format(&found[0], out);
	assert_string_equal(out, text);
	strcat(text, "y");
	assert_int_equal(addr_parse(text, 0, found, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "may have 107"));

	memset(text, 'h', 300);
	strcpy(text + 300, ":80");
	assert_int_equal(addr_parse(text, 0, found, err, sizeof(err)), -1);
	assert_string_equal(err, "the host name is too long");
}

static void looks_names_up(void **state)
{
	int n;

	(void)state;
	n = addr_parse("localhost:80", 0, found, err, sizeof(err));
	assert_true(n >= 1);
	for (int i = 0; i < n; i++) {
		assert_int_equal(addr_port(&found[i]), 80);
		for (int k = 0; k < i; k++)
			assert_false(addr_equal(&found[i], &found[k]));
	}
	assert_int_equal(addr_parse("nosuch.invalid:80", 0, found, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "cannot look up the host"));
	if (addr_parse("127.0.0.1:http", 0, found, err, sizeof(err)) == 1)
		assert_int_equal(addr_port(&found[0]), 80);
	assert_int_equal(addr_parse("127.0.0.1:no-such-service", 0, found, err, sizeof(err)), -1);
}

static void tells_dual_from_v6(void **state)
{
	struct addr v6[ADDR_MAX];

	(void)state;
	assert_int_equal(addr_parse("*:80", 0, found, err, sizeof(err)), 1);
	assert_int_equal(addr_parse("[::]:80", 0, v6, err, sizeof(err)), 1);
	assert_true(found[0].dual);
	assert_false(v6[0].dual);
	assert_false(addr_equal(&found[0], &v6[0]));
}

static void shows_peers(void **state)
{
	struct addr a = {.len = sizeof(a.in6)};
	char out[ADDR_TEXT_MAX];

	(void)state;
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons(4711);
	memcpy(a.in6.sin6_addr.s6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01", 16);
	addr_format(&a, out);
	assert_string_equal(out, "10.0.0.1:4711");
	addr_host(&a, out);
	assert_string_equal(out, "10.0.0.1");
	assert_int_equal(addr_port(&a), 4711);

	a = (struct addr){.len = sizeof(sa_family_t)};
	a.un.sun_family = AF_UNIX;
	addr_format(&a, out);
	assert_string_equal(out, "unix:");
	addr_host(&a, out);
	assert_string_equal(out, "");
	assert_int_equal(addr_port(&a), 0);

	memcpy(a.un.sun_path, "\0ab", 3);
	a.len = sizeof(sa_family_t) + 3;
	addr_format(&a, out);
	assert_string_equal(out, "unix:@ab");

	memset(a.un.sun_path, 'p', sizeof(a.un.sun_path)); /* full, and no NUL */
	a.len = sizeof(a.un);
	addr_format(&a, out);
	assert_int_equal(strlen(out), 5 + sizeof(a.un.sun_path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_the_same),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(knows_the_longest_path_and_host),
		cmocka_unit_test(looks_names_up),
		cmocka_unit_test(tells_dual_from_v6),
		cmocka_unit_test(shows_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
