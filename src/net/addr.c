/* addr.c: addresses as text and as struct sockaddr. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define HOST_MAX 255 /* characters of a host name, RFC 1035 */

static int fail(char *err, size_t size, const char *what)
{
	snprintf(err, size, "%s", what);
	return -1;
}

static int parse_unix(const char *path, struct addr *a, char *err, size_t size)
{
	size_t n = strlen(path);

	if (path[0] != '/')
		return fail(err, size, "expected an absolute path after 'unix:'");
	if (n >= sizeof(a->un.sun_path)) {
		snprintf(err, size, "the path has %zu bytes, a unix socket's may have %zu", n,
			sizeof(a->un.sun_path) - 1);
		return -1;
	}
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path, n + 1);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	return 1;
}

/* Returns the port in host byte order, or -1. */
static int parse_port(const char *text, unsigned flags, char *err, size_t size)
{
	const char *expected = "expected a port from 0 to 65535 or a name of services(5)";
	char answers[1024];
	struct servent entry, *found = NULL;
	int port = 0;

	if (!*text) {
		snprintf(err, size, "the port is missing; %s", expected);
		return -1;
	}
	if (text[strspn(text, "0123456789")] == '\0') {
		for (; *text; text++) {
			port = port * 10 + (*text - '0');
			if (port > 65535) {
				snprintf(err, size, "the port is out of range; %s", expected);
				return -1;
			}
		}
		return port;
	}
	if (!(flags & ADDR_NUMERIC))
		getservbyname_r(text, "tcp", &entry, answers, sizeof(answers), &found);
	if (!found) {
		snprintf(err, size, "unknown service in place of the port; %s", expected);
		return -1;
	}
	return ntohs((uint16_t)found->s_port);
}

static void set_v4(struct addr *a, const void *ip, int port)
{
	*a = (struct addr){.len = sizeof(a->in)};
	a->in.sin_family = AF_INET;
	memcpy(&a->in.sin_addr, ip, sizeof(a->in.sin_addr));
	a->in.sin_port = htons((uint16_t)port);
}

static void set_v6(struct addr *a, const struct in6_addr *ip, uint32_t scope, int port)
{
	if (IN6_IS_ADDR_V4MAPPED(ip)) {
		set_v4(a, ip->s6_addr + 12, port);
		return;
	}
	*a = (struct addr){.len = sizeof(a->in6)};
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_addr = *ip;
	a->in6.sin6_scope_id = scope;
	a->in6.sin6_port = htons((uint16_t)port);
}

/* The inside of the brackets: an IPv6 address, perhaps with %interface. */
static int parse_v6(char *host, int port, struct addr *a, char *err, size_t size)
{
	struct in6_addr ip;
	char *scope = strchr(host, '%');
	unsigned index = 0;

	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, host, &ip) != 1)
		return fail(err, size, "expected an IPv6 address in the brackets");
	if (scope) {
		index = if_nametoindex(scope);
		if (!index && *scope && scope[strspn(scope, "0123456789")] == '\0')
			sscanf(scope, "%9u", &index);
		if (!index)
			return fail(err, size, "unknown interface after '%'");
	}
	set_v6(a, &ip, index, port);
	return 1;
}

static int lookup(const char *host, int port, struct addr out[ADDR_MAX], char *err, size_t size)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int n = 0;
	int rc = getaddrinfo(host, NULL, &hints, &list);

	if (rc) {
		snprintf(err, size, "cannot look up the host: %s",
			rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
		return -1;
	}
	for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		struct addr a;
		int i = 0;

		if (ai->ai_family == AF_INET) {
			struct sockaddr_in in;

			memcpy(&in, ai->ai_addr, sizeof(in));
			set_v4(&a, &in.sin_addr, port);
		} else if (ai->ai_family == AF_INET6) {
			struct sockaddr_in6 in6;

			memcpy(&in6, ai->ai_addr, sizeof(in6));
			set_v6(&a, &in6.sin6_addr, in6.sin6_scope_id, port);
		} else {
			continue;
		}
		while (i < n && !addr_equal(&out[i], &a))
			i++;
		if (i < n)
			continue;
		if (n == ADDR_MAX) {
			snprintf(err, size, "the host has more than %d addresses", ADDR_MAX);
			n = -1;
			break;
		}
		out[n++] = a;
	}
	freeaddrinfo(list);
	return n ? n : fail(err, size, "the host has no IPv4 or IPv6 address");
}

static int parse_host(
	char *host, int port, unsigned flags, struct addr out[ADDR_MAX], char *err, size_t size)
{
	struct in_addr ip;

	if (!*host || !strcmp(host, "*")) {
		set_v6(&out[0], &in6addr_any, 0, port);
		out[0].dual = true;
		return 1;
	}
	if (inet_pton(AF_INET, host, &ip) == 1) {
		set_v4(&out[0], &ip, port);
		return 1;
	}
	if (strchr(host, ':'))
		return fail(err, size, "an IPv6 address stands in brackets: [::1]:80");
	if (host[strspn(host, "0123456789.")] == '\0')
		return fail(err, size, "not an IPv4 address");
	if (flags & ADDR_NUMERIC)
		return fail(err, size, "expected a numeric address");
	return lookup(host, port, out, err, size);
}

int addr_parse(const char *text, unsigned flags, struct addr out[ADDR_MAX], char *err, size_t size)
{
	char host[HOST_MAX + 1];
	const char *colon = strrchr(text, ':');
	size_t n;
	int port;

	memset(&out[0], 0, sizeof(out[0]));
	if (!strncmp(text, "unix:", 5))
		return parse_unix(text + 5, &out[0], err, size);
	if (!colon || (text[0] == '[' && strchr(colon, ']')))
		return fail(err, size, "expected ADDRESS:PORT, *:PORT or unix:PATH");
	n = (size_t)(colon - text);
	if (n > HOST_MAX)
		return fail(err, size, "the host name is too long");
	memcpy(host, text, n);
	host[n] = '\0';
	port = parse_port(colon + 1, flags, err, size);
	if (port < 0)
		return -1;
	if (host[0] != '[')
		return parse_host(host, port, flags, out, err, size);
	if (host[n - 1] != ']')
		return fail(err, size, "expected [ADDRESS]:PORT");
	host[n - 1] = '\0';
	return parse_v6(host + 1, port, &out[0], err, size);
}

static bool is_mapped(const struct addr *a)
{
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr);
}

void addr_host(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN];
	char name[IF_NAMESIZE];
	uint32_t scope;

	out[0] = '\0';
	if (a->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->in.sin_addr, out, ADDR_TEXT_MAX);
	} else if (is_mapped(a)) {
		inet_ntop(AF_INET, a->in6.sin6_addr.s6_addr + 12, out, ADDR_TEXT_MAX);
	} else if (a->sa.sa_family == AF_INET6) {
		scope = a->in6.sin6_scope_id;
		inet_ntop(AF_INET6, &a->in6.sin6_addr, ip, sizeof(ip));
		if (!scope)
			snprintf(out, ADDR_TEXT_MAX, "%s", ip);
		else if (if_indextoname(scope, name))
			snprintf(out, ADDR_TEXT_MAX, "%s%%%s", ip, name);
		else
			snprintf(out, ADDR_TEXT_MAX, "%s%%%u", ip, (unsigned)scope);
	}
}

unsigned addr_port(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohs(a->in.sin_port);
	if (a->sa.sa_family == AF_INET6)
		return ntohs(a->in6.sin6_port);
	return 0;
}

/* Bytes of the path of a unix address, without a NUL at its end; 0: it has no name. */
static size_t unix_path_len(const struct addr *a)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t n = a->len > head ? a->len - head : 0;

	if (n > sizeof(a->un.sun_path))
		n = sizeof(a->un.sun_path);
	return n && a->un.sun_path[0] ? strnlen(a->un.sun_path, n) : n;
}

void addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];
	size_t n;

	if (a->sa.sa_family == AF_UNIX) {
		n = unix_path_len(a);
		memcpy(out, "unix:", 5);
		memcpy(out + 5, a->un.sun_path, n);
		out[5 + n] = '\0';
		for (size_t i = 0; i < n; i++) { /* an abstract name may hold NUL bytes */
			if (!out[5 + i])
				out[5 + i] = '@';
		}
		return;
	}
	addr_host(a, host);
	if (a->dual)
		snprintf(out, ADDR_TEXT_MAX, "*:%u", addr_port(a));
	else if (a->sa.sa_family == AF_INET6 && !is_mapped(a))
		snprintf(out, ADDR_TEXT_MAX, "[%.119s]:%u", host, addr_port(a));
	else
		snprintf(out, ADDR_TEXT_MAX, "%.121s:%u", host, addr_port(a));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	size_t n;

	if (a->sa.sa_family != b->sa.sa_family || a->dual != b->dual)
		return false;
	switch (a->sa.sa_family) {
	case AF_INET:
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	case AF_INET6:
		return a->in6.sin6_port == b->in6.sin6_port &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		       IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
	case AF_UNIX:
		n = unix_path_len(a);
		return n == unix_path_len(b) && !memcmp(a->un.sun_path, b->un.sun_path, n);
	default:
		return false;
	}
}
