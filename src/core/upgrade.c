/* upgrade.c: the old program's side: start the new one, wait for its word, give it everything, leave. */
#include "core/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include "core/upgrade_start.h"

#define SILENCE_MS    5000  /* without a sign of life */
#define WHOLE_MS      60000 /* with them */
#define KILL_AFTER_MS 2000  /* for a new program that failed, from TERM on */
#define NOTIFY_MS     100
#define NOTIFY_TRIES  50
#define STATUS_MAX    300 /* of a reason; the log has all of it */

static void on_word(void *arg);
static void on_last_word(void *arg);
static void on_silence(void *arg);
static void on_undead(void *arg);
static void hand_over(void *arg);

static struct {
	enum { UPGRADE_NONE, UPGRADE_WAITS, UPGRADE_READY } step;
	bool wanted;           /* once a reload has ended */
	pid_t nurse;           /* 0: none; also of one that failed and has not left yet */
	pid_t heir, successor; /* that is to take over, that has */
	uint64_t since_ms;
	unsigned tries;
	struct buf reason;
	struct loop_io io;
	struct loop_timer silence, undead, again;
} up = {.io = {-1, on_word, NULL},
	.silence = {.fn = on_silence},
	.undead = {.fn = on_undead},
	.again = {.fn = hand_over}};

static int program_start(void)
{
	up.nurse = upgrade_start(&up.io.fd);
	if (up.nurse > 0 && loop_add(&up.io) == 0)
		return 0;
	if (up.nurse > 0)
		kill(up.nurse, NURSE_SIG_KILL);
	up.nurse = up.nurse > 0 ? up.nurse : 0;
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
	log_msg(LOG_NOTICE, "upgrade: starting %s", upgrade_path());
	(void)sdnotify("STATUS=upgrading");
	if (program_start() < 0) {
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

pid_t upgrade_successor(void)
{
	return up.successor;
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
	up.successor = up.heir;
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
		if (up.nurse > 0) {
			/* Or else the new master would be our child. */
			(void)prctl(PR_SET_CHILD_SUBREAPER, 0);
			kill(up.nurse, SIGKILL);
		} else {
			hand_over(NULL);
		}
	} else if (text[0] == 'F') {
		failed("the new program has failed, and finishes what it has begun to serve");
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
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
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
