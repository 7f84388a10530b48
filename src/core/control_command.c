/* control_command.c: one row for each command. */
#include "core/control_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "core/control.h"
#include "core/master_reload.h"
#include "core/service.h"
#include "core/upgrade.h"

#define WORDS         4
#define FDS_A_MESSAGE 200 /* SCM_MAX_FD is 253 */
#define WORKERS_MAX   10000

static struct service *service_or_answer(struct control_client *c, const char *name)
{
	struct service *s = service_find(name);
	char text[320];

	if (master.state == STATE_STARTING || master.state >= STATE_STOPPING) {
		control_answer(c, false,
			master.state == STATE_STARTING ? "sockd is starting\n"
						       : "sockd is stopping\n");
		return NULL; /* the start waits for the workers of every service */
	}
	if (s && s->pool && !s->leaving)
		return s;
	snprintf(text, sizeof(text), "there is no service '%s'\n", name);
	control_answer(c, false, text);
	return NULL;
}

/* Returns 0, or -1: the client does not take it. */
static int boards_send(
	const struct control_client *c, const struct buf *text, const int *fd, size_t n)
{
	union {
		char space[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {text->data, text->len};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	if (!head)
		return -1;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(head), fd, n * sizeof(int));
	return sendmsg(c->io.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)text->len ? 0 : -1;
}

static void boards(struct control_client *c, char **word)
{
	int fd[FDS_A_MESSAGE] = {master_board_fd}, rc = 0;
	struct buf text = {0};
	size_t n = 1;

	(void)word;
	buf_puts(&text, "ok\n");
	for (const struct service *s = services; s && rc == 0; s = s->next) {
		unsigned limit, queue = service_queue(s, &limit);

		if (!s->pool)
			continue; /* one that is on trial, and may never be */
		if (n == FDS_A_MESSAGE) {
			rc = text.failed ? -1 : boards_send(c, &text, fd, n);
			buf_free(&text);
			n = 0;
		}
		fd[n++] = s->board_fd;
		buf_printf(&text, "%s %u %u\n", s->name, queue, limit);
	}
	if (rc == 0 && text.failed) {
		control_answer(c, false, "out of memory\n");
	} else {
		if (rc == 0)
			(void)boards_send(c, &text, fd, n);
		control_close_client(c);
	}
	buf_free(&text);
}

static void reload(struct control_client *c, char **word)
{
	bool dry = strcmp(word[0], "diff") == 0;

	if (master.state >= STATE_STOPPING) {
		control_answer(c, false, "sockd is stopping\n");
		return;
	}
	if (word[1]) {
		struct service *s = service_or_answer(c, word[1]);

		if (!s)
			return;
		s->renew = reload_next(false);
	}
	c->waits = dry ? CONTROL_DIFF : CONTROL_RELOAD;
	/* It may be over at once: then c is closed. */
	c->ticket = reload_next(dry);
	reload_request(dry);
}

static void upgrade(struct control_client *c, char **word)
{
	const char *why;
	char text[320];

	(void)word;
	c->waits = CONTROL_UPGRADE; /* it may be over at once: then c is closed */
	if (upgrade_request(&why) == 0)
		return;
	snprintf(text, sizeof(text), "%s\n", why);
	control_answer(c, false, text);
}

static void stop(struct control_client *c, char **word)
{
	(void)word;
	control_answer(c, true, "stopping\n");
	master_stop();
}

static void pause_resume(struct control_client *c, char **word)
{
	struct service *s = service_or_answer(c, word[1]);
	bool on = strcmp(word[0], "pause") == 0;
	char text[320];

	if (!s)
		return;
	if (master.state == STATE_UPGRADING) {
		control_answer(c, false, "an upgrade is in work: the new program would not know\n");
		return;
	}
	service_pause(s, on);
	snprintf(text, sizeof(text), "service '%s': %s\n", s->name,
		on ? "paused: clients wait in the queue" : "resumed");
	control_answer(c, true, text);
}

static void scale(struct control_client *c, char **word)
{
	struct service *s = service_or_answer(c, word[1]);
	size_t digits = strspn(word[2], "0123456789");
	long n = strtol(word[2], NULL, 10);
	char text[320];

	if (!s)
		return;
	if (word[2][digits] || !digits || digits > 5 || n < 1 || n > WORKERS_MAX) {
		snprintf(text, sizeof(text),
			"found '%s', expected a number of workers from 1 to %d\n", word[2],
			WORKERS_MAX);
		control_answer(c, false, text);
		return;
	}
	pool_scale(s->pool, n);
	snprintf(text, sizeof(text), "service '%s': %ld workers until the next reload\n", s->name,
		n);
	control_answer(c, true, text);
}

static void log_level(struct control_client *c, char **word)
{
	int level = log_level_parse(word[1]);
	char text[320];

	if (level < 0) {
		control_answer(c, false, "expected debug, info, notice, warning or error\n");
		return;
	}
	log_channels_set_level(level);
	snprintf(text, sizeof(text), "log level %s until the next reload\n", word[1]);
	control_answer(c, true, text);
}

static void version(struct control_client *c, char **word)
{
	(void)word;
	control_answer(c, true, "sockd " PACKAGE_VERSION "\n");
}

static const struct command {
	const char *name;
	size_t words, more; /* with the name; what may follow */
	bool changes;       /* something: it is logged who asked */
	void (*run)(struct control_client *c, char **word);
	const char *usage;
} commands[] = {
	{"boards", 1, 0, false, boards, "boards"},
	{"diff", 1, 0, false, reload, "diff"},
	{"reload", 1, 1, true, reload, "reload [SERVICE]"},
	{"upgrade", 1, 0, true, upgrade, "upgrade"},
	{"stop", 1, 0, true, stop, "stop"},
	{"pause", 2, 0, true, pause_resume, "pause SERVICE"},
	{"resume", 2, 0, true, pause_resume, "resume SERVICE"},
	{"scale", 3, 0, true, scale, "scale SERVICE N"},
	{"log-level", 2, 0, true, log_level, "log-level LEVEL"},
	{"version", 1, 0, false, version, "version"},
};

void control_command(struct control_client *c)
{
	char *word[WORDS + 1] = {0}, *save = NULL, text[320];
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", c->line);
	for (char *w = strtok_r(c->line, " ", &save); w && n <= WORDS;
		w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	for (const struct command *m = commands; m < commands + ARRAY_SIZE(commands) && n; m++) {
		if (strcmp(m->name, word[0]) != 0)
			continue;
		if (n < m->words || n > m->words + m->more) {
			snprintf(text, sizeof(text), "expected: %s\n", m->usage);
			control_answer(c, false, text);
			return;
		}
		if (m->changes)
			log_msg(LOG_NOTICE, "control: %s, asked by uid=%u pid=%d", text,
				c->peer.uid, (int)c->peer.pid);
		m->run(c, word);
		return;
	}
	control_answer(c, false, "unknown command\n");
}
