/* test_proxy_header.c: the PROXY protocol as bytes: what is taken, refused, and written. */
#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"

#define BOTH (PROXY_V1 | PROXY_V2)
#define SIG  "\r\n\r\n\0\r\nQUIT\n"

static struct proxy_header h;
static const char *why;

/* Parse exactly these bytes, in memory that ends with them. */
static ssize_t parse(const void *data, size_t n, unsigned versions)
{
	unsigned char copy[8192], *at = copy + sizeof(copy) - n;

	assert_true(n <= sizeof(copy));
	memcpy(at, data, n);
	why = "";
	return proxy_header_parse(at, n, versions, &h, &why);
}

static void check_refused(const void *data, size_t n, const char *expected)
{
	ssize_t rc = parse(data, n, BOTH);

	if (rc != -1 || strcmp(why, expected))
		fail_msg("%.110s: expected '%s', got %zd '%s'", (const char *)data, expected, rc,
			why);
}

/* A whole header: every part of it asks for more, and what follows it makes no difference. */
static void check_taken(const void *data, size_t n)
{
	char more[8192];

	assert_true(n + 300 <= sizeof(more));
	for (size_t i = 0; i < n; i++) {
		if (parse(data, i, BOTH) != 0)
			fail_msg("%zu of %zu bytes: expected 0, got '%s'", i, n, why);
	}
	memcpy(more, data, n);
	memset(more + n, '\n', 300);
	assert_int_equal(parse(more, n + 300, BOTH), n);
	if (parse(data, n, BOTH) != (ssize_t)n)
		fail_msg("%.110s: expected %zu, got '%s'", (const char *)data, n, why);
}

static void check_addrs(const char *source, const char *destination)
{
	char text[ADDR_TEXT_MAX];

	assert_false(h.local);
	addr_format(&h.source, text);
	assert_string_equal(text, source);
	addr_format(&h.destination, text);
	assert_string_equal(text, destination);
}

static void v1_lines(void **state)
{
	static const char *const text[][3] = {
		{"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324",
			"192.168.0.11:443"},
		{"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
			"255.255.255.255:65535", "255.255.255.255:65535"},
		{"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0", "0.0.0.0:0"},
		{"PROXY TCP6 ::1 2001:DB8::1 1 2\r\n", "[::1]:1", "[2001:db8::1]:2"},
		{"PROXY TCP6 ::ffff:1.2.3.4 ::ffff:5.6.7.8 1 2\r\n", "1.2.3.4:1", "5.6.7.8:2"},
		{("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		check_taken(text[i][0], strlen(text[i][0]));
		check_addrs(text[i][1], text[i][2]);
		assert_int_equal(h.source.len, h.source.sa.sa_family == AF_INET
						       ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6));
		assert_int_equal(
			parse(text[i][0], strlen(text[i][0]), PROXY_V1), strlen(text[i][0]));
		assert_int_equal(parse(text[i][0], strlen(text[i][0]), PROXY_V2), -1);
		assert_string_equal(why, "not a PROXY header");
	}
}

static void v1_unknown(void **state)
{
	static const char *const text[] = {
		"PROXY UNKNOWN\r\n",
		"PROXY UNKNOWN \r\n",
		"PROXY UNKNOWN \r\r\n",
		"PROXY UNKNOWN ignored \n \r this \xff too\r\n",
		("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		check_taken(text[i], strlen(text[i]));
		assert_true(h.local);
	}
	assert_int_equal(strlen(text[ARRAY_SIZE(text) - 1]), 107);
	check_taken("PROXY UNKNOWN \0\r\n", 17);
}

static void v1_lines_that_are_wrong(void **state)
{
	static const char *const text[][2] = {
		{"GET / HTTP/1.0\r\n", "not a PROXY header"},
		{"G", "not a PROXY header"},
		{"\r\nx", "not a PROXY header"},
		{"proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY unknown\r\n", "not a PROXY header"},
		{" PROXY UNKNOWN\r\n", "not a PROXY header"},
		{"PROXY\r\n", "not a PROXY header"},
		{"PROXY \r\n", "not a PROXY header"},
		{"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY\tTCP4 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY TCP 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY TCP4\r\n", "not a PROXY header"},
		{"PROXY TCP44 1.2.3.4 5.6.7.8 1 2\r\n", "not a PROXY header"},
		{"PROXY UNKNOWNS\r\n", "not a PROXY header"},
		{"PROXY UNKNOWN\n", "not a PROXY header"},
		{"PROXY UNKNOWN\rx", "not a PROXY header"},
		{"PROXY UNKNOWN\r\r\n", "not a PROXY header"},
		{"PROXY UNKNOW\r\n", "not a PROXY header"},
		/* Before the end of the line: no end can mend it. */
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "not a PROXY header"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx", "not a PROXY header"},

		{"PROXY TCP4 \r\n", "bad address"},
		{"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.4\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.4 \r\n", "bad address"},
		{"PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.4\t5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 +1.2.3.4 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP4 ::1 ::1 1 2\r\n", "bad address"},
		{"PROXY TCP4 1.2.3.4 ::1 1 2\r\n", "bad address"},
		{"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "bad address"},
		{"PROXY TCP6 ::1 1.2.3.4 1 2\r\n", "bad address"},
		{"PROXY TCP6 ::1%lo ::1 1 2\r\n", "bad address"},
		{"PROXY TCP6 [::1] [::1] 1 2\r\n", "bad address"},
		{"PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", "bad address"},
		{"PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n", "bad address"},
		{"PROXY TCP6 1::2::3 ::1 1 2\r\n", "bad address"},
		{"PROXY TCP6 12345:: ::1 1 2\r\n", "bad address"},
		{"PROXY TCP6 g::1 ::1 1 2\r\n", "bad address"},
		{"PROXY TCP4 255.255.255.255 255.255.255.2550 65535 65535\r\n", "bad address"},

		{"PROXY TCP4 1.2.3.4 5.6.7.8\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 \r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8  1 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1  2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 00 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 00002\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 1 100000\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 4294967297 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n", "bad port"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n", "bad port"},
	};
	char line[108] = "PROXY UNKNOWN ";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		check_refused(text[i][0], strlen(text[i][0]), text[i][1]);
	check_refused("PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n", 33, "bad address");
	check_refused("PROXY TCP4 1.2.3.4 5.6.7.8 1\0 2\r\n", 33, "bad port");
	check_refused("PROXY\0UNKNOWN\r\n", 15, "not a PROXY header");

	memset(line + 14, 'x', sizeof(line) - 14);
	assert_int_equal(parse(line, 106, BOTH), 0);
	check_refused(line, 107, "too long");
	memcpy(line + 106, "\r\n", 2);
	assert_int_equal(parse(line, 106, BOTH), 0);
	check_refused(line, 107, "too long"); /* a CR alone in the last place */
	check_refused(line, 108, "too long");
	memcpy(line, "PROXY TCP4 ", 11);
	check_refused(line, 107, "too long");
}

/* A header of version 2: the bytes up to the length, and n bytes behind it. */
static size_t make_v2(
	unsigned char *out, unsigned command, unsigned family, const void *data, size_t n)
{
	memcpy(out, SIG, 12);
	out[12] = (unsigned char)command;
	out[13] = (unsigned char)family;
	out[14] = (unsigned char)(n >> 8);
	out[15] = (unsigned char)n;
	memcpy(out + 16, data, n);
	return 16 + n;
}

static const char v4_block[] = "\1\2\3\4\5\6\7\10\xff\xfe\0\120";
static const char v6_block[] =
	"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
	"\xff\xff\0\0";

static void v2_addresses(void **state)
{
	unsigned char data[512], block[216] = "/run/source";
	char full[ADDR_TEXT_MAX] = "unix:";

	(void)state;
	check_taken(data, make_v2(data, 0x21, 0x11, v4_block, 12));
	check_addrs("1.2.3.4:65534", "5.6.7.8:80");
	assert_int_equal(h.source.len, sizeof(h.source.in));
	check_taken(data, make_v2(data, 0x21, 0x21, v6_block, 36));
	check_addrs("[2001:db8::1]:65535", "[::1]:0");
	assert_int_equal(h.source.len, sizeof(h.source.in6));

	strcpy((char *)block + 108, "/x");
	check_taken(data, make_v2(data, 0x21, 0x31, block, 216));
	check_addrs("unix:/run/source", "unix:/x");
	assert_int_equal(h.destination.len, offsetof(struct sockaddr_un, sun_path) + 3);
	block[108 + 4] = 'y'; /* behind the NUL */
	check_taken(data, make_v2(data, 0x21, 0x31, block, 216));
	check_addrs("unix:/run/source", "unix:/x");
	memset(block, 'p', 108);
	memset(full + 5, 'p', 108);
	memset(block + 108, 0, 108);
	check_taken(data, make_v2(data, 0x21, 0x31, block, 216));
	check_addrs(full, "unix:");
	assert_int_equal(h.source.len, sizeof(struct sockaddr_un));
	assert_int_equal(h.destination.len, offsetof(struct sockaddr_un, sun_path));
	block[108 + 2] = 'a'; /* abstract */
	check_taken(data, make_v2(data, 0x21, 0x31, block, 216));
	check_addrs(full, "unix:@@a");
	assert_int_equal(h.destination.len, offsetof(struct sockaddr_un, sun_path) + 3);

	assert_int_equal(parse(data, 16 + 216, PROXY_V2), 16 + 216);
	assert_int_equal(parse(data, 16 + 216, PROXY_V1), -1);
	assert_int_equal(parse(data, 1, PROXY_V1), -1);
	assert_int_equal(parse(data, 16 + 216, 0), -1);
}

/* Every command, version and family. */
static void v2_first_bytes(void **state)
{
	unsigned char data[512], block[216] = {0};

	(void)state;
	for (unsigned command = 0; command < 256; command++) {
		for (unsigned family = 0; family < 256; family++) {
			size_t n = make_v2(data, command, family, block, sizeof(block));
			ssize_t rc = parse(data, n, BOTH);
			const char *expected = command >> 4 != 2    ? "bad version"
					       : (command & 15) > 1 ? "bad command"
					       : command == 0x20    ? ""
					       : family >> 4 > 3 || (family & 15) > 2 ? "bad family"
										      : "";

			if (strcmp(why, expected) || rc != (*expected ? -1 : (ssize_t)n))
				fail_msg("%02x %02x: expected '%s', got %zd '%s'", command, family,
					expected, rc, why);
			assert_int_equal(parse(data, 16, BOTH), *expected ? -1 : 0);
			if (!*expected)
				assert_int_equal(parse(data, n, BOTH), n);
			if (!*expected && h.local != (command == 0x20 || (family & 15) != 1 ||
							     !(family >> 4)))
				fail_msg("%02x %02x: local is %d", command, family, h.local);
		}
	}
	for (size_t i = 0; i < 12; i++) {
		make_v2(data, 0x20, 0, "", 0);
		data[i] ^= 1;
		check_refused(data, i + 1, "not a PROXY header");
		check_refused(data, 16, "not a PROXY header");
	}
}

static void v2_local(void **state)
{
	unsigned char data[8192];
	char rest[4096];

	(void)state;
	memset(rest, 'x', sizeof(rest)); /* no TLVs */
	check_taken(data, make_v2(data, 0x20, 0, "", 0));
	assert_true(h.local);
	check_taken(data, make_v2(data, 0x20, 0xff, rest, 1));
	check_taken(data, make_v2(data, 0x20, 0x11, rest, 5));
	check_taken(data, make_v2(data, 0x20, 0x11, v4_block, 12));
	check_taken(data, make_v2(data, 0x20, 0x31, rest, 4096));
	assert_true(h.local);
	assert_int_equal(h.source.len, 0);
	check_taken(data, make_v2(data, 0x21, 0, "", 0));
	check_taken(data, make_v2(data, 0x21, 0, rest, 100));
	check_taken(data, make_v2(data, 0x21, 0x01, rest, 100));
	check_taken(data, make_v2(data, 0x21, 0x10, v4_block, 12));
	check_taken(data, make_v2(data, 0x21, 0x12, v4_block, 12)); /* UDP over TCP */
	assert_true(h.local);
}

static void v2_lengths(void **state)
{
	static const struct {
		unsigned family;
		size_t n;
	} block[] = {{0x11, 12}, {0x12, 12}, {0x21, 36}, {0x22, 36}, {0x31, 216}, {0x32, 216}};
	static unsigned char data[16 + 65535], zeros[65535];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(block); i++) {
		for (size_t n = 0; n < block[i].n; n++) {
			make_v2(data, 0x21, block[i].family, zeros, n);
			check_refused(data, 16, "bad address");
		}
		check_taken(data, make_v2(data, 0x21, block[i].family, zeros, block[i].n));
	}
	make_v2(data, 0x21, 0x11, zeros, PROXY_READ_MAX - 16);
	memcpy(data + 16 + 12, "\4\x10\xc9", 3); /* a NOOP up to the end */
	check_taken(data, PROXY_READ_MAX);
	make_v2(data, 0x21, 0x11, zeros, PROXY_READ_MAX - 15);
	check_refused(data, 16, "too long");
	make_v2(data, 0x20, 0, zeros, 65535);
	check_refused(data, 16, "too long");
}

/* Parse a header of IPv4 addresses and these bytes behind them. */
static ssize_t parse_tlvs(const void *tlvs, size_t n)
{
	unsigned char data[1024], block[1024];

	memcpy(block, v4_block, 12);
	memcpy(block + 12, tlvs, n);
	return parse(data, make_v2(data, 0x21, 0x11, block, 12 + n), BOTH);
}

static void v2_tlvs(void **state)
{
	static const struct {
		const char *tlvs;
		size_t n;
	} right[] =
		{
			{"\4\0\0", 3}, {"\1\0\2h2\2\0\1x\4\0\3\0\0\0\xee\0\0\xff\0\1\0", 22},
			{"\5\0\0", 3}, {"\x20\0\5\1\0\0\0\0", 8},
			{"\x20\0\2\1\0", 5}, /* nobody reads it */
		},
	  wrong[] = {
		  {"\4", 1},
		  {"\4\0", 2},
		  {"\4\0\1", 3},
		  {"\4\xff\xff", 3},
		  {"\4\0\0\4", 4},
		  {"\4\0\0\4\0", 5},
		  {"\4\0\2x\4\0\0", 7},
		  {"\3\0\0", 3},
		  {"\3\0\3abc", 6},
		  {"\3\0\5abcde", 8},
	  };
	unsigned char id[132] = {5, 0, 128};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_int_equal(parse_tlvs(right[i].tlvs, right[i].n), 28 + right[i].n);
		check_addrs("1.2.3.4:65534", "5.6.7.8:80");
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(parse_tlvs(wrong[i].tlvs, wrong[i].n), -1);
		assert_string_equal(why, "bad TLV");
	}
	assert_int_equal(parse_tlvs(id, 131), 28 + 131);
	id[2] = 129;
	assert_int_equal(parse_tlvs(id, 132), -1);
}

/* CRC-32C by long division, most significant bit first. */
static uint32_t slow_crc(const unsigned char *p, size_t n)
{
	uint32_t crc = UINT32_MAX, back = 0;

	for (size_t i = 0; i < n * 8; i++) {
		uint32_t bit = p[i / 8] >> i % 8 & 1;

		crc = crc << 1 ^ ((crc >> 31 ^ bit) ? 0x1edc6f41U : 0);
	}
	for (int i = 0; i < 32; i++)
		back |= (crc >> i & 1) << (31 - i);
	return ~back;
}

static void v2_checksum(void **state)
{
	static const unsigned char check[] = "123456789";
	unsigned char data[256], block[64], copy[256];
	uint32_t crc;
	size_t n;

	(void)state;
	assert_int_equal(slow_crc(check, 9), 0xe3069283U); /* the usual check value */
	for (int local = 0; local < 2; local++) {
		memcpy(block, v4_block, 12);
		memcpy(block + 12, "\4\0\1x\3\0\4\0\0\0\0\2\0\1y", 15);
		n = local ? make_v2(data, 0x20, 0, block + 12, 15)
			  : make_v2(data, 0x21, 0x11, block, 27);
		crc = htonl(slow_crc(data, n));
		memcpy(data + n - 8, &crc, 4);
		check_taken(data, n);
		for (size_t bit = 128; bit < n * 8; bit++) {
			memcpy(copy, data, n);
			copy[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
			if (parse(copy, n, BOTH) == -1)
				assert_true(
					!strcmp(why, "bad checksum") || !strcmp(why, "bad TLV"));
			else if (!local &&
				 bit / 8 != 16 + 12 + 4) /* the type says that it is one */
				fail_msg("bit %zu: expected 'bad checksum'", bit);
		}
	}
	memcpy(block + 12, "\3\0\4\0\0\0\0\3\0\4\0\0\0\0", 14); /* two of them */
	n = make_v2(data, 0x21, 0x11, block, 26);
	check_refused(data, n, "bad TLV");
}

/* Write a header for two addresses and read it back. */
static const char *written(unsigned version, const char *source, const char *destination)
{
	static unsigned char out[PROXY_HEADER_MAX + 1];
	struct addr s[ADDR_MAX] = {0}, d[ADDR_MAX] = {0};
	char err[128];
	size_t n;

	assert_int_equal(addr_parse(source, ADDR_NUMERIC, s, err, sizeof(err)), 1);
	assert_int_equal(addr_parse(destination, ADDR_NUMERIC, d, err, sizeof(err)), 1);
	memset(out, 'x', sizeof(out));
	n = proxy_header_write(version, s, d, out);
	assert_true(n > 0 && n <= PROXY_HEADER_MAX);
	check_taken(out, n);
	assert_int_equal(parse(out, n, version), n);
	assert_int_equal(out[PROXY_HEADER_MAX], 'x');
	if (!h.local)
		check_addrs(source, destination);
	out[n] = '\0';
	return (const char *)out;
}

static void writes_what_it_reads(void **state)
{
	char path[ADDR_TEXT_MAX] = "unix:/";
	const char *v2;

	(void)state;
	assert_string_equal(written(PROXY_V1, "1.2.3.4:5", "6.7.8.9:65535"),
		"PROXY TCP4 1.2.3.4 6.7.8.9 5 65535\r\n");
	assert_string_equal(written(PROXY_V1, "[2001:db8::1]:0", "[::]:80"),
		"PROXY TCP6 2001:db8::1 :: 0 80\r\n");
	assert_string_equal(written(PROXY_V1, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
				    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
		"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
	assert_string_equal(written(PROXY_V1, "1.2.3.4:5", "[::1]:6"), "PROXY UNKNOWN\r\n");
	assert_string_equal(written(PROXY_V1, "[::1]:6", "1.2.3.4:5"), "PROXY UNKNOWN\r\n");
	assert_string_equal(written(PROXY_V1, "unix:/a", "unix:/b"), "PROXY UNKNOWN\r\n");
	assert_string_equal(written(PROXY_V1, "unix:/a", "1.2.3.4:5"), "PROXY UNKNOWN\r\n");

	v2 = written(PROXY_V2, "1.2.3.4:65534", "5.6.7.8:80");
	assert_memory_equal(v2, SIG "\x21\x11\0\14", 16);
	assert_memory_equal(v2 + 16, v4_block, 12);
	v2 = written(PROXY_V2, "[2001:db8::1]:65535", "[::1]:0");
	assert_memory_equal(v2, SIG "\x21\x21\0\44", 16);
	assert_memory_equal(v2 + 16, v6_block, 36);
	memset(path + 6, 'p', 106);
	v2 = written(PROXY_V2, path, "unix:/b");
	assert_memory_equal(v2, SIG "\x21\x31\0\xd8", 16);
	assert_false(h.local);
	assert_memory_equal(written(PROXY_V2, "1.2.3.4:5", "[::1]:6"), SIG "\x21\0\0\0", 17);
	assert_true(h.local);
	assert_memory_equal(written(PROXY_V2, "[::1]:6", "1.2.3.4:5"), SIG "\x21\0\0\0", 17);
	assert_memory_equal(written(PROXY_V2, "unix:/b", "1.2.3.4:5"), SIG "\x21\0\0\0", 17);
	assert_memory_equal(written(PROXY_V2, "[::1]:6", "unix:/b"), SIG "\x21\0\0\0", 17);
}

static void writes_mapped_addresses(void **state)
{
	struct addr map = {
		.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(7)}, .len = sizeof(map.in6)};
	struct addr v4 = {
		.in = {.sin_family = AF_INET, .sin_port = htons(8)}, .len = sizeof(v4.in)};
	struct addr v6 = {.in6 = {.sin6_family = AF_INET6}, .len = sizeof(v6.in6)}, none = {0};
	unsigned char out[PROXY_HEADER_MAX + 1];

	(void)state;
	inet_pton(AF_INET6, "::ffff:1.2.3.4", &map.in6.sin6_addr);
	inet_pton(AF_INET, "5.6.7.8", &v4.in.sin_addr);
	out[proxy_header_write(PROXY_V1, &map, &map, out)] = '\0';
	assert_string_equal(out, "PROXY TCP4 1.2.3.4 1.2.3.4 7 7\r\n");
	out[proxy_header_write(PROXY_V1, &map, &v4, out)] = '\0';
	assert_string_equal(out, "PROXY TCP4 1.2.3.4 5.6.7.8 7 8\r\n");
	out[proxy_header_write(PROXY_V1, &map, &v6, out)] = '\0';
	assert_string_equal(out, "PROXY TCP6 ::ffff:1.2.3.4 :: 7 0\r\n");
	assert_int_equal(proxy_header_write(PROXY_V2, &v4, &map, out), 28);
	assert_memory_equal(out, SIG "\x21\x11\0\14\5\6\7\10\1\2\3\4\0\10\0\7", 28);
	assert_int_equal(proxy_header_write(PROXY_V2, &v6, &map, out), 52);
	out[proxy_header_write(PROXY_V1, &none, &none, out)] = '\0';
	assert_string_equal(out, "PROXY UNKNOWN\r\n");
	assert_int_equal(proxy_header_write(PROXY_V2, &none, &none, out), 16);
	none.sa.sa_family = AF_UNIX; /* as getpeername(2) says of a client */
	none.len = sizeof(sa_family_t);
	assert_int_equal(proxy_header_write(PROXY_V2, &none, &none, out), PROXY_HEADER_MAX);
	assert_int_equal(parse(out, PROXY_HEADER_MAX, BOTH), PROXY_HEADER_MAX);
	check_addrs("unix:", "unix:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1_lines),
		cmocka_unit_test(v1_unknown),
		cmocka_unit_test(v1_lines_that_are_wrong),
		cmocka_unit_test(v2_addresses),
		cmocka_unit_test(v2_first_bytes),
		cmocka_unit_test(v2_local),
		cmocka_unit_test(v2_lengths),
		cmocka_unit_test(v2_tlvs),
		cmocka_unit_test(v2_checksum),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(writes_mapped_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
