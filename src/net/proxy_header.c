/* proxy_header.c: reads and writes of the PROXY protocol. It must not take a byte off the socket that
 * may belong to what follows the header. */
#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define V1_MAX     107 /* bytes of a line with its CR LF, section 2.1 */
#define V2_HEAD    16
#define UNIX_PATH  108 /* bytes of a path in the header; Linux has the same in sun_path */
#define TLV_HEAD   3
#define TLV_CRC32C 0x03
#define TLV_ID     0x05 /* PP2_TYPE_UNIQUE_ID */
#define TLV_ID_MAX 128
#define BAD_TLV    SIZE_MAX
#define LOCAL      0 /* the command */

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

	if (!take_ip(&at, end, family, s) || !take_ip(&at, end, family, d))
		return refuse(why, "bad address");
	/* Both families have the port in the same place. */
	if (!take_port(&at, end, &s->in.sin_port) || !take_port(&at, end, &d->in.sin_port) ||
		end[-1] == ' ' || at != end)
		return refuse(why, "bad port");
	return 0;
}

/* True if the data starts like a text, as far as there is any. */
static bool starts_like(const void *data, size_t n, const void *text, size_t len)
{
	return !memcmp(data, text, n < len ? n : len);
}

static ssize_t parse_v1(const char *line, size_t n, struct proxy_header *h, const char **why)
{
	size_t max = n < V1_MAX ? n : V1_MAX;
	const char *end = memmem(line, max, "\r\n", 2);
	bool v4 = starts_like(line, max, "PROXY TCP4 ", 11);

	if (!v4 && !starts_like(line, max, "PROXY TCP6 ", 11)) {
		/* What stands behind the word is ignored. */
		h->local = true;
		if (!starts_like(line, max, "PROXY UNKNOWN ", 14) &&
			!starts_like(line, max, "PROXY UNKNOWN\r\n", 15))
			return refuse(why, "not a PROXY header");
	}
	if (end && !h->local && parse_v1_tcp(line + 11, end, v4 ? AF_INET : AF_INET6, h, why) < 0)
		return -1;
	if (end)
		return end + 2 - line;
	if (max == V1_MAX)
		return refuse(why, "too long");
	if (!h->local && (memchr(line, '\n', max) || memchr(line, '\r', max - 1)))
		return refuse(why, "not a PROXY header"); /* at once: no CR LF mends that */
	return 0;
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

/* Step over the TLVs from p[at] on. Returns where the checksum is, 0: there is none, or BAD_TLV. */
static size_t walk_tlvs(const unsigned char *p, size_t at, size_t len)
{
	size_t checksum = 0;

	while (at < len) {
		size_t left = len - at, n = left < TLV_HEAD ? left : get16(p + at + 1);

		if (TLV_HEAD + n > left || (p[at] == TLV_ID && n > TLV_ID_MAX) ||
			(p[at] == TLV_CRC32C && (n != 4 || checksum)))
			return BAD_TLV;
		if (p[at] == TLV_CRC32C)
			checksum = at + TLV_HEAD;
		at += TLV_HEAD + n;
	}
	return checksum;
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
	static const unsigned block[16] = {0, 12, 36, 2 * UNIX_PATH}; /* bytes, by family */
	unsigned command, family, protocol;
	size_t len, tlvs, checksum;

	if (n < V2_HEAD)
		return 0;
	command = p[12] & 15;
	family = p[13] >> 4;
	protocol = p[13] & 15;
	len = V2_HEAD + get16(p + 14);
	tlvs = V2_HEAD + block[family];
	h->local = command == LOCAL || !family || protocol != 1;
	if (p[12] >> 4 != 2)
		return refuse(why, "bad version");
	if (command > 1)
		return refuse(why, "bad command");
	if (command != LOCAL && (family > 3 || protocol > 2))
		return refuse(why, "bad family");
	if (len > PROXY_READ_MAX)
		return refuse(why, "too long");
	if (command != LOCAL && tlvs > len)
		return refuse(why, "bad address");
	if (n < len)
		return 0;
	/* Whatever a local header holds is ignored, unless it is a checksum. */
	checksum = walk_tlvs(p, tlvs > len ? V2_HEAD : tlvs, len);
	if (checksum == BAD_TLV && !h->local)
		return refuse(why, "bad TLV");
	if (checksum && checksum != BAD_TLV && !checksum_holds(p, checksum, len))
		return refuse(why, "bad checksum");
	if (!h->local)
		get_addrs(p + V2_HEAD, family, h);
	return (ssize_t)len;
}

/* --- Both ------------------------------------------------------------------------------------ */

ssize_t proxy_header_parse(
	const void *data, size_t n, unsigned versions, struct proxy_header *h, const char **why)
{
	memset(h, 0, sizeof(*h));
	if (!n)
		return 0;
	if ((versions & PROXY_V2) && starts_like(data, n, signature, sizeof(signature)))
		return parse_v2(data, n, h, why);
	if ((versions & PROXY_V1) && starts_like(data, n, "PROXY ", 6))
		return parse_v1(data, n, h, why);
	return refuse(why, "not a PROXY header");
}

/* Sleep until there is something to read. Returns 0, or -1: the time is up. */
static int wait_readable(int fd, uint64_t deadline_ms, const volatile sig_atomic_t *stop)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t now = mono_ms(), left = deadline_ms > now ? deadline_ms - now : 0;
	struct timespec ts;
	sigset_t all, before;

	if (!left)
		return -1;
	if (left > INT_MAX)
		left = INT_MAX;
	ts = (struct timespec){(time_t)(left / 1000), (long)(left % 1000) * 1000000};
	/* A signal between the check and the wait would be lost: let it in only while waiting. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if (!*stop)
		(void)ppoll(&p, 1, &ts, &before); /* the read tells what came of it */
	sigprocmask(SIG_SETMASK, &before, NULL);
	return 0;
}

int proxy_header_read(int fd, unsigned versions, uint64_t deadline_ms,
	const volatile sig_atomic_t *stop, struct proxy_header *h, size_t *used, const char **why)
{
	unsigned char data[PROXY_READ_MAX];

	*used = 0;
	while (!*stop) {
		unsigned char *at = data + *used;
		ssize_t got = recv(fd, at, sizeof(data) - *used, MSG_PEEK | MSG_DONTWAIT);

		if (got > 0) {
			size_t n = *used + (size_t)got;
			ssize_t len = proxy_header_parse(data, n, versions, h, why);

			if (len < 0)
				return -1;
			/* A part is header throughout: taken, it ends no later wait at once. */
			got = recv(fd, at, (len ? (size_t)len : n) - *used, MSG_DONTWAIT);
			*used += got > 0 ? (size_t)got : 0;
			if (len && *used == (size_t)len)
				return 0;
		}
		if (got == 0)
			return refuse(why, *used ? "truncated" : "eof");
		if (got > 0 || errno == EINTR || *stop)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return refuse(why, errno == ECONNRESET ? "reset" : "error");
		if (wait_readable(fd, deadline_ms, stop) < 0)
			return refuse(why, "timeout");
	}
	return refuse(why, "terminated");
}

/* --- Writing --------------------------------------------------------------------------------- */

/* The bytes of an IPv4 address, mapped or not, or NULL. */
static const unsigned char *get_v4(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return (const unsigned char *)&a->in.sin_addr;
	if (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		return a->in6.sin6_addr.s6_addr + 12;
	return NULL;
}

static size_t write_v1(int family, const void *s_ip, const void *d_ip, unsigned s_port,
	unsigned d_port, unsigned char *out)
{
	char s[INET6_ADDRSTRLEN], d[INET6_ADDRSTRLEN];

	if (family != AF_INET && family != AF_INET6)
		return (size_t)snprintf((char *)out, PROXY_HEADER_MAX, "PROXY UNKNOWN\r\n");
	inet_ntop(family, s_ip, s, sizeof(s));
	inet_ntop(family, d_ip, d, sizeof(d));
	return (size_t)snprintf((char *)out, PROXY_HEADER_MAX, "PROXY TCP%c %s %s %u %u\r\n",
		family == AF_INET ? '4' : '6', s, d, s_port, d_port);
}

/* Copy n bytes and step over them. */
static void put(unsigned char **at, const void *data, size_t n)
{
	memcpy(*at, data, n);
	*at += n;
}

static void put16(unsigned char **at, unsigned n)
{
	put(at, (unsigned char[]){(unsigned char)(n >> 8), (unsigned char)n}, 2);
}

static void put_unix(unsigned char **at, const struct addr *a)
{
	size_t head = offsetof(struct sockaddr_un, sun_path), n = a->len > head ? a->len - head : 0;

	memset(*at, 0, UNIX_PATH);
	memcpy(*at, a->un.sun_path, n < UNIX_PATH ? n : UNIX_PATH);
	*at += UNIX_PATH;
}

size_t proxy_header_write(unsigned version, const struct addr *source,
	const struct addr *destination, unsigned char out[PROXY_HEADER_MAX])
{
	const void *s = get_v4(source), *d = get_v4(destination);
	unsigned char *at = out, *len;
	int family = AF_UNSPEC;
	size_t width = 4;

	if (s && d) {
		family = AF_INET;
	} else if (source->sa.sa_family == destination->sa.sa_family) {
		family = source->sa.sa_family;
		s = &source->in6.sin6_addr;
		d = &destination->in6.sin6_addr;
		width = 16;
	}
	if (version == PROXY_V1)
		return write_v1(family, s, d, addr_port(source), addr_port(destination), out);
	put(&at, signature, sizeof(signature));
	put16(&at, 0x2100U | (family == AF_INET           ? 0x11
				     : family == AF_INET6 ? 0x21
				     : family == AF_UNIX  ? 0x31
							  : 0));
	len = at;
	at += 2;
	if (family == AF_UNIX) {
		put_unix(&at, source);
		put_unix(&at, destination);
	} else if (family == AF_INET || family == AF_INET6) {
		put(&at, s, width);
		put(&at, d, width);
		put16(&at, addr_port(source));
		put16(&at, addr_port(destination));
	}
	put16(&len, (unsigned)(at - out) - V2_HEAD);
	return (size_t)(at - out);
}
