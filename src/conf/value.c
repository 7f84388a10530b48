/* value.c: values, from text to a field and back. */
#include "conf/conf_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RATE_MAX    1000000000
#define PIECE_BYTES 8192 /* of a text: libconfuse is slow to put a long string together */

static bool is_string(const struct conf_key *k)
{
	return k->type == CONF_STRING || k->type == CONF_PATH || k->type == CONF_TEXT;
}

static void *field(const struct conf_key *k, const void *base)
{
	return (char *)(uintptr_t)base + k->offset;
}

static void number_store(const struct conf_key *k, void *base, long value)
{
	if (k->size == sizeof(bool))
		*(bool *)field(k, base) = value != 0;
	else if (k->size == sizeof(int))
		*(int *)field(k, base) = (int)value;
	else
		*(long *)field(k, base) = value;
}

static long number_load(const struct conf_key *k, const void *base)
{
	if (k->size == sizeof(bool))
		return *(const bool *)field(k, base);
	if (k->size == sizeof(int))
		return *(const int *)field(k, base);
	return *(const long *)field(k, base);
}

int list_add(struct conf_list *list, const char *text)
{
	char **item = reallocarray(list->item, list->n + 2, sizeof(*item));

	if (!item)
		return -1;
	list->item = item;
	item[list->n] = strdup(text);
	if (!item[list->n])
		return -1;
	item[++list->n] = NULL;
	return 0;
}

void list_free(struct conf_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct conf_list){0};
}

static bool is_bytes(const struct conf_key *k)
{
	return k->unit && !strcmp(k->unit, "bytes");
}

/* Say what was found, and what is expected. Returns -1. */
static int mismatch(const struct conf_key *k, const char *text, struct buf *why)
{
	const char *between = k->max ? "" : "one of ";

	buf_printf(why, "found %s, expected ", show(text, strlen(text)).text);
	if (k->type == CONF_PATH)
		buf_puts(why, "an absolute path, or '' for none");
	if (k->type == CONF_RATE)
		buf_printf(why,
			"'N/SECONDS', such as '100/60' (N from 1 to %d, SECONDS from 1 to "
			"%ld), or '' for none",
			RATE_MAX, k->max);
	for (const struct conf_word *w = k->word; w && w->name; w++, between = ", ")
		buf_printf(why, "%s%s", between, w->name);
	if (k->word && k->max)
		buf_puts(why, " or ");
	if (k->type == CONF_OCTAL)
		buf_printf(why, "an octal mode from 0 to %#lo", (unsigned long)k->max);
	else if (k->max && k->type == CONF_NUMBER)
		buf_printf(why,
			k->max == LONG_MAX ? "a number%s%s of at least %ld"
					   : "a number%s%s from %ld to %ld",
			k->unit ? " of " : "", k->unit ? k->unit : "", k->min, k->max);
	if (is_bytes(k))
		buf_puts(why, ", maybe with K, M or G");
	return -1;
}

/* Returns 0 with *value set, or -1 if text is none of the words and no number in the range. */
static int parse_number(const struct conf_key *k, const char *text, long *value)
{
	const char *digits = text + (*text == '-');
	size_t n = strspn(digits, k->type == CONF_OCTAL ? "01234567" : "0123456789");
	long unit = 1;

	for (const struct conf_word *w = k->word; w && w->name; w++) {
		if (!strcasecmp(w->name, text)) {
			*value = w->value;
			return 0;
		}
	}
	if (is_bytes(k) && digits[n] && strchr("KMG", digits[n]) && !digits[n + 1])
		unit = digits[n] == 'K' ? 1L << 10 : digits[n] == 'M' ? 1L << 20 : 1L << 30;
	if (!k->max || !n || (digits[n] && unit == 1))
		return -1;
	errno = 0;
	*value = strtol(text, NULL, k->type == CONF_OCTAL ? 8 : 10);
	if (errno || __builtin_mul_overflow(*value, unit, value))
		return -1;
	return *value < k->min || *value > k->max ? -1 : 0;
}

static int set_string(const struct conf_key *k, void *base, const char *text)
{
	char **s = field(k, base);
	char *copy = *text || k->def ? strdup(text) : NULL;

	if (!copy && (*text || k->def))
		return -1;
	free(*s);
	*s = copy;
	return 0;
}

/* "N/SECONDS" or "". */
static int parse_rate(const struct conf_key *k, const char *text, struct conf_rate *rate)
{
	struct conf_rate r = {0};
	char *end;

	if (*text) {
		r.n = strtol(text, &end, 10);
		r.seconds = *end == '/' ? strtol(end + 1, &end, 10) : 0;
		if (text[strspn(text, "0123456789/")] || *end || r.n < 1 || r.n > RATE_MAX ||
			r.seconds < k->min || r.seconds > k->max)
			return -1;
	}
	*rate = r;
	return 0;
}

static int text_add(char **text, const char *piece)
{
	size_t have = *text ? strlen(*text) : 0, n = strlen(piece) + 1;
	char *longer = realloc(*text, have + n);

	if (!longer)
		return -1;
	memcpy(longer + have, piece, n);
	*text = longer;
	return 0;
}

static void text_print(const char *text, struct buf *out)
{
	char piece[PIECE_BYTES + 1];

	buf_puts(out, "{");
	do {
		size_t n = strnlen(text, PIECE_BYTES);

		memcpy(piece, text, n);
		piece[n] = '\0';
		text += n;
		buf_quote(out, piece);
		buf_puts(out, *text ? ", " : "}");
	} while (*text);
}

int value_set(const struct conf_key *k, void *base, const char *text, struct buf *why)
{
	long value;

	if (k->type == CONF_LIST)
		return list_add(field(k, base), text);
	if (k->type == CONF_TEXT)
		return text_add(field(k, base), text);
	if (k->type == CONF_PATH && *text && *text != '/')
		return mismatch(k, text, why);
	if (is_string(k))
		return set_string(k, base, text);
	if (k->type == CONF_RATE)
		return parse_rate(k, text, field(k, base)) ? mismatch(k, text, why) : 0;
	if (parse_number(k, text, &value))
		return mismatch(k, text, why);
	number_store(k, base, value);
	return 0;
}

void value_free(const struct conf_key *k, void *base)
{
	if (k->type == CONF_LIST) {
		list_free(field(k, base));
	} else if (is_string(k)) {
		free(*(char **)field(k, base));
		*(char **)field(k, base) = NULL;
	}
}

bool value_is_unset(const struct conf_key *k, const void *base)
{
	const struct conf_list *list = field(k, base);
	const char *s = is_string(k) ? *(char *const *)field(k, base) : NULL;

	return k->type == CONF_LIST ? !list->n : is_string(k) && (!s || !*s);
}

static void print_number(const struct conf_key *k, long value, struct buf *out)
{
	const struct conf_word *w = k->word;

	while (w && w->name && w->value != value)
		w++;
	if (w && w->name)
		buf_puts(out, w->name);
	else
		buf_printf(out, k->type == CONF_OCTAL ? "%04lo" : "%ld", value);
}

void value_print(const struct conf_key *k, const void *base, const char *indent, struct buf *out)
{
	const struct conf_list *list = field(k, base);
	const struct conf_rate *rate;
	const char *s;

	if (k->type == CONF_NUMBER && !k->def && !number_load(k, base))
		return;
	buf_printf(out, "%s%s = ", indent, k->name);
	if (is_string(k)) {
		s = *(char *const *)field(k, base);
		if (k->type == CONF_TEXT)
			text_print(s ? s : "", out);
		else
			buf_quote(out, s ? s : "");
	} else if (k->type == CONF_LIST) {
		for (size_t i = 0; i < list->n; i++) {
			buf_puts(out, i ? ", " : "{");
			buf_quote(out, list->item[i]);
		}
		buf_puts(out, list->n ? "}" : "{}");
	} else if (k->type == CONF_RATE) {
		rate = field(k, base);
		buf_printf(out, rate->n ? "'%ld/%ld'" : "''", rate->n, rate->seconds);
	} else {
		print_number(k, number_load(k, base), out);
	}
	buf_puts(out, "\n");
}
