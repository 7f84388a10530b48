/* compare.c: what differs between two services, and what it takes to get from one to the other. */
#include "conf/conf_keys.h"

#include <string.h>

static bool has_addr(const struct conf_service *s, const struct addr *a)
{
	for (size_t i = 0; i < s->n_addrs; i++) {
		if (addr_equal(&s->addrs[i], a))
			return true;
	}
	return false;
}

/* The same addresses, in whatever order. */
static bool same_addrs(const struct conf_service *a, const struct conf_service *b)
{
	if (a->n_addrs != b->n_addrs)
		return false;
	for (size_t i = 0; i < a->n_addrs; i++) {
		if (!has_addr(b, &a->addrs[i]))
			return false;
	}
	return true;
}

static bool is_same(
	const struct conf_key *k, const struct conf_service *a, const struct conf_service *b)
{
	if (k->type == CONF_LIST && a->n_addrs && b->n_addrs && !strcmp(k->name, "listen"))
		return same_addrs(a, b);
	return value_equal(k, a, b);
}

unsigned conf_compare(const struct conf_service *a, const struct conf_service *b, struct buf *keys)
{
	unsigned effects = CONF_SAME;
	const char *last = "";

	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *name = k->blame ? k->blame : k->name;

		if (!k->effect || !key_has_value(k, KEY_SERVICE | KEY_INTERNAL) || is_same(k, a, b))
			continue;
		effects |= k->effect;
		if (keys &&
			strcmp(name,
				last)) /* two internal keys may blame one: they are neighbours */
			buf_printf(keys, "%s%s", keys->len ? " " : "", name);
		last = name;
	}
	return effects;
}
