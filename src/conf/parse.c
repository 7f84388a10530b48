/* parse.c: from files, texts and options to what libconfuse makes of them. libconfuse never opens a
 * file itself: given a directory, it would end the process. It sees a text only once the scanner has
 * found nothing wrong in it. Every value is a string to it; types are ours, so that all errors can be
 * told at once. */
#include "conf/conf_internal.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (4U << 20)
#define INCLUDE_DEPTH  8

/* A file to be parsed: the settings file, or one that was included. */
struct source {
	const char *path;
	char *real; /* to know it again; owned, may be NULL */
	struct buf text;
	unsigned depth;
	size_t parent; /* index of the file that asked */
};

struct parser {
	struct conf *conf;
	struct conf_lines *lines;
	struct conf_errors *errors;
	cfg_t *cfg;
	struct source *file; /* all of them, in the order in which they are read */
	size_t n_files;
	size_t current;
	bool options; /* the files are read; now the command line */
};

/* libconfuse's callbacks get no pointer of ours. It is not reentrant either. */
static struct parser *parsing;

static PRINTF_LIKE(2, 0) void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	error_at(parsing->errors, cfg->filename, cfg->line, "%s", text);
}

/* True if the file that is being read is this one, or was included by it. */
static bool is_included_by(const struct parser *p, size_t file)
{
	size_t i = p->current;

	while (i != file && p->file[i].depth)
		i = p->file[i].parent;
	return i == file;
}

/* Put a file behind those that wait, and take what it owns. */
static void add_source(struct parser *p, struct source *f)
{
	struct source *all = reallocarray(p->file, p->n_files + 1, sizeof(*all));

	if (!all || f->text.failed) {
		p->lines->failed = true;
		return;
	}
	p->file = all;
	all[p->n_files++] = *f;
	*f = (struct source){0};
}

/* Read a file, unless it was read already.
 * asked_in  the file that includes it; NULL: none
 * by_name   it was asked for by its name, not found by a pattern */
static void queue_file(
	struct parser *p, const char *path, const char *asked_in, int line, bool by_name)
{
	struct source f = {.path = name_keep(p->lines, path), .real = realpath(path, NULL)};

	if (asked_in) {
		f.parent = p->current;
		f.depth = p->file[p->current].depth + 1;
	}
	for (size_t i = 0; f.real && i < p->n_files; i++) {
		if (!p->file[i].real || strcmp(p->file[i].real, f.real))
			continue;
		if (by_name && is_included_by(p, i))
			error_at(p->errors, asked_in, line, "include: %s includes itself", path);
		free(f.real);
		return;
	}
	if (f.depth > INCLUDE_DEPTH)
		error_at(p->errors, asked_in, line,
			"include: files include each other deeper than %d", INCLUDE_DEPTH);
	else if (!read_file(path, FILE_MAX_BYTES, &f.text))
		add_source(p, &f);
	else if (asked_in)
		error_at(p->errors, asked_in, line, "include: cannot read %s: %m", path);
	else
		error_at(p->errors, path, 0, "%m");
	buf_free(&f.text);
	free(f.real);
}

/* A folder that is not there has no files; one that may not be read might have some. */
static int on_unlisted(const char *path, int error)
{
	(void)path;
	errno = error;
	return error != ENOENT;
}

/* Queue what a pattern stands for, in sorted order. */
static void include_pattern(struct parser *p, const char *pattern, const char *file, int line)
{
	glob_t found = {0};
	int rc = glob(pattern, 0, on_unlisted, &found);

	if (rc && rc != GLOB_NOMATCH)
		error_at(p->errors, file, line, "include: cannot list %s: %m", pattern);
	for (size_t i = 0; !rc && i < found.gl_pathc; i++)
		queue_file(p, found.gl_pathv[i], file, line, false);
	globfree(&found);
}

/* A relative name is seen from the folder of the file that includes it, which is no pattern. */
static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct parser *p = parsing;
	const char *file = p->file[p->current].path, *slash = strrchr(file, '/');

	(void)opt;
	for (int i = 0; i < argc; i++) {
		bool by_name = !strpbrk(argv[i], "*?[");
		struct buf path = {0};

		for (const char *c = file; *argv[i] != '/' && slash && c <= slash; c++) {
			buf_puts(&path, !by_name && strchr("*?[\\", *c) ? "\\" : "");
			buf_add(&path, c, 1);
		}
		buf_puts(&path, argv[i]);
		if (path.failed)
			p->lines->failed = true;
		else if (by_name)
			queue_file(p, path.data, file, cfg->line, true);
		else
			include_pattern(p, path.data, file, cfg->line);
		buf_free(&path);
	}
	return 0;
}

/* The keys of some scopes as libconfuse wants them. section: the keys of the sections among them. */
static void fill_options(cfg_opt_t *opt, unsigned scope, cfg_opt_t *section)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (!(k->scope & scope))
			continue;
		if (k->type == CONF_INCLUDE)
			*opt++ = (cfg_opt_t)CFG_FUNC(k->name, on_include);
		else if (k->type == CONF_SECTION && !strcmp(k->name, "service"))
			*opt++ = (cfg_opt_t)CFG_SEC(k->name, section, CFGF_MULTI | CFGF_TITLE);
		else if (k->type == CONF_SECTION && section)
			*opt++ = (cfg_opt_t)CFG_SEC(k->name, section, CFGF_NODEFAULT);
		else if (k->type == CONF_SECTION)
			continue; /* limits: its keys are among these */
		else if (key_is_list(k))
			*opt++ = (cfg_opt_t)CFG_STR_LIST(k->name, NULL, CFGF_NODEFAULT);
		else
			*opt++ = (cfg_opt_t)CFG_STR(k->name, NULL, CFGF_NODEFAULT);
	}
	*opt = (cfg_opt_t)CFG_END();
}

/* libconfuse 3.3 dies (exit, assertion, NULL) of a malloc() that fails: see beforehand that there is enough for a
 * text of so many bytes. Measured: 100 KB, 8 times the text, and 22 KB for each service. */
static bool memory_suffices(size_t text, size_t services)
{
	void *volatile all = malloc(262144 + 12 * text + 32768 * services);
	bool enough = all;

	free(all);
	return enough;
}

static cfg_t *tree_new(void)
{
	cfg_opt_t option[CONF_KEYS_MAX + 1], section[CONF_KEYS_MAX + 1];
	cfg_t *cfg;

	if (!memory_suffices(0, 0))
		return NULL;
	fill_options(section, KEY_SERVICE | KEY_LIMITS | KEY_INTERNAL, NULL);
	fill_options(option, KEY_GLOBAL, section);
	cfg = cfg_init(option, CFGF_NONE);
	if (cfg)
		cfg_set_error_function(cfg, on_error);
	return cfg;
}

/* Scan a text that begins in a section, and hand it to libconfuse if nothing is wrong in it.
 * cfg     the part of the tree that belongs to the section */
static void parse_text(
	struct parser *p, cfg_t *cfg, long section, const char *name, const struct buf *text)
{
	size_t errors = p->errors->n;
	FILE *fp;

	if (!text->len ||
		!scan(p->conf, text->data, text->len, name, section, p->options, p->errors))
		return;
	if (!memory_suffices(text->len, p->conf->n_services)) {
		p->lines->failed = true;
		return;
	}
	free(cfg->filename);
	cfg->filename = strdup(name);
	fp = fmemopen(text->data, text->len, "r");
	parsing = p;
	if (!fp || !cfg->filename)
		p->lines->failed = true;
	else if (cfg_parse_fp(cfg, fp) != CFG_SUCCESS && p->errors->n == errors)
		error_at(p->errors, name, cfg->line, "syntax error");
	if (fp)
		fclose(fp);
}

/* An option of the command line. A value that the file would want in quotes is quoted here, since a
 * shell has eaten those that the user wrote.
 * service  -L: keys of a service belong to it; NULL: to none */
static void parse_option(struct parser *p, const char *option, const char *service)
{
	const struct conf_service *s = service ? conf_find(p->conf, service) : NULL;
	const char *value = strchr(option, '=');
	size_t len = strcspn(option, " =");
	bool is_global = key_find(option, len, KEY_GLOBAL) && !key_find(option, len, KEY_SERVICE);
	long section = !s || is_global ? SECTION_GLOBAL : s - p->conf->service;
	cfg_t *cfg = section < 0 ? p->cfg : cfg_getnsec(p->cfg, "service", (unsigned)section);
	char name[sizeof(struct shown) + 4];
	struct buf text = {0};

	snprintf(name, sizeof(name), "-o %s", show(option, strlen(option)).text);
	if (!value || !len) {
		error_at(p->errors, name, 0, "expected KEY=VALUE");
		return;
	}
	buf_add(&text, option, (size_t)(++value - option));
	value += strspn(value, " \t\n");
	if (*value && strchr("{\"'", *value))
		buf_puts(&text, value);
	else
		buf_quote(&text, value);
	if (text.failed)
		p->lines->failed = true;
	else
		parse_text(p, cfg, section, name_keep(p->lines, name), &text);
	buf_free(&text);
}

cfg_t *parse_source(struct conf *c, const struct conf_source *src, struct conf_errors *e)
{
	struct parser p = {.conf = c, .lines = c->lines, .errors = e, .cfg = tree_new()};
	struct source given = {.path = c->file};
	size_t errors = e->n;

	if (!p.cfg)
		return NULL;
	if (src->path) {
		queue_file(&p, src->path, NULL, 0, true);
	} else {
		buf_puts(&given.text, src->text);
		add_source(&p, &given);
	}
	for (; p.current < p.n_files; p.current++) {
		struct source f = p.file[p.current]; /* includes move the array */

		parse_text(&p, p.cfg, SECTION_GLOBAL, f.path, &f.text);
	}
	p.options = true;
	for (size_t i = 0; i < src->n_options && e->n == errors; i++)
		parse_option(&p, src->option[i], src->service);
	for (size_t i = 0; i < p.n_files; i++) {
		free(p.file[i].real);
		buf_free(&p.file[i].text);
	}
	free(p.file);
	return p.cfg;
}
