/* logger.c: the master's side: channels, and a logger process that is always there. */
#include "core/logger.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/logger_run.h"
#include "core/loop.h"

#define CHANNEL_BUFFER (8 << 20) /* bytes; what a burst may hold before lines are lost */
#define RESPAWN_MS     1000      /* pause before replacing a logger that died young */

static struct log_channel *channels;
static struct logger_options options;
static pid_t pid;
static uint64_t started_ms;
static bool finishing;
static struct loop_timer respawn;

static int pair_open(int type, int *tx, int *rx)
{
	int fd[2], size = CHANNEL_BUFFER, on = 1;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) < 0)
		return -1;
	*tx = fd[0];
	*rx = fd[1];
	/* Without the right to go above wmem_max the buffer is as large as that allows. */
	if (setsockopt(*tx, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(*tx, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return setsockopt(*rx, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

struct log_channel *log_channel_new(const char *service, int level)
{
	struct log_channel *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return NULL;
	ch->tx = ch->rx = ch->err_tx = ch->err_rx = -1;
	ch->shared = mmap(NULL, sizeof(*ch->shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ch->shared == MAP_FAILED) {
		free(ch);
		return NULL;
	}
	atomic_store(&ch->shared->level, level);
	ch->service = service ? strdup(service) : NULL;
	ch->next = channels;
	channels = ch;
	if ((service && !ch->service) || pair_open(SOCK_SEQPACKET, &ch->tx, &ch->rx) < 0 ||
		pair_open(SOCK_STREAM, &ch->err_tx, &ch->err_rx) < 0) {
		log_channel_free(ch);
		return NULL;
	}
	return ch;
}

void log_channel_free(struct log_channel *ch)
{
	int saved = errno;

	for (struct log_channel **p = &channels; *p; p = &(*p)->next) {
		if (*p == ch) {
			*p = ch->next;
			break;
		}
	}
	fd_close(&ch->tx);
	fd_close(&ch->rx);
	fd_close(&ch->err_tx);
	fd_close(&ch->err_rx);
	munmap(ch->shared, sizeof(*ch->shared));
	free(ch->service);
	free(ch);
	errno = saved;
}

void log_channel_show(struct log_channel *ch)
{
	struct log_record r;
	ssize_t n;

	while ((n = recv(ch->rx, r.data, sizeof(r.data), MSG_DONTWAIT)) > 0) {
		r.len = (size_t)n;
		log_send(&r);
	}
}

void log_channels_set_level(int level)
{
	for (struct log_channel *ch = channels; ch; ch = ch->next)
		atomic_store(&ch->shared->level, level);
}

void log_channels_keep(const struct log_channel *keep)
{
	for (struct log_channel *ch = channels; ch; ch = ch->next) {
		if (ch != keep)
			munmap(ch->shared, sizeof(*ch->shared));
	}
}

static int logger_fork(void)
{
	pid = fork();
	if (pid < 0) {
		pid = 0;
		return -1;
	}
	if (pid == 0)
		logger_run(channels, &options);
	started_ms = mono_ms();
	return 0;
}

static void logger_respawn(void *arg)
{
	(void)arg;
	if (logger_fork() < 0)
		loop_timer_set(&respawn, RESPAWN_MS);
}

int logger_start(const struct logger_options *o)
{
	options = *o;
	respawn.fn = logger_respawn;
	return logger_fork();
}

void logger_restart(const struct logger_options *o)
{
	options = *o;
	if (pid > 0) {
		started_ms = 0; /* meant, so no pause before the next */
		kill(pid, SIGTERM);
	}
}

void logger_detach(void)
{
	options.copy_errors = false;
	if (pid > 0)
		kill(pid, LOGGER_SIG_DETACH);
}

pid_t logger_pid(void)
{
	return pid;
}

bool logger_reaped(int status)
{
	pid = 0;
	if (finishing)
		return true;
	if (WIFSIGNALED(status))
		log_msg(LOG_WARNING, "logger died: killed by signal %d (%s); replaced",
			WTERMSIG(status), signal_name(WTERMSIG(status)));
	if (started_ms && mono_ms() - started_ms < RESPAWN_MS)
		loop_timer_set(&respawn, RESPAWN_MS);
	else
		logger_respawn(NULL);
	return false;
}

void logger_finish(void)
{
	finishing = true;
	loop_timer_clear(&respawn);
	if (pid > 0)
		kill(pid, SIGTERM);
}
