/* load.c: from libconfuse's tree to struct conf: defaults, types, ranges, and what must be there. */
#include "conf/load.h"

#include <stdlib.h>
#include <string.h>

#include "conf/parse.h"

static int set_defaults(void *base, unsigned scope)
{
	int rc = 0;

	for (size_t i = 0; i < conf_n_keys; i++) {
		if (key_has_value(&conf_keys[i], scope))
			rc |= value_default(&conf_keys[i], base);
	}
	return rc;
}

static void free_values(void *base, unsigned scope)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (key_has_value(&conf_keys[i], scope))
			value_free(&conf_keys[i], base);
	}
}

static void free_service(struct conf_service *s)
{
	free_values(s, KEY_SERVICE | KEY_INTERNAL);
	free(s->name);
	free(s->addrs);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_services; i++)
		free_service(&c->service[i]);
	free(c->service);
	free_values(c, KEY_GLOBAL | KEY_INTERNAL);
	lines_free(c->lines);
	free(c);
}

struct conf_service *conf_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_services; i++) {
		if (!strcmp(c->service[i].name, name))
			return &c->service[i];
	}
	return NULL;
}

void load_value(struct loader *l, const struct conf_key *k, cfg_t *cfg, void *base,
	const struct conf_where *w)
{
	cfg_opt_t *opt = cfg_getopt(cfg, k->name);
	size_t n = opt ? cfg_opt_size(opt) : 0;
	const char **text;
	struct buf why = {0};

	if (!opt || !(opt->flags & CFGF_MODIFIED))
		return; /* it was complained about, and taken out of the text */
	text = calloc(n + 1, sizeof(*text));
	if (!text) {
		l->lines->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		text[i] = cfg_opt_getnstr(opt, (unsigned)i);
	if (value_set(k, base, text, n, w->append, &why) < 0) {
		error_at(l->errors, w->file, w->line, "%s: %s", k->name,
			why.failed ? "out of memory" : why.data);
	}
	free(text);
	buf_free(&why);
}

/* Set the fields of all keys that a section gives, in the order of its lines: so errors come. */
static void take_section(struct loader *l, const struct conf_section *section, cfg_t *cfg,
	void *base, unsigned scope)
{
	size_t order[CONF_KEYS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < conf_n_keys; i++) {
		size_t at = n;

		if (!key_has_value(&conf_keys[i], scope | l->internal) || !section->key[i].file)
			continue;
		for (; at && section->key[order[at - 1]].line > section->key[i].line; at--)
			order[at] = order[at - 1];
		order[at] = i;
		n++;
	}
	for (size_t i = 0; i < n; i++)
		load_value(l, &conf_keys[order[i]], cfg, base, &section->key[order[i]]);
}

static void take_globals(struct loader *l, cfg_t *cfg)
{
	struct conf *c = l->conf;
	const char *name = l->src->path ? l->src->path : l->src->text_name;

	if (set_defaults(c, KEY_GLOBAL | KEY_INTERNAL))
		l->lines->failed = true;
	if (l->src->flags & CONF_NO_FILES && c->pidfile)
		c->pidfile[0] = '\0';
	free(c->file);
	c->file = strdup(name ? name : "settings");
	if (!c->file)
		l->lines->failed = true;
	take_section(l, &l->lines->section[0], cfg, c, KEY_GLOBAL);
}

/* A service starts as a copy of the defaults section. */
static void take_service(struct loader *l, const struct conf_service *base,
	const struct conf_section *section, cfg_t *cfg)
{
	struct conf_service *s = &l->conf->service[l->conf->n_services];

	for (size_t i = 0; i < conf_n_keys; i++) {
		if (key_has_value(&conf_keys[i], KEY_SERVICE | KEY_INTERNAL) &&
			value_copy(&conf_keys[i], s, base))
			l->lines->failed = true;
	}
	l->conf->n_services++;
	s->file = section->where.file;
	s->line = section->where.line;
	s->name = strdup(section->name);
	if (!s->name)
		l->lines->failed = true;
	take_section(l, section, cfg, s, KEY_SERVICE);
	s->file = lines_file(l->lines, s->file); /* an internal key may have borrowed it from cfg */
}

static void take_services(struct loader *l, cfg_t *cfg)
{
	const struct conf_section *defaults = lines_find(l->lines, SECTION_DEFAULTS, NULL, 0);
	size_t n = cfg_size(cfg, "service");
	struct conf_service base = {0};

	l->conf->service = calloc(n + 1, sizeof(*l->conf->service));
	if (!l->conf->service || set_defaults(&base, KEY_SERVICE | KEY_INTERNAL)) {
		l->lines->failed = true;
		n = 0;
	}
	if (defaults && cfg_size(cfg, "defaults"))
		take_section(l, defaults, cfg_getsec(cfg, "defaults"), &base, KEY_SERVICE);
	for (size_t i = 0; i < n; i++) {
		cfg_t *sec = cfg_getnsec(cfg, "service", (unsigned)i);
		const char *name = cfg_title(sec);
		const struct conf_section *section =
			lines_find(l->lines, SECTION_SERVICE, name, strlen(name));

		if (section)
			take_service(l, &base, section, sec);
	}
	free_service(&base);
}

/* True if a key is written down for a service, be it wrong. */
static bool is_given(const struct loader *l, const struct conf_service *s, const char *key)
{
	const struct conf_key *k = key_find(key, strlen(key), KEY_SERVICE);
	const struct conf_section *own =
		lines_find(l->lines, SECTION_SERVICE, s->name, strlen(s->name));
	const struct conf_section *defaults = lines_find(l->lines, SECTION_DEFAULTS, NULL, 0);

	return (own && own->key[k - conf_keys].file) ||
	       (defaults && defaults->key[k - conf_keys].file);
}

/* A key that is there, but wrong, was complained about: that it is missing would not be true. */
static void check_present(struct loader *l, struct conf_service *s, const char *key, bool present)
{
	if (present)
		return;
	if (!is_given(l, s, key))
		error_at(
			l->errors, s->file, s->line, "service '%s': '%s' is missing", s->name, key);
	else if (!l->errors->n)
		conf_error(l->errors, l->conf, s, key, "found nothing, expected a value");
}

static void check_service(struct loader *l, struct conf_service *s)
{
	if (!s->max_workers)
		s->max_workers = s->workers;
	if (s->max_workers < s->workers)
		conf_error(l->errors, l->conf, s, "max-workers",
			"found %ld, expected at least the %ld of 'workers'", s->max_workers,
			s->workers);
	if (!s->enabled)
		return;
	check_present(l, s, "listen", s->listen.n > 0);
	check_present(l, s, "handler", *s->handler);
}

/* In a resolved dump the addresses are numbers already. */
static void read_addrs(struct loader *l, struct conf_service *s)
{
	struct addr one[ADDR_MAX];
	char err[256];

	s->addrs = calloc(s->listen.n + 1, sizeof(*s->addrs));
	for (size_t i = 0; s->addrs && i < s->listen.n; i++) {
		if (addr_parse(s->listen.item[i], ADDR_NUMERIC, one, err, sizeof(err)) == 1)
			s->addrs[s->n_addrs++] = one[0];
		else
			conf_error(l->errors, l->conf, s, "listen", "%s", err);
	}
	if (!s->addrs)
		l->lines->failed = true;
}

static void check_all(struct loader *l)
{
	size_t enabled = 0;

	for (size_t i = 0; i < l->conf->n_services; i++) {
		struct conf_service *s = &l->conf->service[i];

		enabled += s->enabled;
		check_service(l, s);
		if (s->enabled && l->internal)
			read_addrs(l, s);
	}
	if (!enabled && !l->errors->n)
		error_at(l->errors, l->conf->file, 0, "no service is enabled");
}

struct conf *conf_load(const struct conf_source *src, struct conf_errors *e)
{
	struct loader l = {.src = src, .errors = e};
	size_t errors = e->n;
	cfg_t *cfg = NULL;

	l.internal = src->flags & CONF_RESOLVED ? KEY_INTERNAL : 0;
	l.conf = calloc(1, sizeof(*l.conf));
	l.lines = lines_new();
	if (!l.conf || !l.lines) {
		lines_free(l.lines);
		free(l.conf);
		error_at(e, "settings", 0, "out of memory");
		return NULL;
	}
	l.conf->lines = l.lines;
	l.lines->resolved = l.internal != 0;
	cfg = parse_source(src, l.lines, e);
	if (cfg) {
		take_globals(&l, cfg);
		take_services(&l, cfg);
		cfg_free(cfg);
	}
	if (!l.lines->failed) {
		load_options(&l);
		check_all(&l);
	}
	if (l.lines->failed)
		error_at(e, "settings", 0, "out of memory");
	if (e->n == errors)
		return l.conf;
	conf_free(l.conf);
	return NULL;
}
