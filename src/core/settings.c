/* settings.c: have a child read the settings, and take its word as text. */
#include "core/settings.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "core/child.h"
#include "handlers/handler.h"

#define WAITS_MS 1000

struct settings *settings_hold(struct settings *s)
{
	s->refs++;
	return s;
}

void settings_release(struct settings *s)
{
	if (s && --s->refs == 0) {
		conf_free(s->conf);
		free(s);
	}
}

static const char *check_service(const struct conf_service *s, char *err, size_t size)
{
	const struct handler *h = handler_find(s->handler);
	size_t n;

	if (h)
		return check_run(h, s, err, size);
	n = (size_t)snprintf(err, size, "found '%s', expected one of", s->handler);
	for (size_t i = 0; (h = handlers[i]) && n < size; i++)
		n += (size_t)snprintf(err + n, size - n, "%s %s", i ? "," : "", h->name);
	return "handler";
}

static _Noreturn void child_run(const struct conf_source *src, unsigned dump_flags, int fd)
{
	struct conf_errors errors = {0};
	struct conf *c = conf_load(src, &errors);
	struct buf out = {0};
	int rc;

	if (c && conf_resolve(c, check_service, &errors) == 0) {
		buf_puts(&out, "D");
		conf_dump(c, &out, dump_flags);
	} else {
		buf_puts(&out, "E");
		buf_add(&out, errors.text.data, errors.text.len);
	}
	rc = out.failed ? -1 : write_all(fd, out.data, out.len);
	buf_free(&out);
	buf_free(&errors.text);
	conf_free(c);
	exit(rc < 0);
}

int settings_child(const struct conf_source *src, unsigned dump_flags, pid_t *child)
{
	static const int ignored[] = {SIGINT, SIGQUIT}; /* the master decides about those */
	sigset_t none;
	int fd;

	*child = child_fork(&fd);
	if (*child == 0) {
		child_signals(ignored, ARRAY_SIZE(ignored));
		child_expendable(); /* a reload that takes too much memory ends, and nothing else */
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		child_run(src, dump_flags, fd);
	}
	return fd;
}

bool settings_answer(struct buf *out, int status)
{
	bool good = out->len && out->data[0] == 'D' && !out->failed;

	if (status != -1 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		good = false;
	if (out->len > 1 && !out->failed && (good || out->data[0] == 'E')) {
		memmove(out->data, out->data + 1, out->len);
		out->len--;
		return good;
	}
	buf_free(out);
	if (status != -1 && WIFSIGNALED(status))
		buf_printf(out, "the parser of the settings was killed by signal %d (%s)\n",
			WTERMSIG(status), signal_name(WTERMSIG(status)));
	else
		buf_puts(out, "the parser of the settings ended without a result\n");
	return false;
}

bool settings_read(
	const struct conf_source *src, unsigned dump_flags, void (*waits)(void), struct buf *out)
{
	pid_t child;
	int status = -1, fd = settings_child(src, dump_flags, &child);

	if (fd < 0) {
		buf_printf(out, "cannot start the parser of the settings: %s\n",
			strerrordesc_np(errno));
		return false;
	}
	do {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		while (waits && poll(&p, 1, WAITS_MS) == 0)
			waits();
	} while (buf_read(out, fd) > 0);
	fd_close(&fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return settings_answer(out, status);
}

struct settings *settings_parse(const char *dump, const char *name, unsigned flags, struct buf *err)
{
	struct conf_source src = {.text = dump, .text_name = name, .flags = CONF_RESOLVED | flags};
	struct conf_errors errors = {0};
	struct settings *s = calloc(1, sizeof(*s));

	if (s)
		s->conf = conf_load(&src, &errors);
	if (s && s->conf && conf_resolve(s->conf, NULL, &errors) == 0) {
		s->refs = 1;
		buf_free(&errors.text);
		return s;
	}
	*err = errors.text;
	if (s)
		conf_free(s->conf);
	free(s);
	return NULL;
}
