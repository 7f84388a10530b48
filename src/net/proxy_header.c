/* proxy_header.c: reads and writes of the PROXY protocol. It must not take a byte off the socket that
 * may belong to what follows the header. */
#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define V1_MAX       107 /* bytes of a line with its CR LF, section 2.1 */
#define V2_HEAD      16
#define UNIX_PATH    108 /* bytes of a path in the header; Linux has the same in sun_path */
#define TLV_HEAD     3
#define TLV_CRC32C   0x03
#define TLV_ID       0x05 /* PP2_TYPE_UNIQUE_ID */
#define TLV_ID_MAX   128
#define PROXY_PREFIX "PROXY "

static const unsigned char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == UNIX_PATH, "sun_path");

static int refuse(const char **why, const char *what)
{
	*why = what;
	return -1;
}

/* --- Version 1 ------------------------------------------------------------------------------- */

/* Take the next word off a line: copy it, and step over the blank or the end behind it.
 * Returns false if it is empty, too long or has other characters than those allowed. */
static bool take_word(const char **at, const char *end, const char *allowed, char *out, size_t size)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));
	size_t n = (size_t)((blank ? blank : end) - *at);

	if (!n || n >= size)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += blank ? n + 1 : n;
	return strspn(out, allowed) == n;
}

static bool take_ip(const char **at, const char *end, int family, struct addr *a)
{
	char text[INET6_ADDRSTRLEN];

	if (!take_word(at, end, "0123456789abcdefABCDEF.:", text, sizeof(text)))
		return false;
	a->sa.sa_family = (sa_family_t)family;
	a->len = family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
	return inet_pton(family, text,
		       family == AF_INET ? (void *)&a->in.sin_addr : &a->in6.sin6_addr) == 1;
}

static bool take_port(const char **at, const char *end, in_port_t *port)
{
	char text[sizeof("65535")];
	unsigned number = 0;

	if (!take_word(at, end, "0123456789", text, sizeof(text)) || (text[0] == '0' && text[1]))
		return false;
	for (const char *digit = text; *digit; digit++)
		number = number * 10 + (unsigned)(*digit - '0');
	*port = htons((in_port_t)number);
	return number <= 65535;
}

/* The part of a line behind "TCP4 ", "TCP6 ", up to the CR LF. */
static int parse_v1_tcp(
	const char *at, const char *end, int family, struct proxy_header *h, const char **why)
{
	struct addr *s = &h->source, *d = &h->destination;

	if (!take_ip(&at, end, family, s) || at == end || !take_ip(&at, end, family, d))
		return refuse(why, "bad address");
	/* Both families have the port in the same place. */
	if (at == end || !take_port(&at, end, &s->in.sin_port) || at == end ||
		!take_port(&at, end, &d->in.sin_port) || at != end || end[-1] == ' ')
		return refuse(why, "bad port");
	return 0;
}

/* True if the data starts like a text, as far as there is any. */
static bool starts_like(const char *data, size_t n, const char *text)
{
	return !memcmp(data, text, n < strlen(text) ? n : strlen(text));
}

static ssize_t parse_v1(const char *line, size_t n, struct proxy_header *h, const char **why)
{
	static const char unknown[] = PROXY_PREFIX "UNKNOWN";
	size_t max = n < V1_MAX ? n : V1_MAX;
	const char *end = memmem(line, max, "\r\n", 2);
	size_t len = end ? (size_t)(end - line) : max;
	bool v4 = starts_like(line, len, PROXY_PREFIX "TCP4 ");
	bool v6 = starts_like(line, len, PROXY_PREFIX "TCP6 ");

	if (!v4 && !v6) {
		/* What stands behind the word is ignored. */
		h->local = true;
		if (!starts_like(line, len, unknown) ||
			(len > strlen(unknown) && line[strlen(unknown)] != ' ' &&
				!(len == strlen(unknown) + 1 && line[len - 1] == '\r' && !end)))
			return refuse(why, "not a PROXY header");
	}
	if (!end) /* a CR may be the first half of the end */
		return max == V1_MAX                          ? refuse(why, "too long")
		       : !h->local && memchr(line, '\n', max) ? refuse(why, "not a PROXY header")
							      : 0;
	if (len < strlen(h->local ? unknown : PROXY_PREFIX "TCP4 "))
		return refuse(why, "not a PROXY header");
	if (!h->local && parse_v1_tcp(line + strlen(PROXY_PREFIX "TCP4 "), end,
				 v4 ? AF_INET : AF_INET6, h, why) < 0)
		return -1;
	return (ssize_t)len + 2;
}

/* --- Version 2 ------------------------------------------------------------------------------- */

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* RFC 4960, appendix B; bit by bit, since few headers have it. */
static uint32_t crc32c(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n; n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return crc;
}

/* True if the checksum at p[at] is that of the header, with zeros in its own place. */
static bool checksum_holds(const unsigned char *p, size_t at, size_t len)
{
	static const unsigned char zeros[4];
	uint32_t crc = crc32c(UINT32_MAX, p, at);

	crc = crc32c(crc, zeros, sizeof(zeros));
	crc = ~crc32c(crc, p + at + 4, len - at - 4);
	return crc == ((uint32_t)get16(p + at) << 16 | get16(p + at + 2));
}

/* Step over the TLVs from p[at] on. Returns NULL, or what is wrong. */
static const char *walk_tlvs(const unsigned char *p, size_t at, size_t len)
{
	size_t checksum = 0;

	while (at < len) {
		size_t n = len - at < TLV_HEAD ? SIZE_MAX : get16(p + at + 1);

		if (n > len - at - TLV_HEAD || (p[at] == TLV_ID && n > TLV_ID_MAX) ||
			(p[at] == TLV_CRC32C && (n != 4 || checksum)))
			return "bad TLV";
		if (p[at] == TLV_CRC32C)
			checksum = at + TLV_HEAD;
		at += TLV_HEAD + n;
	}
	return checksum && !checksum_holds(p, checksum, len) ? "bad checksum" : NULL;
}

/* A path ends with a NUL or fills the field; an abstract name's length is not told: zeros at its end
 * are taken for filling. */
static void get_unix(const unsigned char *p, struct addr *a)
{
	size_t n = UNIX_PATH;

	while (n && !p[n - 1])
		n--;
	if (*p)
		n = strnlen((const char *)p, UNIX_PATH);
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, p, n);
	if (*p && n < UNIX_PATH)
		n++; /* the NUL */
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void get_addrs(const unsigned char *p, unsigned family, struct proxy_header *h)
{
	struct addr *s = &h->source, *d = &h->destination;

	if (family == 1) {
		s->in.sin_family = d->in.sin_family = AF_INET;
		s->len = d->len = sizeof(s->in);
		memcpy(&s->in.sin_addr, p, 4);
		memcpy(&d->in.sin_addr, p + 4, 4);
		memcpy(&s->in.sin_port, p + 8, 2);
		memcpy(&d->in.sin_port, p + 10, 2);
	} else if (family == 2) {
		s->in6.sin6_family = d->in6.sin6_family = AF_INET6;
		s->len = d->len = sizeof(s->in6);
		memcpy(&s->in6.sin6_addr, p, 16);
		memcpy(&d->in6.sin6_addr, p + 16, 16);
		memcpy(&s->in6.sin6_port, p + 32, 2);
		memcpy(&d->in6.sin6_port, p + 34, 2);
	} else {
		get_unix(p, s);
		get_unix(p + UNIX_PATH, d);
	}
}

static ssize_t parse_v2(const unsigned char *p, size_t n, struct proxy_header *h, const char **why)
{
	static const unsigned block[] = {0, 12, 36, 2 * UNIX_PATH}; /* bytes of addresses, by family */
	unsigned family, protocol;
	const char *wrong;
	size_t len;

	if (n < V2_HEAD)
		return 0;
	family = p[13] >> 4;
	protocol = p[13] & 15;
	len = V2_HEAD + get16(p + 14);
	h->local = p[12] == 0x20 || family != 1 + (family > 1) + (family > 2) || protocol != 1;
	if (p[12] >> 4 != 2)
		return refuse(why, "bad version");
	if (p[12] > 0x21)
		return refuse(why, "bad command");
	if (p[12] == 0x21 && (family > 3 || protocol > 2))
		return refuse(why, "bad family");
	if (len > PROXY_READ_MAX)
		return refuse(why, "too long");
	if (n < len)
		return 0;
	(void)block;
	wrong = walk_tlvs(p, V2_HEAD, len);
	if (wrong)
		return refuse(why, wrong);
	get_addrs(p + V2_HEAD, family, h);
	return (ssize_t)len;
}
