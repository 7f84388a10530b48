/* parse.c: from files and texts to what libconfuse makes of them. libconfuse never opens a file
 * itself: given a directory, it would end the process. Every value is a string to it; types are ours,
 * so that all errors can be told at once. */
#include "conf/parse.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (4U << 20)
#define FILES_MAX      4096
#define INCLUDE_DEPTH  8

/* A file to be read: the settings file, or one that was included. */
struct source {
	char *path;
	char *real;           /* to know it again */
	const char *asked_in; /* by an include there; NULL: the settings file */
	int asked_line;
	unsigned depth;
	size_t parent; /* index of the file that asked */
};

struct parser {
	struct conf_lines *lines;
	struct conf_errors *errors;
	const struct conf_source *src;
	cfg_t *cfg;
	struct source *file; /* all of them, in the order in which they are read */
	size_t n_files;
	size_t current;
	bool told; /* libconfuse has said what is wrong */
};

/* libconfuse's callbacks get no pointer of ours. It is not reentrant either. */
static struct parser *parsing;

static void on_error(cfg_t *cfg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	error_at(
		parsing->errors, cfg->filename ? cfg->filename : "settings", cfg->line, "%s", text);
	parsing->told = true;
}

/* True if the file that is being read is this one, or was included by it. */
static bool is_included_by(const struct parser *p, size_t file)
{
	size_t i = p->current;

	while (i != file && p->file[i].depth)
		i = p->file[i].parent;
	return i == file;
}

/* Put a file behind those that wait, unless it is there already. Takes path.
 * by_name  it was asked for by its name, not found by a pattern */
static void queue_file(struct parser *p, char *path, const char *asked_in, int line, bool by_name)
{
	char *real = path ? realpath(path, NULL) : NULL;
	unsigned depth = p->n_files ? p->file[p->current].depth + 1 : 0;
	struct source *all = NULL;

	for (size_t i = 0; real && i < p->n_files; i++) {
		if (!p->file[i].real || strcmp(p->file[i].real, real))
			continue;
		if (by_name && is_included_by(p, i))
			error_at(p->errors, asked_in, line, "include: %s includes itself", path);
		goto drop;
	}
	if (depth > INCLUDE_DEPTH) {
		error_at(p->errors, asked_in, line,
			"include: files include each other deeper than %d", INCLUDE_DEPTH);
		goto drop;
	}
	if (p->n_files >= FILES_MAX) {
		error_at(p->errors, asked_in, line, "include: more than %d files", FILES_MAX);
		goto drop;
	}
	if (path)
		all = reallocarray(p->file, p->n_files + 1, sizeof(*all));
	if (!all) {
		p->lines->failed = true;
		goto drop;
	}
	p->file = all;
	all[p->n_files++] = (struct source){path, real, asked_in, line, depth, p->current};
	return;
drop:
	free(path);
	free(real);
}

/* A name in an include, seen from the folder of the file that includes it. NULL: out of memory. */
static char *relative_to(const char *base, const char *name)
{
	const char *slash = base ? strrchr(base, '/') : NULL;
	struct buf path = {0};

	if (name[0] != '/' && slash)
		buf_add(&path, base, (size_t)(slash - base) + 1);
	buf_puts(&path, name);
	if (path.failed)
		buf_free(&path);
	return path.data;
}

/* Queue what a pattern stands for, in sorted order. Takes pattern. */
static void include_pattern(struct parser *p, char *pattern, const char *file, int line)
{
	glob_t found = {0};
	int rc;

	if (!strpbrk(pattern, "*?[")) {
		queue_file(p, pattern, file, line, true);
		return;
	}
	rc = glob(pattern, 0, NULL, &found);
	if (rc && rc != GLOB_NOMATCH)
		error_at(p->errors, file, line, "include: cannot list %s", pattern);
	for (size_t i = 0; !rc && i < found.gl_pathc; i++)
		queue_file(p, strdup(found.gl_pathv[i]), file, line, false);
	globfree(&found);
	free(pattern);
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct parser *p = parsing;
	const char *file = lines_file(p->lines, cfg->filename);

	(void)opt;
	for (int i = 0; i < argc; i++) {
		char *pattern = relative_to(p->file[p->current].path, argv[i]);

		if (!pattern)
			p->lines->failed = true;
		else if (!*argv[i])
			error_at(p->errors, file, cfg->line, "include: found '', expected a file");
		if (pattern && *argv[i])
			include_pattern(p, pattern, file, cfg->line);
		else
			free(pattern);
	}
	return 0;
}

/* The keys of a scope as libconfuse wants them. section, if not NULL: the keys of the sections. */
static void fill_options(cfg_opt_t *opt, unsigned scope, cfg_opt_t *section)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (key_has_value(k, scope) && (k->type == CONF_LIST || k->type == CONF_IDS))
			*opt++ = (cfg_opt_t)CFG_STR_LIST(k->name, NULL, CFGF_NODEFAULT);
		else if (key_has_value(k, scope))
			*opt++ = (cfg_opt_t)CFG_STR(k->name, NULL, CFGF_NODEFAULT);
	}
	if (section) {
		*opt++ = (cfg_opt_t)CFG_FUNC("include", on_include);
		*opt++ = (cfg_opt_t)CFG_SEC("defaults", section, CFGF_NODEFAULT);
		*opt++ = (cfg_opt_t)CFG_SEC("service", section, CFGF_MULTI | CFGF_TITLE);
	}
	*opt = (cfg_opt_t)CFG_END();
}

static cfg_t *new_tree(unsigned scope, bool sections)
{
	cfg_opt_t option[CONF_KEYS_MAX + 4], section[CONF_KEYS_MAX + 4];
	cfg_t *cfg;

	if (sections)
		fill_options(section, KEY_SERVICE | (scope & KEY_INTERNAL), NULL);
	fill_options(option, scope, sections ? section : NULL);
	cfg = cfg_init(option, CFGF_NONE);
	if (cfg)
		cfg_set_error_function(cfg, on_error);
	return cfg;
}

/* Scan a text, and give what is sound of it to libconfuse. */
static void parse_text(struct parser *p, struct scan_text *t)
{
	FILE *fp;

	if (scan(t, p->lines, p->errors) < 0 || !t->len)
		return;
	free(p->cfg->filename);
	p->cfg->filename = strdup(t->file);
	fp = fmemopen(t->text, t->len, "r");
	if (!fp || !p->cfg->filename) {
		p->lines->failed = true;
	} else {
		parsing = p;
		p->told = false;
		if (cfg_parse_fp(p->cfg, fp) != CFG_SUCCESS && !p->told)
			error_at(p->errors, t->file, t->option ? 0 : p->cfg->line, "syntax error");
		parsing = NULL;
	}
	if (fp)
		fclose(fp);
}

static void cannot_read(struct parser *p, const struct source *f, int error)
{
	const char *why = error == EFBIG ? "it has more than 4 MiB" : strerror(error);

	if (f->asked_in)
		error_at(p->errors, f->asked_in, f->asked_line, "include: cannot read %s: %s",
			f->path, why);
	else
		error_at(p->errors, f->path, 0, "%s", why);
}

static void parse_file(struct parser *p)
{
	const struct source *f = &p->file[p->current];
	struct scan_text t = {.internal = p->src->flags & CONF_RESOLVED ? KEY_INTERNAL : 0};
	struct buf b = {0};

	if (read_file(f->path, FILE_MAX_BYTES, &b) < 0) {
		cannot_read(p, f, errno);
		return;
	}
	t.text = b.data;
	t.len = b.len;
	t.file = lines_file(p->lines, f->path);
	parse_text(p, &t);
	buf_free(&b);
}

static void parse_given_text(struct parser *p)
{
	struct scan_text t = {.internal = p->src->flags & CONF_RESOLVED ? KEY_INTERNAL : 0};
	const char *name = p->src->text_name ? p->src->text_name : "settings";

	t.text = strdup(p->src->text);
	if (!t.text) {
		p->lines->failed = true;
		return;
	}
	t.len = strlen(t.text);
	t.file = lines_file(p->lines, name);
	parse_text(p, &t);
	free(t.text);
}

cfg_t *parse_source(const struct conf_source *src, struct conf_lines *l, struct conf_errors *e)
{
	struct parser p = {.lines = l, .errors = e, .src = src};
	char *path = strdup(src->path ? src->path : "");

	p.cfg = new_tree(KEY_GLOBAL | (src->flags & CONF_RESOLVED ? KEY_INTERNAL : 0), true);
	if (!p.cfg || !path) {
		free(path);
		l->failed = true;
		return p.cfg;
	}
	queue_file(&p, path, NULL, 0, true);
	for (; p.current < p.n_files; p.current++) {
		if (p.current || src->path)
			parse_file(&p);
		else
			parse_given_text(&p);
	}
	for (size_t i = 0; i < p.n_files; i++) {
		free(p.file[i].path);
		free(p.file[i].real);
	}
	free(p.file);
	return p.cfg;
}

cfg_t *parse_option(struct scan_text *t, struct conf_lines *l, struct conf_errors *e)
{
	struct parser p = {.lines = l, .errors = e};

	p.cfg = new_tree(t->scope | t->internal, false);
	if (p.cfg)
		parse_text(&p, t);
	else
		l->failed = true;
	return p.cfg;
}
