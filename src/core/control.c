/* control.c: accept, see who asks, read a line, answer, close. Bounded in clients, bytes and time. What the
 * commands do is in control_command.c. */
#include "core/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "core/control_command.h"
#include "core/control_peer.h"
#include "core/loop.h"
#include "net/listener.h"

#define CLIENTS     16   /* at a time; more wait in the queue */
#define REQUEST_MS  5000 /* for the line */
#define QUEUE_LIMIT 64
#define DRAIN_BYTES 4096
#define AGAIN_MS    500 /* without a descriptor */

static void on_connect(void *arg);
static void on_again(void *arg);

static struct listener listener = {.fd = -1};
static struct loop_io listen_io = {-1, on_connect, NULL};
static bool listening; /* listen_io is watched */
static struct loop_timer again = {.fn = on_again};
static struct control_client clients[CLIENTS];
static gid_t group = (gid_t)-1;

static void listen_watch(bool on)
{
	if (on && !listening && listen_io.fd >= 0)
		listening = loop_add(&listen_io) == 0;
	else if (!on && listening)
		loop_remove(&listen_io);
	if (!on)
		listening = false;
}

void control_close_client(struct control_client *c)
{
	char unread[DRAIN_BYTES];

	loop_timer_clear(&c->timer);
	loop_remove(&c->io);
	/* What is not read would turn the end into a reset. */
	(void)!recv(c->io.fd, unread, sizeof(unread), MSG_DONTWAIT);
	fd_close(&c->io.fd);
	c->used = false;
	listen_watch(true);
}

void control_answer(struct control_client *c, bool good, const char *text)
{
	const char *head = good ? "ok\n" : "error ";

	/* A client that does not take so little is not waited for. */
	(void)!send(c->io.fd, head, strlen(head), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)!send(c->io.fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	control_close_client(c);
}

static void on_late(void *arg)
{
	control_answer(arg, false, "no command came in time\n");
}

static void on_readable(void *arg)
{
	struct control_client *c = arg;
	ssize_t n = recv(c->io.fd, c->line + c->len, sizeof(c->line) - 1 - c->len, MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && c->waits != CONTROL_NOTHING) {
		loop_remove(&c->io); /* has left, or only closed its half: the answer shows */
		return;
	}
	if (n <= 0 || c->waits != CONTROL_NOTHING) {
		control_close_client(c); /* has left, or says more than one line */
		return;
	}
	c->len += (size_t)n;
	c->line[c->len] = '\0';
	end = memchr(c->line, '\n', c->len);
	if (end && strlen(c->line) > (size_t)(end - c->line)) {
		*end = '\0';
		loop_timer_clear(&c->timer);
		control_command(c);
	} else if (c->len == sizeof(c->line) - 1 || strlen(c->line) < c->len) {
		control_answer(c, false, "that is no command\n");
	}
}

static void on_again(void *arg)
{
	(void)arg;
	listen_watch(true);
}

static void on_connect(void *arg)
{
	struct control_client *c = clients;
	int fd;

	(void)arg;
	while (c < clients + CLIENTS && c->used)
		c++;
	if (c == clients + CLIENTS) {
		listen_watch(false);
		return;
	}
	fd = accept4(listen_io.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			listen_watch(false);
			loop_timer_set(&again, AGAIN_MS);
		}
		return;
	}
	*c = (struct control_client){
		.used = true, .io = {fd, on_readable, c}, .timer = {.fn = on_late, .arg = c}};
	if (loop_add(&c->io) < 0) {
		close(fd);
		c->used = false;
	} else if (!control_peer_may(fd, group, &c->peer)) {
		log_msg(LOG_WARNING, "control: refused uid=%u pid=%d", c->peer.uid,
			(int)c->peer.pid);
		control_answer(c, false, "permission denied\n");
	} else {
		loop_timer_set(&c->timer, REQUEST_MS);
	}
}

static struct listener_options socket_options(void)
{
	return (struct listener_options){.backlog = QUEUE_LIMIT,
		.socket_mode = 0660,
		.socket_uid = (uid_t)-1,
		.socket_gid = group};
}

/* The folder of the default path belongs to sockd; of any other it must be there. */
static int folder_make(const char *path)
{
	char folder[sizeof(CONF_CONTROL_SOCKET)];

	if (strcmp(path, CONF_CONTROL_SOCKET) != 0)
		return 0;
	memcpy(folder, path, sizeof(folder));
	*strrchr(folder, '/') = '\0';
	return mkdir(folder, 0755) < 0 && errno != EEXIST ? -1 : 0;
}

static int socket_open(const char *path, char *err, size_t size)
{
	struct listener_options o = socket_options();
	char text[sizeof(listener.addr.un.sun_path) + 64];
	struct addr found[ADDR_MAX];

	if (folder_make(path) < 0) {
		snprintf(err, size, "its folder cannot be made: %s", strerrordesc_np(errno));
		return -1;
	}
	if ((size_t)snprintf(text, sizeof(text), "unix:%s", path) >= sizeof(text)) {
		snprintf(err, size, "the path is too long");
		return -1;
	}
	if (addr_parse(text, ADDR_NUMERIC, found, err, size) != 1)
		return -1;
	return listener_open(&listener, &found[0], &o, 0, err, size);
}

void control_group_set(const struct conf *c)
{
	struct listener_options o;

	group = c->control_group ? (gid_t)strtoul(c->control_group, NULL, 10) : (gid_t)-1;
	o = socket_options();
	if (group == (gid_t)-1)
		o.socket_gid = getegid();
	if (listener.fd >= 0 && listener_adjust(&listener, &o) < 0)
		log_msg(LOG_ERR, "control-socket: its group cannot be changed: %m");
}

int control_open(const struct conf *c, int inherited)
{
	char err[256];

	control_group_set(c);
	listener.fd = -1;
	if (inherited >= 0) {
		if (listener_from(&listener, inherited) == 0)
			control_group_set(c); /* the program before had other settings, maybe */
	} else if (!c->control_socket || !*c->control_socket) {
		return 0;
	} else if (socket_open(c->control_socket, err, sizeof(err)) < 0) {
		bool tried = strcmp(c->control_socket, CONF_CONTROL_SOCKET) == 0;

		listener.fd = -1;
		log_msg(tried ? LOG_NOTICE : LOG_ERR, "control-socket %s: %s", c->control_socket,
			err);
		return tried ? 0 : -1;
	}
	listen_io.fd = listener.fd;
	(void)listener_nonblock(&listener, true);
	listen_watch(true);
	return 0;
}

int control_fd(void)
{
	return listener.fd;
}

void control_close(bool keep)
{
	for (struct control_client *c = clients; c < clients + CLIENTS; c++) {
		if (c->used)
			control_answer(c, false, "sockd is leaving\n");
	}
	listen_watch(false);
	listen_io.fd = -1;
	if (listener.fd >= 0 && keep)
		fd_close(&listener.fd);
	else if (listener.fd >= 0)
		listener_close(&listener);
	listener.fd = -1;
}

static void conclude(enum control_wait what, unsigned ticket, bool good, const char *text)
{
	struct buf out = {0};

	buf_printf(&out, "%s%s",
		good                     ? ""
		: what == CONTROL_DIFF   ? "the settings are not good\n"
		: what == CONTROL_RELOAD ? "the old settings stay in force\n"
					 : "the old program stays in charge\n",
		text);
	for (struct control_client *c = clients; c < clients + CLIENTS; c++) {
		if (c->used && c->waits == what && (int)(ticket - c->ticket) >= 0)
			control_answer(c, good, out.data ? out.data : "\n");
	}
	buf_free(&out);
}

void control_reloaded(bool dry, unsigned ticket, bool good, const char *text)
{
	conclude(dry ? CONTROL_DIFF : CONTROL_RELOAD, ticket, good, text);
}

void control_upgraded(bool good, const char *text)
{
	conclude(CONTROL_UPGRADE, 0, good, text);
}
