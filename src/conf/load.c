/* load.c: settings as a whole: from libconfuse's tree to struct conf, with defaults, types, ranges,
 * and what must be there. */
#include "conf/conf_internal.h"

#include <stdlib.h>
#include <string.h>

static void set_defaults(struct conf_lines *l, void *base, unsigned scope)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (key_has_value(k, scope) && k->def && value_set(k, base, k->def, NULL))
			l->failed = true;
	}
}

static void free_values(void *base, unsigned scope)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (key_has_value(k, scope))
			value_free(k, base);
	}
}

/* What a struct conf really is. */
struct whole {
	struct conf conf;
	struct conf_lines lines;
};

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_services; i++) {
		free_values(&c->service[i], KEY_SERVICE | KEY_INTERNAL);
		free(c->service[i].name);
		free(c->service[i].addrs);
		free(c->service[i].groups);
	}
	free(c->service);
	free_values(c, KEY_GLOBAL);
	free(c->file);
	list_free(&c->lines->names);
	free(c->lines->place);
	free(c); /* the lines are a part of it */
}

struct conf_service *conf_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_services; i++) {
		if (!strcmp(c->service[i].name, name))
			return &c->service[i];
	}
	return NULL;
}

/* Set the field of a key that was given to what libconfuse has read for it. */
static void take_value(const struct conf_place *p, cfg_t *cfg, void *base, struct conf_errors *e)
{
	cfg_opt_t *opt = p->key->type == CONF_SECTION ? NULL : cfg_getopt(cfg, p->key->name);

	if (key_is_list(p->key) && !p->append)
		value_free(p->key, base);
	for (unsigned i = 0; opt && i < cfg_opt_size(opt); i++) {
		struct buf why = {0};

		if (value_set(p->key, base, cfg_opt_getnstr(opt, i), &why))
			error_at(e, p->file, p->line, "%s: %s", p->key->name,
				why.data ? why.data : "out of memory");
		buf_free(&why);
	}
}

/* Set the fields of all keys that were given, in the order of the texts: so errors come. Those of the
 * defaults section are set in each service, before its own. */
static void take_values(struct conf *c, cfg_t *cfg, unsigned flags, struct conf_errors *e)
{
	struct conf_lines *l = c->lines;

	set_defaults(l, c, KEY_GLOBAL);
	if ((flags & CONF_NO_PIDFILE) && c->pidfile)
		c->pidfile[0] = '\0';
	if ((flags & CONF_NO_CONTROL) && c->control_socket)
		c->control_socket[0] = '\0';
	for (size_t i = 0; i < c->n_services; i++)
		set_defaults(l, &c->service[i], KEY_SERVICE | KEY_LIMITS);
	for (size_t n = 0; n < l->n; n++) {
		const struct conf_place *p = &l->place[n];

		if (p->section == SECTION_GLOBAL && key_has_value(p->key, KEY_GLOBAL))
			take_value(p, cfg, c, e);
		for (size_t i = 0; p->section == SECTION_DEFAULTS && i < c->n_services; i++)
			take_value(p, cfg_getsec(cfg, "defaults"), &c->service[i], e);
	}
	for (size_t n = 0; n < l->n; n++) {
		const struct conf_place *p = &l->place[n];

		if (p->section >= 0)
			take_value(p, cfg_getnsec(cfg, "service", (unsigned)p->section),
				&c->service[p->section], e);
	}
}

/* From a resolved dump: the addresses are numbers already. */
static int take_resolved(struct conf_service *s)
{
	const struct conf_list *listen = &s->resolved_listen, *groups = &s->resolved_groups;
	struct addr found[ADDR_MAX];
	char err[256];

	s->addrs = calloc(listen->n + 1, sizeof(*s->addrs));
	s->groups = calloc(groups->n + 1, sizeof(*s->groups));
	if (!s->addrs || !s->groups)
		return -1;
	for (; s->n_addrs < listen->n; s->n_addrs++) {
		if (addr_parse(listen->item[s->n_addrs], ADDR_NUMERIC, found, err, sizeof(err)) !=
			1)
			return -1;
		s->addrs[s->n_addrs] = found[0];
	}
	for (; s->n_groups < groups->n; s->n_groups++)
		s->groups[s->n_groups] = (gid_t)strtoul(groups->item[s->n_groups], NULL, 10);
	return 0;
}

static void check_service(struct conf *c, struct conf_service *s, struct conf_errors *e)
{
	if (!s->max_workers || !key_fits("max-workers", s))
		s->max_workers = s->workers;
	if (s->max_workers < s->workers)
		conf_error(e, c, s, "max-workers",
			"found %ld, expected at least the %ld of 'workers'", s->max_workers,
			s->workers);
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (s->enabled && k->required && key_has_handler(k, s->handler) &&
			value_is_unset(k, s))
			conf_error(e, c, s, k->name, "service '%s' needs one", s->name);
	}
}

static void check_all(struct conf *c, struct conf_errors *e)
{
	size_t enabled = 0;

	for (size_t i = 0; i < c->n_services; i++) {
		enabled += c->service[i].enabled;
		check_service(c, &c->service[i], e);
		if (c->lines->resolved && take_resolved(&c->service[i]))
			c->lines->failed = true;
	}
	if (!enabled)
		error_at(e, c->file, 0, "no service is enabled");
}

struct conf *conf_load(const struct conf_source *src, struct conf_errors *e)
{
	const char *name = src->path ? src->path : src->text_name ? src->text_name : "settings";
	struct whole *w = calloc(1, sizeof(*w));
	struct conf *c = w ? &w->conf : NULL;
	size_t errors = e->n;
	cfg_t *cfg = NULL;

	if (w) {
		c->lines = &w->lines;
		c->lines->resolved = src->flags & CONF_RESOLVED;
		c->file = strdup(name);
	}
	if (w && c->file)
		cfg = parse_source(c, src, e);
	if (cfg && e->n == errors)
		take_values(c, cfg, src->flags, e);
	if (cfg && e->n == errors && !c->lines->failed)
		check_all(c, e);
	if (!cfg || c->lines->failed)
		error_at(e, name, 0, "out of memory");
	cfg_free(cfg);
	if (e->n == errors)
		return c;
	conf_free(c);
	return NULL;
}
