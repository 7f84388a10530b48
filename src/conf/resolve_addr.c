/* resolve_addr.c: the addresses that the settings name: to listen on, to relay to, to let in. */
#include "conf/conf_internal.h"

#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "net/access.h"

static bool is_any(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == INADDR_ANY;
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

/* True if the kernel would refuse to let two sockets listen on both. With port 0 it never does. */
static bool overlap(const struct addr *a, const struct addr *b)
{
	if (a->sa.sa_family == AF_UNIX || b->sa.sa_family == AF_UNIX)
		return addr_equal(a, b);
	if (addr_port(a) != addr_port(b) || !addr_port(a))
		return false;
	if (a->dual || b->dual || addr_equal(a, b))
		return true;
	return a->sa.sa_family == b->sa.sa_family && (is_any(a) || is_any(b));
}

/* Tell if the address is one of a service that was resolved before, or of s itself. */
static void check_taken(const struct conf *c, const struct conf_service *s, const struct addr *a,
	struct conf_errors *e)
{
	char text[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX];

	addr_format(a, text);
	for (const struct conf_service *o = c->service; o <= s; o++) {
		for (size_t i = 0; i < o->n_addrs; i++) {
			if (!overlap(a, &o->addrs[i]))
				continue;
			addr_format(&o->addrs[i], other);
			conf_error(e, c, s, "listen", "%s is taken by %s of service '%s' (%s:%d)",
				text, other, o->name, o->file, o->line);
			return;
		}
	}
}

void resolve_listen(struct conf *c, struct conf_service *s, struct conf_errors *e)
{
	struct addr found[ADDR_MAX], *all;
	char err[256], name[ADDR_TEXT_MAX];

	for (size_t i = 0; i < s->listen.n; i++) {
		const char *text = s->listen.item[i];
		int n = addr_parse(text, 0, found, err, sizeof(err));

		if (n < 0) {
			conf_error(e, c, s, "listen", "%s: %s", show(text, strlen(text)).text, err);
			continue;
		}
		all = reallocarray(s->addrs, s->n_addrs + (size_t)n, sizeof(*all));
		if (!all) {
			c->lines->failed = true;
			return;
		}
		s->addrs = all;
		for (int k = 0; k < n; k++) {
			check_taken(c, s, &found[k], e);
			all[s->n_addrs++] = found[k];
			addr_format(&found[k], name);
			if (list_add(&s->resolved_listen, name))
				c->lines->failed = true;
		}
	}
}

/* True if a connection to this address stays on this host. Source: getifaddrs(3) */
static bool is_local(const struct addr *a)
{
	struct ifaddrs *all = NULL;
	bool found =
		a->sa.sa_family == AF_INET && ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;

	if (found || getifaddrs(&all))
		return found;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		const struct sockaddr *sa = i->ifa_addr;

		if (!sa || sa->sa_family != a->sa.sa_family)
			continue;
		if (sa->sa_family == AF_INET)
			found = a->in.sin_addr.s_addr ==
				((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr;
		else if (sa->sa_family == AF_INET6)
			found = IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr,
				&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
	}
	freeifaddrs(all);
	return found;
}

/* The service that a connection to this address would come to, or NULL. */
static const struct conf_service *find_listener(const struct conf *c, const struct addr *to)
{
	for (const struct conf_service *s = c->service; s < c->service + c->n_services; s++) {
		for (size_t i = 0; i < s->n_addrs; i++) {
			const struct addr *a = &s->addrs[i];

			if (overlap(a, to) && (!is_any(a) || is_local(to)))
				return s;
		}
	}
	return NULL;
}

/* Returns 0, or -1 with what is wrong with a target in err. */
static int check_upstream(const struct conf *c, const char *text, char *err, size_t size)
{
	const struct conf_service *loop;
	struct addr found[ADDR_MAX];
	int n = addr_parse(text, 0, found, err, size);

	for (int k = 0; k < n; k++) {
		loop = find_listener(c, &found[k]);
		if (is_any(&found[k]) ||
			(!addr_port(&found[k]) && found[k].sa.sa_family != AF_UNIX))
			snprintf(err, size, "expected one host, and a port from 1 to 65535");
		else if (loop)
			snprintf(err, size, "is a listener of this sockd (service '%s'): a loop",
				loop->name);
		else
			continue;
		return -1;
	}
	return n < 0 ? -1 : 0;
}

void resolve_upstream(const struct conf *c, const struct conf_service *s, struct conf_errors *e)
{
	char err[512];

	for (size_t i = 0; i < s->upstream.n && key_fits("upstream", s); i++) {
		const char *text = s->upstream.item[i];

		if (check_upstream(c, text, err, sizeof(err)) < 0)
			conf_error(
				e, c, s, "upstream", "%s: %s", show(text, strlen(text)).text, err);
	}
}

/* One key's list of prefixes, and of files with them, as one text for access_new(). */
static void resolve_prefixes(struct conf *c, const struct conf_service *s, const char *key,
	const struct conf_list *list, char **out, struct conf_errors *e)
{
	size_t errors = e->n;
	struct buf text = {0};
	char err[512];

	buf_add(&text, "", 0);
	for (size_t i = 0; i < list->n; i++) {
		const char *item = list->item[i];
		bool file = !strncmp(item, "file:", 5);

		if (file && item[5] != '/')
			conf_error(e, c, s, key, "%s: expected an absolute path after 'file:'",
				show(item, strlen(item)).text);
		else if (file && access_parse_file(item + 5, &text, err, sizeof(err)) < 0)
			conf_error(e, c, s, key, "%s", err);
		else if (!file && access_parse_item(item, &text, err, sizeof(err)) < 0)
			conf_error(e, c, s, key, "%s: %s", show(item, strlen(item)).text, err);
	}
	if (list->n && !text.len && e->n == errors && strcmp(key, "deny"))
		conf_error(e, c, s, key, "there is no address in the files");
	c->lines->failed |= text.failed;
	*out = text.data;
}

void resolve_access(struct conf *c, struct conf_service *s, struct conf_errors *e)
{
	if (!key_fits("allow", s))
		return;
	resolve_prefixes(c, s, "allow", &s->allow, &s->resolved_allow, e);
	resolve_prefixes(c, s, "deny", &s->deny, &s->resolved_deny, e);
	resolve_prefixes(c, s, "proxy-trusted", &s->proxy_trusted, &s->resolved_trusted, e);
}
