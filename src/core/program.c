/* program.c: from a fork of the master to the program of the service: descriptors from 3 on, and the
 * variables by which programs know that they are there.
 * Source: sd_listen_fds(3); Server::Starter; einhorn's README */
#include "core/worker_setup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "handlers/handler.h"
#include "handlers/spawn.h"
#include "net/listener.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* Runs in core: it has no serve(). */
const struct handler handler_program = {.name = "program"};

static struct spawn_env env;

static void set(const char *name, const char *value)
{
	if (spawn_env_set(&env, name, value) < 0)
		fatal(WORKER_FAILED, "program: out of memory");
}

static void set_number(const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	set(name, text);
}

/* "HOST:PORT=FD;...": an address that is every address is its port alone. */
static void starter_port_add(struct buf *out, int listen_fd, int fd)
{
	char text[ADDR_TEXT_MAX];
	const char *from = text;
	struct listener l;

	if (listener_from(&l, listen_fd) < 0)
		fatal(WORKER_FAILED, "program: getsockname: %m");
	addr_format(&l.bound, text);
	if (strncmp(text, "unix:", 5) == 0)
		from += 5;
	else if (strncmp(text, "*:", 2) == 0 || strncmp(text, "0.0.0.0:", 8) == 0)
		from = strchr(text, ':') + 1;
	buf_printf(out, "%s%s=%d", out->len ? ";" : "", from, fd);
}

static void environment_make(const struct worker_args *a)
{
	struct buf ports = {0}, names = {0};
	char name[32];

	set("PATH", CONF_PROGRAM_PATH);
	set_number("LISTEN_FDS", (long)a->n_listen);
	set_number("LISTEN_PID", getpid());
	set_number("SERVER_STARTER_GENERATION", a->generation);
	set_number("EINHORN_FD_COUNT", (long)a->n_listen);
	set_number("EINHORN_MASTER_PID", a->master);
	set_number("EINHORN_CHILD_INDEX", a->env.slot);
	for (size_t i = 0; i < a->n_listen; i++) {
		int fd = FIRST_FD + (int)i;

		snprintf(name, sizeof(name), "EINHORN_FD_%zu", i);
		set_number(name, fd);
		starter_port_add(&ports, a->listen_fd[i], fd);
		buf_printf(&names, "%s%s", i ? ":" : "", a->env.service);
	}
	if (ports.failed || names.failed)
		fatal(WORKER_FAILED, "program: out of memory");
	set("SERVER_STARTER_PORT", ports.data);
	set("LISTEN_FDNAMES", names.data);
	if (a->notify_name)
		set("NOTIFY_SOCKET", a->notify_name);
	if (spawn_env_conf(&env, a->env.conf) < 0)
		fatal(WORKER_FAILED, "program: out of memory");
	buf_free(&ports);
	buf_free(&names);
}

/* A copy above those that the program gets, closed by exec. */
static int move_up(int fd, int above)
{
	int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, above);

	if (fd >= 0 && up < 0)
		fatal(WORKER_FAILED, "program: descriptors: %m");
	return up;
}

/* Put the listeners to 3 and on; what else is needed until the exec goes out of their way.
 * Returns where start_fd is. */
static int descriptors_arrange(const struct worker_args *a)
{
	int end = FIRST_FD + (int)a->n_listen, start_fd = move_up(a->start_fd, end);
	int *fd = calloc(a->n_listen, sizeof(*fd));

	log_attach(move_up(a->log->tx, end), a->log->shared, (int)a->env.slot);
	for (size_t i = 0; fd && i < a->n_listen; i++)
		fd[i] = move_up(a->listen_fd[i], end);
	for (size_t i = 0; fd && i < a->n_listen; i++)
		dup2(fd[i], FIRST_FD + (int)i); /* not CLOEXEC */
	if (!fd)
		fatal(WORKER_FAILED, "program: out of memory");
	free(fd);
	return start_fd;
}

void program_run(const struct worker_args *a)
{
	const struct conf_service *s = a->env.conf;
	struct spawn what = {.conf = s, .fd = {STDIN_FILENO, STDERR_FILENO, STDERR_FILENO}};
	const char *step = "";
	int start_fd;

	environment_make(a);
	start_fd = descriptors_arrange(a);
	what.envp = env.var;
	(void)!write(start_fd, "", 1);
	spawn_become(&what, FIRST_FD + (int)a->n_listen, a->master, &step);
	log_msg(LOG_ERR, "%s cannot be started: %s: %m", s->command.item[0], step);
	(void)!write(start_fd, "", 1);
	exit(WORKER_FAILED);
}
