/* logger.c: the master's side: channels, and a logger process that is always there. */
#include "core/logger_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/loop.h"

#define CHANNEL_BUFFER (8 << 20) /* bytes; what a burst may hold before lines are lost */
#define RESPAWN_MS     1000      /* pause before replacing a logger that died young */
#define LEAVE_MS       2000      /* for a logger that was told to leave; then KILL */
#define LAST_LOGGERS   3         /* tries to have the last lines written */

static struct log_channel *channels;
static struct logger_options options;
static pid_t pid;
static uint64_t started_ms;
static int finishing; /* loggers that were told to write the last lines */

/* Armed: there is no logger, or one that leaves; until the next one nobody may read the channels. */
static struct loop_timer next_due;

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
	struct log_channel **p = &channels;

	/* Its last lines wait for the next logger. */
	if (next_due.armed && !finishing) {
		ch->gone = true;
		return;
	}
	while (*p != ch)
		p = &(*p)->next;
	*p = ch->next;
	fd_close(&ch->tx);
	fd_close(&ch->rx);
	fd_close(&ch->err_tx);
	fd_close(&ch->err_rx);
	munmap(ch->shared, sizeof(*ch->shared));
	free(ch->service);
	free(ch);
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
	pid_t master = getpid();

	pid = fork();
	if (pid < 0) {
		pid = 0;
		return -1;
	}
	if (pid == 0)
		logger_run(channels, &options, master);
	started_ms = mono_ms();
	for (struct log_channel *ch = channels, *next; ch; ch = next) {
		next = ch->next;
		if (ch->gone)
			log_channel_free(ch);
	}
	return 0;
}

static void logger_next(void *arg)
{
	(void)arg;
	if (pid > 0) {
		kill(pid, SIGKILL);
		loop_timer_set(&next_due, LEAVE_MS);
	} else if (logger_fork() < 0) {
		loop_timer_set(&next_due, RESPAWN_MS);
	}
}

int logger_start(const struct logger_options *o)
{
	options = *o;
	next_due.fn = logger_next;
	return logger_fork();
}

void logger_restart(const struct logger_options *o)
{
	options = *o;
	if (pid > 0 && !next_due.armed) {
		kill(pid, SIGTERM);
		loop_timer_set(&next_due, LEAVE_MS);
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
	int left = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	bool meant = next_due.armed;

	pid = 0;
	loop_timer_clear(&next_due);
	if (left < 0)
		log_msg(LOG_WARNING, "logger died: killed by signal %d (%s); replaced",
			WTERMSIG(status), signal_name(WTERMSIG(status)));
	else if (left > 0 && left < LOGGER_LATE)
		log_msg(LOG_WARNING, "logger died: exit status %d; replaced", left);
	if (finishing) {
		/* One that left for another reason than this end leaves lines to the next. */
		if ((meant || left) && left != LOGGER_STALLED && finishing < LAST_LOGGERS)
			logger_finish();
		return pid == 0;
	}
	if (!meant && mono_ms() - started_ms < RESPAWN_MS)
		loop_timer_set(&next_due, RESPAWN_MS);
	else
		logger_next(NULL);
	return false;
}

void logger_finish(void)
{
	finishing++;
	if (pid == 0) {
		loop_timer_clear(&next_due);
		(void)logger_fork();
	}
	if (pid > 0)
		kill(pid, SIGTERM);
}
