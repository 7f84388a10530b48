/* addr.c: addresses as text and as struct sockaddr. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX      255 /* characters of a host name, RFC 1035 */
#define PORT_EXPECTED "expected a port from 0 to 65535 or a name of services(5)"

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

/* ::ffff:1.2.3.4 is 1.2.3.4. */
static void unmap(struct addr *a)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		return;
	memcpy(&in.sin_addr, a->in6.sin6_addr.s6_addr + 12, sizeof(in.sin_addr));
	in.sin_port = a->in6.sin6_port;
	*a = (struct addr){.in = in, .len = sizeof(in)};
}

/* getaddrinfo() takes 70000 for a port. */
static int check_port(const char *port, char *err, size_t size)
{
	bool number = *port && port[strspn(port, "0123456789")] == '\0';

	if (*port && (!number || (strlen(port) <= 5 && strtol(port, NULL, 10) <= 65535)))
		return 0;
	snprintf(err, size, "%s; " PORT_EXPECTED,
		number ? "the port is out of range" : "the port is missing");
	return -1;
}

/* What kind of host this is. Returns 0, or -1 if it is none. */
static int check_host(const char **host, struct addrinfo *hints, char *err, size_t size)
{
	struct in_addr ip;

	if (hints->ai_family == AF_INET6) { /* it stood in brackets */
		if (!strchr(*host, ':'))
			return fail(err, size, "expected an IPv6 address in the brackets");
		hints->ai_flags |= AI_NUMERICHOST;
	} else if (!**host || !strcmp(*host, "*")) {
		*host = "::";
		hints->ai_flags |= AI_NUMERICHOST;
	} else if (strchr(*host, ':')) {
		return fail(err, size, "an IPv6 address stands in brackets: [::1]:80");
	} else if ((*host)[strspn(*host, "0123456789.")] == '\0' &&
		   inet_pton(AF_INET, *host, &ip) != 1) {
		return fail(err, size, "not an IPv4 address"); /* getaddrinfo() would take 127.1 */
	}
	return 0;
}

static int lookup_failed(int rc, const struct addrinfo *hints, char *err, size_t size)
{
	if (rc == EAI_SERVICE)
		snprintf(err, size, "unknown service in place of the port; " PORT_EXPECTED);
	else if (hints->ai_family == AF_INET6)
		snprintf(err, size, "expected an IPv6 address in the brackets");
	else if (hints->ai_flags & AI_NUMERICHOST)
		snprintf(err, size, "expected a numeric address and port");
	else
		snprintf(err, size, "cannot look up the host: %s",
			rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	return -1;
}

/* The addresses of a list, each once. */
static int collect(const struct addrinfo *ai, struct addr out[ADDR_MAX], char *err, size_t size)
{
	int n = 0;

	for (; ai; ai = ai->ai_next) {
		struct addr a = {.len = ai->ai_addrlen};
		int i = 0;

		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		memcpy(&a.sa, ai->ai_addr, ai->ai_addrlen);
		unmap(&a);
		while (i < n && !addr_equal(&out[i], &a))
			i++;
		if (i < n)
			continue;
		if (n == ADDR_MAX) {
			snprintf(err, size, "the host has more than %d addresses", ADDR_MAX);
			return -1;
		}
		out[n++] = a;
	}
	return n ? n : fail(err, size, "the host has no IPv4 or IPv6 address");
}

int addr_parse(const char *text, unsigned flags, struct addr out[ADDR_MAX], char *err, size_t size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char copy[HOST_MAX + 1];
	const char *host = copy, *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool any;
	int rc;

	memset(&out[0], 0, sizeof(out[0]));
	if (!strncmp(text, "unix:", 5))
		return parse_unix(text + 5, &out[0], err, size);
	if (strpbrk(text, ", "))
		return fail(err, size, "one address in each string: {\"a:1\", \"b:2\"}");
	if (!colon || (text[0] == '[' && strchr(colon, ']')))
		return fail(err, size, "expected ADDRESS:PORT, *:PORT or unix:PATH");
	if (n > HOST_MAX)
		return fail(err, size, "the host name is too long");
	if (check_port(colon + 1, err, size) < 0)
		return -1;
	memcpy(copy, text, n);
	copy[n] = '\0';
	any = !n || !strcmp(copy, "*");
	if (copy[0] == '[') {
		if (copy[n - 1] != ']')
			return fail(err, size, "expected [ADDRESS]:PORT");
		copy[n - 1] = '\0';
		host++;
		hints.ai_family = AF_INET6;
	}
	if (flags & ADDR_NUMERIC)
		hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if (check_host(&host, &hints, err, size) < 0)
		return -1;
	rc = getaddrinfo(host, colon + 1, &hints, &list);
	if (rc)
		return lookup_failed(rc, &hints, err, size);
	rc = collect(list, out, err, size);
	freeaddrinfo(list);
	if (rc > 0)
		out[0].dual = any;
	if (rc > 0 && hints.ai_family == AF_INET6 && out[0].sa.sa_family == AF_INET6 &&
		IN6_IS_ADDR_LINKLOCAL(&out[0].in6.sin6_addr) && !out[0].in6.sin6_scope_id)
		return fail(
			err, size, "a link-local address needs its interface: [fe80::1%eth0]:80");
	return rc;
}

void addr_host(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	struct addr plain = *a;

	out[0] = '\0';
	if (a->sa.sa_family == AF_UNIX)
		return;
	unmap(&plain);
	if (getnameinfo(&plain.sa, plain.len, out, ADDR_TEXT_MAX, NULL, 0, NI_NUMERICHOST))
		out[0] = '\0';
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
	else if (strchr(host, ':'))
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
