/* access.c: sets of addresses. Both families are handled alike, as strings of `width` bytes in network
 * order, which memcmp(3) orders as numbers. */
#include "net/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (64 << 20)
#define WIDTH_MAX      16
#define MAPPED         12 /* bytes before the IPv4 address in a mapped one */
#define BLANKS         " \t\r\v\f"

struct prefix {
	unsigned char ip[WIDTH_MAX];
	size_t width; /* bytes: 4 or 16 */
	unsigned bits;
};

/* n ranges of 2 * width bytes: the first address, the last address. */
struct set {
	unsigned char *range;
	size_t n, width;
};

struct access {
	struct set v4, v6;
	unsigned char data[];
};

static const unsigned char mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

/* Clear the bits below a prefix. Returns true if one was set. */
static bool clear_host(struct prefix *p)
{
	bool any = false;

	for (size_t i = p->bits / 8; i < p->width; i++) {
		unsigned char host = i > p->bits / 8 ? 0xff : 0xff >> p->bits % 8;

		any |= p->ip[i] & host;
		p->ip[i] &= (unsigned char)~host;
	}
	return any;
}

/* Read the number after the '/'. Returns -1 if it is none. */
static int read_bits(const char *text, size_t n)
{
	int bits = 0;

	if (!n || n > 3 || (n > 1 && *text == '0'))
		return -1;
	for (; n; n--, text++) {
		if (*text < '0' || *text > '9')
			return -1;
		bits = bits * 10 + *text - '0';
	}
	return bits;
}

/* Read ADDR or ADDR/BITS. Returns NULL, or what is wrong; *stray tells that it is bits below the
 * prefix, which is right in *p. */
static const char *prefix_read(const char *text, size_t n, struct prefix *p, bool *stray)
{
	const char *slash = memchr(text, '/', n);
	size_t len = slash ? (size_t)(slash - text) : n;
	char copy[INET6_ADDRSTRLEN];
	int bits, max;

	*stray = false;
	if (len >= sizeof(copy))
		return "expected ADDRESS or ADDRESS/BITS";
	memcpy(copy, text, len);
	copy[len] = '\0';
	p->width = memchr(text, ':', len) ? 16 : 4;
	if (inet_pton(p->width == 4 ? AF_INET : AF_INET6, copy, p->ip) != 1)
		return "expected an IPv4 or IPv6 address, or ADDRESS/BITS";
	max = (int)p->width * 8;
	bits = slash ? read_bits(slash + 1, n - len - 1) : max;
	if (bits < 0 || bits > max)
		return max == 32 ? "expected a number of bits from 0 to 32 after the '/'"
				 : "expected a number of bits from 0 to 128 after the '/'";
	if (bits >= MAPPED * 8 && !memcmp(p->ip, mapped, MAPPED)) {
		memmove(p->ip, p->ip + MAPPED, 4);
		p->width = 4;
		bits -= MAPPED * 8;
	}
	p->bits = (unsigned)bits;
	*stray = clear_host(p);
	return *stray ? "bits are set below the prefix" : NULL;
}

/* Add "ADDR/BITS"; not with printf(), since there may be a great many. */
static void prefix_print(const struct prefix *p, struct buf *out)
{
	char text[INET6_ADDRSTRLEN + 8], digit[3];
	unsigned bits = p->bits;
	size_t n = 0, len;

	inet_ntop(p->width == 4 ? AF_INET : AF_INET6, p->ip, text, INET6_ADDRSTRLEN);
	len = strlen(text);
	text[len++] = '/';
	do
		digit[n++] = (char)('0' + bits % 10);
	while (bits /= 10);
	while (n)
		text[len++] = digit[--n];
	buf_add(out, text, len);
}

int access_parse_item(const char *text, struct buf *out, char *err, size_t size)
{
	struct buf right = {0};
	struct prefix p;
	bool stray;
	const char *why = prefix_read(text, strlen(text), &p, &stray);

	if (!why) {
		prefix_print(&p, out);
		buf_add(out, " ", 1);
		if (!out->failed)
			return 0;
		why = strerror(ENOMEM);
	}
	if (stray)
		prefix_print(&p, &right);
	snprintf(err, size, "%s%s%s", why, right.len ? "; expected " : "",
		right.len ? right.data : "");
	buf_free(&right);
	return -1;
}

int access_parse_file(const char *path, struct buf *out, char *err, size_t size)
{
	size_t before = out->len, number = 1;
	struct buf text = {0};
	char why[128];
	int rc = 0;

	if (read_file(path, FILE_BYTES_MAX, &text) < 0) {
		if (errno == EFBIG)
			snprintf(err, size, "%s: larger than %d MiB", path, FILE_BYTES_MAX >> 20);
		else
			snprintf(err, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	for (char *line = text.data, *end; !rc && line < text.data + text.len; line = end + 1) {
		bool binary;
		size_t n;

		end = memchr(line, '\n', (size_t)(text.data + text.len - line));
		if (!end)
			end = text.data + text.len;
		*end = '\0';
		binary = strlen(line) < (size_t)(end - line);
		line += strspn(line, BLANKS);
		n = strcspn(line, "#");
		while (n && strchr(BLANKS, line[n - 1]))
			n--;
		line[n] = '\0';
		if (binary) {
			snprintf(why, sizeof(why), "a NUL byte: this is no text");
			rc = -1;
		} else if (n) {
			rc = access_parse_item(line, out, why, sizeof(why));
		}
		if (rc)
			snprintf(err, size, "%s:%zu: %s", path, number, why);
		number++;
	}
	if (rc && out->data) {
		out->len = before;
		out->data[before] = '\0';
	}
	buf_free(&text);
	return rc;
}

static int compare(const void *a, const void *b, void *width)
{
	return memcmp(a, b, *(size_t *)width);
}

/* Add a prefix behind the ranges of its family. */
static void set_add(struct set *s, const struct prefix *p)
{
	unsigned char *first = s->range + s->n++ * 2 * s->width, *last = first + s->width;

	memcpy(first, p->ip, s->width);
	memcpy(last, p->ip, s->width);
	for (size_t i = p->bits / 8; i < s->width; i++)
		last[i] |= i > p->bits / 8 ? 0xff : 0xff >> p->bits % 8;
}

/* True if a range that starts at `first` joins one that ends at `last`, and does not start before it. */
static bool joins(const unsigned char *last, const unsigned char *first, size_t width)
{
	unsigned char next[WIDTH_MAX];
	size_t i = width;

	memcpy(next, last, width);
	while (i && ++next[i - 1] == 0)
		i--;
	return !i ||
	       memcmp(first, next, width) <= 0; /* !i: there is nothing behind the last address */
}

/* Sort the ranges, and merge those that overlap or touch. */
static void set_finish(struct set *s)
{
	size_t w = s->width, n = 0;

	qsort_r(s->range, s->n, 2 * w, compare, &s->width);
	for (size_t i = 0; i < s->n; i++) {
		unsigned char *r = s->range + i * 2 * w, *last = s->range + n * 2 * w - w;

		if (!n || !joins(last, r, w))
			memmove(s->range + n++ * 2 * w, r, 2 * w);
		else if (memcmp(last, r + w, w) < 0)
			memcpy(last, r + w, w);
	}
	s->n = n;
}

/* The next word of a text, or NULL. */
static const char *next_word(const char **at, size_t *n)
{
	const char *word = *at + strspn(*at, BLANKS "\n");

	*n = strcspn(word, BLANKS "\n");
	*at = word + *n;
	return *n ? word : NULL;
}

struct access *access_new(const char *text)
{
	const char *at = text, *word;
	size_t n, n4 = 0, n6 = 0;
	struct access *a;
	struct prefix p;
	bool stray;

	while ((word = next_word(&at, &n))) {
		if (memchr(word, ':', n))
			n6++;
		n4++; /* a mapped one counts twice */
	}
	a = malloc(sizeof(*a) + n4 * 2 * 4 + n6 * 2 * 16);
	if (!a)
		return NULL;
	a->v6 = (struct set){.range = a->data, .width = 16};
	a->v4 = (struct set){.range = a->data + n6 * 2 * 16, .width = 4};
	for (at = text; (word = next_word(&at, &n));) {
		if (prefix_read(word, n, &p, &stray)) {
			access_free(a);
			errno = EINVAL;
			return NULL;
		}
		set_add(p.width == 4 ? &a->v4 : &a->v6, &p);
	}
	set_finish(&a->v4);
	set_finish(&a->v6);
	return a;
}

void access_free(struct access *a)
{
	free(a);
}

static bool set_has(const struct set *s, const void *ip)
{
	size_t low = 0, high = s->n;

	while (low < high) { /* the first range that starts behind ip */
		size_t middle = low + (high - low) / 2;

		if (memcmp(s->range + middle * 2 * s->width, ip, s->width) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && memcmp(ip, s->range + low * 2 * s->width - s->width, s->width) <= 0;
}

bool access_has(const struct access *a, const struct addr *addr)
{
	const unsigned char *ip6 = addr->in6.sin6_addr.s6_addr;

	if (addr->sa.sa_family == AF_INET)
		return set_has(&a->v4, &addr->in.sin_addr);
	if (addr->sa.sa_family != AF_INET6)
		return false;
	return IN6_IS_ADDR_V4MAPPED(&addr->in6.sin6_addr) ? set_has(&a->v4, ip6 + MAPPED)
							  : set_has(&a->v6, ip6);
}
