/* test_access.c: lists of prefixes: what may be written, and which addresses are in a set. */
#include "net/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char err[256];

/* An address of a textual one. */
static struct addr address(const char *text)
{
	struct addr a = {.len = sizeof(a.in6)};

	a.sa.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (a.sa.sa_family == AF_INET)
		assert_int_equal(inet_pton(AF_INET, text, &a.in.sin_addr), 1);
	else
		assert_int_equal(inet_pton(AF_INET6, text, &a.in6.sin6_addr), 1);
	return a;
}

static struct addr address4(uint32_t ip)
{
	struct addr a = {.len = sizeof(a.in)};

	a.in.sin_family = AF_INET;
	a.in.sin_addr.s_addr = htonl(ip);
	return a;
}

static void check_has(const struct access *a, const char *text, bool expected)
{
	struct addr at = address(text);

	if (access_has(a, &at) != expected)
		fail_msg("%s: expected %d", text, expected);
}

static void items_become_canonical(void **state)
{
	static const char *const text[][2] = {
		{"127.0.0.1", "127.0.0.1/32 "}, {"127.0.0.1/32", "127.0.0.1/32 "},
		{"10.0.0.0/8", "10.0.0.0/8 "}, {"0.0.0.0/0", "0.0.0.0/0 "},
		{"128.0.0.0/1", "128.0.0.0/1 "}, {"255.255.255.254/31", "255.255.255.254/31 "},
		{"::1", "::1/128 "}, {"::/0", "::/0 "}, {"2001:DB8:0:0::/32", "2001:db8::/32 "},
		{"fe80::/10", "fe80::/10 "}, {"8000::/1", "8000::/1 "},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 "},
		{"::ffff:1.2.3.4", "1.2.3.4/32 "}, {"::FFFF:102:304/128", "1.2.3.4/32 "},
		{"::ffff:10.0.0.0/104", "10.0.0.0/8 "}, {"::ffff:0:0/96", "0.0.0.0/0 "},
		{"::1.2.3.4", "::1.2.3.4/128 "},
		{"::fffe:0:0/95", "::fffe:0:0/95 "}, /* more than the mapped ones: IPv6 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		struct buf out = {0}, again = {0};

		assert_int_equal(access_parse_item(text[i][0], &out, err, sizeof(err)), 0);
		assert_string_equal(out.data, text[i][1]);
		out.data[out.len - 1] = '\0';
		assert_int_equal(access_parse_item(out.data, &again, err, sizeof(err)), 0);
		assert_string_equal(again.data, text[i][1]);
		buf_free(&out);
		buf_free(&again);
	}
}

static void items_that_are_wrong_say_why(void **state)
{
	static const char *const text[][2] = {
		{"", "expected an IPv4 or IPv6 address"},
		{"/", "expected an IPv4 or IPv6 address"},
		{"/8", "expected an IPv4 or IPv6 address"},
		{"localhost", "expected an IPv4 or IPv6 address"},
		{"1.2.3", "expected an IPv4 or IPv6 address"},
		{"1.2.3.256", "expected an IPv4 or IPv6 address"},
		{"1.2.3.04", "expected an IPv4 or IPv6 address"},
		{" 1.2.3.4", "expected an IPv4 or IPv6 address"},
		{"1.2.3.4 ", "expected an IPv4 or IPv6 address"},
		{"1.2.3.4,5.6.7.8", "expected an IPv4 or IPv6 address"},
		{"1.2.3.4:80", "expected an IPv4 or IPv6 address"},
		{"[::1]", "expected an IPv4 or IPv6 address"},
		{"fe80::1%lo", "expected an IPv4 or IPv6 address"},
		{"::1::", "expected an IPv4 or IPv6 address"},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000", "expected ADDRESS"},
		{"1.2.3.4/", "from 0 to 32"},
		{"1.2.3.4/33", "from 0 to 32"},
		{"1.2.3.4/-1", "from 0 to 32"},
		{"1.2.3.4/+8", "from 0 to 32"},
		{"1.2.3.4/08", "from 0 to 32"},
		{"1.2.3.4/8 ", "from 0 to 32"},
		{"1.2.3.4/0x8", "from 0 to 32"},
		{"1.2.3.4/4294967296", "from 0 to 32"},
		{"1.2.3.4/8/8", "from 0 to 32"},
		{"1.2.3.4/255.0.0.0", "from 0 to 32"},
		{"::/", "from 0 to 128"},
		{"::/129", "from 0 to 128"},
		{"::/999", "from 0 to 128"},
		{"10.0.0.1/8", "bits are set below the prefix; expected 10.0.0.0/8"},
		{"1.2.3.4/0", "expected 0.0.0.0/0"},
		{"1.2.3.255/25", "expected 1.2.3.128/25"},
		{"1.2.3.5/31", "expected 1.2.3.4/31"},
		{"2001:db8::1/64", "expected 2001:db8::/64"},
		{"::1/0", "expected ::/0"},
		{"::ffff:10.1.1.1/104", "expected 10.0.0.0/8"},
		{"::ffff:0:0/95", "expected ::fffe:0:0/95"},
	};
	struct buf out = {0};

	(void)state;
	buf_puts(&out, "as it was");
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		err[0] = '\0';
		assert_int_equal(access_parse_item(text[i][0], &out, err, sizeof(err)), -1);
		if (!strstr(err, text[i][1]))
			fail_msg("'%s': expected '%s', got '%s'", text[i][0], text[i][1], err);
		assert_string_equal(out.data, "as it was");
	}
	buf_free(&out);
}

/* Parse a file of these bytes. Returns what access_parse_file() does. */
static int parse_text(const char *text, size_t n, struct buf *out)
{
	FILE *f = fopen("access.tmp", "w");
	int rc;

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	rc = access_parse_file("access.tmp", out, err, sizeof(err));
	unlink("access.tmp");
	return rc;
}

static void files_hold_a_prefix_a_line(void **state)
{
	static const struct {
		const char *text, *out;
	} right[] = {
		{"", ""},
		{"\n\n \t\n", ""},
		{"# nothing", ""},
		{"#\n1.2.3.4", "1.2.3.4/32 "},
		{"1.2.3.4\n", "1.2.3.4/32 "},
		{"1.2.3.4#x\n ::/0 # 5.6.7.8 \n", "1.2.3.4/32 ::/0 "},
		{"10.0.0.0/8\r\n\r\n\t11.0.0.0/8\t\r\n", "10.0.0.0/8 11.0.0.0/8 "},
	};
	static const struct {
		const char *text;
		size_t n;
		const char *err;
	} wrong[] = {
		{"x", 1, "access.tmp:1: expected an IPv4"},
		{"1.2.3.4\n\n#\n1.2.3.4 5.6.7.8\n", 28, "access.tmp:4: expected an IPv4"},
		{"1.2.3.4\n1.2.3.4/8", 17,
			"access.tmp:2: bits are set below the prefix; expected 1."},
		{"1.2.3.4\n1.2.3.4\0", 16, "access.tmp:2: a NUL byte"},
		{"# a\0b\n", 6, "access.tmp:1: a NUL byte"},
		{"\0", 1, "access.tmp:1: a NUL byte"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		struct buf out = {0};

		assert_int_equal(parse_text(right[i].text, strlen(right[i].text), &out), 0);
		assert_string_equal(out.data ? out.data : "", right[i].out);
		buf_free(&out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct buf out = {0};

		buf_puts(&out, "as it was");
		assert_int_equal(parse_text(wrong[i].text, wrong[i].n, &out), -1);
		if (strncmp(err, wrong[i].err, strlen(wrong[i].err)))
			fail_msg("expected '%s', got '%s'", wrong[i].err, err);
		assert_string_equal(out.data, "as it was");
		buf_free(&out);
	}
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct buf out = {0};
	int fd;

	(void)state;
	assert_int_equal(access_parse_file("/nonexistent", &out, err, sizeof(err)), -1);
	assert_string_equal(err, "/nonexistent: No such file or directory");
	assert_int_equal(access_parse_file("/", &out, err, sizeof(err)), -1);
	assert_string_equal(err, "/: Is a directory");
	assert_int_equal(access_parse_file("/dev/zero", &out, err, sizeof(err)), -1);
	assert_string_equal(err, "/dev/zero: larger than 64 MiB");

	fd = open("access.big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
	assert_int_equal(access_parse_file("access.big", &out, err, sizeof(err)), -1);
	assert_string_equal(err, "access.big: larger than 64 MiB");
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	assert_int_equal(access_parse_file("access.big", &out, err, sizeof(err)), -1);
	assert_string_equal(err, "access.big:1: a NUL byte: this is no text");
	close(fd);
	unlink("access.big");
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void texts_that_are_no_sets(void **state)
{
	static const char *const text[] = {
		"x", "1.2.3.4/8", "1.2.3.4 x", "::/129", "1.2.3.4,5.6.7.8", "/", "1.2.3.4 # no"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		errno = 0;
		assert_null(access_new(text[i]));
		assert_int_equal(errno, EINVAL);
	}
}

static void the_empty_set(void **state)
{
	static const char *const text[] = {"", " ", "\n \t"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		struct access *a = access_new(text[i]);

		assert_non_null(a);
		check_has(a, "0.0.0.0", false);
		check_has(a, "255.255.255.255", false);
		check_has(a, "::", false);
		check_has(a, "::1", false);
		access_free(a);
	}
	access_free(NULL);
}

/* The first and last address of each length, and their neighbours, of both families. */
static void edges_of_every_length(void **state)
{
	(void)state;
	for (unsigned width = 4; width <= 16; width += 12) {
		for (unsigned bits = 0; bits <= width * 8; bits++) {
			struct addr first = {.sa.sa_family = width == 4 ? AF_INET : AF_INET6}, last,
				    before, after;
			unsigned char *ip[4];
			struct addr *all[4] = {&first, &last, &before, &after};
			char text[64], host[INET6_ADDRSTRLEN];
			struct access *a;
			int at;

			for (int i = 0; i < 4; i++)
				ip[i] = width == 4 ? (unsigned char *)&all[i]->in.sin_addr
						   : all[i]->in6.sin6_addr.s6_addr;
			for (unsigned b = 0; b < bits; b++) /* 1010...1: has both neighbours */
				if (b % 2 == 0 || b == bits - 1)
					ip[0][b / 8] |= (unsigned char)(0x80 >> b % 8);
			before = after = last = first;
			for (unsigned b = bits; b < width * 8; b++)
				ip[1][b / 8] |= (unsigned char)(0x80 >> b % 8);
			after = last;
			for (at = (int)width - 1; at >= 0 && ip[2][at]-- == 0;)
				at--;
			for (at = (int)width - 1; at >= 0 && ++ip[3][at] == 0;)
				at--;
			inet_ntop(first.sa.sa_family, ip[0], host, sizeof(host));
			snprintf(text, sizeof(text), "%s/%u ", host, bits);
			a = access_new(text);
			assert_non_null(a);
			assert_true(access_has(a, &first));
			assert_true(access_has(a, &last));
			/* /0 has no neighbours; those of 1.../1 have wrapped or are below. */
			assert_int_equal(access_has(a, &before), bits == 0);
			assert_int_equal(access_has(a, &after), bits == 0);
			access_free(a);
		}
	}
}

static void families_are_apart(void **state)
{
	struct access *a = access_new("::/0");
	struct addr path = {
		.un = {.sun_family = AF_UNIX, .sun_path = "/x"}, .len = sizeof(path.un)};

	(void)state;
	check_has(a, "::", true);
	check_has(a, "::1.2.3.4", true);
	check_has(a, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true);
	check_has(a, "::ffff:1.2.3.4", false);
	check_has(a, "1.2.3.4", false);
	assert_false(access_has(a, &path));
	access_free(a);

	a = access_new("0.0.0.0/0");
	check_has(a, "0.0.0.0", true);
	check_has(a, "255.255.255.255", true);
	check_has(a, "::ffff:1.2.3.4", true);
	check_has(a, "::ffff:255.255.255.255", true);
	check_has(a, "::1.2.3.4", false);
	check_has(a, "::", false);
	assert_false(access_has(a, &path));
	path.sa.sa_family = AF_UNSPEC;
	assert_false(access_has(a, &path));
	access_free(a);

	a = access_new("::ffff:10.0.0.0/104 ::1");
	check_has(a, "10.255.255.255", true);
	check_has(a, "::ffff:10.0.0.1", true);
	check_has(a, "::ffff:11.0.0.0", false);
	check_has(a, "::1", true);
	check_has(a, "::2", false);
	access_free(a);
}

static void ranges_merge(void **state)
{
	static const char *const text[] = {
		"10.0.0.0/9 10.128.0.0/9",
		"10.128.0.0/9 10.0.0.0/9 10.0.0.0/8",
		"10.0.0.0/8 10.1.0.0/16 10.255.255.255 10.0.0.0",
		"10.1.0.0/16 10.0.0.0/8 10.0.0.0/8",
	};
	struct access *a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		a = access_new(text[i]);
		check_has(a, "9.255.255.255", false);
		check_has(a, "10.0.0.0", true);
		check_has(a, "10.1.2.3", true);
		check_has(a, "10.128.0.0", true);
		check_has(a, "10.255.255.255", true);
		check_has(a, "11.0.0.0", false);
		access_free(a);
	}
	a = access_new("0.0.0.0/0 10.0.0.0/8 10.1.0.0/16 ::/0 2001:db8::/32 8000::/1 c000::/8");
	check_has(a, "9.0.0.0", true);
	check_has(a, "11.0.0.0", true);
	check_has(a, "255.255.255.255", true);
	check_has(a, "::1", true);
	check_has(a, "2001:db9::", true);
	check_has(a, "d000::", true);
	access_free(a);
	/* The last address has no successor. */
	a = access_new("255.255.255.255 0.0.0.0 128.0.0.0/1 255.255.255.254/31 "
		       "ffff::/16 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::");
	check_has(a, "0.0.0.0", true);
	check_has(a, "0.0.0.1", false);
	check_has(a, "127.255.255.255", false);
	check_has(a, "255.255.255.255", true);
	check_has(a, "::", true);
	check_has(a, "::1", false);
	check_has(a, "fffe:ffff::", false);
	check_has(a, "ffff::", true);
	check_has(a, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true);
	access_free(a);
}

/* Sets of random prefixes below 10.0.0.0/16, against a table of its addresses. */
static void random_sets_agree_with_a_table(void **state)
{
	static bool in[65536];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct buf text = {0};
		struct access *a;
		int n = 1 + rand_r(&seed) % 60;

		memset(in, 0, sizeof(in));
		while (n--) {
			unsigned bits = 20 + (unsigned)rand_r(&seed) % 13;
			unsigned first = (unsigned)rand_r(&seed) % 65536 & ~0U << (32 - bits);

			for (unsigned i = first; i < first + (1U << (32 - bits)); i++)
				in[i] = true;
			buf_printf(&text, "10.0.%u.%u/%u ", first >> 8, first & 255, bits);
		}
		a = access_new(text.data);
		assert_non_null(a);
		for (unsigned i = 0; i < 65536; i++) {
			struct addr at = address4(0x0a000000 + i);

			if (access_has(a, &at) != in[i])
				fail_msg("%s: %u: expected %d", text.data, i, in[i]);
		}
		access_free(a);
		buf_free(&text);
	}
}

/* Every other /24: nothing merges. */
static void a_hundred_thousand_prefixes(void **state)
{
	struct buf file = {0}, text = {0};
	struct access *a;

	(void)state;
	for (unsigned i = 100000; i-- > 0;)
		buf_printf(&file, "%u.%u.%u.0/24\n", 1 + (i >> 15), i >> 7 & 255, (i & 127) << 1);
	assert_int_equal(parse_text(file.data, file.len, &text), 0);
	a = access_new(text.data);
	assert_non_null(a);
	for (unsigned i = 0; i < 100000; i++) {
		struct addr at = address4(0x01000000 + (i << 9) + i % 256);

		assert_true(access_has(a, &at));
		at = address4(0x01000000 + (i << 9) + 256 + i % 256);
		assert_false(access_has(a, &at));
	}
	access_free(a);
	buf_free(&file);
	buf_free(&text);
}

/* Files are written where nobody else writes. */
static int enter_directory(void **state)
{
	static char dir[] = "/tmp/sockd-access-XXXXXX";

	*state = dir;
	return mkdtemp(dir) ? chdir(dir) : -1;
}

static int leave_directory(void **state)
{
	return chdir("/") || rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_become_canonical),
		cmocka_unit_test(items_that_are_wrong_say_why),
		cmocka_unit_test(files_hold_a_prefix_a_line),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(texts_that_are_no_sets),
		cmocka_unit_test(the_empty_set),
		cmocka_unit_test(edges_of_every_length),
		cmocka_unit_test(families_are_apart),
		cmocka_unit_test(ranges_merge),
		cmocka_unit_test(random_sets_agree_with_a_table),
		cmocka_unit_test(a_hundred_thousand_prefixes),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
