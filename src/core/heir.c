/* heir.c: the new program's side of an upgrade. Until the old master says go, nothing is changed that it
 * would need if this one failed; when it goes without a word, this one leaves too, so that never two
 * of them believe that they are alone. */
#include "core/heir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/control.h"
#include "core/daemon.h"
#include "core/loop.h"
#include "core/master_reload.h"
#include "core/reload.h"
#include "core/service.h"
#include "core/upgrade.h"

#define FIRST_FD 3
#define LIVE_MS  1000
#define LIMIT_MS 30000 /* for the first workers of all services */

static void on_answer(void *arg);
static void live_due(void *arg);

static struct {
	struct loop_io io; /* to the old master; -1: there is none */
	struct loop_timer live;
	uint64_t since_ms;
	void (*then)(void);
	int control_fd;
	bool alone;        /* the old master has given up */
	struct buf paused; /* services, each between line feeds */
} heir = {.io = {-1, on_answer, NULL}, .live = {.fn = live_due}, .control_fd = -1};

/* The other end of each is with an old master that finishes what it holds. */
static struct before {
	struct loop_io io;
	struct before *next;
} * before;

static struct older {
	char service[CONF_NAME_MAX + 1];
	int fd;
	const struct board *board;
	struct older *next;
} * older;

bool heir_waits(void)
{
	return heir.io.fd >= 0;
}

bool heir_took_over(void)
{
	return heir.alone;
}

static void tell(const char *text, size_t n)
{
	if (heir.io.fd >= 0)
		(void)!send(heir.io.fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void heir_failed(const char *reason)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "E%s", reason);

	tell(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

bool heir_leaves(void)
{
	loop_timer_clear(&heir.live);
	tell("F", 1);
	return heir_waits();
}

/* That of another version has another form: then only this program's own connections are counted. */
static const char *board_add(int fd, const char *service)
{
	const struct board *b = board_open(fd);
	struct older *o = b ? calloc(1, sizeof(*o)) : NULL;

	if (!o) {
		board_free(b);
		close(fd);
		return NULL;
	}
	*o = (struct older){.fd = fd, .board = b, .next = older};
	snprintf(o->service, sizeof(o->service), "%s", service);
	older = o;
	return NULL;
}

static void before_remove(struct before *b)
{
	struct before **p = &before;

	while (*p != b)
		p = &(*p)->next;
	*p = b->next;
	loop_remove(&b->io);
	fd_close(&b->io.fd);
	free(b);
}

static void on_before(void *arg)
{
	struct before *b = arg;
	char text[16];

	if (recv(b->io.fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		return;
	before_remove(b);
	if (!before && heir.alone)
		master_check_finished();
}

static const char *before_add(int fd)
{
	struct before *b = calloc(1, sizeof(*b));

	if (!b)
		return "out of memory";
	*b = (struct before){{fd, on_before, b}, before};
	before = b;
	return NULL;
}

void heir_stop(const char *word)
{
	for (const struct before *b = before; b && heir.alone; b = b->next)
		(void)!send(b->io.fd, word, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool heir_waits_for_older(void)
{
	return before && heir.alone;
}

void heir_older_each(void (*fn)(int fd, const char *line))
{
	for (const struct before *b = before; b; b = b->next)
		fn(b->io.fd, "before\n");
}

void heir_older_forget(void)
{
	while (before)
		before_remove(before);
}

bool heir_finds_paused(const char *service)
{
	char line[CONF_NAME_MAX + 3];

	snprintf(line, sizeof(line), "\n%s\n", service);
	return !heir.alone && heir.paused.data && strstr(heir.paused.data, line);
}

bool heir_is_older(pid_t pid)
{
	for (const struct before *b = before; b; b = b->next) {
		struct ucred cred;
		socklen_t len = sizeof(cred);

		if (getsockopt(b->io.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
			cred.pid == pid)
			return true;
	}
	return false;
}

static const char *take(int fd, const char *line)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return "no such descriptor";
	if (strcmp(line, "tell") == 0)
		heir.io.fd = fd;
	else if (strcmp(line, "pidfile") == 0)
		pidfile_inherit(fd);
	else if (strcmp(line, "control") == 0)
		heir.control_fd = fd;
	else if (strcmp(line, "before") == 0)
		return before_add(fd);
	else if (strncmp(line, "board ", 6) == 0)
		return board_add(fd, line + 6);
	else if (strncmp(line, "listen ", 7) == 0)
		return listener_lend(fd, line);
	else
		return "not understood";
	return NULL;
}

int heir_init(void)
{
	char *text = getenv(UPGRADE_VARIABLE), *save = NULL, *line, mine[32];
	int fd = FIRST_FD;

	snprintf(mine, sizeof(mine), "1 %d", (int)getpid());
	text = text ? strdup(text) : NULL;
	unsetenv(UPGRADE_VARIABLE);
	line = text ? strtok_r(text, "\n", &save) : NULL;
	/* One that was left in somebody's environment is not for this process. */
	if (!line || strcmp(line, mine) != 0) {
		free(text);
		return 0;
	}
	while ((line = strtok_r(NULL, "\n", &save))) {
		const char *why;

		if (strncmp(line, UPGRADE_PAUSED, strlen(UPGRADE_PAUSED)) == 0) {
			buf_printf(&heir.paused, "\n%s\n", line + strlen(UPGRADE_PAUSED));
			continue;
		}
		why = take(fd++, line);
		if (why) {
			heir_failed(why);
			fatal(EXIT_FAILURE, "upgrade: descriptor %d (%s): %s", fd - 1, line, why);
		}
	}
	free(text);
	sdnotify_mute(true);
	return fd;
}

void heir_alive(void)
{
	tell(".", 1);
}

static void live_due(void *arg)
{
	char text[256];

	(void)arg;
	heir_alive();
	loop_timer_set(&heir.live, LIVE_MS);
	if (mono_ms() - heir.since_ms < LIMIT_MS)
		return;
	for (const struct service *s = services; s; s = s->next) {
		if (s->paused || (s->pool && s->pool->ready))
			continue;
		snprintf(text, sizeof(text), "service '%s': its first worker was not ready in %d s",
			s->name, LIMIT_MS / 1000);
		heir_failed(text);
	}
	(void)heir_leaves();
	master.status = EXIT_FAILURE;
	master_stop();
}

void heir_live(void)
{
	/* Not before the settings are read, which may take long. */
	heir.since_ms = mono_ms();
	if (heir_waits() && !heir.then) /* every service may be paused: that is ready enough */
		live_due(NULL);
}

bool heir_ready(void (*then)(void))
{
	char text[32];
	int n = snprintf(text, sizeof(text), "R%d", (int)getpid());

	if (!heir_waits())
		return false;
	if (heir.then)
		return true;
	loop_timer_clear(&heir.live);
	heir.then = then;
	tell(text, (size_t)n);
	if (loop_add(&heir.io) < 0)
		on_answer(NULL);
	return true;
}

static void control_begin(const struct conf *c)
{
	struct listener l = {.fd = -1};
	const char *path = c->control_socket ? c->control_socket : "";

	if (heir.control_fd >= 0 && listener_from(&l, heir.control_fd) == 0 &&
		strcmp(l.addr.un.sun_path, path) != 0) {
		listener_close(&l);
		heir.control_fd = -1;
	}
	(void)control_open(c, heir.control_fd);
}

static void on_answer(void *arg)
{
	char text[16] = "";
	ssize_t n = recv(heir.io.fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	bool again = text[1] == 'H';

	(void)arg;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	loop_remove(&heir.io);
	if (n < 1 || text[0] != 'G' || before_add(heir.io.fd))
		fd_close(&heir.io.fd);
	heir.io.fd = -1;
	for (struct before *b = before; b; b = b->next)
		(void)loop_add(&b->io);
	if (master.state != STATE_STARTING)
		return;
	if (n < 1 || text[0] != 'G') {
		log_msg(LOG_ERR, "the old master left before it handed over");
		master.status = EXIT_FAILURE;
		master_stop();
		return;
	}
	heir.alone = true;
	buf_free(&heir.paused);
	sdnotify_mute(false);
	reload_listeners_own();
	control_begin(master.settings->conf);
	heir.then();
	if (again)
		reload_request(false);
}

const struct board *const *heir_boards(const char *service)
{
	const struct board **list;
	size_t n = 1;

	for (const struct older *o = older; o; o = o->next)
		n += strcmp(o->service, service) == 0;
	list = n > 1 ? calloc(n, sizeof(*list)) : NULL;
	for (const struct older *o = older; list && o; o = o->next) {
		if (strcmp(o->service, service) == 0)
			list[--n - 1] = o->board;
	}
	return list;
}

void heir_boards_forget(const char *but_service)
{
	for (const struct older *o = older; o; o = o->next) {
		if (strcmp(o->service, but_service) != 0)
			board_free(o->board);
	}
}

static bool board_counts(const struct board *b)
{
	for (unsigned i = 0; i < board_slots(b); i++) {
		if (atomic_load(&b->source[i]))
			return true;
	}
	return false;
}

void heir_boards_each(void (*fn)(const char *service, int fd))
{
	for (const struct older *o = older; o; o = o->next) {
		if (board_counts(o->board))
			fn(o->service, o->fd);
	}
}
