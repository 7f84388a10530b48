/* snapshot.c: the master hands out descriptors of the boards, and the length of each queue. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ctl/ctl.h"

static bool other_version(char error[512])
{
	snprintf(error, 512,
		"%s: sockd speaks another version (this is sockctl %s): "
		"use the sockctl that came with it",
		ctl.socket, PACKAGE_VERSION);
	return false;
}

/* A line is "NAME QUEUE LIMIT". Returns the next one, or NULL. */
static const char *line_read(const char *line, struct view_service *v)
{
	char name[sizeof(v->name)];
	unsigned queue, limit;
	int end = 0;

	if (!line || sscanf(line, "%63s %u %u%n", name, &queue, &limit, &end) != 3 ||
		line[end] != '\n')
		return NULL;
	escape_text(v->name, sizeof(v->name), name, strlen(name));
	v->queue = queue;
	v->queue_limit = limit;
	return line + end + 1;
}

static bool entry_open(struct entry *e, int fd)
{
	struct view_service v = e->v;

	e->board = board_open(fd);
	if (!e->board)
		return false;
	view_service(e->board, &e->v);
	memcpy(e->v.name, v.name, sizeof(v.name));
	e->v.queue = v.queue;
	e->v.queue_limit = v.queue_limit;
	return true;
}

static bool unknown(const struct answer *a, const char *name, char error[512])
{
	struct view_service v;
	int n = snprintf(error, 512, "there is no service '%s'; there are:", name);

	for (const char *line = a->body; (line = line_read(line, &v)) && n < 430;)
		n += snprintf(error + n, 512 - (size_t)n, " %s", v.name);
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->v.name, y->v.name);
}

static bool fill(struct snapshot *s, const struct answer *a, const char *only, char error[512])
{
	const char *line = a->body;
	struct entry e = {0};

	s->board = a->n_fd ? board_master_open(a->fd[0]) : NULL;
	s->service = calloc(a->n_fd + 1, sizeof(*s->service));
	if (!s->board || !s->service)
		return other_version(error);
	view_master(s->board, &s->master);
	for (size_t i = 1; i < a->n_fd; i++) {
		line = line_read(line, &e.v);
		if (!line)
			return other_version(error);
		if (only && strcmp(only, e.v.name) != 0)
			continue;
		if (!entry_open(&e, a->fd[i])) {
			if (errno == EPROTO)
				return other_version(error);
			snprintf(error, 512, "%s: scoreboard: %m", e.v.name);
			return false;
		}
		s->service[s->n++] = e;
	}
	if (*line)
		return other_version(error);
	qsort(s->service, s->n, sizeof(*s->service), by_name);
	return s->n || !only ? true : unknown(a, only, error);
}

bool snapshot_take(struct snapshot *s, const char *only, unsigned timeout_ms, char error[512])
{
	struct answer a = {0};
	struct rlimit files;
	bool good;

	*s = (struct snapshot){0};
	/* A descriptor for each service, for a moment. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	good = ask(&a, "boards", timeout_ms);
	if (good)
		good = fill(s, &a, only, error);
	else
		memcpy(error, a.error, sizeof(a.error));
	answer_free(&a);
	s->now_ms = mono_ms();
	s->now_s = (uint64_t)time(NULL);
	if (!good)
		snapshot_free(s);
	return good;
}

void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		board_free(s->service[i].board);
	free(s->service);
	board_master_free(s->board);
	*s = (struct snapshot){0};
}

static int newest_first(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;

	return (x->r.ended_ms < y->r.ended_ms) - (x->r.ended_ms > y->r.ended_ms);
}

struct ended *snapshot_recent(const struct snapshot *s, size_t max, size_t *n)
{
	struct board_recent *r = calloc(max + 1, sizeof(*r));
	/* The first max of what there was so far, and behind them those of one more service. */
	struct ended *all = calloc(2 * max + 1, sizeof(*all));

	*n = 0;
	for (size_t i = 0; r && all && i < s->n; i++) {
		size_t found = view_recent(s->service[i].board, r, max);

		for (size_t j = 0; j < found; j++)
			all[(*n)++] = (struct ended){s->service[i].v.name, r[j]};
		qsort(all, *n, sizeof(*all), newest_first);
		if (*n > max)
			*n = max;
	}
	free(r);
	return all;
}
