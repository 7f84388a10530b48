/* upgrade.c: the old program's side: start the new one, wait for its word, give it everything, leave.
 *
 * A nurse, forked for that, is the parent of the new program until it is ready, and tells how it ended.
 * When the nurse has left, the new master is the child of whoever watches over daemons here: systemd
 * would not see the end of a process that is a grandchild.
 */
#include "core/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/child.h"
#include "core/control.h"
#include "core/daemon.h"
#include "core/heir.h"
#include "core/loop.h"
#include "core/master_reload.h"
#include "core/service.h"

#define FIRST_FD       3
#define SILENCE_MS     5000  /* without a sign of life */
#define WHOLE_MS       60000 /* with them */
#define KILL_AFTER_MS  2000  /* for a new program that failed, from TERM on */
#define NOTIFY_MS      100
#define NOTIFY_TRIES   50
#define NURSE_SIG_KILL SIGQUIT
#define STATUS_MAX     300 /* of a reason; the log has all of it */

static void on_word(void *arg);
static void on_last_word(void *arg);
static void on_silence(void *arg);
static void on_undead(void *arg);
static void hand_over(void *arg);

static struct {
	char **argv; /* ends with NULL */
	char *folder;
	const char *path;
} self;

static struct {
	enum { UPGRADE_NONE, UPGRADE_WAITS, UPGRADE_READY } step;
	bool wanted; /* once a reload has ended */
	pid_t nurse; /* 0: none; also of one that failed and has not left yet */
	pid_t heir;
	uint64_t since_ms;
	unsigned tries;
	struct buf reason;
	struct loop_io io;
	struct loop_timer silence, undead, again;
} up = {.io = {-1, on_word, NULL},
	.silence = {.fn = on_silence},
	.undead = {.fn = on_undead},
	.again = {.fn = hand_over}};

/* The name that was executed, found in $PATH or not: a link that a package manager moves on to the next
 * version is followed anew. Source: getauxval(3) */
void upgrade_init(int argc, char **argv)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	char *full;

	self.argv = calloc((size_t)argc + 1, sizeof(*self.argv));
	self.folder = getcwd(NULL, 0);
	self.path = path && *path ? path : "/proc/self/exe";
	if (self.argv)
		memcpy(self.argv, argv, (size_t)argc * sizeof(*argv));
	if (self.path[0] != '/' && self.folder &&
		asprintf(&full, "%s/%s", self.folder, self.path) > 0)
		self.path = full;
}

/* --- What is handed over ------------------------------------------------------------------- */

static struct {
	int *fd;
	size_t n, cap;
	struct buf text;
} bag;

static void bag_add(int fd, const char *line)
{
	int *more = bag.fd;

	if (bag.n == bag.cap) {
		bag.cap = 2 * bag.cap + 16;
		more = reallocarray(bag.fd, bag.cap, sizeof(*more));
	}
	bag.text.failed |= !more;
	if (!more)
		return;
	bag.fd = more;
	bag.fd[bag.n++] = fd;
	buf_puts(&bag.text, line);
}

static void bag_add_listener(const struct listener *l, const char *name)
{
	struct buf line = {0};

	listener_describe(l, name, &line);
	bag.text.failed |= line.failed;
	if (!line.failed)
		bag_add(l->fd, line.data);
	buf_free(&line);
}

static void bag_add_board(const char *service, int fd)
{
	char line[128];

	snprintf(line, sizeof(line), "board %s\n", service);
	bag_add(fd, line);
}

static void bag_empty(void)
{
	free(bag.fd);
	buf_free(&bag.text);
	memset(&bag, 0, sizeof(bag));
}

static int bag_fill(int tell_fd)
{
	struct listener theirs;
	const char *name;
	size_t at = 0;

	bag_add(tell_fd, "tell\n");
	if (pidfile_fd() >= 0)
		bag_add(pidfile_fd(), "pidfile\n");
	if (control_fd() >= 0)
		bag_add(control_fd(), "control\n");
	for (const struct service *s = services; s; s = s->next) {
		for (size_t i = 0; !s->leaving && i < s->n_listeners; i++)
			bag_add_listener(&s->listener[i], s->name);
		bag_add_board(s->name, s->board_fd);
	}
	heir_older_each(bag_add);
	while (listener_untaken(&at, &theirs, &name))
		bag_add_listener(&theirs, name);
	heir_boards_each(bag_add_board);
	if (!bag.text.failed)
		return 0;
	bag_empty();
	return -1;
}

/* --- The new program ----------------------------------------------------------------------- */

static _Noreturn void exec_failed(int tell_fd, const char *what)
{
	char text[PATH_MAX + 128];
	int n = snprintf(text, sizeof(text), "E%s: %s", what, strerrordesc_np(errno));

	(void)!send(tell_fd, text, (size_t)n, MSG_NOSIGNAL);
	_exit(1);
}

/* In the process that becomes it: what it gets goes to descriptor 3 and on, in order. */
static _Noreturn void program_become(int tell_fd)
{
	int end = FIRST_FD + (int)bag.n;
	struct buf text = {0};
	sigset_t none;

	buf_printf(&text, "1 %d\n", (int)getpid());
	buf_add(&text, bag.text.data, bag.text.len);
	tell_fd = fcntl(tell_fd, F_DUPFD_CLOEXEC, end);
	for (size_t i = 0; i < bag.n; i++) {
		bag.fd[i] = fcntl(bag.fd[i], F_DUPFD_CLOEXEC, end);
		if (bag.fd[i] < 0)
			exec_failed(tell_fd, "descriptors");
	}
	for (size_t i = 0; i < bag.n; i++)
		dup2(bag.fd[i], FIRST_FD + (int)i);
	if (text.failed || setenv(UPGRADE_VARIABLE, text.data, 1) < 0)
		exec_failed(tell_fd, "memory");
	sdnotify_export();
	/* A folder that is gone matters only if the arguments name something in it. */
	if (self.folder)
		(void)!chdir(self.folder);
	child_signals(NULL, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(self.path, self.argv);
	exec_failed(tell_fd, self.path);
}

static void nurse_wait(pid_t child, int tell_fd)
{
	char text[32];
	int status, n;

	if (waitpid(child, &status, WNOHANG) != child)
		return;
	n = snprintf(text, sizeof(text), "X%d", status);
	(void)!send(tell_fd, text, (size_t)n, MSG_NOSIGNAL);
	_exit(0);
}

static _Noreturn void nurse_run(int tell_fd)
{
	sigset_t all, mine;
	pid_t child;
	int sig;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	child_signals(NULL, 0);
	prctl(PR_SET_NAME, "sockd-upgrade");
	prctl(PR_SET_PDEATHSIG, NURSE_SIG_KILL);
	if (getppid() != master_pid)
		_exit(1);
	child = fork();
	if (child == 0)
		program_become(tell_fd);
	if (child < 0)
		exec_failed(tell_fd, "fork");
	tell_fd = dup2(tell_fd, FIRST_FD);
	close_range(FIRST_FD + 1, ~0U, 0);
	sigemptyset(&mine);
	sigaddset(&mine, SIGCHLD);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, NURSE_SIG_KILL);
	for (;;) {
		nurse_wait(child, tell_fd);
		if (sigwait(&mine, &sig) == 0 && sig != SIGCHLD)
			kill(child, sig == SIGTERM ? SIGTERM : SIGKILL);
	}
}

static int program_start(void)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return -1;
	up.io.fd = fd[0];
	if (bag_fill(fd[1]) == 0 && loop_add(&up.io) == 0)
		up.nurse = fork();
	else
		up.nurse = -1;
	if (up.nurse == 0)
		nurse_run(fd[1]);
	bag_empty();
	fd_close(&fd[1]);
	if (up.nurse > 0)
		return 0;
	up.nurse = 0;
	loop_remove(&up.io);
	fd_close(&up.io.fd);
	return -1;
}

/* --- From the request to the end ----------------------------------------------------------- */

static void end(void)
{
	loop_timer_clear(&up.silence);
	loop_timer_clear(&up.again);
	if (up.io.fd >= 0)
		loop_remove(&up.io);
	fd_close(&up.io.fd);
	up.step = UPGRADE_NONE;
}

/* The new program is told to leave; what its workers hold they finish. */
static void program_kill(void)
{
	if (up.nurse <= 0)
		return;
	kill(up.nurse, SIGTERM);
	loop_timer_set(&up.undead, KILL_AFTER_MS);
}

static void on_undead(void *arg)
{
	(void)arg;
	if (up.nurse > 0)
		kill(up.nurse, NURSE_SIG_KILL);
}

static PRINTF_LIKE(1, 2) void failed(const char *fmt, ...)
{
	struct buf reason = up.reason;
	char now[LOG_TIME_MAX];
	va_list ap;
	char text[512];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	end();
	program_kill();
	up.reason = (struct buf){0};
	buf_printf(&reason, "%s\n", text);
	if (!reason.failed)
		master_errors_log("upgrade: ", &reason);
	log_msg(LOG_ERR, "upgrade: failed; the old program stays in charge");
	log_time(now);
	/* As much as finds room in a message: else STATUS would stay as it was. */
	snprintf(text, STATUS_MAX, "%s", reason.data ? reason.data : "");
	text[strcspn(text, "\n")] = '\0';
	(void)sdnotify("STATUS=serving; upgrade at %s failed: %s", now, text);
	master_state_set(STATE_RUNNING);
	/* The new one may have had other listeners beside them. */
	for (struct service *s = services; s; s = s->next)
		service_listeners_settle(s);
	control_upgraded(false, reason.data ? reason.data : "");
	buf_free(&reason);
	reload_resume();
}

static void on_silence(void *arg)
{
	(void)arg;
	failed("the new program gave no sign of life for %d s", SILENCE_MS / 1000);
}

static void begin(void)
{
	up.wanted = false;
	up.tries = 0;
	up.heir = 0;
	up.since_ms = mono_ms();
	master_state_set(STATE_UPGRADING);
	log_msg(LOG_NOTICE, "upgrade: starting %s", self.path);
	(void)sdnotify("STATUS=upgrading");
	if (!self.argv || program_start() < 0) {
		failed("cannot start: %s", strerrordesc_np(errno));
		return;
	}
	up.step = UPGRADE_WAITS;
	loop_timer_set(&up.silence, SILENCE_MS);
}

int upgrade_request(const char **why)
{
	*why = NULL;
	if (getpid() == 1)
		*why = "this is process 1: the container would end with it; start another one";
	else if (master.state >= STATE_STOPPING)
		*why = "sockd is stopping";
	else if (master.state == STATE_UPGRADING)
		*why = "another upgrade is in work";
	else if (up.nurse)
		*why = "the program of the last upgrade has not left yet";
	if (*why) {
		log_msg(LOG_ERR, "upgrade: refused: %s", *why);
		return -1;
	}
	up.wanted = true;
	upgrade_resume();
	return 0;
}

void upgrade_resume(void)
{
	if (up.wanted && master.state == STATE_RUNNING)
		begin();
}

void upgrade_cancel(void)
{
	up.wanted = false;
	if (up.step == UPGRADE_NONE)
		return;
	end();
	program_kill();
	buf_free(&up.reason);
	control_upgraded(false, "sockd is stopping\n");
}

static void give_up(void)
{
	uint64_t drain_ms = (uint64_t)master.settings->conf->drain_timeout * 1000;

	sdnotify_mute(true);
	heir_older_forget();
	pidfile_release();
	control_close(true);
	master_state_set(STATE_STOPPING);
	reload_cancel();
	for (struct service *s = services, *next; s; s = next) {
		next = s->next;
		service_hand_over(s, drain_ms);
	}
}

/* The nurse has left. First systemd, which from then on listens to the new master alone, then that one. */
static void hand_over(void *arg)
{
	const char *go = reload_wanted() ? "GH" : "G";
	char text[64];

	(void)arg;
	if (recv(up.io.fd, text, sizeof(text), MSG_PEEK | MSG_DONTWAIT) == 0) {
		failed("the new program ended as it took over");
		return;
	}
	if (sdnotify("MAINPID=%d", (int)up.heir) < 0) {
		if (++up.tries < NOTIFY_TRIES)
			loop_timer_set(&up.again, NOTIFY_MS);
		else
			failed("systemd could not be told");
		return;
	}
	if (send(up.io.fd, go, strlen(go), MSG_NOSIGNAL) < 0 && !sdnotify_heard()) {
		failed("the new program ended as it took over");
		return;
	}
	loop_timer_clear(&up.again);
	up.step = UPGRADE_NONE;
	up.io.fn = on_last_word;
	(void)loop_add(&up.io);
	buf_free(&up.reason);
	log_msg(LOG_NOTICE, "upgrade: done in %llu ms: pid %d has taken over",
		(unsigned long long)(mono_ms() - up.since_ms), (int)up.heir);
	snprintf(text, sizeof(text), "pid %d has taken over\n", (int)up.heir);
	control_upgraded(true, text);
	give_up();
}

static void ended(int status)
{
	if (WIFSIGNALED(status))
		failed("the new program was killed by signal %d (%s) before it was ready",
			WTERMSIG(status), signal_name(WTERMSIG(status)));
	else
		failed("the new program ended with status %d before it was ready",
			WEXITSTATUS(status));
}

/* Returns false if there is nothing more to hear. */
static bool word_take(void)
{
	char text[4096];
	ssize_t n = recv(up.io.fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	text[n > 0 ? n : 0] = '\0';
	if (n <= 0) {
		failed("the new program has closed its end before it was ready");
	} else if (text[0] == 'X') {
		ended(atoi(text + 1));
	} else if (text[0] == 'E') {
		buf_printf(&up.reason, "%s%s", text + 1, text[n - 1] == '\n' ? "" : "\n");
	} else if (text[0] == 'R' && atoi(text + 1) > 1) {
		up.heir = atoi(text + 1);
		up.step = UPGRADE_READY;
		loop_timer_clear(&up.silence);
		/* Should it end now, that is seen by the one who gives up or by the one who takes over. */
		loop_remove(&up.io);
		if (up.nurse > 0)
			kill(up.nurse, SIGKILL);
		else
			hand_over(NULL);
	} else if (mono_ms() - up.since_ms < WHOLE_MS) {
		loop_timer_set(&up.silence, SILENCE_MS);
	}
	return up.step == UPGRADE_WAITS;
}

/* From the one that has taken over. */
static void on_last_word(void *arg)
{
	uint64_t shutdown_ms = (uint64_t)master.settings->conf->shutdown_timeout * 1000;
	char text[16] = "";

	(void)arg;
	if (recv(up.io.fd, text, sizeof(text) - 1, MSG_DONTWAIT) <= 0) {
		loop_remove(&up.io);
		fd_close(&up.io.fd);
	} else if (text[0] == 'S') {
		service_leave_all(LEAVE_GENTLY, shutdown_ms);
	} else if (text[0] == 'K') {
		service_leave_all(LEAVE_STOP, shutdown_ms);
	}
}

static void on_word(void *arg)
{
	(void)arg;
	(void)word_take();
}

bool upgrade_reaped(pid_t pid, int status)
{
	(void)status;
	if (!up.nurse || pid != up.nurse)
		return false;
	up.nurse = 0;
	loop_timer_clear(&up.undead);
	if (up.step == UPGRADE_READY) {
		hand_over(NULL);
	} else if (up.step == UPGRADE_WAITS) {
		while (word_take())
			;
		if (up.step == UPGRADE_WAITS)
			failed("the new program is lost: nobody watches over it any more");
	}
	return true;
}
