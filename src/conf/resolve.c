/* resolve.c: what the settings name outside of sockd: hosts, services, users, groups, CPUs. */
#include "conf/conf_keys.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

struct resolver {
	struct conf *conf;
	struct conf_errors *errors;
};

/* Returns 0 with *id set if text is a number that a user or a group may have. */
static int parse_id(const char *text, unsigned *id)
{
	size_t n = strlen(text);
	unsigned long value;

	if (!n || n > 10 || text[strspn(text, "0123456789")])
		return -1;
	value = strtoul(text, NULL, 10);
	*id = (unsigned)value;
	return value < (uid_t)-1 ? 0 : -1;
}

/* Account by name or number. Returns NULL if there is none; *uid is set for any number. */
static const struct passwd *find_user(const char *name, uid_t *uid)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw && !parse_id(name, uid))
		return getpwuid(*uid);
	if (pw)
		*uid = pw->pw_uid;
	return pw;
}

static int find_group(const char *name, gid_t *gid)
{
	const struct group *gr = getgrnam(name);

	if (gr)
		*gid = gr->gr_gid;
	return gr ? 0 : parse_id(name, gid);
}

/* Groups of an account, as at a login with this primary group. Source: getgrouplist(3) */
static int find_groups(const char *name, gid_t gid, gid_t **groups, size_t *n)
{
	int size = 64;

	for (;;) {
		gid_t *list = reallocarray(*groups, (size_t)size, sizeof(*list));
		int found = size;

		if (!list)
			return -1;
		*groups = list;
		if (getgrouplist(name, gid, list, &found) >= 0) {
			*n = (size_t)found;
			return 0;
		}
		if (size >= GROUPS_MAX)
			return -1;
		size = found > size ? found : size * 2;
	}
}

/* The user of a service that names none: that of the global key, else one without privileges. */
static const char *default_user(const struct conf *c)
{
	if (c->user)
		return c->user;
	if (getpwnam("sockd"))
		return "sockd";
	return getpwnam("nobody") ? "nobody" : NULL;
}

/* What a worker of a service runs as, when root starts it. */
struct account {
	const struct passwd *pw; /* NULL: a number without an account */
	uid_t uid;
	gid_t gid;
};

/* Find it. A service that names a user of its own does not take the global group.
 * Returns 0, or -1 after telling what is wrong. */
static int find_account(struct resolver *r, const struct conf_service *s, struct account *a)
{
	const struct conf_service *user_at = s->user ? s : NULL;
	const struct conf_service *group_at = s->group ? s : NULL;
	const char *user = s->user ? s->user : default_user(r->conf);
	const char *group = s->group ? s->group : s->user ? NULL : r->conf->group;

	if (!user) {
		conf_error(r->errors, r->conf, NULL, "user",
			"neither 'sockd' nor 'nobody' exists: name a user");
		return -1;
	}
	a->pw = find_user(user, &a->uid);
	if (!a->pw && parse_id(user, &a->uid)) {
		conf_error(r->errors, r->conf, user_at, "user", "no user '%s'", user);
		return -1;
	}
	if (!a->pw && !group) {
		conf_error(r->errors, r->conf, user_at, "user",
			"no account has the number %s; 'group' is needed too", user);
		return -1;
	}
	if (a->pw)
		a->gid = a->pw->pw_gid;
	if (group && find_group(group, &a->gid)) {
		conf_error(r->errors, r->conf, group_at, "group", "no group '%s'", group);
		return -1;
	}
	return 0;
}

static void resolve_user(struct resolver *r, struct conf_service *s)
{
	struct account a = {.uid = geteuid(), .gid = getegid()};
	int rc = 0;

	s->change_user = geteuid() == 0;
	s->uid = a.uid;
	s->gid = a.gid;
	s->n_groups = 0;
	if (!s->change_user && !s->user && !s->group && !r->conf->user && !r->conf->group)
		return;
	if (find_account(r, s, &a) || !s->change_user)
		return;
	s->uid = a.uid;
	s->gid = a.gid;
	if (a.pw) {
		rc = find_groups(a.pw->pw_name, a.gid, &s->groups, &s->n_groups);
	} else {
		s->groups = reallocarray(s->groups, 1, sizeof(*s->groups));
		rc = s->groups ? 0 : -1;
		if (s->groups)
			s->groups[s->n_groups++] = a.gid;
	}
	if (rc)
		conf_error(
			r->errors, r->conf, s->user ? s : NULL, "user", "cannot list its groups");
}

static void resolve_socket_owner(struct resolver *r, struct conf_service *s)
{
	s->socket_uid = (uid_t)-1;
	s->socket_gid = (gid_t)-1;
	if (s->socket_user && !find_user(s->socket_user, &s->socket_uid) &&
		parse_id(s->socket_user, &s->socket_uid))
		conf_error(r->errors, r->conf, s, "socket-user", "no user '%s'", s->socket_user);
	if (s->socket_group && find_group(s->socket_group, &s->socket_gid))
		conf_error(r->errors, r->conf, s, "socket-group", "no group '%s'", s->socket_group);
}

static bool is_any(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == INADDR_ANY;
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

/* True if the kernel would refuse to let two sockets listen on both. */
static bool overlap(const struct addr *a, const struct addr *b)
{
	if (addr_equal(a, b))
		return true;
	if (a->sa.sa_family == AF_UNIX || b->sa.sa_family == AF_UNIX ||
		addr_port(a) != addr_port(b))
		return false;
	if (a->dual || b->dual)
		return true;
	return a->sa.sa_family == b->sa.sa_family && (is_any(a) || is_any(b));
}

static bool port_is_open(const struct addr *a)
{
	return a->sa.sa_family != AF_UNIX && !addr_port(a);
}

/* Tell if a is an address of a service that was resolved before, or of s itself. */
static void check_taken(struct resolver *r, const struct conf_service *s, const struct addr *a)
{
	char text[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX];

	addr_format(a, text);
	for (const struct conf_service *o = r->conf->service; o <= s; o++) {
		for (size_t i = 0; i < o->n_addrs; i++) {
			if (port_is_open(a) || !overlap(a, &o->addrs[i]))
				continue;
			addr_format(&o->addrs[i], other);
			if (o == s)
				conf_error(r->errors, r->conf, s, "listen",
					"%s is taken by %s of the same service", text, other);
			else
				conf_error(r->errors, r->conf, s, "listen",
					"%s is taken by %s of service '%s' (%s:%d)", text, other,
					o->name, o->file, o->line);
			return;
		}
	}
}

static void resolve_listen(struct resolver *r, struct conf_service *s)
{
	struct addr found[ADDR_MAX];
	char err[256];

	free(s->addrs);
	s->addrs = NULL;
	s->n_addrs = 0;
	for (size_t i = 0; i < s->listen.n; i++) {
		struct buf item = {0};
		struct addr *all;
		int n = addr_parse(s->listen.item[i], 0, found, err, sizeof(err));

		if (n < 0) {
			message_quote(&item, s->listen.item[i], strlen(s->listen.item[i]));
			conf_error(r->errors, r->conf, s, "listen", "%s: %s",
				item.failed ? "address" : item.data, err);
			buf_free(&item);
			continue;
		}
		all = reallocarray(s->addrs, s->n_addrs + (size_t)n, sizeof(*all));
		if (!all) {
			conf_error(r->errors, r->conf, s, "listen", "out of memory");
			return;
		}
		s->addrs = all;
		for (int k = 0; k < n; k++) {
			check_taken(r, s, &found[k]);
			s->addrs[s->n_addrs++] = found[k];
		}
	}
}

/* `auto` is a wish: a max-workers below the number of CPUs wins over it. */
static void resolve_workers(struct conf_service *s)
{
	if (!s->workers) {
		s->workers = conf_auto_workers("");
		if (s->max_workers && s->workers > s->max_workers)
			s->workers = s->max_workers;
	}
	if (!s->max_workers)
		s->max_workers = s->workers;
}

int conf_resolve(struct conf *c, conf_check_fn *check, struct conf_errors *e)
{
	struct resolver r = {.conf = c, .errors = e};
	size_t errors = e->n;

	for (size_t i = 0; i < c->n_services; i++) {
		struct conf_service *s = &c->service[i];
		const char *key;
		char err[512] = "";

		if (!s->enabled)
			continue;
		resolve_workers(s);
		resolve_user(&r, s);
		resolve_socket_owner(&r, s);
		resolve_listen(&r, s);
		key = check ? check(s, err, sizeof(err)) : NULL;
		if (key)
			conf_error(e, c, s, key, "%s", err);
	}
	return e->n == errors ? 0 : -1;
}
