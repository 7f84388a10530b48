/* options.c: -o KEY=VALUE. A value is read as in the file; one that the file would want in quotes is
 * quoted here, since a shell has eaten those that the user wrote. */
#include "conf/load.h"

#include <string.h>

#include "conf/parse.h"

#define SHOWN_MAX 60 /* bytes of an option in a message */

/* What messages call it: "-o KEY=VALUE". */
static const char *option_name(struct loader *l, const char *option)
{
	char escaped[SHOWN_MAX * 4 + 1];
	char name[sizeof(escaped) + 8];
	size_t n = strlen(option);

	escape_text(escaped, sizeof(escaped), option, n > SHOWN_MAX ? SHOWN_MAX : n);
	snprintf(name, sizeof(name), "-o %s%s", escaped, n > SHOWN_MAX ? "..." : "");
	return lines_file(l->lines, name);
}

static void add_value(struct buf *text, const char *value)
{
	value += strspn(value, " \t\n");
	if (*value == '{' || *value == '"' || *value == '\'')
		buf_puts(text, value);
	else
		value_quote(text, value);
}

static void unknown(struct loader *l, const char *name, const char *option, size_t len)
{
	unsigned scope = KEY_GLOBAL | (l->src->service ? KEY_SERVICE : 0);
	const struct conf_key *k = key_find(option, len, KEY_SERVICE);
	const char *near = key_nearest(option, len, scope);

	if (k)
		error_at(l->errors, name, 0, "'%s' is a key of a service; it works with -L alone",
			k->name);
	else if (key_find(option, len, KEY_GLOBAL))
		error_at(l->errors, name, 0, "this stands in a file alone");
	else if (near)
		error_at(l->errors, name, 0, "unknown key; did you mean '%s'?", near);
	else
		error_at(l->errors, name, 0, "unknown key");
}

static void take_option(struct loader *l, const char *option)
{
	const char *name = option_name(l, option);
	const char *equal = strchr(option, '=');
	struct scan_text t = {.file = name, .option = true, .scope = KEY_GLOBAL};
	const struct conf_key *k = NULL;
	struct conf_section *section = l->lines->section;
	void *base = l->conf;
	struct buf text = {0};
	size_t len = equal ? (size_t)(equal - option) : 0;
	cfg_t *cfg;

	while (len && option[len - 1] == ' ')
		len--;
	if (!len) {
		error_at(l->errors, name, 0, "expected KEY=VALUE");
		return;
	}
	if (l->src->service)
		k = key_find(option, len, KEY_SERVICE);
	if (k) {
		section = lines_find(
			l->lines, SECTION_SERVICE, l->src->service, strlen(l->src->service));
		base = conf_find(l->conf, l->src->service);
		if (!section || !base)
			return; /* what declares it was complained about */
		t.scope = KEY_SERVICE;
		t.section = (size_t)(section - l->lines->section);
	} else {
		k = key_find(option, len, KEY_GLOBAL);
	}
	if (!k || !key_has_value(k, t.scope)) {
		unknown(l, name, option, len);
		return;
	}
	buf_printf(&text, "%s = ", k->name);
	add_value(&text, equal + 1);
	if (text.failed) {
		l->lines->failed = true;
		buf_free(&text);
		return;
	}
	t.text = text.data;
	t.len = text.len;
	cfg = parse_option(&t, l->lines, l->errors);
	if (cfg) {
		load_value(l, k, cfg, base, &section->key[k - conf_keys]);
		cfg_free(cfg);
	}
	buf_free(&text);
}

void load_options(struct loader *l)
{
	for (size_t i = 0; i < l->src->n_options; i++)
		take_option(l, l->src->option[i]);
}
