/* master.c: states, signals, children. The master never serves and never blocks. */
#include "core/master.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/child.h"
#include "core/control.h"
#include "core/daemon.h"
#include "core/heir.h"
#include "core/logger.h"
#include "core/loop.h"
#include "core/master_reload.h"
#include "core/reload.h"
#include "core/pool_program.h"
#include "core/service.h"
#include "core/upgrade.h"

#define BIND_RETRY_MS    2000 /* programs may outlive a killed master for a moment */
#define NOTIFY_AGAIN_MS  100
#define START_SLOW_MS    5000
#define LOGGER_FINISH_MS 2000
#define REAP_AT_ONCE     100
#define OLDER_MS         3000 /* what an old master needs to enforce its shutdown-timeout */

struct master master;

static void stop_begin(enum leave how);

void master_state_set(enum master_state state)
{
	master.state = state;
	master_board_state();
}

static int status_notify(const char *more)
{
	struct service_totals t = {0};
	size_t n = 0;

	for (const struct service *s = services; s; s = s->next, n++)
		service_totals_add(s, &t);
	return sdnotify("%sSTATUS=%s; services %zu, workers %u, busy %u, connections served %llu",
		more,
		master.state == STATE_STARTING  ? "starting"
		: master.state < STATE_STOPPING ? "serving"
						: "stopping",
		n, t.workers, t.busy, (unsigned long long)t.connections);
}

static void watchdog_due(void *arg)
{
	struct loop_timer *t = arg;

	(void)status_notify("WATCHDOG=1\n");
	loop_timer_set(t, sdnotify_watchdog_ms());
}

/* systemd waits for this one, so it must not be lost when its socket is full. */
static void ready_notify(void *arg)
{
	if (status_notify("READY=1\n") < 0)
		loop_timer_set(arg, NOTIFY_AGAIN_MS);
}

/* Whoever waits for the start may wait for ever: a program may need long, or not know what notify wants. */
static void slow_due(void *arg)
{
	(void)arg;
	for (const struct service *s = services; s && master.state == STATE_STARTING; s = s->next) {
		if (s->pool && !s->pool->ready && !s->paused)
			log_service(LOG_WARNING, s->name, "%s",
				pool_is_program(s->pool) && s->pool->conf->notify
					? "its first program has not said READY=1 yet"
					: "its first worker is not ready yet");
	}
}

static struct loop_timer slow = {.fn = slow_due};

/* Every service has a worker that is ready: tell everybody who waits for it. */
static void running_begin(void)
{
	static struct loop_timer watchdog = {.fn = watchdog_due, .arg = &watchdog};
	static struct loop_timer notify = {.fn = ready_notify, .arg = &notify};
	struct service_totals t = {0};
	struct log_record r;
	size_t n = 0;

	/* A full disk is no reason to end what an upgrade has taken over. */
	if (pidfile_write() < 0 && !heir_took_over()) {
		master.status = EXIT_FAILURE;
		stop_begin(LEAVE_STOP);
		return;
	}
	loop_timer_clear(&slow);
	master_state_set(STATE_RUNNING);
	for (const struct service *s = services; s; s = s->next, n++)
		service_totals_add(s, &t);
	log_begin(&r, LOG_NOTICE, 0, "ready");
	log_num(&r, "services", n);
	log_num(&r, "workers", t.workers);
	if (log_wants(LOG_NOTICE))
		log_send(&r);
	logger_detach();
	daemon_ready();
	ready_notify(&notify);
	service_store_listeners();
	if (sdnotify_watchdog_ms())
		loop_timer_set(&watchdog, sdnotify_watchdog_ms());
	reload_resume();
}

static void on_service_ready(struct service *ready)
{
	(void)ready;
	if (master.state != STATE_STARTING)
		return;
	for (const struct service *s = services; s; s = s->next) {
		if (!s->pool || !(s->pool->ready || s->paused))
			return;
	}
	if (!heir_ready(running_begin))
		running_begin();
}

static bool on_service_stillborn(struct service *s)
{
	if (master.state != STATE_STARTING)
		return false;
	log_service(LOG_ERR, s->name, "its first worker died before it was ready");
	heir_failed("the first worker of a service died before it was ready; the log may say why");
	master.status = EXIT_FAILURE;
	/* In an upgrade its other workers have taken clients from the old master's. */
	stop_begin(heir_leaves() ? LEAVE_DRAIN : LEAVE_STOP);
	return true;
}

static void finish_overdue(void *arg)
{
	(void)arg;
	if (logger_pid() > 0)
		kill(logger_pid(), SIGKILL);
	loop_stop();
}

/* No process of a service is left: the last lines, then the logger, then we. */
static void finish(void)
{
	static struct loop_timer overdue = {.fn = finish_overdue};

	master_state_set(STATE_TERMINATING);
	if (upgrade_successor())
		log_msg(LOG_NOTICE, "the master before pid %d has left: its connections have ended",
			(int)upgrade_successor());
	else
		log_msg(LOG_NOTICE, "stopped");
	control_close(false);
	logger_finish();
	if (logger_pid() > 0)
		loop_timer_set(&overdue, LOGGER_FINISH_MS);
	else
		loop_stop();
}

/* A service has gone in a stop: those that have waited for it may be next. */
static void leave_rest_due(void *arg)
{
	(void)arg;
	service_leave_all(LEAVE_DRAIN, (uint64_t)master.settings->conf->shutdown_timeout * 1000);
}

static struct loop_timer leave_rest = {.fn = leave_rest_due};

static void on_service_gone(struct service *s)
{
	log_service(LOG_DEBUG, s->name, "is gone");
	service_free(s);
	if (master.state == STATE_STOPPING)
		loop_timer_set(&leave_rest, 0);
	master_check_finished();
}

static void older_overdue(void *arg)
{
	(void)arg;
	heir_older_forget();
	master_check_finished();
}

void master_check_finished(void)
{
	static struct loop_timer overdue = {.fn = older_overdue};

	if (master.state != STATE_STOPPING || services)
		return;
	if (!heir_waits_for_older())
		finish();
	else if (!overdue.armed && master.settings->conf->shutdown_timeout) /* 0: never */
		loop_timer_set(&overdue,
			(uint64_t)master.settings->conf->shutdown_timeout * 1000 + OLDER_MS);
}

/* Only upwards: a stop becomes more urgent, never less. */
static void stop_begin(enum leave how)
{
	uint64_t timeout_ms = (uint64_t)master.settings->conf->shutdown_timeout * 1000;

	if (master.state < STATE_STOPPING) {
		log_msg(LOG_NOTICE, "stopping%s", how == LEAVE_DRAIN ? "" : " at once");
		master_state_set(STATE_STOPPING);
		reload_cancel();
		upgrade_cancel();
		(void)status_notify("STOPPING=1\n");
	} else if (master.state == STATE_TERMINATING) {
		return;
	}
	heir_stop(how >= LEAVE_STOP ? "K" : "S");
	service_leave_all(how, timeout_ms);
}

void master_stop(void)
{
	stop_begin(LEAVE_DRAIN);
}

static void summary_log(void)
{
	for (const struct service *s = services; s; s = s->next) {
		struct service_totals t = {0};
		struct log_record r;
		unsigned limit;

		service_totals_add(s, &t);
		log_begin(&r, LOG_NOTICE, LOG_F_NOREPEAT, "status");
		log_str(&r, "service", s->name);
		log_num(&r, "workers", t.workers);
		log_num(&r, "busy", t.busy);
		log_num(&r, "target", s->pool ? (uint64_t)s->pool->target : 0);
		log_num(&r, "connections", t.connections);
		log_num(&r, "queue", service_queue(s, &limit));
		log_send(&r);
	}
}

static void adjust_all(long n)
{
	for (const struct service *s = services; s; s = s->next) {
		if (s->pool && !s->leaving)
			pool_adjust(s->pool, n);
	}
}

static void child_reaped(pid_t pid, int status)
{
	if (pid == logger_pid()) {
		if (logger_reaped(status))
			loop_stop();
		return;
	}
	if (reload_reaped(pid, status) || upgrade_reaped(pid, status))
		return;
	for (const struct service *s = services; s; s = s->next) {
		for (struct pool *p = s->pool; p; p = p->next) {
			if (pool_reap(p, pid, status))
				return; /* s and p may be gone */
		}
		if (s->trial && pool_reap(s->trial, pid, status))
			return;
	}
}

/* As long as a program that has died is not reaped, no other group can have its number. A few at a
 * time: a service may have orphans that die without end. */
static void reap_some(void *arg)
{
	static struct loop_timer rest = {.fn = reap_some};
	siginfo_t si = {0};
	int status, n = 0;

	(void)arg;
	while (n++ < REAP_AT_ONCE && waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		si.si_pid > 0) {
		program_died(si.si_pid);
		if (waitpid(si.si_pid, &status, WNOHANG) == si.si_pid)
			child_reaped(si.si_pid, status);
		si.si_pid = 0;
	}
	if (n > REAP_AT_ONCE)
		loop_timer_set(&rest, 1); /* 0 would be now */
}

static void on_signal(int sig)
{
	const char *why;

	switch (sig) {
	case SIGCHLD:
		reap_some(NULL);
		break;
	case SIGTERM:
	case SIGQUIT:
	case SIGINT:
		/* In a new program that has failed, the old master's TERM is no second one. */
		stop_begin(sig == SIGINT || (master.state >= STATE_STOPPING && !heir_waits())
				   ? LEAVE_STOP
				   : LEAVE_DRAIN);
		break;
	case SIGHUP:
		if (master.state < STATE_STOPPING)
			reload_request(false);
		break;
	case SIGUSR1:
		summary_log();
		break;
	case SIGUSR2:
		(void)upgrade_request(&why);
		break;
	case SIGTTIN:
	case SIGTTOU:
		if (master.state < STATE_STOPPING)
			adjust_all(sig == SIGTTIN ? 1 : -1);
		break;
	}
}

void master_logger_options(struct logger_options *o)
{
	const struct conf *c = master.settings->conf;

	*o = (struct logger_options){.to_syslog = master.o->to_syslog,
		.json = c->log_json,
		.facility = c->log_facility,
		.copy_errors = master.o->to_syslog && master.state == STATE_STARTING,
		.drop = geteuid() == 0};
}

void master_errors_log(const char *prefix, const struct buf *err)
{
	const char *text = err->data ? err->data : "out of memory\n";

	for (const char *nl; *text && (nl = strchr(text, '\n')); text = nl + 1)
		log_msg(LOG_ERR, "%s%.*s", prefix, (int)(nl - text), text);
}

static int settings_init(void)
{
	struct buf text = {0}, err = {0};

	if (!settings_read(&master.o->source, CONF_DUMP_RESOLVED, heir_alive, &text)) {
		(void)write_all(STDERR_FILENO, text.data, text.len);
		heir_failed(text.data);
	} else {
		master.settings = settings_parse(
			text.data, master_source_name(), master.o->source.flags, &err);
		if (!master.settings)
			master_errors_log("", &err);
	}
	buf_free(&text);
	buf_free(&err);
	return master.settings ? 0 : -1;
}

static int signals_init(void)
{
	static const int signals[] = {
		SIGCHLD, SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, 0};
	/* These would end us, and nobody means them so; XFSZ is a write that is to fail. */
	static const int ignored[] = {
		SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGXCPU, SIGXFSZ};

	child_signals(ignored, ARRAY_SIZE(ignored));
	child_outlive();
	return loop_init(signals, on_signal);
}

/* Everything up to the first fork of a worker. */
static int master_init(struct plan *plan)
{
	const struct conf *c = master.settings->conf;
	struct logger_options logger;
	struct buf err = {0};
	int life[2] = {-1, -1};

	log_set_level(c->log_level);
	if (signals_init() == 0 && pipe2(life, O_CLOEXEC) == 0)
		master.log = log_channel_new(NULL, c->log_level);
	if (!master.log || master_board_init() < 0) {
		log_msg(LOG_ERR, "cannot start: %m");
		return -1;
	}
	master_life_fd = life[0];
	master.life_fd = life[1];
	/* From here on lines wait in the channel for the logger, which is forked later. */
	log_attach(master.log->tx, master.log->shared, -1);
	if (geteuid() != 0)
		log_msg(LOG_NOTICE,
			"not root: workers run as this user, and ports below 1024 may be refused");
	if (c->pidfile && c->pidfile[0] && pidfile_lock(c->pidfile) < 0)
		return -1;
	if (plan_make(plan, master.settings, BIND_RETRY_MS, &err) < 0) {
		master_errors_log("", &err);
		heir_failed(err.data ? err.data : "out of memory");
		buf_free(&err);
		return -1;
	}
	listener_warn_untaken();
	listener_unstore_untaken();
	if (plan_prepare(plan) < 0)
		return -1;
	if (!heir_waits() && control_open(c, -1) < 0)
		return -1;
	log_channels_set_level(c->log_level);
	master_logger_options(&logger);
	if (logger_start(&logger) < 0) {
		log_msg(LOG_ERR, "cannot start the logger: %m");
		return -1;
	}
	return 0;
}

int master_run(const struct master_options *o)
{
	struct plan plan = {0};
	int behind_inherited;

	master.o = o;
	sdnotify_init();
	behind_inherited = heir_init();
	if (!behind_inherited)
		behind_inherited = listener_inherit();
	if (o->to_syslog && access("/dev/log", F_OK) < 0)
		log_msg(LOG_WARNING,
			"there is no /dev/log: nobody reads the log (-n logs to stderr)");
	if (o->daemon && (heir_waits() ? chdir("/") : daemon_start()) < 0) {
		log_msg(LOG_ERR, "cannot go to the background: %m");
		return EXIT_FAILURE;
	}
	master_pid = getpid();
	/* Processes of a pool that lose their parent stay below us: so the control socket knows them. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (settings_init() < 0) {
		daemon_tell(EXIT_CONFIG);
		return EXIT_CONFIG;
	}
	/* Whatever else was open in the process that started us is not ours to keep open. */
	daemon_close_from(behind_inherited);
	service_events.ready = on_service_ready;
	service_events.gone = on_service_gone;
	service_events.stillborn = on_service_stillborn;
	service_events.tried = reload_tried;
	if (master_init(&plan) < 0) {
		control_close(false);
		log_attach(-1, NULL, -1);
		if (master.log)
			log_channel_show(master.log);
		plan_free(&plan);
		pidfile_remove();
		daemon_tell(EXIT_FAILURE);
		return EXIT_FAILURE;
	}
	(void)status_notify("");
	plan_commit(&plan);
	plan_free(&plan);
	heir_live();
	loop_timer_set(&slow, START_SLOW_MS);
	if (loop_run() < 0)
		master.status = EXIT_FAILURE;
	pidfile_remove();
	daemon_tell(master.status ? master.status : EXIT_FAILURE);
	log_channel_free(master.log);
	settings_release(master.settings);
	fd_close(&master_life_fd);
	fd_close(&master_board_fd);
	fd_close(&master.life_fd);
	loop_close();
	return master.status;
}
