/* table.c: aligned columns, and numbers with units. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "board/tally.h"
#include "ctl/ctl.h"

#define RING      32
#define RING_TEXT 640

static char *ring(void)
{
	static char text[RING][RING_TEXT];
	static unsigned next;

	return text[next++ % RING];
}

void text_styled(struct buf *out, enum style style, const char *text, size_t width)
{
	static const char *const sgr[] = {[BOLD] = "1",
		[DIM] = "2",
		[RED] = "31",
		[GREEN] = "32",
		[YELLOW] = "33",
		[CYAN] = "36"};
	size_t n = strlen(text);

	if (width && n > width)
		n = width;
	if (style != PLAIN && ctl.colour)
		buf_printf(out, "\033[%sm", sgr[style]);
	buf_add(out, text, n);
	if (style != PLAIN && ctl.colour)
		buf_puts(out, "\033[0m");
}

void table_cell(struct table *t, enum style style, const char *fmt, ...)
{
	char text[RING_TEXT];
	size_t *width = &t->width[t->n++ % strlen(t->align)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strlen(text) > *width)
		*width = strlen(text);
	buf_printf(&t->cells, "%c%s", '0' + (int)style, text);
	buf_add(&t->cells, "", 1);
}

void table_begin(struct table *t, const char *align, const char *order, const char *head)
{
	*t = (struct table){.align = align, .order = order};
	while (*head) {
		size_t n = strcspn(head, " ");

		table_cell(t, BOLD, "%.*s", (int)n, head);
		head += n + strspn(head + n, " ");
	}
}

/* Leave out columns while they are too wide by over. Returns by how much they still are; not above 0: not. */
static long columns_drop(struct table *t, const char *ranks, long over)
{
	for (; *ranks && over > 0; ranks++) {
		const char *at = strchr(t->order, *ranks);

		if (at) {
			over -= (long)t->width[at - t->order] + 2;
			t->width[at - t->order] = 0;
		}
	}
	return over;
}

/* Shorten texts, the longest first, but none below least. */
static long texts_cut(struct table *t, size_t least, long over)
{
	for (; over > 0; over--) {
		size_t widest = 0;

		for (size_t c = 1; t->align[c]; c++) {
			if (t->align[c] == 'l' && t->width[c] > t->width[widest])
				widest = c;
		}
		if (t->width[widest] <= least)
			break;
		t->width[widest]--;
	}
	return over;
}

static void table_fit(struct table *t, size_t width)
{
	long over = -(long)width - 2;

	for (size_t c = 0; t->align[c]; c++)
		over += (long)t->width[c] + 2;
	over = columns_drop(t, "12345678", over);
	over = texts_cut(t, 12, over);
	over = columns_drop(t, "9abcdef", over);
	(void)texts_cut(t, 8, over);
}

void table_end(struct table *t, struct buf *out, size_t width)
{
	char *cell = t->cells.data, *next;
	size_t columns = strlen(t->align), room = 0, blanks = 0;

	if (width)
		table_fit(t, width);
	for (size_t i = 0; i < t->n && !t->cells.failed; i++, cell = next) {
		size_t c = i % columns, n = strlen(cell + 1), pad;

		next = cell + n + 2;
		if (c == 0) {
			buf_puts(out, i ? "\n" : "");
			room = width ? width : SIZE_MAX;
			blanks = 0;
		}
		if (!t->width[c])
			continue;
		if (n > t->width[c]) {
			n = t->width[c];
			strcpy(cell + n, "~");
		}
		pad = t->width[c] - n;
		blanks += t->align[c] == 'r' ? pad : 0;
		if (blanks >= room) {
			room = 0;
			continue;
		}
		buf_printf(out, "%*s", (int)blanks, "");
		room -= blanks;
		text_styled(out, (enum style)(cell[0] - '0'), cell + 1, room);
		room -= n < room ? n : room;
		blanks = 2 + (t->align[c] == 'l' ? pad : 0);
	}
	buf_puts(out, "\n");
	buf_free(&t->cells);
}

/* Three digits and a unit. */
static const char *scaled(double n, double step, const char *const *unit, size_t units)
{
	char *text = ring();
	size_t i = 0;

	while (n >= 999.5 && i + 1 < units) {
		n /= step;
		i++;
	}
	snprintf(text, RING_TEXT, "%.*f%s", i && n < 9.95 ? 1 : 0, n, unit[i]);
	return text;
}

const char *human_bytes(uint64_t n)
{
	static const char *const unit[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};

	return scaled((double)n, 1000, unit, ARRAY_SIZE(unit));
}

const char *human_count(uint64_t n)
{
	static const char *const unit[] = {"", "k", "M", "G", "T", "P", "E"};
	char *text;

	if (n >= 100000)
		return scaled((double)n, 1000, unit, ARRAY_SIZE(unit));
	text = ring();
	snprintf(text, RING_TEXT, "%" PRIu64, n);
	return text;
}

const char *human_rate(double per_second)
{
	char *text;

	if (per_second >= 99.95)
		return human_count((uint64_t)(per_second + 0.5));
	text = ring();
	snprintf(text, RING_TEXT, "%.1f", per_second);
	return text;
}

const char *human_ms(uint64_t ms)
{
	char *text = ring();
	uint64_t s = ms / 1000, m = s / 60, h = m / 60;

	if (ms < 1000)
		snprintf(text, RING_TEXT, "%" PRIu64 "ms", ms);
	else if (s < 60)
		snprintf(text, RING_TEXT, "%" PRIu64 ".%us", s, (unsigned)(ms % 1000 / 100));
	else if (m < 60)
		snprintf(text, RING_TEXT, "%" PRIu64 "m%02us", m, (unsigned)(s % 60));
	else if (h < 24)
		snprintf(text, RING_TEXT, "%" PRIu64 "h%02um", h, (unsigned)(m % 60));
	else
		snprintf(text, RING_TEXT, "%" PRIu64 "d%02uh", h / 24, (unsigned)(h % 24));
	return text;
}

const char *human_clock(uint64_t s, uint64_t now_s)
{
	time_t when = (time_t)s, now = (time_t)now_s;
	struct tm tm = {0}, today = {0};
	char *text = ring();

	localtime_r(&when, &tm);
	localtime_r(&now, &today);
	strftime(text, RING_TEXT,
		tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year ? "%H:%M:%S"
									   : "%Y-%m-%d %H:%M:%S",
		&tm);
	return text;
}

const char *human_below(
	const uint64_t *count, unsigned n, unsigned percent, uint64_t (*bound_ms)(unsigned))
{
	int i = view_percentile(count, n, percent);
	char *text = ring();

	if (i < 0)
		return "-";
	if (bound_ms((unsigned)i) == UINT64_MAX)
		snprintf(text, RING_TEXT, ">%s", human_ms(bound_ms((unsigned)i - 1)));
	else
		snprintf(text, RING_TEXT, "<%s", human_ms(bound_ms((unsigned)i)));
	return text;
}

const char *human_percentiles(const uint64_t *count, unsigned n, uint64_t (*bound_ms)(unsigned))
{
	char *text = ring();

	if (view_percentile(count, n, 50) < 0)
		return "-";
	snprintf(text, RING_TEXT, "%.32s/%.32s", human_below(count, n, 50, bound_ms),
		human_below(count, n, 99, bound_ms));
	return text;
}

const char *plain(const char *text)
{
	char *out = ring();

	escape_text(out, RING_TEXT, text, strlen(text));
	return out;
}
