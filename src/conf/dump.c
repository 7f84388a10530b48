/* dump.c: the effective settings in the file's own syntax, and what differs between two services.
 * libconfuse's printer is not used: it does not escape what it writes, so that its output may read
 * back as something else. */
#include "conf/conf_internal.h"

#include <string.h>

/* handler  whose keys alone are written; NULL: all keys. The others may only come from the defaults, do
 * nothing, and would be an error in the section of a service. */
static void print_keys(
	const void *base, unsigned scope, const char *handler, const char *indent, struct buf *out)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (handler && !key_has_handler(k, handler)) {
			continue;
		} else if (key_has_value(k, scope)) {
			value_print(k, base, indent, out);
		} else if (k->type == CONF_SECTION && k->scope & scope & KEY_SERVICE) {
			buf_printf(out, "%s%s {\n", indent, k->name);
			print_keys(base, KEY_LIMITS, NULL, "\t\t", out);
			buf_printf(out, "%s}\n", indent);
		}
	}
}

void conf_dump(const struct conf *c, struct buf *out, unsigned flags)
{
	unsigned scope = KEY_SERVICE | (flags & CONF_DUMP_RESOLVED ? KEY_INTERNAL : 0);

	print_keys(c, KEY_GLOBAL, NULL, "", out);
	for (size_t i = 0; i < c->n_services; i++) {
		buf_printf(out, "\nservice %s {\n", c->service[i].name);
		print_keys(&c->service[i], scope, c->service[i].handler, "\t", out);
		buf_puts(out, "}\n");
	}
}

/* Two values are the same if they are written the same. */
static bool same_value(const struct conf_key *k, const void *a, const void *b)
{
	struct buf ta = {0}, tb = {0};
	bool same;

	value_print(k, a, "=", &ta);
	value_print(k, b, "=", &tb);
	same = ta.data && tb.data ? !strcmp(ta.data, tb.data) : ta.data == tb.data;
	buf_free(&ta);
	buf_free(&tb);
	return same;
}

/* The key that an internal one tells more of, or NULL. */
static const struct conf_key *named_by(const struct conf_key *k)
{
	const char *dash = k->scope & KEY_INTERNAL ? strchr(k->name, '-') : NULL;

	return dash ? key_find(dash + 1, strlen(dash + 1), KEY_SERVICE) : NULL;
}

/* Add the name of a key that differs. What was found for `allow` differs if a file does that it names. */
static void add_name(const struct conf_key *k, struct buf *keys)
{
	const struct conf_key *own = named_by(k);

	if (k->scope & KEY_INTERNAL && (!own || (keys->len && has_word(keys->data, own->name))))
		return;
	buf_printf(keys, "%s%s%s", keys->len ? " " : "", k->scope & KEY_LIMITS ? "limits." : "",
		own ? own->name : k->name);
}

/* A value as the file would have it, on one line, cut if it is long. */
static void shown_value(const struct conf_key *k, const void *base, char *out, size_t size)
{
	struct buf text = {0};
	const char *value;

	value_print(k, base, "", &text);
	value = text.len ? text.data + strcspn(text.data, "=") + 2 : "unset\n";
	escape_text(out, size, value, strlen(value) - 1);
	buf_free(&text);
}

static void diff_value(
	const struct conf_key *k, const char *name, const void *a, const void *b, struct buf *out)
{
	static const char *const cost[] = {[CONF_POOL] = "the pool is resized",
		[CONF_SOCKET] = "the socket is adjusted",
		[CONF_WORKERS] = "new workers",
		[CONF_LISTEN] = "new sockets and workers"};
	bool later = !strcmp(k->name, "pidfile") || !strcmp(k->name, "control-socket");
	char va[256], vb[256];

	if (same_value(k, a, b))
		return;
	shown_value(k, a, va, sizeof(va));
	shown_value(k, b, vb, sizeof(vb));
	buf_printf(out, "%s%s%s%s: %s -> %s (%s)\n", name ? "service '" : "", name ? name : "",
		name ? "': " : "", k->name, va, vb,
		k->effect ? cost[k->effect]
		: later   ? "at the next start"
			  : "nothing else");
}

/* Keys that are the same, and what they name is not: a file of addresses, a host, a user. */
static void diff_named(const struct conf_service *o, const struct conf_service *n, struct buf *out)
{
	bool written = false, named = false;
	unsigned effects = 0;

	for (const struct conf_key *k = conf_keys; k->name; k++) {
		const struct conf_key *own = named_by(k);

		if (!k->effect || same_value(k, o, n)) {
			continue;
		} else if (!(k->scope & KEY_INTERNAL)) {
			written = true;
		} else if (!own || same_value(own, o, n)) {
			effects |= k->effect;
			named |= own != NULL;
		}
	}
	if (effects && (named || !written)) /* numbers of users follow what is written */
		buf_printf(out, "service '%s': what its settings name has changed (%s)\n", o->name,
			effects & CONF_LISTEN ? "new sockets and workers" : "new workers");
}

void conf_diff(const struct conf *a, const struct conf *b, struct buf *out)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (key_has_value(k, KEY_GLOBAL))
			diff_value(k, NULL, a, b, out);
	}
	for (size_t i = 0; i < a->n_services; i++) {
		const struct conf_service *o = &a->service[i], *n = conf_find(b, o->name);

		if (o->enabled && !(n && n->enabled))
			buf_printf(out, "service '%s': removed (its connections are finished)\n",
				o->name);
		for (const struct conf_key *k = conf_keys; n && n->enabled && o->enabled && k->name;
			k++) {
			if (k->effect && key_has_value(k, KEY_SERVICE | KEY_LIMITS))
				diff_value(k, o->name, o, n, out);
		}
		if (n && n->enabled && o->enabled)
			diff_named(o, n, out);
	}
	for (size_t i = 0; i < b->n_services; i++) {
		const struct conf_service *n = &b->service[i], *o = conf_find(a, n->name);

		if (n->enabled && !(o && o->enabled))
			buf_printf(out, "service '%s': added (new sockets and workers)\n", n->name);
	}
}

unsigned conf_compare(const struct conf_service *a, const struct conf_service *b, struct buf *keys)
{
	unsigned effects = CONF_SAME;

	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (!k->effect || !key_has_value(k, KEY_SERVICE | KEY_LIMITS | KEY_INTERNAL) ||
			!key_has_handler(k, b->handler) || same_value(k, a, b))
			continue;
		effects |= k->effect;
		if (keys)
			add_name(k, keys);
	}
	return effects;
}
