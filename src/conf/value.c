/* value.c: the types of values: from text to a field, back, and what lies between. */
#include "conf/conf_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define QUOTE_MAX 60 /* bytes of a value that a message shows */

_Static_assert(offsetof(struct conf_service, n_groups) ==
		       offsetof(struct conf_service, groups) + sizeof(gid_t *),
	"CONF_IDS wants the number right behind the pointer");

static void *field(const struct conf_key *k, void *base)
{
	return (char *)base + k->offset;
}

static const void *field_const(const struct conf_key *k, const void *base)
{
	return (const char *)base + k->offset;
}

static void number_store(const struct conf_key *k, void *base, long value)
{
	if (k->size == sizeof(bool))
		*(bool *)field(k, base) = value != 0;
	else if (k->size == sizeof(int))
		*(int *)field(k, base) = (int)value; /* a uid_t keeps its bits */
	else
		*(long *)field(k, base) = value;
}

long value_number(const struct conf_key *k, const void *base)
{
	if (k->size == sizeof(bool))
		return *(const bool *)field_const(k, base);
	if (k->size == sizeof(int))
		return *(const int *)field_const(k, base);
	return *(const long *)field_const(k, base);
}

int list_add(struct conf_list *list, const char *const *text, size_t n)
{
	char **item = reallocarray(list->item, list->n + n + 1, sizeof(*item));

	if (!item)
		return -1;
	list->item = item;
	for (size_t i = 0; i < n; i++) {
		char *copy = strdup(text[i]);

		if (!copy)
			return -1;
		list->item[list->n++] = copy;
	}
	return 0;
}

void list_free(struct conf_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct conf_list){0};
}

void message_quote(struct buf *out, const char *text, size_t len)
{
	char escaped[QUOTE_MAX * 4 + 1];
	bool cut = len > QUOTE_MAX;

	escape_text(escaped, sizeof(escaped), text, cut ? QUOTE_MAX : len);
	buf_printf(out, "'%s%s'", escaped, cut ? "..." : "");
}

static void say_expected(const struct conf_key *k, struct buf *why)
{
	switch (k->type) {
	case CONF_PATH:
		buf_puts(why, "an absolute path, or '' for none");
		break;
	case CONF_BOOL:
		buf_puts(why, "true or false");
		break;
	case CONF_OCTAL:
		buf_printf(why, "an octal mode from 0 to %#lo", (unsigned long)k->max);
		break;
	case CONF_CHOICE:
		buf_puts(why, "one of ");
		for (const struct conf_choice *c = k->choice; c->name; c++)
			buf_printf(why, "%s%s", c == k->choice ? "" : ", ", c->name);
		break;
	case CONF_AUTO:
		buf_puts(why, "'auto' or ");
		/* fall through */
	default:
		buf_printf(why, "a number%s%s from %ld to %ld", k->unit ? " of " : "",
			k->unit ? k->unit : "", k->min, k->max);
	}
}

static int mismatch(const struct conf_key *k, const char *text, struct buf *why)
{
	buf_puts(why, "found ");
	message_quote(why, text, strlen(text));
	buf_puts(why, ", expected ");
	say_expected(k, why);
	return -1;
}

/* Returns 0 with *value set, or -1 if text is no number in the range of the key. */
static int parse_number(const struct conf_key *k, const char *text, long *value)
{
	int radix = k->type == CONF_OCTAL ? 8 : 10;
	const char *digits = text + (*text == '-');
	size_t n = strspn(digits, radix == 8 ? "01234567" : "0123456789");

	if (!n || digits[n])
		return -1;
	errno = 0;
	*value = strtol(text, NULL, radix);
	return errno || *value < k->min || *value > k->max ? -1 : 0;
}

static int parse_choice(const struct conf_choice *c, const char *text, long *value)
{
	for (; c->name; c++) {
		if (!strcmp(c->name, text)) {
			*value = c->value;
			return 0;
		}
	}
	return -1;
}

static int parse_bool(const char *text, long *value)
{
	static const char *const word[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		if (!strcasecmp(text, word[i])) {
			*value = (long)(i & 1);
			return 0;
		}
	}
	return -1;
}

static int set_number(const struct conf_key *k, void *base, const char *text, struct buf *why)
{
	long value = 0;
	int rc;

	if (k->type == CONF_CHOICE)
		rc = parse_choice(k->choice, text, &value);
	else if (k->type == CONF_BOOL)
		rc = parse_bool(text, &value);
	else if (k->type == CONF_AUTO && !strcmp(text, "auto"))
		rc = 0;
	else
		rc = parse_number(k, text, &value);
	if (rc)
		return mismatch(k, text, why);
	number_store(k, base, value);
	return 0;
}

static int set_string(const struct conf_key *k, void *base, const char *text, struct buf *why)
{
	char **s = field(k, base);
	char *copy = NULL;

	if (k->type == CONF_PATH && *text && *text != '/')
		return mismatch(k, text, why);
	if (k->type != CONF_OPTIONAL || *text) {
		copy = strdup(text);
		if (!copy) {
			why->failed = true;
			return -1;
		}
	}
	free(*s);
	*s = copy;
	return 0;
}

static int set_ids(
	const struct conf_key *k, void *base, const char *const *text, size_t n, struct buf *why)
{
	gid_t *id = calloc(n + 1, sizeof(*id));
	size_t *count = (size_t *)((char *)field(k, base) + sizeof(id));
	long value;

	if (!id) {
		why->failed = true;
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (parse_number(k, text[i], &value)) {
			free(id);
			return mismatch(k, text[i], why);
		}
		id[i] = (gid_t)value;
	}
	free(*(gid_t **)field(k, base));
	*(gid_t **)field(k, base) = id;
	*count = n;
	return 0;
}

static int set_list(
	struct conf_list *list, const char *const *text, size_t n, bool append, struct buf *why)
{
	struct conf_list fresh = {0};

	if ((append && list_add(&fresh, (const char *const *)list->item, list->n)) ||
		list_add(&fresh, text, n)) {
		list_free(&fresh);
		why->failed = true;
		return -1;
	}
	list_free(list);
	*list = fresh;
	return 0;
}

int value_set(const struct conf_key *k, void *base, const char *const *text, size_t n, bool append,
	struct buf *why)
{
	if (k->type == CONF_LIST)
		return set_list(field(k, base), text, n, append, why);
	if (k->type == CONF_IDS)
		return set_ids(k, base, text, n, why);
	if (n != 1) {
		buf_puts(why, "expected one value");
		return -1;
	}
	switch (k->type) {
	case CONF_STRING:
	case CONF_OPTIONAL:
	case CONF_PATH:
		return set_string(k, base, text[0], why);
	case CONF_BORROWED:
		*(const char **)field(k, base) = text[0];
		return 0;
	default:
		return set_number(k, base, text[0], why);
	}
}

int value_default(const struct conf_key *k, void *base)
{
	struct buf why = {0};
	int rc = k->def ? value_set(k, base, &k->def, 1, false, &why) : 0;

	buf_free(&why);
	return rc;
}

int value_copy(const struct conf_key *k, void *to, const void *from)
{
	const struct conf_list *list;
	const char *s;
	char *copy;

	switch (k->type) {
	case CONF_STRING:
	case CONF_OPTIONAL:
	case CONF_PATH:
		s = *(char *const *)field_const(k, from);
		copy = s ? strdup(s) : NULL;
		if (s && !copy)
			return -1;
		*(char **)field(k, to) = copy;
		return 0;
	case CONF_BORROWED:
		*(const char **)field(k, to) = *(const char *const *)field_const(k, from);
		return 0;
	case CONF_LIST:
		list = field_const(k, from);
		return list_add(field(k, to), (const char *const *)list->item, list->n);
	case CONF_IDS: /* never set in a defaults section */
		return 0;
	default:
		number_store(k, to, value_number(k, from));
		return 0;
	}
}

void value_free(const struct conf_key *k, void *base)
{
	switch (k->type) {
	case CONF_STRING:
	case CONF_OPTIONAL:
	case CONF_PATH:
		free(*(char **)field(k, base));
		*(char **)field(k, base) = NULL;
		break;
	case CONF_LIST:
		list_free(field(k, base));
		break;
	case CONF_IDS:
		free(*(gid_t **)field(k, base));
		*(gid_t **)field(k, base) = NULL;
		break;
	default:
		break;
	}
}

static bool list_equal(const struct conf_list *a, const struct conf_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->item[i], b->item[i]))
			return false;
	}
	return true;
}

static bool string_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool value_equal(const struct conf_key *k, const void *a, const void *b)
{
	const void *fa = field_const(k, a), *fb = field_const(k, b);
	const gid_t *ia, *ib;
	size_t n;

	switch (k->type) {
	case CONF_STRING:
	case CONF_OPTIONAL:
	case CONF_PATH:
	case CONF_BORROWED:
		return string_equal(*(char *const *)fa, *(char *const *)fb);
	case CONF_LIST:
		return list_equal(fa, fb);
	case CONF_IDS:
		ia = *(gid_t *const *)fa;
		ib = *(gid_t *const *)fb;
		n = *(const size_t *)((const char *)fa + sizeof(ia));
		if (n != *(const size_t *)((const char *)fb + sizeof(ib)))
			return false;
		return !n || !memcmp(ia, ib, n * sizeof(*ia));
	default:
		return value_number(k, a) == value_number(k, b);
	}
}
