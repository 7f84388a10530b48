/* access_fuzz.c: lists of prefixes: as a text, as a file, and the set against a plain search. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/access.h"

#define PREFIXES_MAX 64 /* that are searched one by one */

struct prefix {
	struct addr addr;
	unsigned bits;
};

static unsigned char *get_ip(struct addr *a, size_t *width)
{
	*width = a->sa.sa_family == AF_INET ? 4 : 16;
	return *width == 4 ? (unsigned char *)&a->in.sin_addr : a->in6.sin6_addr.s6_addr;
}

static bool has(struct prefix *p, struct addr *addr)
{
	size_t width, other;
	unsigned char *net = get_ip(&p->addr, &width), *ip = get_ip(addr, &other);

	if (width != other)
		return false;
	for (unsigned bit = 0; bit < p->bits; bit++) {
		if ((net[bit / 8] ^ ip[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

/* The prefixes of canonical text, each of which must read as itself. */
static size_t read_all(const char *text, struct prefix *list)
{
	char *copy = strdup(text), *rest = copy, *item, err[256];
	size_t n = 0;

	MUST(copy);
	while (n < PREFIXES_MAX && (item = strsep(&rest, " ")) && *item) {
		struct buf again = {0};
		char *slash = strchr(item, '/');
		struct prefix *p = &list[n++];

		MUST(access_parse_item(item, &again, err, sizeof(err)) == 0);
		MUST(again.len == strlen(item) + 1 && !memcmp(again.data, item, strlen(item)));
		buf_free(&again);
		*slash = '\0';
		*p = (struct prefix){.bits = (unsigned)atoi(slash + 1)};
		p->addr.sa.sa_family = strchr(item, ':') ? AF_INET6 : AF_INET;
		MUST(inet_pton(p->addr.sa.sa_family, item,
			     p->addr.sa.sa_family == AF_INET ? (void *)&p->addr.in.sin_addr
							     : &p->addr.in6.sin6_addr) == 1);
	}
	free(copy);
	return n;
}

/* Ask for an address, and for the one that differs in a bit. */
static void compare(const struct access *a, struct prefix *list, size_t n, struct addr at)
{
	size_t width;
	unsigned char *ip = get_ip(&at, &width);

	for (size_t bit = 0; bit <= width * 8; bit++) {
		bool expected = false;

		for (size_t i = 0; i < n; i++)
			expected |= has(&list[i], &at);
		if (width == 4 || !IN6_IS_ADDR_V4MAPPED(&at.in6.sin6_addr))
			MUST(access_has(a, &at) == expected);
		if (bit < width * 8)
			ip[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
	}
}

static void check_set(const char *text)
{
	static struct prefix list[PREFIXES_MAX];
	struct access *a = access_new(text);
	size_t n = read_all(text, list);

	MUST(a);
	if (n < PREFIXES_MAX) {
		for (size_t i = 0; i < n; i++)
			compare(a, list, n, list[i].addr);
	}
	access_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), path[64], err[256] = "";
	int fd = memfd_create("access", MFD_CLOEXEC);
	struct buf out = {0};

	access_free(access_new(text));
	if (access_parse_item(text, &out, err, sizeof(err)) == 0)
		check_set(out.data);
	else
		MUST(*err && !out.len);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	out.len = 0;
	err[0] = '\0';
	if (access_parse_file(path, &out, err, sizeof(err)) == 0)
		check_set(out.len ? out.data : "");
	else
		MUST(!strncmp(err, path, strlen(path)) && !out.len);
	close(fd);
	buf_free(&out);
	free(text);
	return 0;
}
