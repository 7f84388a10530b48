/* logger_stderr.c: a small table of the processes that wrote to stderr of late. */
#include "core/logger_parts.h"

#include <errno.h>
#include <string.h>

#define WRITERS  64  /* remembered at a time; the one silent for longest makes room */
#define LINE_CUT 512 /* longer lines are cut into pieces */
#define TAIL_MAX 400 /* bytes of last words */

static struct writer {
	pid_t pid; /* 0: free */
	void *arg; /* whose stderr it is */
	uint64_t used;
	size_t line_len, tail_len;
	char line[LINE_CUT];
	char tail[TAIL_MAX];
} writers[WRITERS];

static uint64_t tick;

/* Keep the end of "tail | line". */
static void tail_add(struct writer *w)
{
	char all[TAIL_MAX + 3 + LINE_CUT];
	size_t n = w->tail_len, keep;

	memcpy(all, w->tail, n);
	if (n) {
		memcpy(all + n, " | ", 3);
		n += 3;
	}
	memcpy(all + n, w->line, w->line_len);
	n += w->line_len;
	keep = n < TAIL_MAX ? n : TAIL_MAX;
	memcpy(w->tail, all + n - keep, keep);
	w->tail_len = keep;
}

static void line_end(struct writer *w, stderr_line_fn *fn)
{
	if (w->line_len) {
		tail_add(w);
		fn(w->arg, w->pid, w->line, w->line_len);
	}
	w->line_len = 0;
}

static struct writer *writer_get(pid_t pid, stderr_line_fn *fn)
{
	struct writer *old = &writers[0];

	for (size_t i = 0; i < WRITERS; i++) {
		if (writers[i].pid == pid)
			return &writers[i];
		if (writers[i].used < old->used)
			old = &writers[i];
	}
	line_end(old, fn);
	*old = (struct writer){.pid = pid};
	return old;
}

void stderr_feed(pid_t pid, const char *data, size_t n, stderr_line_fn *fn, void *arg)
{
	struct writer *w = writer_get(pid, fn);

	w->arg = arg;
	w->used = ++tick;
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n' || w->line_len == LINE_CUT)
			line_end(w, fn);
		if (data[i] != '\n' && data[i] != '\r')
			w->line[w->line_len++] = data[i];
	}
}

bool stderr_settle(bool all, stderr_line_fn *fn)
{
	bool open = false;

	for (struct writer *w = writers; w < writers + WRITERS; w++) {
		if (w->line_len && (all || (kill(w->pid, 0) < 0 && errno == ESRCH)))
			line_end(w, fn);
		open |= w->line_len > 0;
	}
	return open;
}

size_t stderr_last_words(pid_t pid, char *out, size_t size, stderr_line_fn *fn)
{
	struct writer *w = writers;
	size_t n;

	/* No writer_get(): one who wrote nothing must not take the place of one who did. */
	while (w < writers + WRITERS && w->pid != pid)
		w++;
	out[0] = '\0';
	if (w == writers + WRITERS)
		return 0;
	line_end(w, fn);
	n = w->tail_len < size - 1 ? w->tail_len : size - 1;
	memcpy(out, w->tail, n);
	out[n] = '\0';
	*w = (struct writer){0};
	return n;
}
