/* dump.c: the effective settings in the file's own syntax. libconfuse's printer is not used: it does
 * not escape what it writes, so that its output may read back as something else. */
#include "conf/conf_keys.h"

#include <string.h>

/* In single quotes libconfuse knows two escapes, and expands nothing from the environment. */
void value_quote(struct buf *out, const char *text)
{
	buf_add(out, "'", 1);
	for (; *text; text++) {
		if (*text == '\\' || *text == '\'')
			buf_add(out, "\\", 1);
		buf_add(out, text, 1);
	}
	buf_add(out, "'", 1);
}

static void print_list(const struct conf_list *list, struct buf *out)
{
	buf_puts(out, "{");
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i ? ", " : "");
		value_quote(out, list->item[i]);
	}
	buf_puts(out, "}");
}

static void print_ids(const gid_t *id, size_t n, struct buf *out)
{
	buf_puts(out, "{");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%d", i ? ", " : "", (int)id[i]);
	buf_puts(out, "}");
}

static void print_number(const struct conf_key *k, long value, struct buf *out)
{
	const struct conf_choice *c = k->choice;

	if (k->type == CONF_CHOICE) {
		while (c->name && c->value != value)
			c++;
		buf_puts(out, c->name ? c->name : k->def);
	} else if (k->type == CONF_BOOL) {
		buf_puts(out, value ? "true" : "false");
	} else if (k->type == CONF_OCTAL) {
		buf_printf(out, "%04lo", (unsigned long)value);
	} else if (k->type == CONF_AUTO && !value) {
		buf_puts(out, "auto");
	} else {
		buf_printf(out, "%ld", value);
	}
}

void value_print(const struct conf_key *k, const void *base, const char *indent, struct buf *out)
{
	const void *f = (const char *)base + k->offset;
	long value = value_number(k, base);
	const char *s;

	if (k->type == CONF_NUMBER && !k->def && !value)
		return;
	buf_printf(out, "%s%s = ", indent, k->name);
	switch (k->type) {
	case CONF_STRING:
	case CONF_OPTIONAL:
	case CONF_PATH:
	case CONF_BORROWED:
		s = *(char *const *)f;
		value_quote(out, s ? s : "");
		break;
	case CONF_LIST:
		print_list(f, out);
		break;
	case CONF_IDS:
		print_ids(*(gid_t *const *)f, *(const size_t *)((const char *)f + sizeof(gid_t *)),
			out);
		break;
	default:
		print_number(k, value, out);
	}
	buf_puts(out, "\n");
}

/* What listen names, each address by its number. */
static void print_addrs(const struct conf_service *s, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	buf_puts(out, "\tlisten = {");
	for (size_t i = 0; i < s->n_addrs; i++) {
		addr_format(&s->addrs[i], text);
		buf_puts(out, i ? ", " : "");
		value_quote(out, text);
	}
	buf_puts(out, "}\n");
}

static void print_service(const struct conf_service *s, struct buf *out, unsigned scope)
{
	buf_printf(out, "\nservice %s {\n", s->name);
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (!key_has_value(k, scope))
			continue;
		if (k->type == CONF_LIST && (scope & KEY_INTERNAL) && s->n_addrs &&
			!strcmp(k->name, "listen"))
			print_addrs(s, out);
		else
			value_print(k, s, "\t", out);
	}
	buf_puts(out, "}\n");
}

void conf_dump(const struct conf *c, struct buf *out, unsigned flags)
{
	unsigned internal = flags & CONF_DUMP_RESOLVED ? KEY_INTERNAL : 0;

	for (size_t i = 0; i < conf_n_keys; i++) {
		if (key_has_value(&conf_keys[i], KEY_GLOBAL | internal))
			value_print(&conf_keys[i], c, "", out);
	}
	for (size_t i = 0; i < c->n_services; i++)
		print_service(&c->service[i], out, KEY_SERVICE | internal);
}
