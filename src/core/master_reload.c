/* master_reload.c: a reload from HUP to its result, without blocking: a child reads the settings,
 * its answer comes through a pipe, the plan made of it is put into force or thrown away. */
#include "core/master_reload.h"

#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/loop.h"
#include "core/reload.h"
#include "core/service.h"

#define READ_LIMIT_MS 60000 /* for the child, whose resolver may hang */

static void on_answer(void *arg);
static void on_overdue(void *arg);

static struct {
	pid_t child; /* 0: none */
	int status;  /* of the child, once it is reaped */
	bool reaped, ended;
	bool again; /* another reload was asked for meanwhile */
	struct buf answer;
	struct loop_io io;
	struct loop_timer overdue;
} reload = {.io = {-1, on_answer, NULL}, .overdue = {.fn = on_overdue}};

const char *master_source_name(void)
{
	return master.o->source.path ? master.o->source.path : master.o->source.text_name;
}

static void child_kill(void)
{
	if (reload.child > 0 && !reload.reaped)
		kill(reload.child, SIGKILL);
}

static void on_overdue(void *arg)
{
	(void)arg;
	log_msg(LOG_ERR, "reload: the settings could not be read in %d s", READ_LIMIT_MS / 1000);
	child_kill();
}

static void reload_begin(void)
{
	pid_t child = 0;

	reload.again = false;
	reload.io.fd = settings_child(&master.o->source, CONF_DUMP_RESOLVED, &child);
	reload.child = child;
	reload.reaped = reload.ended = false;
	if (reload.io.fd < 0 || loop_add(&reload.io) < 0) {
		log_msg(LOG_ERR, "reload: cannot start: %m; the old settings stay in force");
		reload_cancel();
		return;
	}
	master.state = STATE_RELOADING;
	loop_timer_set(&reload.overdue, READ_LIMIT_MS);
	(void)sdnotify("RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
		(unsigned long long)mono_ms() * 1000);
	log_msg(LOG_NOTICE, "reload: reading %s", master_source_name());
}

void reload_request(void)
{
	if (master.state == STATE_RUNNING)
		reload_begin();
	else
		reload.again = true;
}

void reload_resume(void)
{
	if (reload.again)
		reload_begin();
}

/* The new settings are good as text: try to put them into force. */
static int reload_apply(const char *dump)
{
	struct buf err = {0};
	struct settings *fresh =
		settings_parse(dump, master_source_name(), master.o->source.flags, &err);
	struct settings *old = master.settings;
	struct logger_options logger;
	struct plan plan = {0};
	int rc = -1;

	if (!fresh || plan_make(&plan, fresh, 0, &err) < 0) {
		master_errors_log("reload: ", &err);
		goto out;
	}
	if (plan_prepare(&plan) < 0)
		goto out;
	if (strcmp(old->conf->pidfile ? old->conf->pidfile : "",
		    fresh->conf->pidfile ? fresh->conf->pidfile : "") != 0)
		log_msg(LOG_WARNING, "reload: a new pidfile is made at the next start");
	master.settings = settings_hold(fresh);
	settings_release(old);
	log_channels_set_level(fresh->conf->log_level);
	master_logger_options(&logger);
	logger_restart(&logger);
	plan_commit(&plan);
	rc = 0;
out:
	plan_free(&plan);
	settings_release(fresh);
	buf_free(&err);
	return rc;
}

/* The answer is complete and the child is reaped: act on it. */
static void reload_end(void)
{
	bool good = settings_answer(&reload.answer, reload.status);

	loop_timer_clear(&reload.overdue);
	reload.child = 0;
	if (!good)
		master_errors_log("reload: ", &reload.answer);
	else
		good = reload_apply(reload.answer.data) == 0;
	if (good)
		log_msg(LOG_NOTICE, "reload: done");
	else
		log_msg(LOG_ERR, "reload: failed; the old settings stay in force");
	buf_free(&reload.answer);
	master.state = STATE_RUNNING;
	(void)sdnotify(
		"READY=1\nSTATUS=serving; last reload %s", good ? "done" : "failed, see the log");
	reload_resume();
}

static void on_answer(void *arg)
{
	(void)arg;
	if (buf_read(&reload.answer, reload.io.fd) > 0)
		return;
	loop_remove(&reload.io);
	fd_close(&reload.io.fd);
	reload.ended = true;
	if (reload.reaped)
		reload_end();
}

bool reload_reaped(pid_t pid, int status)
{
	if (!reload.child || pid != reload.child)
		return false;
	reload.reaped = true;
	reload.status = status;
	if (reload.ended)
		reload_end();
	return true;
}

void reload_cancel(void)
{
	reload.again = false;
	loop_timer_clear(&reload.overdue);
	if (reload.io.fd >= 0) {
		loop_remove(&reload.io);
		fd_close(&reload.io.fd);
	}
	child_kill();
	reload.child = 0;
	buf_free(&reload.answer);
}
