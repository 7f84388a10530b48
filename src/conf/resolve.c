/* resolve.c: what the settings name outside of sockd, users, groups and CPUs here, and what must go
 * together in them. */
#include "conf/conf_internal.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

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

/* Groups as at a login with this primary group; that one alone for a number without an account.
 * Source: getgrouplist(3) */
static int resolve_groups(struct conf_service *s, const struct passwd *pw)
{
	static gid_t all[GROUPS_MAX];
	int n = GROUPS_MAX, rc = 0;
	char text[16];

	if (pw && getgrouplist(pw->pw_name, s->gid, all, &n) < 0)
		return -1;
	if (!pw) {
		all[0] = s->gid;
		n = 1;
	}
	s->groups = calloc((size_t)n, sizeof(*s->groups));
	for (; s->groups && s->n_groups < (size_t)n; s->n_groups++) {
		s->groups[s->n_groups] = all[s->n_groups];
		snprintf(text, sizeof(text), "%u", all[s->n_groups]);
		rc |= list_add(&s->resolved_groups, text);
	}
	return s->groups ? rc : -1;
}

/* The user of services that name none, if sockd is started by root: one without privileges. */
static void resolve_default_user(struct conf *c)
{
	static const char *const name[] = {"sockd", "nobody"};

	for (size_t i = 0; i < ARRAY_SIZE(name) && !c->user && geteuid() == 0; i++) {
		if (getpwnam(name[i]))
			c->user = strdup(name[i]);
	}
}

/* What a service runs as; user and group are written into it, so that a dump tells them. A service
 * that names a user of its own does not take the global group. */
static void resolve_user(struct conf *c, struct conf_service *s, struct conf_errors *e)
{
	const char *group = s->group ? s->group : s->user ? NULL : c->group;
	const char *user = s->user ? s->user : c->user;
	const struct passwd *pw = NULL;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (user) {
		pw = find_user(user, &uid);
		if (pw)
			gid = pw->pw_gid;
		else if (parse_id(user, &uid))
			conf_error(e, c, s, "user", "no user '%s'", user);
		else if (!group)
			conf_error(e, c, s, "user",
				"no account has the number %s; 'group' is needed too", user);
	}
	if (group && find_group(group, &gid))
		conf_error(e, c, s, "group", "no group '%s'", group);
	s->change_user = geteuid() == 0;
	s->uid = s->change_user ? uid : geteuid();
	s->gid = s->change_user ? gid : getegid();
	if (!s->change_user)
		return;
	if (!user)
		conf_error(e, c, s, "user", "neither 'sockd' nor 'nobody' exists: name a user");
	else if (resolve_groups(s, pw))
		conf_error(e, c, s, "user", "cannot list its groups");
	if (!s->user && user)
		s->user = strdup(user);
	if (!s->group && group)
		s->group = strdup(group);
	if ((user && !s->user) || (group && !s->group))
		c->lines->failed = true;
}

static void resolve_socket_owner(struct conf *c, struct conf_service *s, struct conf_errors *e)
{
	s->socket_uid = (uid_t)-1;
	s->socket_gid = (gid_t)-1;
	if (s->socket_user && !find_user(s->socket_user, &s->socket_uid) &&
		parse_id(s->socket_user, &s->socket_uid))
		conf_error(e, c, s, "socket-user", "no user '%s'", s->socket_user);
	if (s->socket_group && find_group(s->socket_group, &s->socket_gid))
		conf_error(e, c, s, "socket-group", "no group '%s'", s->socket_group);
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

/* A key of its own that the handler does not have does nothing, which nobody wants who writes it.
 * Defaults are for those that can have them. */
static void check_keys(const struct conf *c, const struct conf_service *s, struct conf_errors *e)
{
	for (size_t i = 0; i < c->lines->n; i++) {
		const struct conf_place *p = &c->lines->place[i];

		if (p->section == s - c->service && !key_has_handler(p->key, s->handler))
			conf_error(e, c, s, p->key->name, "handler '%s' does not have it; %s%s",
				s->handler, p->key->only ? "these do: " : "all others do",
				p->key->only ? p->key->only : "");
	}
}

/* True if the key is given in the section of the service itself, or, if asked, in defaults. */
static bool is_given(
	const struct conf *c, const struct conf_service *s, const char *key, bool defaults)
{
	const struct conf_key *k = key_find(key, strlen(key), KEY_SERVICE);

	return place_find(c->lines, k, s - c->service, 0) ||
	       (defaults && place_find(c->lines, k, SECTION_DEFAULTS, 0));
}

/* What two keys ask of each other. */
static void check_together(
	const struct conf *c, const struct conf_service *s, struct conf_errors *e)
{
	if (s->sandbox == CONF_SANDBOX_STRICT || s->sandbox == CONF_SANDBOX_BASIC)
		conf_error(e, c, s, "sandbox",
			"this build has no such confinement; expected auto or off");
	else if (!s->no_new_privileges && s->sandbox != CONF_SANDBOX_OFF)
		conf_error(e, c, s, "no-new-privileges", "false needs sandbox = \"off\"");
	if (!key_fits("proxy-protocol", s))
		return;
	if (s->proxy_protocol && !s->proxy_trusted.n)
		conf_error(e, c, s, "proxy-protocol",
			"needs 'proxy-trusted', the addresses that may send such a header");
	if (!s->proxy_protocol && s->proxy_trusted.n && is_given(c, s, "proxy-trusted", false) &&
		!is_given(c, s, "proxy-protocol", true))
		conf_error(e, c, s, "proxy-trusted", "needs 'proxy-protocol'");
}

static void resolve_service(
	struct conf *c, struct conf_service *s, conf_check_fn *check, struct conf_errors *e)
{
	size_t errors = e->n;
	char err[512] = "";
	const char *key;

	resolve_workers(s);
	resolve_user(c, s, e);
	if (e->n == errors)
		resolve_program(c, s, e);
	resolve_socket_owner(c, s, e);
	resolve_listen(c, s, e);
	resolve_access(c, s, e);
	check_together(c, s, e);
	if (e->n > errors)
		return; /* the handler would stumble over the same */
	key = check ? check(s, err, sizeof(err)) : NULL;
	if (key)
		conf_error(e, c, s, key, "%s", err);
	else
		check_keys(c, s, e);
}

/* The group by number, so that the master need not look it up. */
static void resolve_control(struct conf *c, struct conf_errors *e)
{
	const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	gid_t gid;

	if (c->control_socket && strlen(c->control_socket) > most)
		conf_error(e, c, NULL, "control-socket",
			"the path has %zu bytes, a unix socket's may have %zu",
			strlen(c->control_socket), most);
	if (!c->control_group)
		return;
	if (find_group(c->control_group, &gid)) {
		conf_error(e, c, NULL, "control-group", "no group '%s'", c->control_group);
		return;
	}
	free(c->control_group);
	if (asprintf(&c->control_group, "%u", gid) < 0) {
		c->control_group = NULL;
		c->lines->failed = true;
	}
}

int conf_resolve(struct conf *c, conf_check_fn *check, struct conf_errors *e)
{
	size_t errors = e->n;

	if (c->lines->resolved)
		return 0;
	resolve_default_user(c);
	resolve_control(c, e);
	for (size_t i = 0; i < c->n_services; i++) {
		if (c->service[i].enabled)
			resolve_service(c, &c->service[i], check, e);
	}
	for (size_t i = 0; i < c->n_services; i++) { /* all listeners are known */
		if (c->service[i].enabled)
			resolve_upstream(c, &c->service[i], e);
	}
	if (c->lines->failed)
		error_at(e, c->file, 0, "out of memory");
	return e->n == errors ? 0 : -1;
}
